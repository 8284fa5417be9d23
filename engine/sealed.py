"""Files sealed in chunks, to read and seek in without their plain content ever on the disk.

A sealed file is ``MAGIC``, a random salt of 16 bytes, then chunks of `CHUNK_BYTES`: AES-256-GCM
under the file's own key (HKDF-SHA256 with the salt, RFC 5869) with the chunk's number as nonce and
"is it the last?" as associated data, so that chunks cannot be changed, moved, repeated or cut off
(STREAM, Hoang et al. 2015). Any stretch can be read alone: a 2 GB recording is never in memory.
"""

from __future__ import annotations

import io
import os
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES = 32
MAGIC = b"SEONGMUN SEAL 1\n"
SALT_BYTES = 16
TAG_BYTES = 16
CHUNK_BYTES = 1 << 16
HEADER_BYTES = len(MAGIC) + SALT_BYTES


class BrokenSealError(OSError):
    """A sealed file that is not what was sealed, or whose key is another."""


@dataclass(frozen=True, slots=True)
class SealedFile:
    """Where a sealed file lies, and the key that opens it."""

    path: Path
    key: bytes

    def file_key(self) -> bytes:
        """The key of this file alone (raises OSError, BrokenSealError)."""
        with self.path.open("rb") as file:
            header = file.read(HEADER_BYTES)
        if len(header) < HEADER_BYTES or not header.startswith(MAGIC):
            raise BrokenSealError(str(self.path))
        return derive_key(self.key, "file", header[len(MAGIC) :])

    def open(self, buffer_bytes: int = CHUNK_BYTES) -> BinaryIO:
        """The plain content, to read and seek in; a small buffer for short stretches here and there
        (raises OSError, BrokenSealError)."""
        return open_sealed(str(self.path), self.file_key(), buffer_bytes)


def derive_key(key: bytes, purpose: str, salt: bytes | None = None) -> bytes:
    """A key for one purpose."""
    return HKDF(SHA256(), KEY_BYTES, salt, purpose.encode("ascii")).derive(key)


def open_sealed(path: str, file_key: bytes, buffer_bytes: int = CHUNK_BYTES) -> BinaryIO:
    """A sealed file in plain, given its own key (raises OSError, BrokenSealError)."""
    return io.BufferedReader(SealedReader(path, file_key), buffer_bytes)


class SealingWriter:
    """Seals what is written into an open binary file; `finish` writes the last chunk."""

    def __init__(self, target: BinaryIO, key: bytes) -> None:
        salt = os.urandom(SALT_BYTES)
        self._target = target
        self._cipher = AESGCM(derive_key(key, "file", salt))
        self._waiting = bytearray()
        self._number = 0
        target.write(MAGIC + salt)

    def write(self, block: bytes) -> None:
        """Take more content."""
        self._waiting += block
        while len(self._waiting) > CHUNK_BYTES:
            self._seal(bytes(self._waiting[:CHUNK_BYTES]), last=False)
            del self._waiting[:CHUNK_BYTES]

    def finish(self) -> None:
        """Write the last chunk; every file has one, be it empty."""
        self._seal(bytes(self._waiting), last=True)

    def _seal(self, chunk: bytes, last: bool) -> None:
        self._target.write(self._cipher.encrypt(_nonce(self._number), chunk, _place(last)))
        self._number += 1


class SealedReader(io.RawIOBase):
    """A sealed file in plain, to read and seek in.

    Raises
    ------
    BrokenSealError
        At opening or reading.
    """

    def __init__(self, path: str, file_key: bytes) -> None:
        super().__init__()
        self._file = open(path, "rb")  # noqa: PTH123, SIM115 - a long path must reach open() unchanged
        sealed_bytes = self._file.seek(0, os.SEEK_END) - HEADER_BYTES
        self._chunks = -(-sealed_bytes // (CHUNK_BYTES + TAG_BYTES))
        if sealed_bytes < TAG_BYTES:
            self._file.close()
            raise BrokenSealError(path)
        self._size = sealed_bytes - self._chunks * TAG_BYTES
        self._cipher = AESGCM(file_key)
        self._position, self._loaded, self._chunk = 0, -1, b""

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._size}[whence]
        if start + offset < 0:
            raise ValueError("before the beginning")
        self._position = start + offset
        return self._position

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        number, start = divmod(self._position, CHUNK_BYTES)
        if self._position >= self._size and self._size:
            number = -1
        part = self._read_chunk(number)[start : start + len(buffer)] if number >= 0 else b""
        buffer[: len(part)] = part
        self._position += len(part)
        return len(part)

    def close(self) -> None:
        self._file.close()
        super().close()

    def _read_chunk(self, number: int) -> bytes:
        if number != self._loaded:
            self._file.seek(HEADER_BYTES + number * (CHUNK_BYTES + TAG_BYTES))
            sealed = self._file.read(CHUNK_BYTES + TAG_BYTES)
            place = _place(number == self._chunks - 1)
            try:
                self._chunk = self._cipher.decrypt(_nonce(number), sealed, place)
            except InvalidTag as error:
                raise BrokenSealError(f"chunk {number}") from error
            self._loaded = number
        return self._chunk


def _nonce(number: int) -> bytes:
    return number.to_bytes(12, "big")


def _place(last: bool) -> bytes:
    return b"last" if last else b"more"
