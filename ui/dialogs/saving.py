"""What dialogs that write a document share: where to, and what keeps it from being written."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QSettings
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFormLayout,
    QLabel,
    QLineEdit,
    QWidget,
)

from engine.errors import ErrorCode
from ui.dialogs.buttons import beside, ok_cancel
from ui.language import text_of


class SavingDialog(QDialog):
    """What keeps the dialog from being accepted is said above its buttons. `_lay_out` adds what is
    asked for to `_form`; `replaces` tells whether a file in the place may be replaced."""

    replaces = True

    def __init__(self, settings: QSettings, suggested: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMinimumWidth(540)
        self._settings = settings
        self._target = QLineEdit(str(suggested))
        self._note = QLabel(wordWrap=True)
        self._buttons = ok_cancel(self)
        self._form = QFormLayout(self)
        self._form.addRow(self.tr("Save as"), beside(self._target, self._browse_target))
        self._lay_out()
        self._form.addRow(self._note)
        self._form.addRow(self._buttons)
        self._target.textChanged.connect(self._update)
        self._update()

    def _lay_out(self) -> None:
        """Add rows."""

    def _browse_target(self) -> None:
        name, _ = QFileDialog.getSaveFileName(
            self, self.tr("Save the report"), self._target.text(), "PDF (*.pdf)"
        )
        if name:
            self._target.setText(name)

    def _update(self) -> None:
        problem = self._problem()
        self._note.setText(problem or self._promise())
        self._note.setStyleSheet("font-weight: bold" * bool(problem))
        self._buttons.button(QDialogButtonBox.StandardButton.Ok).setEnabled(not problem)
        self.adjustSize()

    def _problem(self) -> str:
        """What is wrong or missing; empty where nothing is."""
        if not self._target.text().strip():
            return self.tr("Choose where to save it.")
        if not self.replaces and self.target.exists():
            return text_of(ErrorCode.FILE_EXISTS, {"path": self.target})
        return ""

    def _promise(self) -> str:
        """What will happen, where there is anything to tell."""
        return ""

    @property
    def target(self) -> Path:
        """Where it is saved."""
        path = Path(self._target.text().strip())
        return path if path.suffix.lower() == ".pdf" else path.with_name(path.name + ".pdf")


def copy_beside(report: Path, what: str) -> Path:
    """A name beside the report that is not taken."""
    names = (f"{report.stem}-{what}{n}.pdf" for n in ("", *(f"-{i}" for i in range(2, 100))))
    return next((p for name in names if not (p := report.with_name(name)).exists()), report)
