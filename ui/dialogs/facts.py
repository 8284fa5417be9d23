"""What is known about the case or an exhibit, to be filled in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QFormLayout,
    QLineEdit,
    QPlainTextEdit,
    QWidget,
)

from ui.dialogs.buttons import ok_cancel
from ui.language import text_of

LONG = ("request", "deviations", "note", "description", "proposition_same", "proposition_different")
LONG_HEIGHT_PX = 64
CHOICES = {"call_direction": ("incoming", "outgoing", "unknown")}
CHOICE_TEXTS = {"call_direction": "direction"}
Field = QLineEdit | QPlainTextEdit | QComboBox


class FactsDialog(QDialog):
    """`changed` are the facts that are to be set; every one is an edit that can be undone.
    `otherwise` is what holds where nothing is set."""

    def __init__(
        self,
        title: str,
        names: Sequence[str],
        known: Mapping[str, str],
        otherwise: Mapping[str, str],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setMinimumWidth(520)
        self._known = dict(known)
        self._fields: dict[str, Field] = {}
        layout = QFormLayout(self)
        for name in names:
            field = _field(name, known.get(name, ""), otherwise.get(name, ""))
            self._fields[name] = field
            layout.addRow(text_of(f"fact.{name}"), field)
        layout.addRow(ok_cancel(self))

    def changed(self) -> dict[str, str]:
        """What differs from before."""
        values = {name: _value(field).strip() for name, field in self._fields.items()}
        return {k: v for k, v in values.items() if v != self._known.get(k, "")}


def _field(name: str, value: str, otherwise: str) -> Field:
    """What a fact is written into, or chosen from; `otherwise` is shown while it is empty."""
    if name in CHOICES:
        box = QComboBox()
        box.addItem("", "")
        for choice in CHOICES[name]:
            box.addItem(text_of(f"{CHOICE_TEXTS[name]}.{choice}"), choice)
        box.setCurrentIndex(max(0, box.findData(value)))
        return box
    if name not in LONG:
        line = QLineEdit(value)
        line.setPlaceholderText(otherwise)
        return line
    field = QPlainTextEdit(value)
    field.setFixedHeight(LONG_HEIGHT_PX)
    field.setTabChangesFocus(True)
    field.setPlaceholderText(otherwise)
    return field


def _value(field: Field) -> str:
    if isinstance(field, QComboBox):
        return str(field.currentData())
    return field.toPlainText() if isinstance(field, QPlainTextEdit) else field.text()
