"""Cases: make, fill, list, check, hand over."""

from __future__ import annotations

import getpass
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from engine.casefile.archive import export_case, import_case
from engine.casefile.store import CaseFile
from engine.errors import SeongmunError
from engine.progress import CancelToken, Progress, no_progress
from engine.types import VerificationResult


def actor() -> str:
    """Who is at the computer."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "unknown"


def new_case(folder: Path, number: str, examiner: str) -> dict[str, Any]:
    """Make a case (raises CASE_EXISTS, CASE_READ_ONLY)."""
    with CaseFile.create(folder, number, examiner) as case:
        return {"case": str(folder), **asdict(case.info)}


def add_recordings(
    folder: Path,
    sources: Sequence[Path],
    role: str,
    progress: Progress = no_progress,
    cancel: CancelToken | None = None,
) -> dict[str, Any]:
    """Add files, and every file below folders; what is there already is passed over.

    Each file is a transaction of its own: after a cancellation or a crash the same command goes on
    where it stopped. A file that cannot be read is reported and does not stop the others.
    """
    files = [path for source in sources for path in _files(source)]
    added: list[dict[str, Any]] = []
    known: list[dict[str, Any]] = []
    failed: list[dict[str, Any]] = []
    with CaseFile.open(folder, writable=True, actor=actor()) as case:
        for done, path in enumerate(files):
            if cancel is not None:
                cancel.check()
            progress("case_add", done, len(files))
            try:
                exhibit, is_new = case.add(path, role, actor(), cancel=cancel)
            except SeongmunError as error:
                if not error.code.value.startswith("file."):
                    raise
                failed.append({"path": str(path), "code": error.code.value})
            else:
                (added if is_new else known).append(asdict(exhibit))
    return {"added": added, "already_there": known, "failed": failed}


def _files(source: Path) -> list[Path]:
    return sorted(p for p in source.rglob("*") if p.is_file()) if source.is_dir() else [source]


def media_folder(folder: Path) -> Path:
    """Where a case keeps its originals (raises CASE_MISSING, CASE_INVALID)."""
    with CaseFile.open(folder) as case:
        return case.media_path("").absolute()


def list_case(folder: Path) -> dict[str, Any]:
    """The case and its exhibits."""
    with CaseFile.open(folder) as case:
        exhibits = [asdict(exhibit) for exhibit in case.exhibits()]
        head = case.events()[-1]
        return {
            **asdict(case.info),
            "exhibits": exhibits,
            "events": head.sequence,
            "audit_head": head.hash,
        }


def check_case(
    folder: Path, progress: Progress = no_progress, cancel: CancelToken | None = None
) -> VerificationResult:
    """Check database, audit trail, records and originals."""
    with CaseFile.open(folder) as case:
        return VerificationResult(case.check(progress, cancel))


def export(folder: Path, out: Path, progress: Progress = no_progress) -> dict[str, Any]:
    """Write the case's archive."""
    with CaseFile.open(folder) as case:
        return {"out": str(out), "audit_head": export_case(case, out, progress)}


def import_archive(archive: Path, folder: Path, progress: Progress = no_progress) -> dict[str, Any]:
    """Verify an archive and unpack it into a new case folder."""
    return {"case": str(folder), "audit_head": import_case(archive, folder, progress)}
