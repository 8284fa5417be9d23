"""Encryption at rest: the case's key under a passphrase.

`case.key` (JSON) holds a random case key, wrapped by AES-256-GCM under a key that Argon2id derives
from the passphrase (RFC 9106). The database and every file have keys of their own, derived from the
case key by HKDF-SHA256 (RFC 5869).
"""

from __future__ import annotations

import base64
import binascii
import json
import os
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from engine.errors import ErrorCode, SeongmunError
from engine.files import write_atomic
from engine.sealed import KEY_BYTES

KEY_FILE = "case.key"
FORMAT = 1
ITERATIONS, LANES, MEMORY_KIB = 3, 4, 64 << 10
MOST_ITERATIONS, MOST_LANES, MOST_MEMORY_KIB = 64, 16, 1 << 20
MINIMUM_PASSPHRASE = 8
SQLITE, PAGE_BYTES = b"SQLite format 3", 4096


def make_key(folder: Path, passphrase: str) -> bytes:
    """Draw a case key and write it, wrapped, into ``case.key``; returns the key.

    Raises
    ------
    SeongmunError
        CASE_PASSPHRASE_WEAK; FILE_*.
    """
    key = os.urandom(KEY_BYTES)
    wrap_key(folder, key, passphrase)
    return key


def wrap_key(folder: Path, key: bytes, passphrase: str) -> None:
    """Write the case key under a (new) passphrase, replacing the old ``case.key``.

    Raises
    ------
    SeongmunError
        CASE_PASSPHRASE_WEAK; FILE_*.
    """
    if len(passphrase) < MINIMUM_PASSPHRASE:
        raise SeongmunError(ErrorCode.CASE_PASSPHRASE_WEAK, minimum=MINIMUM_PASSPHRASE)
    salt, nonce = os.urandom(16), os.urandom(12)
    wrapping = _derive(passphrase, salt, ITERATIONS, LANES, MEMORY_KIB)
    document = {
        "format": FORMAT,
        "kdf": "argon2id",
        "iterations": ITERATIONS,
        "lanes": LANES,
        "memory_kib": MEMORY_KIB,
        "salt": base64.b64encode(salt).decode("ascii"),
        "nonce": base64.b64encode(nonce).decode("ascii"),
        "wrapped": base64.b64encode(AESGCM(wrapping).encrypt(nonce, key, None)).decode("ascii"),
    }
    write_atomic(folder / KEY_FILE, json.dumps(document, indent=1).encode("ascii"))


def is_sealed(folder: Path) -> bool:
    """Whether the case is encrypted."""
    return (folder / KEY_FILE).exists()


def looks_sealed(database: Path) -> bool:
    """Whether a database is one that SQLCipher wrote: whole pages without SQLite's heading."""
    size = database.stat().st_size
    with database.open("rb") as file:
        return size > 0 and size % PAGE_BYTES == 0 and file.read(len(SQLITE)) != SQLITE


def open_key(folder: Path, passphrase: str) -> bytes:
    """The case key.

    Raises
    ------
    SeongmunError
        CASE_PASSPHRASE where it is wrong or missing, CASE_KEY_DAMAGED.
    """
    path = str(folder)
    if not passphrase:
        raise SeongmunError(ErrorCode.CASE_PASSPHRASE_MISSING, path=path)
    try:
        document = json.loads((folder / KEY_FILE).read_bytes())
        if document["format"] != FORMAT or document["kdf"] != "argon2id":
            raise ValueError(FORMAT)
        costs = [int(document[name]) for name in ("iterations", "lanes", "memory_kib")]
        most = (MOST_ITERATIONS, MOST_LANES, MOST_MEMORY_KIB)
        if any(not 0 < cost <= limit for cost, limit in zip(costs, most, strict=True)):
            raise ValueError("costs")
        salt, nonce, wrapped = (
            base64.b64decode(document[name], validate=True) for name in ("salt", "nonce", "wrapped")
        )
        wrapping = _derive(passphrase, salt, *costs)
        return AESGCM(wrapping).decrypt(nonce, wrapped, None)
    except InvalidTag as error:
        raise SeongmunError(ErrorCode.CASE_PASSPHRASE, path=path) from error
    except (OSError, ValueError, KeyError, TypeError, binascii.Error) as error:
        raise SeongmunError(ErrorCode.CASE_KEY_DAMAGED, path=path) from error


def _derive(passphrase: str, salt: bytes, iterations: int, lanes: int, memory_kib: int) -> bytes:
    function = Argon2id(
        salt=salt, length=KEY_BYTES, iterations=iterations, lanes=lanes, memory_cost=memory_kib
    )
    return function.derive(passphrase.encode("utf-8"))
