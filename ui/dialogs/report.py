"""What a report needs: language, file, and who signs."""

from __future__ import annotations

from collections.abc import Callable
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
from app.services.signing import NOBODY, SIGNER_KINDS, SignerChoice
from ui.dialogs.buttons import ok_cancel
from ui.language import current_language


class ReportDialog(QDialog):
    """Without a signer the report is an unsigned draft, and says so. What was chosen is remembered,
    never a password or a PIN."""

    def __init__(self, settings: QSettings, suggested: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Report"))
        self.setMinimumWidth(540)
        self._settings = settings
        self._language, self._kind = QComboBox(), QComboBox()
        self._language.addItem("한국어", "ko")
        self._language.addItem("English", "en")
        self._language.setCurrentIndex(self._language.findData(current_language()))
        for kind, text in zip(SIGNER_KINDS, self._kind_texts(), strict=True):
            self._kind.addItem(text, kind)
        self._kind.setCurrentIndex(
            max(0, self._kind.findData(str(settings.value("signer/kind", "none"))))
        )
        self._target = QLineEdit(str(suggested))
        self._paths = {
            kind: QLineEdit(str(settings.value(f"signer/{kind}", ""))) for kind in ("file", "token")
        }
        self._token = QLineEdit(str(settings.value("signer/label", "")))
        self._token.setPlaceholderText(self.tr("only where there are several"))
        self._secret = QLineEdit()
        self._secret.setEchoMode(QLineEdit.EchoMode.Password)
        self._note = QLabel(wordWrap=True)
        self._buttons = ok_cancel(self)
        self._lay_out()
        self._kind.currentIndexChanged.connect(self._update)
        for line in (self._target, *self._paths.values()):
            line.textChanged.connect(self._update)
        self._update()

    def _kind_texts(self) -> tuple[str, str, str]:
        return (
            self.tr("nobody: unsigned draft"),
            self.tr("a PKCS#12 file"),
            self.tr("a security token"),
        )

    def _lay_out(self) -> None:
        self._form = QFormLayout(self)
        self._rows = {
            "file": self._beside(self._paths["file"], self._browse_file),
            "token": self._beside(self._paths["token"], self._browse_module),
        }
        self._form.addRow(self.tr("Language"), self._language)
        self._form.addRow(self.tr("Save as"), self._beside(self._target, self._browse_target))
        self._form.addRow(self.tr("Signed by"), self._kind)
        self._form.addRow(self.tr("File"), self._rows["file"])
        self._form.addRow(self.tr("PKCS#11 library"), self._rows["token"])
        self._form.addRow(self.tr("Token"), self._token)
        self._form.addRow(self.tr("Password or PIN"), self._secret)
        self._form.addRow(self._note)
        self._form.addRow(self._buttons)

    def _beside(self, line: QLineEdit, browse: Callable[[], None]) -> QWidget:
        button = QPushButton(self.tr("Browse…"))
        button.clicked.connect(browse)
        holder = QWidget()
        row = QHBoxLayout(holder)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(line, 1)
        row.addWidget(button)
        return holder

    def _browse_target(self) -> None:
        name, _ = QFileDialog.getSaveFileName(
            self, self.tr("Save the report"), self._target.text(), "PDF (*.pdf)"
        )
        if name:
            self._target.setText(name)

    def _browse_file(self) -> None:
        self._browse("file", "PKCS#12 (*.p12 *.pfx)")

    def _browse_module(self) -> None:
        self._browse("token", "PKCS#11 (*.so *.dll *.dylib)")

    def _browse(self, kind: str, pattern: str) -> None:
        line = self._paths[kind]
        name, _ = QFileDialog.getOpenFileName(
            self, self.tr("Signing identity"), line.text(), pattern
        )
        if name:
            line.setText(name)

    @property
    def _chosen(self) -> str:
        return str(self._kind.currentData())

    def _update(self) -> None:
        kind = self._chosen
        for name, row in self._rows.items():
            self._form.setRowVisible(row, name == kind)
        self._form.setRowVisible(self._token, kind == "token")
        self._form.setRowVisible(self._secret, kind != "none")
        self._note.setText(
            self.tr("Without a signature the report is a draft: it is no evidence.")
            if kind == "none"
            else self.tr("The report is signed and verified before it is saved.")
        )
        complete = kind == "none" or bool(self._paths[kind].text().strip())
        ok = self._buttons.button(QDialogButtonBox.StandardButton.Ok)
        ok.setEnabled(complete and bool(self._target.text().strip()))

    def accept(self) -> None:
        """Remember who signs."""
        self._settings.setValue("signer/kind", self._chosen)
        for kind, line in self._paths.items():
            self._settings.setValue(f"signer/{kind}", line.text().strip())
        self._settings.setValue("signer/label", self._token.text().strip())
        super().accept()

    @property
    def language(self) -> Language:
        return "ko" if self._language.currentData() == "ko" else "en"

    @property
    def target(self) -> Path:
        path = Path(self._target.text().strip())
        return path if path.suffix.lower() == ".pdf" else path.with_name(path.name + ".pdf")

    @property
    def signer(self) -> SignerChoice:
        """Who signs."""
        kind = self._chosen
        if kind not in self._paths:
            return NOBODY
        path = Path(self._paths[kind].text().strip())
        label = self._token.text().strip()
        return SignerChoice(
            "token" if kind == "token" else "file", path, self._secret.text(), label
        )
