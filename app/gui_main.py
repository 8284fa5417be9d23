"""Starts the desktop program. The only module that imports `ui`."""

from __future__ import annotations

import sys


def run_gui() -> int:
    """Open the main window and return the exit code."""
    from PySide6.QtWidgets import QApplication

    from ui.main_window import MainWindow

    application = QApplication(sys.argv[:1])
    application.setOrganizationName("Seongmun")
    application.setApplicationName("Seongmun")
    window = MainWindow()
    window.show()
    return application.exec()
