"""Writing a file whole or not at all, and hashing one."""

from __future__ import annotations

import errno
import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from engine.errors import ErrorCode, SeongmunError
from engine.progress import CancelToken, Progress, no_progress

HASH_BLOCK_BYTES = 1 << 20


def write_atomic(path: Path, content: bytes) -> None:
    """Write beside the target, flush to the disk, then rename.

    Raises
    ------
    SeongmunError
        FILE_DISK_FULL or FILE_WRITE_FAILED; the target is then as it was.
    """
    with _replacing(path) as file:
        file.write(content)


def copy_atomic(source: Path, target: Path, cancel: CancelToken | None = None) -> str:
    """Copy a file whole or not at all; returns the SHA-256 of what was written.

    Raises
    ------
    SeongmunError
        FILE_DISK_FULL, FILE_WRITE_FAILED, FILE_UNREADABLE, CANCELLED.
    """
    digest = hashlib.sha256()
    with _replacing(target) as file:
        for block in _blocks(source):
            if cancel is not None:
                cancel.check()
            digest.update(block)
            file.write(block)
    return digest.hexdigest()


def _blocks(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            while block := file.read(HASH_BLOCK_BYTES):
                yield block
    except OSError as error:
        raise file_error(error, path) from error


@contextmanager
def _replacing(path: Path) -> Iterator[BinaryIO]:
    """A new file that takes the target's place once it is whole and on the disk."""
    temporary = ""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(prefix=".seongmun-", dir=path.parent)
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o644)  # noqa: PTH101
        Path(temporary).replace(path)
        _sync_folder(path.parent)
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        code = ErrorCode.FILE_DISK_FULL if full else ErrorCode.FILE_WRITE_FAILED
        raise SeongmunError(code, path=str(path)) from error
    finally:
        if temporary:
            Path(temporary).unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    """Make a rename survive a power cut, where folders can be flushed."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def hash_file(
    path: Path, progress: Progress = no_progress, cancel: CancelToken | None = None
) -> tuple[str, int]:
    """Return the SHA-256 (hex) and the size in bytes.

    Raises
    ------
    SeongmunError
        FILE_MISSING, FILE_IS_DIRECTORY, FILE_UNREADABLE, CANCELLED.
    """
    digest = hashlib.sha256()
    size = 0
    try:
        total = path.stat().st_size
    except OSError as error:
        raise file_error(error, path) from error
    for block in _blocks(path):
        if cancel is not None:
            cancel.check()
        digest.update(block)
        size += len(block)
        progress("hash", size, total)
    return digest.hexdigest(), size


def file_error(error: OSError, path: Path) -> SeongmunError:
    """The coded error for a file that cannot be read."""
    if isinstance(error, FileNotFoundError):
        return SeongmunError(ErrorCode.FILE_MISSING, path=str(path))
    if isinstance(error, IsADirectoryError) or path.is_dir():
        return SeongmunError(ErrorCode.FILE_IS_DIRECTORY, path=str(path))
    return SeongmunError(ErrorCode.FILE_UNREADABLE, path=str(path))
