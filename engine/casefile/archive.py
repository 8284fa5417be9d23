"""A whole case as one file, for another laboratory or the defence.

A ZIP without compression: `manifest.json` (canonical: format, files with SHA-256 and size, head of
the audit trail), `case.sqlite`, `media/<sha256>` and, of an encrypted case, `case.key`: it stays
encrypted, under the same passphrase.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import tempfile
import zipfile
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlcipher3 import dbapi2 as sqlite

from engine.canonical import canonical_bytes
from engine.casefile.checks import check_case
from engine.casefile.database import DATABASE
from engine.casefile.keys import KEY_FILE
from engine.casefile.store import CACHE, MEDIA, CaseFile
from engine.casefile.tables import Media
from engine.errors import ErrorCode, SeongmunError
from engine.files import HASH_BLOCK_BYTES, copy_atomic, hash_file
from engine.progress import CancelToken, Progress, no_progress
from engine.types import CheckStatus

FORMAT = 1
MANIFEST = "manifest.json"
MEDIUM = re.compile(rf"{MEDIA}/[0-9a-f]{{64}}")
MAXIMUM_MANIFEST_BYTES = 64 << 20


def export_case(
    case: CaseFile,
    out: Path,
    progress: Progress = no_progress,
    cancel: CancelToken | None = None,
) -> str:
    """Write a case's archive, whole or not at all; returns the head of its audit trail.

    Raises
    ------
    SeongmunError
        CASE_INVALID where the case does not pass its own check; FILE_*; CANCELLED.
    """
    if any(check.status is not CheckStatus.PASS for check in check_case(case, progress, cancel)):
        raise SeongmunError(ErrorCode.CASE_INVALID, path=str(case.folder))
    with tempfile.TemporaryDirectory(prefix=".seongmun-", dir=out.absolute().parent) as scratch:
        database = Path(scratch) / DATABASE
        case.copy_database(database)
        files = {DATABASE: database}
        for medium in case.rows(Media):
            files[f"{MEDIA}/{medium.sha256}"] = case.media_path(medium.sha256)
        if case.is_sealed:
            files[KEY_FILE] = case.folder / KEY_FILE
        head = case.head().hash
        archive = Path(scratch) / "archive"
        listed = {}
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED, allowZip64=True) as target:
            for done, (name, path) in enumerate(sorted(files.items())):
                if cancel is not None:
                    cancel.check()
                progress("case_media", done, len(files))
                sha256, size_bytes = hash_file(path)
                listed[name] = {"sha256": sha256, "size_bytes": size_bytes}
                target.write(path, name)
            manifest = {"format": FORMAT, "audit_head": head, "files": listed}
            target.writestr(MANIFEST, canonical_bytes(manifest))
        copy_atomic(archive, out, cancel)
    return head


def import_case(
    archive: Path,
    folder: Path,
    progress: Progress = no_progress,
    cancel: CancelToken | None = None,
    passphrase: str = "",
) -> str:
    """Unpack an archive into a new folder once every hash and the case itself were checked.

    Returns
    -------
    The head of the audit trail.

    Raises
    ------
    SeongmunError
        CASE_EXISTS, CASE_ARCHIVE, CASE_PASSPHRASE*, FILE_*, CANCELLED. Nothing is left behind.
    """
    if folder.exists() and any(folder.iterdir()):
        raise SeongmunError(ErrorCode.CASE_EXISTS, path=str(folder))
    hash_file(archive, cancel=cancel)
    parent = folder.absolute().parent
    parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=".seongmun-", dir=parent))
    try:
        head = _unpack(archive, scratch, progress, cancel)
        with CaseFile.open(scratch, passphrase=passphrase) as case:
            checks = check_case(case, progress, cancel)
            failed = [c.id for c in checks if c.status is not CheckStatus.PASS]
            if failed or case.head().hash != head:
                raise _invalid(archive, ", ".join(failed) or "audit head")
        if folder.exists():
            folder.rmdir()
        scratch.replace(folder)
    except (zipfile.BadZipFile, ValueError, KeyError, TypeError, sqlite.Error) as error:
        raise _invalid(archive, type(error).__name__) from error
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return head


def _unpack(archive: Path, folder: Path, progress: Progress, cancel: CancelToken | None) -> str:
    with closing(zipfile.ZipFile(archive)) as source:
        if source.getinfo(MANIFEST).file_size > MAXIMUM_MANIFEST_BYTES:
            raise _invalid(archive, "manifest size")
        content = source.read(MANIFEST)
        manifest: dict[str, Any] = json.loads(content)
        if canonical_bytes(manifest) != content or manifest["format"] != FORMAT:
            raise _invalid(archive, "manifest")
        names = sorted(info.filename for info in source.infolist())
        if names != sorted([*manifest["files"], MANIFEST]):
            raise _invalid(archive, "file list")
        for name in (MEDIA, CACHE):
            (folder / name).mkdir()
        for done, (name, about) in enumerate(sorted(manifest["files"].items())):
            progress("case_media", done, len(manifest["files"]))
            _unpack_file(source, name, about, folder, cancel)
    return str(manifest["audit_head"])


def _unpack_file(
    source: zipfile.ZipFile,
    name: str,
    about: dict[str, Any],
    folder: Path,
    cancel: CancelToken | None,
) -> None:
    """Write one file; only the names that a case has are possible, so none leads elsewhere."""
    if name not in (DATABASE, KEY_FILE) and not MEDIUM.fullmatch(name):
        raise ValueError(name)
    if source.getinfo(name).file_size != about["size_bytes"]:
        raise ValueError(name)
    digest = hashlib.sha256()
    with source.open(name) as packed, (folder / name).open("xb") as target:
        while block := packed.read(HASH_BLOCK_BYTES):
            if cancel is not None:
                cancel.check()
            digest.update(block)
            target.write(block)
    if digest.hexdigest() != about["sha256"]:
        raise ValueError(name)
    if MEDIUM.fullmatch(name):
        (folder / name).chmod(0o444)


def _invalid(archive: Path, reason: str) -> SeongmunError:
    return SeongmunError(ErrorCode.CASE_ARCHIVE, path=str(archive), reason=reason)
