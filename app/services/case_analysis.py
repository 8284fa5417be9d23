"""Comparisons and reports of a case: made, recorded, kept."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from app.resources import POPULATIONS, VERBAL_SCALE
from app.services.casework import actor
from app.services.comparing import Comparison, compare
from app.services.loading import pack_directory
from app.services.reporting import (
    CaseExtract,
    Examined,
    Finding,
    ReportRequest,
    Superseded,
    describe_items,
    describe_outcome,
    finding_of,
    make_report,
)
from app.services.voices import Voice
from engine.audio.decode import decode
from engine.canonical import canonical_bytes
from engine.casefile import work
from engine.casefile.audit import utc_now
from engine.casefile.store import CaseFile
from engine.casefile.tables import Analysis, Exhibit, Report
from engine.errors import ErrorCode, SeongmunError
from engine.files import write_atomic
from engine.lr.conditions import NO_FACTS, check_conditions, check_result
from engine.lr.population import find_population
from engine.lr.verbal import VerbalScale, load_scale
from engine.models.pack import load_pack
from engine.models.session import EmbeddingModel
from engine.progress import CancelToken, Progress, no_progress
from engine.report.figures import ItemFigure
from engine.report.manifest import describe_conditions
from engine.types import (
    Audio,
    CaseAnchor,
    HypothesisPair,
    LikelihoodRatio,
    ModelPack,
    Place,
    Population,
    QualityReport,
    ReportManifest,
    SpeechSegment,
    VoiceFacts,
)

FLAGGED = (Place.EDGE, Place.OUTSIDE)
DECODERS = 2


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
    reason: str = "",
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
        older = superseded(case, supersedes) if supersedes else None
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
            finding = in_case(case, analysis, finding_of(comparison, request.scale))
            report, pdf = report_in_case(
                case,
                [analysis],
                [finding],
                model.pack,
                population,
                request,
                older,
                reason,
                progress,
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
        _json(describe_outcome(comparison, scale) | {"provider": comparison.provider}),
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
    analyses: Sequence[Analysis],
    findings: Sequence[Finding],
    pack: ModelPack,
    population: Population,
    request: ReportRequest,
    older: Report | None = None,
    reason: str = "",
    progress: Progress = no_progress,
) -> tuple[Report, bytes]:
    """Make the report of analyses, anchored in the audit trail, and keep it in the case; it
    supersedes the report `older`, for a `reason`.

    Raises
    ------
    SeongmunError
        What `make_report` and the case raise.
    """
    anchored = anchored_request(case, request, older, reason)
    pdf, manifest = make_report(findings, pack, population, anchored, progress)
    return keep_report(case, analyses[0], pdf, manifest, request, older), pdf


def report_analyses(
    folder: Path,
    numbers: Sequence[int],
    request: ReportRequest,
    target: Path,
    model: str | None = None,
    population: str | None = None,
    supersedes: str = "",
    reason: str = "",
    passphrase: str = "",
    progress: Progress = no_progress,
) -> Report:
    """One report of analyses that a case has recorded, in the order given; every analysis is a
    comparison of its own. All of them where no `numbers` are given. Model and population are those
    of the analyses, by id, unless they are named.

    Raises
    ------
    SeongmunError
        What `make_report`, decoding and the case raise; CASE_NO_SUCH_ROW, MODEL_*, POPULATION_*.
    """
    with CaseFile.open(folder, writable=True, actor=actor(), passphrase=passphrase) as case:
        older = superseded(case, supersedes) if supersedes else None
        chosen = [case.row(Analysis, n) for n in numbers] if numbers else case.rows(Analysis)
        if not chosen:
            raise SeongmunError(ErrorCode.REPORT_ITEMS, items=0)
        pack, speakers = engine_of(chosen[0], model, population)
        findings = recorded_findings(case, chosen, speakers, progress)
        report, pdf = report_in_case(
            case, chosen, findings, pack, speakers, request, older, reason, progress
        )
        write_atomic(target, pdf)
    return report


def engine_of(
    analysis: Analysis, model: str | None = None, population: str | None = None
) -> tuple[ModelPack, Population]:
    """Model and population of an analysis, by their ids, unless they are named (raises MODEL_*,
    POPULATION_*)."""
    profile = json.loads(analysis.profile)
    pack = load_pack(pack_directory(model or profile["model_id"]))
    return pack, find_population(population or profile["population_id"], POPULATIONS)


def recorded_findings(
    case: CaseFile,
    analyses: Sequence[Analysis],
    population: Population,
    progress: Progress = no_progress,
) -> list[Finding]:
    """Analyses as they were recorded, with figures from the case's media (raises what decoding
    raises). Nothing is computed anew but where the recordings lie in the population's conditions:
    what is known of the speakers may have been added since."""
    inputs = [json.loads(analysis.inputs) for analysis in analyses]
    items = [item for pair in inputs for item in pair]
    figures = _figures(case, {_figure_key(item): item for item in items}, progress)
    findings = []
    for analysis, pair in zip(analyses, inputs, strict=True):
        exhibits = [case.exhibit(n) for n in (analysis.questioned_id, analysis.known_id)]
        first, second = (
            examined(case, exhibit, item, figures[_figure_key(item)])
            for exhibit, item in zip(exhibits, pair, strict=True)
        )
        result = json.loads(analysis.result)
        provider = result.pop("provider", "")  # cases of 0.2.0 do not have it
        conditions = recorded_conditions(case, exhibits, pair, result, population)
        outside = [c["code"] for c in conditions if c["role"] and c["place"] in FLAGGED]
        result["flags"] = list(dict.fromkeys([*result["flags"], *outside]))
        profile = json.loads(analysis.profile)
        findings.append(
            Finding(
                (first, second),
                profile,
                conditions,
                result,
                analysis.utc,
                analysis.author,
                provider,
            )
        )
    return findings


def recorded_conditions(
    case: CaseFile,
    exhibits: Sequence[Exhibit],
    items: Sequence[Mapping[str, Any]],
    result: Mapping[str, Any],
    population: Population,
) -> list[dict[str, Any]]:
    """Where the recordings of an analysis lie in the population's conditions."""
    first, second = (QualityReport(**item["quality"]) for item in items)
    facts = [exhibit_facts(case, exhibit) for exhibit in exhibits]
    checks = check_conditions(population.conditions, first, second, (facts[0], facts[1]))
    ratio = LikelihoodRatio(
        result["log10_lr"],
        tuple(result["interval_log10"]),
        tuple(result["bounds_log10"]),
        result["unbounded_log10_lr"],
        population.id,
        population.file_sha256,
        population.model_sha256,
        tuple(result["flags"]),
    )
    return describe_conditions((*checks, *check_result(ratio)))


