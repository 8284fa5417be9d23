"""Comparisons and reports of a case: made, recorded, kept."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from app.resources import VERBAL_SCALE
from app.services.casework import actor
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
from engine.casefile.audit import utc_now
from engine.casefile.store import CaseFile
from engine.casefile.tables import Analysis, Exhibit, Report
from engine.errors import ErrorCode, SeongmunError
from engine.files import write_atomic
from engine.lr.conditions import NO_FACTS
from engine.lr.verbal import VerbalScale, load_scale
from engine.models.session import EmbeddingModel
from engine.progress import CancelToken, Progress, no_progress
from engine.types import CaseAnchor, HypothesisPair, Population, ReportManifest, VoiceFacts


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
    facts: tuple[VoiceFacts, VoiceFacts] = NO_FACTS,
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
            case,
            questioned,
            known,
            model,
            population,
            channels,
            allow_truncated,
            progress,
            cancel,
            facts,
            request.scale if request else None,
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
    facts: tuple[VoiceFacts, VoiceFacts] = NO_FACTS,
    scale: VerbalScale | None = None,
) -> tuple[Analysis, Comparison]:
    """Compare two exhibits and record what went in and what came out; what is not in `facts` is
    taken from the exhibits."""
    both = (
        exhibit_facts(case, questioned, facts[0]),
        exhibit_facts(case, known, facts[1]),
    )
    sources = [case.media(exhibit.media_sha256) for exhibit in (questioned, known)]
    compared = compare(
        sources[0],
        sources[1],
        model,
        population,
        channels,
        allow_truncated,
        progress,
        cancel,
        facts=both,
    )
    comparison = named_comparison(compared, questioned, known)
    return record_analysis(case, questioned, known, comparison, scale), comparison


def exhibit_facts(case: CaseFile, exhibit: Exhibit, given: VoiceFacts = NO_FACTS[0]) -> VoiceFacts:
    """What is known of an exhibit's speaker: as given, or else as the case has it."""
    found = work.facts(case, exhibit.id)
    return VoiceFacts(
        given.sex or found.get("sex", ""), given.language or found.get("language", "")
    )


def named_comparison(compared: Comparison, questioned: Exhibit, known: Exhibit) -> Comparison:
    """A comparison of a case's media under their files' own names."""
    return replace(
        compared,
        questioned=_named(compared.questioned, questioned),
        known=_named(compared.known, known),
    )


def record_analysis(
    case: CaseFile,
    questioned: Exhibit,
    known: Exhibit,
    comparison: Comparison,
    scale: VerbalScale | None = None,
) -> Analysis:
    """Keep what went into a comparison and what came out, on ENFSI's verbal scale or another."""
    scale = scale or load_scale(VERBAL_SCALE)
    analysis = Analysis(
        case.next_id(Analysis),
        questioned.id,
        known.id,
        _json(asdict(comparison.profile)),
        _json(describe_items(comparison)),
        _json(describe_outcome(comparison, scale)),
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
