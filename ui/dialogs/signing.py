"""What every signed document needs: the file, who signs, and with what proofs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QLineEdit,
)

from app.services.signing import NOBODY, SIGNER_KINDS, SignerChoice
from engine.errors import ErrorCode
from ui.dialogs.buttons import beside
from ui.dialogs.proofs import ProofsGroup
from ui.dialogs.saving import SavingDialog
from ui.language import text_of


class SigningDialog(SavingDialog):
    """What was chosen is remembered, never a password or a PIN."""

    kinds: ClassVar[Sequence[str]] = SIGNER_KINDS
    remembered = "signer"

    def _stored(self, name: str) -> str:
        return str(self._settings.value(f"{self.remembered}/{name}", ""))

    def _kind_texts(self) -> dict[str, str]:
        return {
            "none": self.tr("nobody: unsigned draft"),
            "file": self.tr("a PKCS#12 file"),
            "token": self.tr("a security token"),
        }

    def _lay_out(self) -> None:
        self._kind = QComboBox()
        texts = self._kind_texts()
        for kind in self.kinds:
            self._kind.addItem(texts[kind], kind)
        self._kind.setCurrentIndex(max(0, self._kind.findData(self._stored("kind"))))
        self._paths = {kind: QLineEdit(self._stored(kind)) for kind in ("file", "token")}
        self._token, self._certificate = (
            QLineEdit(self._stored(name)) for name in ("label", "certificate")
        )
        for line in (self._token, self._certificate):
            line.setPlaceholderText(self.tr("only where there are several"))
        self._secret = QLineEdit()
        self._secret.setEchoMode(QLineEdit.EchoMode.Password)
        self._proofs = ProofsGroup(self._settings)
        self._rows = {
            "file": beside(self._paths["file"], self._browse_file),
            "token": beside(self._paths["token"], self._browse_module),
        }
        self._form.addRow(self.tr("Signed by"), self._kind)
        self._form.addRow(self.tr("File"), self._rows["file"])
        self._form.addRow(self.tr("PKCS#11 library"), self._rows["token"])
        self._form.addRow(self.tr("Token"), self._token)
        self._form.addRow(self.tr("Certificate"), self._certificate)
        self._form.addRow(self.tr("Password or PIN"), self._secret)
        self._form.addRow(self._proofs)
        self._kind.currentIndexChanged.connect(self._update)
        self._proofs.changed.connect(self._update)
        for line in self._paths.values():
            line.textChanged.connect(self._update)

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
        for line in (self._token, self._certificate):
            self._form.setRowVisible(line, kind == "token")
        for widget in (self._secret, self._proofs):
            self._form.setRowVisible(widget, kind != "none")
        super()._update()

    def _problem(self) -> str:
        problem, kind = super()._problem(), self._chosen
        if problem or kind == "none":
            return problem
        path = self._paths[kind].text().strip()
        if not path:
            return self.tr("Choose with what it is signed.")
        if kind == "file" and not Path(path).is_file():
            return text_of(ErrorCode.KEY_MISSING, {"path": path})
        return self._proofs.problem()

    def accept(self) -> None:
        """Remember who signs."""
        lines = {**self._paths, "label": self._token, "certificate": self._certificate}
        for name, line in lines.items():
            self._settings.setValue(f"{self.remembered}/{name}", line.text().strip())
        self._settings.setValue(f"{self.remembered}/kind", self._chosen)
        self._proofs.remember()
        super().accept()

    @property
    def signer(self) -> SignerChoice:
        """Who signs."""
        kind = self._chosen
        if kind not in self._paths:
            return NOBODY
        return SignerChoice(
            "token" if kind == "token" else "file",
            Path(self._paths[kind].text().strip()),
            self._secret.text(),
            self._token.text().strip(),
            self._certificate.text().strip(),
            self._proofs.authority,
            self._proofs.secret,
            self._proofs.revocation,
        )
