"""Progress and cancellation of long engine functions."""

from __future__ import annotations

import threading
from typing import Protocol

from engine.errors import ErrorCode, SeongmunError


class Progress(Protocol):
    """Receives (stage, done, total); stage is a code the UI translates, at most about 10 Hz."""

    def __call__(self, stage: str, done: float, total: float) -> None: ...


def no_progress(stage: str, done: float, total: float) -> None:
    """A Progress that ignores what it is told."""


class CancelToken:
    """Asks a running job to stop; thread-safe."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def cancel(self) -> None:
        """Ask the job to stop at its next check."""
        self._event.set()

    @property
    def cancelled(self) -> bool:
        return self._event.is_set()

    def check(self) -> None:
        """Raise SeongmunError(CANCELLED) once `cancel` was called."""
        if self._event.is_set():
            raise SeongmunError(ErrorCode.CANCELLED)
