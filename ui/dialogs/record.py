"""What a review record needs: who reviewed, remarks, language, file, and who signs."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QLineEdit, QPlainTextEdit, QWidget

from ui.dialogs.report import ReportDialog

REMARKS_PX = 110


class RecordDialog(ReportDialog):
    """As for a report; the reviewer's name is needed, and is remembered."""

    remembered = "reviewer"

    def __init__(self, settings: QSettings, suggested: Path, parent: QWidget | None = None) -> None:
        self.name = QLineEdit(str(settings.value("review/name", "")))
        self.agency = QLineEdit(str(settings.value("review/agency", "")))
        self.remarks = QPlainTextEdit()
        super().__init__(settings, suggested, parent)
        self.setWindowTitle(self.tr("Review record"))
        self.name.textChanged.connect(self._update)

    def _lay_out(self) -> None:
        super()._lay_out()
        self.remarks.setFixedHeight(REMARKS_PX)
        self.remarks.setTabChangesFocus(True)
        rows = (
            (self.tr("Reviewer"), self.name),
            (self.tr("Organisation"), self.agency),
            (self.tr("Remarks"), self.remarks),
        )
        for number, (label, widget) in enumerate(rows):
            self._form.insertRow(number, label, widget)

    def _problem(self) -> str:
        if not self.name.text().strip():
            return self.tr("State who reviews.")
        return super()._problem()

    def _promise(self) -> str:
        if self._chosen == "none":
            return self.tr("Without a signature anybody can change the record.")
        return self.tr("The record is signed and checked before it is saved.")

    def accept(self) -> None:
        """Remember who reviews."""
        self._settings.setValue("review/name", self.name.text().strip())
        self._settings.setValue("review/agency", self.agency.text().strip())
        super().accept()
