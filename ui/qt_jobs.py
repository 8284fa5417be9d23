"""The one way to run a long function beside the window."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, QThread, Signal

from app.services.workbench import new_token
from ui.errors import is_cancelled

TELL_S = 0.1
NICER = 10
Work = Callable[[Any, Any], Any]


class Job(QThread):
    """Runs ``work(progress, cancel)`` in a thread; results arrive as signals in the window.

    `cancel` asks the work to stop; `failed` then carries a SeongmunError with the code CANCELLED.
    """

    progressed = Signal(str, float, float)
    succeeded = Signal(object)
    failed = Signal(object)

    def __init__(self, title: str, work: Work, parent: QObject) -> None:
        super().__init__(parent)
        self.title = title
        self.started_s = time.monotonic()
        self._work, self._token = work, new_token()
        self._told: tuple[str, float] = ("", 0.0)

    def run(self) -> None:
        """Called by Qt in the new thread."""
        _step_back()
        try:
            result = self._work(self._tell, self._token)
        except Exception as error:  # the window shows every error; nothing is swallowed
            self.failed.emit(error)
        else:
            self.succeeded.emit(result)

    def _tell(self, stage: str, done: float, total: float) -> None:
        now = time.monotonic()
        if stage != self._told[0] or now - self._told[1] >= TELL_S:
            self._told = (stage, now)
            self.progressed.emit(stage, done, total)

    def cancel(self) -> None:
        """Ask the work to stop."""
        self._token.cancel()


def _step_back() -> None:
    """The window comes first. Qt sees to it elsewhere; on Linux a thread's niceness is its own."""
    if sys.platform == "linux":
        thread = threading.get_native_id()
        niceness = os.getpriority(os.PRIO_PROCESS, thread)
        os.setpriority(os.PRIO_PROCESS, thread, min(19, niceness + NICER))


class JobBoard(QObject):
    """The jobs that are running."""

    started = Signal(object)
    ended = Signal(object)
    failed = Signal(object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.running: list[Job] = []

    def start(
        self,
        title: str,
        work: Work,
        done: Callable[[Any], None] | None = None,
        failed: Callable[[Exception], None] | None = None,
    ) -> Job:
        """Run work in a job; `done` gets its result and `failed` its error, in the window's
        thread. An error that nobody takes goes to the signal `failed`; a cancellation is none."""
        job = Job(title, work, self)
        self.running.append(job)
        if done is not None:
            job.succeeded.connect(done)
        job.failed.connect(lambda error: self._take_error(error, failed))
        job.finished.connect(lambda: self._end(job))
        self.started.emit(job)
        job.start(QThread.Priority.LowPriority)
        return job

    def _take_error(self, error: Exception, failed: Callable[[Exception], None] | None) -> None:
        if failed is not None:
            failed(error)
        elif not is_cancelled(error):
            self.failed.emit(error)

    def _end(self, job: Job) -> None:
        self.running.remove(job)
        self.ended.emit(job)
        job.deleteLater()

    def cancel_all(self) -> None:
        """Ask every job to stop, and wait until all have."""
        for job in list(self.running):
            job.cancel()
        for job in list(self.running):
            job.wait()
