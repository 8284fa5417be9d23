"""One writer at a time: a lock that the operating system releases when its holder dies."""

from __future__ import annotations

import json
import os
import platform
import sys
from pathlib import Path
from typing import IO

from engine.casefile.audit import utc_now
from engine.errors import ErrorCode, SeongmunError

LOCK_NAME = "case.lock"


class WriterLock:
    """Held from `acquire` to `release`; the file tells other programs who holds it."""

    def __init__(self, folder: Path, actor: str) -> None:
        self._path = folder / LOCK_NAME
        self._actor = actor
        self._file: IO[str] | None = None

    def acquire(self) -> None:
        """Take the lock.

        Raises
        ------
        SeongmunError
            CASE_LOCKED with who holds it, CASE_READ_ONLY where the folder cannot be written.
        """
        try:
            file = self._path.open("a+", encoding="utf-8")
        except OSError as error:
            raise SeongmunError(ErrorCode.CASE_READ_ONLY, path=str(self._path.parent)) from error
        if not _try_lock(file):
            file.seek(0)
            holder = _holder(file.read())
            file.close()
            raise SeongmunError(ErrorCode.CASE_LOCKED, path=str(self._path.parent), **holder)
        file.seek(0)
        file.truncate()
        about = {"actor": self._actor, "computer": platform.node(), "since_utc": utc_now()}
        json.dump(about | {"process": os.getpid()}, file, ensure_ascii=False)
        file.flush()
        self._file = file

    def release(self) -> None:
        """Give the lock back; the file stays, empty."""
        if self._file is not None:
            self._file.seek(0)
            self._file.truncate()
            self._file.close()
            self._file = None


def _try_lock(file: IO[str]) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _holder(text: str) -> dict[str, str]:
    """Who holds the lock, as far as the file tells."""
    try:
        about = json.loads(text)
        return {key: str(about[key]) for key in ("actor", "computer", "since_utc", "process")}
    except (ValueError, KeyError, TypeError):
        return {"actor": "?", "computer": "?", "since_utc": "?", "process": "?"}
