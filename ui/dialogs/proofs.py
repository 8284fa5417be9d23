"""What proves a signature later: a timestamp, and that no certificate was revoked."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QSettings, Qt
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from engine.errors import ErrorCode
from ui.dialogs.buttons import beside
from ui.language import text_of
from ui.widgets.optional_group import OptionalGroup

USED, AUTHORITY, REVOCATION = "proofs/used", "proofs/authority", "proofs/revocation"
LIST_PX = 66
PATH = Qt.ItemDataRole.UserRole


class ProofsGroup(OptionalGroup):
    """A timestamp authority and revocation data. The files are remembered, never the password.
    Where `is_needed`, the group cannot be folded away and an authority must be chosen."""

    def __init__(self, settings: QSettings, is_needed: bool = False) -> None:
        super().__init__(is_needed or bool(settings.value(USED, False, type=bool)))
        self._is_needed = is_needed
        self.setTitle(self.tr("Timestamp and revocation"))
        self._settings = settings
        self.authority_path = QLineEdit(str(settings.value(AUTHORITY, "")))
        if is_needed:
            self.setCheckable(False)
        else:
            self.authority_path.setPlaceholderText(
                self.tr("none: the time is the signer's own claim")
            )
        self.password = QLineEdit()
        self.password.setEchoMode(QLineEdit.EchoMode.Password)
        self.files = QListWidget()
        self.files.setSelectionMode(QListWidget.SelectionMode.ExtendedSelection)
        self.files.setFixedHeight(LIST_PX)
        self.files.setToolTip(self.tr("CRLs, OCSP responses, certificates of authorities"))
        self._add, self._remove = QPushButton(self.tr("Add…")), QPushButton(self.tr("Remove"))
        self._lay_out()
        self.authority_path.textChanged.connect(self._update)
        self.files.itemSelectionChanged.connect(self._update)
        self._add.clicked.connect(self._browse_files)
        self._remove.clicked.connect(self._take_out)
        stored: Any = settings.value(REVOCATION)
        self.add_files([Path(name) for name in _several(stored)])

    def _lay_out(self) -> None:
        buttons = QVBoxLayout()
        buttons.addWidget(self._add)
        buttons.addWidget(self._remove)
        buttons.addStretch(1)
        listed = QWidget()
        row = QHBoxLayout(listed)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.files, 1)
        row.addLayout(buttons)
        authority = beside(self.authority_path, self._browse_authority)
        self.form.addRow(self.tr("Timestamp authority"), authority)
        self.form.addRow(self.tr("Its password"), self.password)
        self.form.addRow(self.tr("Revocation data"), listed)

    def _browse_authority(self) -> None:
        name, _ = QFileDialog.getOpenFileName(
            self,
            self.tr("Timestamp authority"),
            self.authority_path.text(),
            "PKCS#12 (*.p12 *.pfx)",
        )
        if name:
            self.authority_path.setText(name)

    def _browse_files(self) -> None:
        folder = str(self._paths()[-1].parent) if self.files.count() else ""
        every = self.tr("All files")
        names, _ = QFileDialog.getOpenFileNames(
            self,
            self.tr("Revocation data"),
            folder,
            f"CRL, OCSP, X.509 (*.crl *.ors *.ocsp *.der *.pem *.crt *.cer);;{every} (*)",
        )
        self.add_files([Path(name) for name in names])

    def add_files(self, paths: Sequence[Path]) -> None:
        """Add revocation data; what is there already is not added twice."""
        for path in paths:
            if path not in self._paths():
                item = QListWidgetItem(path.name, self.files)
                item.setData(PATH, str(path))
                item.setToolTip(str(path))
        self._update()

    def _take_out(self) -> None:
        for item in self.files.selectedItems():
            self.files.takeItem(self.files.row(item))
        self._update()

    def _update(self) -> None:
        self.password.setEnabled(bool(self.authority_path.text().strip()))
        self._remove.setEnabled(bool(self.files.selectedItems()))
        self.changed.emit()

    def _paths(self) -> list[Path]:
        return [Path(self.files.item(row).data(PATH)) for row in range(self.files.count())]

    @property
    def _is_used(self) -> bool:
        return self._is_needed or self.isChecked()

    @property
    def authority(self) -> Path | None:
        """The PKCS#12 file of the timestamp authority, if there is to be a timestamp."""
        text = self.authority_path.text().strip()
        return Path(text) if text and self._is_used else None

    @property
    def secret(self) -> str:
        """The password of that file."""
        return self.password.text() if self.authority is not None else ""

    @property
    def revocation(self) -> tuple[Path, ...]:
        """The revocation data to keep in the document."""
        return tuple(self._paths()) if self._is_used else ()

    def problem(self) -> str:
        """What is wrong or missing; empty where nothing is."""
        authority = self.authority
        if authority is not None and not authority.is_file():
            return text_of(ErrorCode.KEY_MISSING, {"path": authority})
        absent = next((path for path in self.revocation if not path.is_file()), None)
        if absent is not None:
            return text_of(ErrorCode.FILE_MISSING, {"path": absent})
        if self._is_needed and authority is None:
            return self.tr("Choose a timestamp authority.")
        if self._is_used and authority is None and not self.revocation:
            return self.tr("Choose a timestamp authority or revocation data, or uncheck the box.")
        return ""

    def remember(self) -> None:
        """Keep the files for the next time."""
        if not self._is_needed:
            self._settings.setValue(USED, self.isChecked())
        self._settings.setValue(AUTHORITY, self.authority_path.text().strip())
        self._settings.setValue(REVOCATION, [str(path) for path in self._paths()])


def _several(stored: Any) -> list[str]:
    """What QSettings makes of a list: one entry comes back as a text, none as nothing."""
    return [stored] if isinstance(stored, str) else list(stored or [])
