"""Cases: make, fill, work in, list, check, hand over."""

from __future__ import annotations

import getpass
import json
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

from engine.casefile import work
from engine.casefile.archive import export_case, import_case
from engine.casefile.checks import check_case as check_open_case
from engine.casefile.store import CaseFile
from engine.casefile.tables import Analysis, Report, RingReport, Study
from engine.errors import SeongmunError
from engine.files import file_error, open_source, path_of
from engine.progress import CancelToken, Progress, no_progress
from engine.types import VerificationResult

FILE_ERRORS = ("file.missing", "file.is_directory", "file.unreadable", "file.empty", "file.changed")


def actor() -> str:
    """Who is at the computer."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "unknown"


def new_case(
    folder: Path,
    number: str,
    examiner: str,
    agency: str = "",
    requester: str = "",
    passphrase: str = "",
) -> dict[str, Any]:
    """Make a case, encrypted if there is a passphrase (raises CASE_EXISTS, CASE_READ_ONLY,
    CASE_PASSPHRASE_WEAK)."""
    with CaseFile.create(folder, number, examiner, agency, requester, passphrase) as case:
        return {"case": str(folder), **case.info.as_content(), "encrypted": case.is_sealed}


def add_recordings(
    folder: Path,
    sources: Sequence[Path],
    role: str,
    progress: Progress = no_progress,
    cancel: CancelToken | None = None,
    passphrase: str = "",
) -> dict[str, Any]:
    """Add files, and every file below folders; what is there already is passed over.

    Each file is a transaction of its own: after a cancellation or a crash the same command goes on
    where it stopped. A file that cannot be read is reported and does not stop the others; where the
    case itself cannot be written, nothing more is tried.
    """
    with CaseFile.open(folder, writable=True, actor=actor(), passphrase=passphrase) as case:
        return add_to_case(case, sources, role, progress, cancel)


def add_to_case(
    case: CaseFile,
    sources: Sequence[Path],
    role: str,
    progress: Progress = no_progress,
    cancel: CancelToken | None = None,
    turn: AbstractContextManager[object] | None = None,
) -> dict[str, Any]:
    """As `add_recordings`, to an open case; the database is written to only within `turn`."""
    turn = turn or nullcontext()
    files = files_below(sources)
    added: list[dict[str, Any]] = []
    known: list[dict[str, Any]] = []
    failed: list[dict[str, Any]] = []
    for done, path in enumerate(files):
        if cancel is not None:
            cancel.check()
        progress("case_add", done, len(files))
        try:
            copied = case.copy(path, cancel=cancel)
            with turn:
                exhibit, is_new = case.add_copied(path, *copied, role, actor())
        except SeongmunError as error:
            if error.code.value not in FILE_ERRORS:
                raise
            failed.append({"path": str(path), "code": error.code.value})
        else:
            (added if is_new else known).append(exhibit.as_content())
    return {"added": added, "already_there": known, "failed": failed}


def files_below(sources: Sequence[Path]) -> list[Path]:
    """The files among the sources, and every file below the folders among them."""
    return [
        path
        for source in sources
        for path in (
            sorted(p for p in source.rglob("*") if p.is_file()) if source.is_dir() else [source]
        )
    ]


def read_media(case: CaseFile, sha256: str) -> bytes:
    """A medium of a case, whole (raises FILE_MISSING, FILE_UNREADABLE)."""
    source = case.media(sha256)
    try:
        with open_source(source) as file:
            return file.read()
    except OSError as error:
        raise file_error(error, path_of(source)) from error


def list_case(folder: Path, passphrase: str = "") -> dict[str, Any]:
    """The case: what it is, its exhibits, analyses, reports and studies."""
    with CaseFile.open(folder, passphrase=passphrase) as case:
        head = case.head()
        by_exhibit = work.all_exhibit_facts(case)
        return {
            **case.info.as_content(),
            "encrypted": case.is_sealed,
            "facts": work.facts(case),
            "exhibits": [
                exhibit.as_content() | {"facts": by_exhibit.get(exhibit.id, {})}
                for exhibit in case.exhibits()
            ],
            "analyses": [
                {
                    "id": analysis.id,
                    "questioned_id": analysis.questioned_id,
                    "known_id": analysis.known_id,
                    "log10_lr": json.loads(analysis.result)["log10_lr"],
                    "author": analysis.author,
                    "utc": analysis.utc,
                }
                for analysis in case.rows(Analysis)
            ],
            "reports": [report.as_content() for report in case.rows(Report)],
            "studies": [study.as_content() for study in case.rows(Study)],
            "ring_reports": [report.as_content() for report in case.rows(RingReport)],
            "events": head.sequence,
            "audit_head": head.hash,
        }


def set_fact(
    folder: Path, name: str, value: str, exhibit_id: int | None = None, passphrase: str = ""
) -> dict[str, Any]:
    """Fill in something about the case or an exhibit."""
    with CaseFile.open(folder, writable=True, actor=actor(), passphrase=passphrase) as case:
        work.set_fact(case, actor(), name, value, exhibit_id)
        return {"facts": work.facts(case, exhibit_id)}


def step_back(folder: Path, redo: bool, passphrase: str = "") -> dict[str, Any]:
    """Undo the last edit, or redo what was undone last (raises CASE_NOTHING_TO_UNDO)."""
    with CaseFile.open(folder, writable=True, actor=actor(), passphrase=passphrase) as case:
        edit = (work.redo if redo else work.undo)(case, actor())
        return edit.as_content()


def check_case(
    folder: Path,
    progress: Progress = no_progress,
    cancel: CancelToken | None = None,
    passphrase: str = "",
    report: Path | None = None,
) -> VerificationResult:
    """Check database, audit trail, records and originals; with `report` also that the audit trail
    contains that report's anchor: events dropped from its end show by it."""
    with CaseFile.open(folder, passphrase=passphrase) as case:
        checks = check_open_case(case, progress, cancel)
        if report is not None:
            from engine.verify.run import check_report_anchor  # what reads PDFs loads slowly

            checks += (check_report_anchor(report, case),)
        return VerificationResult(checks)


@contextmanager
def reading(folder: Path | None, passphrase: str = "") -> Iterator[CaseFile | None]:
    """A case open for reading while the block runs, or None without a folder."""
    if folder is None:
        yield None
    else:
        with CaseFile.open(folder, passphrase=passphrase) as case:
            yield case


def export(
    folder: Path, out: Path, progress: Progress = no_progress, passphrase: str = ""
) -> dict[str, Any]:
    """Write the case's archive."""
    with CaseFile.open(folder, passphrase=passphrase) as case:
        return {"out": str(out), "audit_head": export_case(case, out, progress)}


def import_archive(
    archive: Path, folder: Path, progress: Progress = no_progress, passphrase: str = ""
) -> dict[str, Any]:
    """Verify an archive and unpack it into a new case folder."""
    head = import_case(archive, folder, progress, passphrase=passphrase)
    return {"case": str(folder), "audit_head": head}
