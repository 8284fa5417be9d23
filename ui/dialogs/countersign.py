"""What a countersignature needs: the reviewer's key, proofs, and a file of its own."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QLabel, QWidget

from app.services.signing import SIGNER_KINDS
from ui.dialogs.saving import copy_beside
from ui.dialogs.signing import SigningDialog


class CountersignDialog(SigningDialog):
    """The reviewer's key is remembered apart from the examiner's. No file is replaced."""

    kinds = SIGNER_KINDS[1:]
    remembered = "reviewer"
    replaces = False

    def __init__(
        self, settings: QSettings, report: Path, examiner: str, parent: QWidget | None = None
    ) -> None:
        self._about = (report.name, examiner)
        super().__init__(settings, copy_beside(report, "countersigned"), parent)
        self.setWindowTitle(self.tr("Countersign the report"))

    def _lay_out(self) -> None:
        super()._lay_out()
        for row, (label, text) in enumerate(
            zip((self.tr("Report"), self.tr("Examiner")), self._about, strict=True)
        ):
            self._form.insertRow(row, label, QLabel(text, wordWrap=True))

    def _promise(self) -> str:
        return self.tr(
            "You sign as the reviewer, in a copy: the examiner's file stays as it is. "
            "A report is countersigned once."
        )
