"""The one dialog for every error: plain words, the way out, details to copy."""

from __future__ import annotations

import sys
import traceback
from types import TracebackType

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QApplication, QMessageBox, QWidget

from engine.errors import ErrorCode, SeongmunError
from ui.language import text_of


def is_cancelled(error: Exception) -> bool:
    """Whether a job only did what it was asked to."""
    return isinstance(error, SeongmunError) and error.code is ErrorCode.CANCELLED


def error_text(error: BaseException) -> str:
    """What happened and what to do."""
    if isinstance(error, SeongmunError):
        return text_of(error.code, error.params)
    return text_of("ui.unexpected")


def show_error(parent: QWidget | None, error: BaseException) -> QMessageBox:
    """Show an error without blocking; the details of an unexpected one can be copied."""
    box = QMessageBox(parent)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.setWindowTitle(QCoreApplication.translate("Errors", "Seongmun"))
    box.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    box.setText(error_text(error))
    if isinstance(error, SeongmunError):
        box.setIcon(QMessageBox.Icon.Warning)
        box.setInformativeText(error.code.value)
    else:
        box.setIcon(QMessageBox.Icon.Critical)
        details = "".join(traceback.format_exception(error))
        box.setInformativeText(f"{type(error).__name__}: {error}")
        box.setDetailedText(details)
        copy = box.addButton(
            QCoreApplication.translate("Errors", "Copy details"), QMessageBox.ButtonRole.ActionRole
        )
        copy.clicked.disconnect()
        copy.clicked.connect(lambda: QApplication.clipboard().setText(details))
        box.addButton(QMessageBox.StandardButton.Close)
    box.open()
    return box


def install_excepthook(parent: QWidget) -> None:
    """Show what nobody caught; the program and the case stay open."""

    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        sys.__excepthook__(kind, error, trace)
        if isinstance(error, Exception):
            show_error(parent, error)

    sys.excepthook = hook
