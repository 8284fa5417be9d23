"""What a report needs: language, file, and who signs."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QSettings
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QWidget,
)

from app.messages import Language
from ui.dialogs.buttons import ok_cancel
from ui.language import current_language


class ReportDialog(QDialog):
    """Without an identity the report is an unsigned draft, and says so."""

    def __init__(self, settings: QSettings, suggested: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Report"))
        self.setMinimumWidth(520)
        self._settings = settings
        self._language = QComboBox()
        self._language.addItem("한국어", "ko")
        self._language.addItem("English", "en")
        self._language.setCurrentIndex(self._language.findData(current_language()))
        self._target = QLineEdit(str(suggested))
        self._identity = QLineEdit(str(settings.value("identity", "")))
        self._identity.setPlaceholderText(self.tr("none: unsigned draft"))
        self._password = QLineEdit()
        self._password.setEchoMode(QLineEdit.EchoMode.Password)
        self._note = QLabel(wordWrap=True)
        self._buttons = ok_cancel(self)
        layout = QFormLayout(self)
        layout.addRow(self.tr("Language"), self._language)
        layout.addRow(self.tr("Save as"), self._beside(self._target, self._browse_target))
        layout.addRow(self.tr("Sign with"), self._beside(self._identity, self._browse_identity))
        layout.addRow(self.tr("Password"), self._password)
        layout.addRow(self._note)
        layout.addRow(self._buttons)
        self._identity.textChanged.connect(self._update)
        self._target.textChanged.connect(self._update)
        self._update()

    def _beside(self, line: QLineEdit, browse: object) -> QHBoxLayout:
        button = QPushButton(self.tr("Browse…"))
        button.clicked.connect(browse)
        row = QHBoxLayout()
        row.addWidget(line, 1)
        row.addWidget(button)
        return row

    def _browse_target(self) -> None:
        name, _ = QFileDialog.getSaveFileName(
            self, self.tr("Save the report"), self._target.text(), "PDF (*.pdf)"
        )
        if name:
            self._target.setText(name)

    def _browse_identity(self) -> None:
        name, _ = QFileDialog.getOpenFileName(
            self, self.tr("Signing identity"), self._identity.text(), "PKCS#12 (*.p12 *.pfx)"
        )
        if name:
            self._identity.setText(name)

    def _update(self) -> None:
        signed = bool(self._identity.text().strip())
        self._password.setEnabled(signed)
        self._note.setText(
            self.tr("The report is signed and verified before it is saved.")
            if signed
            else self.tr("Without a signature the report is a draft: it is no evidence.")
        )
        ok = self._buttons.button(QDialogButtonBox.StandardButton.Ok)
        ok.setEnabled(bool(self._target.text().strip()))

    def accept(self) -> None:
        """Remember the identity, never its password."""
        self._settings.setValue("identity", self._identity.text().strip())
        super().accept()

    @property
    def language(self) -> Language:
        return "ko" if self._language.currentData() == "ko" else "en"

    @property
    def target(self) -> Path:
        path = Path(self._target.text().strip())
        return path if path.suffix.lower() == ".pdf" else path.with_name(path.name + ".pdf")

    @property
    def identity(self) -> tuple[Path, str] | None:
        """Where the identity lies and its password."""
        name = self._identity.text().strip()
        return (Path(name), self._password.text()) if name else None
