"""The one way to run a long function beside the window."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, QThread, Signal


class Job(QThread):
    """Runs ``work(progress, cancel)`` in a thread; results arrive as signals in the window.

    `cancel` asks the work to stop; `failed` then carries a SeongmunError with the code CANCELLED.
    """

    progressed = Signal(str, float, float)
    succeeded = Signal(object)
    failed = Signal(object)

    def __init__(self, work: Callable[[Any, Any], Any], token: Any, parent: QObject) -> None:
        super().__init__(parent)
        self._work = work
        self._token = token

    def run(self) -> None:
        """Called by Qt in the new thread."""
        try:
            result = self._work(self.progressed.emit, self._token)
        except Exception as error:  # the window shows every error; nothing is swallowed
            self.failed.emit(error)
        else:
            self.succeeded.emit(result)

    def cancel(self) -> None:
        """Ask the work to stop."""
        self._token.cancel()
