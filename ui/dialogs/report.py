"""What a report needs: language, file, and who signs."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QComboBox, QWidget

from app.messages import Language
from ui.dialogs.signing import SigningDialog
from ui.language import current_language


class ReportDialog(SigningDialog):
    """Without a signer the report is an unsigned draft, and says so."""

    def __init__(self, settings: QSettings, suggested: Path, parent: QWidget | None = None) -> None:
        super().__init__(settings, suggested, parent)
        self.setWindowTitle(self.tr("Report"))

    def _lay_out(self) -> None:
        super()._lay_out()
        self._language = QComboBox()
        self._language.addItem("한국어", "ko")
        self._language.addItem("English", "en")
        self._language.setCurrentIndex(self._language.findData(current_language()))
        self._form.insertRow(0, self.tr("Language"), self._language)

    def _promise(self) -> str:
        if self._chosen == "none":
            return self.tr("Without a signature the report is a draft: it is no evidence.")
        return self.tr("The report is signed and verified before it is saved.")

    @property
    def language(self) -> Language:
        """The report's."""
        return "ko" if self._language.currentData() == "ko" else "en"
