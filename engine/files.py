"""Writing a file whole or not at all, and hashing one."""

from __future__ import annotations

import errno
import hashlib
import os
import tempfile
from pathlib import Path

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
    temporary = ""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(prefix=".seongmun-", dir=path.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o644)  # noqa: PTH101
        Path(temporary).replace(path)
    except OSError as error:
        if temporary:
            Path(temporary).unlink(missing_ok=True)
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        code = ErrorCode.FILE_DISK_FULL if full else ErrorCode.FILE_WRITE_FAILED
        raise SeongmunError(code, path=str(path)) from error


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
        with path.open("rb") as file:
            while block := file.read(HASH_BLOCK_BYTES):
                if cancel is not None:
                    cancel.check()
                digest.update(block)
                size += len(block)
                progress("hash", size, total)
    except OSError as error:
        raise file_error(error, path) from error
    return digest.hexdigest(), size


def file_error(error: OSError, path: Path) -> SeongmunError:
    """The coded error for a file that cannot be read."""
    if isinstance(error, FileNotFoundError):
        return SeongmunError(ErrorCode.FILE_MISSING, path=str(path))
    if isinstance(error, IsADirectoryError) or path.is_dir():
        return SeongmunError(ErrorCode.FILE_IS_DIRECTORY, path=str(path))
    return SeongmunError(ErrorCode.FILE_UNREADABLE, path=str(path))
