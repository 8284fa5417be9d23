"""What every dialog ends with, and the button beside a path."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QWidget,
)


def ok_cancel(dialog: QDialog) -> QDialogButtonBox:
    """OK and Cancel, connected."""
    buttons = QDialogButtonBox(
        QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel
    )
    buttons.accepted.connect(dialog.accept)
    buttons.rejected.connect(dialog.reject)
    return buttons


def beside(line: QLineEdit, browse: Callable[[], None]) -> QWidget:
    """A path with the button that asks for it."""
    button = QPushButton(QCoreApplication.translate("Buttons", "Browse…"))
    button.clicked.connect(browse)
    holder = QWidget()
    row = QHBoxLayout(holder)
    row.setContentsMargins(0, 0, 0, 0)
    row.addWidget(line, 1)
    row.addWidget(button)
    return holder
