"""Writing a file whole or not at all, and hashing one."""

from __future__ import annotations

import errno
import hashlib
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from engine.errors import ErrorCode, SeongmunError
from engine.progress import CancelToken, Progress, no_progress
from engine.sealed import SealedFile, SealingWriter

HASH_BLOCK_BYTES = 1 << 20
DISK_FULL = (errno.ENOSPC, errno.EDQUOT)
# Evidence lies in the open or sealed; everything that reads evidence takes either.
Source = Path | SealedFile


def path_of(source: Source) -> Path:
    """Where the bytes of a source lie."""
    return source.path if isinstance(source, SealedFile) else source


def open_source(source: Source) -> BinaryIO:
    """The plain content, to read and seek in (raises OSError)."""
    return source.open() if isinstance(source, SealedFile) else source.open("rb")


def write_atomic(
    path: Path, content: bytes, key: bytes | None = None, parents: bool = True
) -> None:
    """Write beside the target, sealed under `key` if there is one, flush to the disk, rename.

    Missing folders are made if `parents` allows it: one made anew may be that of a drive which was
    just removed.

    Raises
    ------
    SeongmunError
        FILE_DISK_FULL or FILE_WRITE_FAILED; the target is then as it was.
    """
    with _replacing(path, parents) as file:
        _write(file, [content], key)


def copy_atomic(
    source: Source,
    target: Path,
    cancel: CancelToken | None = None,
    key: bytes | None = None,
    parents: bool = True,
) -> str:
    """Copy a file whole or not at all, sealed under `key` if there is one; returns the SHA-256 of
    its plain content. `parents` as in `write_atomic`.

    Raises
    ------
    SeongmunError
        FILE_DISK_FULL, FILE_WRITE_FAILED, FILE_UNREADABLE, CANCELLED.
    """
    digest = hashlib.sha256()
    with _replacing(target, parents) as file:
        _write(file, _hashed(source, digest, cancel), key)
    return digest.hexdigest()


def _hashed(source: Source, digest: hashlib._Hash, cancel: CancelToken | None) -> Iterator[bytes]:
    for block in _blocks(source):
        if cancel is not None:
            cancel.check()
        digest.update(block)
        yield block


def _write(file: BinaryIO, blocks: Iterable[bytes], key: bytes | None) -> None:
    writer = SealingWriter(file, key) if key is not None else None
    for block in blocks:
        (writer or file).write(block)
    if writer is not None:
        writer.finish()


def _blocks(source: Source) -> Iterator[bytes]:
    """The content block by block; only errors of reading it are coded here."""
    try:
        file = open_source(source)
    except OSError as error:
        raise file_error(error, path_of(source)) from error
    with file:
        while True:
            try:
                block = file.read(HASH_BLOCK_BYTES)
            except OSError as error:
                raise file_error(error, path_of(source)) from error
            if not block:
                return
            yield block


@contextmanager
def _replacing(path: Path, parents: bool) -> Iterator[BinaryIO]:
    """A new file that takes the target's place once it is whole and on the disk."""
    temporary = ""
    try:
        if parents:
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
        full = error.errno in DISK_FULL
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
    source: Source, progress: Progress = no_progress, cancel: CancelToken | None = None
) -> tuple[str, int]:
    """Return the SHA-256 (hex) and the size in bytes of the plain content.

    Raises
    ------
    SeongmunError
        FILE_MISSING, FILE_IS_DIRECTORY, FILE_UNREADABLE, CANCELLED.
    """
    digest = hashlib.sha256()
    size = 0
    try:
        total = path_of(source).stat().st_size
    except OSError as error:
        raise file_error(error, path_of(source)) from error
    for block in _blocks(source):
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
