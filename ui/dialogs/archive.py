"""What an archive timestamp needs: an authority, proofs, and a file of its own."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QLabel, QWidget

from ui.dialogs.proofs import ProofsGroup
from ui.dialogs.saving import SavingDialog, copy_beside


class ArchiveDialog(SavingDialog):
    """The files are remembered, never the password. No file is replaced."""

    replaces = False

    def __init__(self, settings: QSettings, report: Path, parent: QWidget | None = None) -> None:
        self._report = report
        super().__init__(settings, copy_beside(report, "archived"), parent)
        self.setWindowTitle(self.tr("Archive timestamp"))

    def _lay_out(self) -> None:
        self.proofs = ProofsGroup(self._settings, is_needed=True)
        self._form.insertRow(0, self.tr("Report"), QLabel(self._report.name, wordWrap=True))
        self._form.addRow(self.proofs)
        self.proofs.changed.connect(self._update)

    def _problem(self) -> str:
        return super()._problem() or self.proofs.problem()

    def _promise(self) -> str:
        return self.tr(
            "In a copy, an authority vouches for the whole report as it is now. The copy can be "
            "checked after the certificates in it have expired; it cannot be countersigned."
        )

    def accept(self) -> None:
        """Remember the files."""
        self.proofs.remember()
        super().accept()
