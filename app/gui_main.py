"""Starts the desktop program. The only module that imports `ui`."""

from __future__ import annotations

import sys
from pathlib import Path


def run_gui(case: Path | None = None) -> int:
    """Open the main window, and a case in it, and return the exit code."""
    from PySide6.QtCore import QTimer
    from PySide6.QtWidgets import QApplication

    from ui.main_window import MainWindow

    application = QApplication(sys.argv[:1])
    application.setOrganizationName("Seongmun")
    application.setApplicationName("Seongmun")
    window = MainWindow()
    window.show()
    if case is not None:
        QTimer.singleShot(0, lambda: window.desk.open(case))
    return application.exec()
