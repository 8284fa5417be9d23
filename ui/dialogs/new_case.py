"""What a new case needs."""

from __future__ import annotations

import getpass
from pathlib import Path

from PySide6.QtCore import QDate
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFormLayout,
    QLabel,
    QLineEdit,
    QWidget,
)

from ui.dialogs.buttons import beside, ok_cancel

FORBIDDEN = '<>:"/\\|?*'


class NewCaseDialog(QDialog):
    """Folder, number, examiner, and a passphrase if the case is to be encrypted."""

    def __init__(self, folder: Path, agency: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("New case"))
        self.setMinimumWidth(480)
        self._parent_folder = folder
        self.number = QLineEdit(QDate.currentDate().toString("yyyy-"))
        self.examiner, self.agency = QLineEdit(_user()), QLineEdit(agency)
        self.requester = QLineEdit()
        self.passphrase, self.again = QLineEdit(), QLineEdit()
        for line in (self.passphrase, self.again):
            line.setEchoMode(QLineEdit.EchoMode.Password)
        self._folder = QLineEdit()
        hint = QLabel(
            self.tr(
                "With a passphrase everything in the case is encrypted. Nobody can open it again "
                "without the passphrase."
            ),
            wordWrap=True,
        )
        self._why = QLabel()
        self._buttons = ok_cancel(self)
        layout = QFormLayout(self)
        layout.addRow(self.tr("Case number"), self.number)
        layout.addRow(self.tr("Examiner"), self.examiner)
        layout.addRow(self.tr("Agency"), self.agency)
        layout.addRow(self.tr("Requested by"), self.requester)
        layout.addRow(self.tr("Folder"), beside(self._folder, self._browse))
        layout.addRow(self.tr("Passphrase"), self.passphrase)
        layout.addRow(self.tr("Passphrase again"), self.again)
        layout.addRow(hint)
        layout.addRow(self._why)
        layout.addRow(self._buttons)
        self.number.textChanged.connect(self._suggest_folder)
        for line in (self.number, self.examiner, self.passphrase, self.again, self._folder):
            line.textChanged.connect(self._check)
        self._suggest_folder()
        self._check()

    @property
    def folder(self) -> Path:
        return Path(self._folder.text())

    def _suggest_folder(self) -> None:
        name = "".join("-" if c in FORBIDDEN else c for c in self.number.text().strip())
        self._folder.setText(str(self._parent_folder / (name or "case")))

    def _browse(self) -> None:
        chosen = QFileDialog.getExistingDirectory(
            self, self.tr("Folder that the case's folder is made in"), str(self._parent_folder)
        )
        if chosen:
            self._parent_folder = Path(chosen)
            self._suggest_folder()

    def _check(self) -> None:
        problem = ""
        if not self.number.text().strip():
            problem = self.tr("The case needs a number.")
        elif not self.examiner.text().strip():
            problem = self.tr("The case needs an examiner.")
        elif self.passphrase.text() != self.again.text():
            problem = self.tr("The passphrases differ.")
        self._why.setText(problem)
        self._buttons.button(QDialogButtonBox.StandardButton.Ok).setEnabled(not problem)


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return ""
