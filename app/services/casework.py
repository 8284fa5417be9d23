"""Cases: make, fill, work in, list, check, hand over."""

from __future__ import annotations

import getpass
import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from app.services.comparing import Comparison, compare
from app.services.reporting import (
    ReportRequest,
    describe_items,
    describe_outcome,
    make_report,
)
from app.services.voices import Voice
from engine.canonical import canonical_bytes
from engine.casefile import work
from engine.casefile.archive import export_case, import_case
from engine.casefile.audit import utc_now
from engine.casefile.checks import check_case as check_open_case
from engine.casefile.store import CaseFile
from engine.casefile.tables import Analysis, Exhibit, Report
from engine.errors import ErrorCode, SeongmunError
from engine.files import file_error, open_source, path_of, write_atomic
from engine.models.session import EmbeddingModel
from engine.progress import CancelToken, Progress, no_progress
from engine.types import (
    CaseAnchor,
    HypothesisPair,
    Population,
    ReportManifest,
    VerificationResult,
)
from engine.verify.run import check_report_anchor

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
) -> dict[str, Any]:
    """As `add_recordings`, to an open case."""
    files = files_below(sources)
    added: list[dict[str, Any]] = []
    known: list[dict[str, Any]] = []
    failed: list[dict[str, Any]] = []
    for done, path in enumerate(files):
        if cancel is not None:
            cancel.check()
        progress("case_add", done, len(files))
        try:
            exhibit, is_new = case.add(path, role, actor(), cancel=cancel)
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


@dataclass(frozen=True, slots=True)
class CaseComparison:
    """A comparison that a case has recorded, and its report if one was asked for."""

    comparison: Comparison
    analysis: Analysis
    report: Report | None


def compare_in_case(
    folder: Path,
    recordings: tuple[Path, Path],
    model: EmbeddingModel,
    population: Population,
    channels: tuple[int | None, int | None] = (None, None),
    allow_truncated: bool = False,
    request: ReportRequest | None = None,
    target: Path | None = None,
    supersedes: str = "",
    passphrase: str = "",
    progress: Progress = no_progress,
    cancel: CancelToken | None = None,
) -> CaseComparison:
    """Compare the case's own copies of a questioned and a known recording, adding them first where
    they are new, and record the analysis; with `request` also make the report.

    The report is kept in the case before it is written to `target`.

    Raises
    ------
    SeongmunError
        What `compare`, `make_report` and the case raise; CASE_NO_SUCH_ROW, before anything is
        recorded, where the report that is to be superseded is unknown or superseded already.
    """
    with CaseFile.open(folder, writable=True, actor=actor(), passphrase=passphrase) as case:
        older = _superseded(case, supersedes) if supersedes else None
        questioned, known = (
            case.add(path, role, actor(), cancel=cancel)[0]
            for path, role in zip(recordings, ("questioned", "known"), strict=True)
        )
        analysis, comparison = analyse(
            case, questioned, known, model, population, channels, allow_truncated, progress, cancel
        )
        report = None
        if request is not None:
            report, pdf = report_in_case(
                case, analysis, comparison, model, population, request, older, progress
            )
            if target is not None:
                write_atomic(target, pdf)
    return CaseComparison(comparison, analysis, report)


def analyse(
    case: CaseFile,
    questioned: Exhibit,
    known: Exhibit,
    model: EmbeddingModel,
    population: Population,
    channels: tuple[int | None, int | None] = (None, None),
    allow_truncated: bool = False,
    progress: Progress = no_progress,
    cancel: CancelToken | None = None,
) -> tuple[Analysis, Comparison]:
    """Compare two exhibits and record what went in and what came out."""
    sources = [case.media(exhibit.media_sha256) for exhibit in (questioned, known)]
    compared = compare(
        sources[0], sources[1], model, population, channels, allow_truncated, progress, cancel
    )
    comparison = named_comparison(compared, questioned, known)
    return record_analysis(case, questioned, known, comparison), comparison


def named_comparison(compared: Comparison, questioned: Exhibit, known: Exhibit) -> Comparison:
    """A comparison of a case's media under their files' own names."""
    return replace(
        compared,
        questioned=_named(compared.questioned, questioned),
        known=_named(compared.known, known),
    )


def record_analysis(
    case: CaseFile, questioned: Exhibit, known: Exhibit, comparison: Comparison
) -> Analysis:
    """Keep what went into a comparison and what came out."""
    analysis = Analysis(
        case.next_id(Analysis),
        questioned.id,
        known.id,
        _json(asdict(comparison.profile)),
        _json(describe_items(comparison)),
        _json(describe_outcome(comparison)),
        actor(),
        utc_now(),
    )
    case.record(actor(), "analysis.add", [analysis])
    return analysis


def _named(voice: Voice, exhibit: Exhibit) -> Voice:
    """The voice under its file's own name: the case keeps it under its hash."""
    return replace(voice, recording=replace(voice.recording, path=Path(exhibit.file_name)))


def _json(value: Any) -> str:
    return canonical_bytes(value).decode("utf-8")


def report_in_case(
    case: CaseFile,
    analysis: Analysis,
    comparison: Comparison,
    model: EmbeddingModel,
    population: Population,
    request: ReportRequest,
    older: Report | None = None,
    progress: Progress = no_progress,
) -> tuple[Report, bytes]:
    """Make the report of an analysis, anchored in the audit trail, and keep it in the case; it
    supersedes the report `older`.

    Raises
    ------
    SeongmunError
        What `make_report` and the case raise.
    """
    anchored = anchored_request(case, request)
    pdf, manifest = make_report(comparison, model, population, anchored, progress)
    return keep_report(case, analysis, pdf, manifest, request, older), pdf


def anchored_request(case: CaseFile, request: ReportRequest) -> ReportRequest:
    """The request with the case's propositions and the head of its audit trail as it is now."""
    head = case.head()
    anchor = CaseAnchor(case.info.case_uuid, case.info.number, head.sequence, head.hash)
    return replace(request, case=anchor, propositions=_propositions(case, request))


def keep_report(
    case: CaseFile,
    analysis: Analysis,
    pdf: bytes,
    manifest: ReportManifest,
    request: ReportRequest,
    older: Report | None = None,
) -> Report:
    """Keep a report that was made among the case's media."""
    sha256 = hashlib.sha256(pdf).hexdigest()
    media = case.keep(pdf, sha256, len(pdf))
    report = Report(
        case.next_id(Report),
        analysis.id,
        str(manifest.content["report_id"]),
        older.version + 1 if older else 1,
        older.id if older else None,
        sha256,
        int(request.identity is not None),
        actor(),
        utc_now(),
    )
    case.record(actor(), "report.add", [*media, report])
    return report


def _superseded(case: CaseFile, report_id: str) -> Report:
    found = case.rows(
        Report,
        "report_id = ? AND id NOT IN (SELECT supersedes FROM report WHERE supersedes IS NOT NULL)",
        (report_id,),
    )
    if not found:
        raise SeongmunError(ErrorCode.CASE_NO_SUCH_ROW, table=Report.table, id=report_id)
    return found[0]


def _propositions(case: CaseFile, request: ReportRequest) -> HypothesisPair | None:
    """The case's own propositions, where both were written."""
    known = work.facts(case)
    names = ("proposition_same", "proposition_different")
    if request.propositions is None and all(name in known for name in names):
        return HypothesisPair(*(known[name] for name in names))
    return request.propositions


def list_case(folder: Path, passphrase: str = "") -> dict[str, Any]:
    """The case: what it is, its exhibits, analyses and reports."""
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
