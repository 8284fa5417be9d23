"""What is known about the case or an exhibit, to be filled in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtWidgets import QDialog, QFormLayout, QLineEdit, QPlainTextEdit, QWidget

from ui.dialogs.buttons import ok_cancel
from ui.language import text_of

LONG = ("request", "note", "description", "proposition_same", "proposition_different")
LONG_HEIGHT_PX = 64


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
        self._fields: dict[str, QLineEdit | QPlainTextEdit] = {}
        layout = QFormLayout(self)
        for name in names:
            value = known.get(name, "")
            field = QPlainTextEdit(value) if name in LONG else QLineEdit(value)
            if isinstance(field, QPlainTextEdit):
                field.setFixedHeight(LONG_HEIGHT_PX)
                field.setTabChangesFocus(True)
            field.setPlaceholderText(otherwise.get(name, ""))
            self._fields[name] = field
            layout.addRow(text_of(f"fact.{name}"), field)
        layout.addRow(ok_cancel(self))

    def changed(self) -> dict[str, str]:
        """What differs from before."""
        values = {
            name: (
                field.toPlainText() if isinstance(field, QPlainTextEdit) else field.text()
            ).strip()
            for name, field in self._fields.items()
        }
        return {k: v for k, v in values.items() if v != self._known.get(k, "")}