def examined(
    case: CaseFile, exhibit: Exhibit, item: Mapping[str, Any], figure: ItemFigure
) -> Examined:
    """A side of a comparison with its custody as the case has it."""
    custody = work.facts(case, exhibit.id) | {"added_utc": exhibit.added_utc}
    return Examined(item, figure, exhibit.id, custody)


def _figure_key(item: Mapping[str, Any]) -> tuple[str, int, str]:
    return item["sha256"], item["channel"], str(item["segments"])


def _figures(
    case: CaseFile, items: Mapping[tuple[str, int, str], Mapping[str, Any]], progress: Progress
) -> dict[tuple[str, int, str], ItemFigure]:
    """Every recording decoded once; decoding happens in processes of its own, two at a time."""
    sources = {item["sha256"]: case.media(item["sha256"]) for item in items.values()}
    audio: dict[str, Audio] = {}
    with ThreadPoolExecutor(DECODERS) as pool:
        decoded = pool.map(lambda source: decode(source, allow_truncated=True), sources.values())
        for sha256, found in zip(sources, decoded, strict=True):
            progress("voices", len(audio), len(sources))
            audio[sha256] = found
    return {
        key: ItemFigure(
            audio[item["sha256"]].samples[item["channel"]],
            item["sample_rate_hz"],
            [SpeechSegment(start, end, item["channel"]) for start, end in item["segments"]],
        )
        for key, item in items.items()
    }


def anchored_request(
    case: CaseFile, request: ReportRequest, older: Report | None = None, reason: str = ""
) -> ReportRequest:
    """The request with what the case tells: propositions, request, custody's audit trail and its
    head as it is now, and which report this one corrects."""
    events = case.events()
    head, info = events[-1], case.info
    asked = {"agency": info.agency, "requester": info.requester, "examiners": info.examiner}
    corrected = Superseded(older.report_id, older.media_sha256, reason) if older else Superseded()
    extract = CaseExtract(
        CaseAnchor(info.case_uuid, info.number, head.sequence, head.hash),
        tuple(events),
        asked | work.facts(case),
        older.version + 1 if older else 1,
        corrected,
    )
    return replace(request, case=extract, propositions=_propositions(case, request))


def in_case(case: CaseFile, analysis: Analysis, finding: Finding) -> Finding:
    """A finding that was just made, with its exhibits' custody and its author."""
    numbers = (analysis.questioned_id, analysis.known_id)
    first, second = (
        examined(case, case.exhibit(number), side.item, side.figure)
        for number, side in zip(numbers, finding.sides, strict=True)
    )
    return replace(
        finding, sides=(first, second), analysed_utc=analysis.utc, author=analysis.author
    )


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


def superseded(case: CaseFile, report_id: str) -> Report:
    """The report with a number, which no other has superseded yet (raises CASE_NO_SUCH_ROW)."""
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
