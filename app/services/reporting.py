"""From comparisons to a signed report that has passed its own verification."""

from __future__ import annotations

import datetime
import tomllib
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from reportlab.graphics.shapes import Drawing

from app.resources import FONTS, REPORT_TEXTS, TEMPLATE, VALIDATION_TEXTS, VERBAL_SCALE
from app.services.comparing import Comparison, software_version
from app.services.synthetic import is_synthetic
from app.services.voices import Voice
from engine.canonical import canonical_bytes
from engine.errors import ErrorCode, SeongmunError
from engine.files import write_atomic
from engine.lr.trials import trial_weights
from engine.lr.validate import cross_validated_log10_lr
from engine.lr.verbal import VerbalScale, load_scale
from engine.progress import Progress, no_progress
from engine.report.charts import tippett
from engine.report.figures import ItemFigure
from engine.report.fonts import REGULAR, font_folders
from engine.report.manifest import (
    FORMAT,
    LANGUAGES,
    MOST_ITEMS,
    ROLES,
    describe_conditions,
    describe_item,
    describe_model,
    describe_population,
    describe_result,
    parse,
)
from engine.report.plots import plot
from engine.report.render import ReportAssets, render_report
from engine.report.sign import Identity, sign_report
from engine.report.template import Template, load_template
from engine.types import (
    AuditEvent,
    CaseAnchor,
    Embedding,
    HypothesisPair,
    ModelPack,
    Population,
    ReportManifest,
)
from engine.verify.outcomes import SIGNATURE_HOLDS, require_passed
from engine.verify.run import VerificationInputs, verify_pdf

ReportLanguage = Literal["ko", "en", "both"]
SIGNING_REASON = {
    "ko": "화자 비교 감정서",
    "en": "Forensic voice comparison report",
    "both": "화자 비교 감정서 · Forensic voice comparison report",
}
PROPOSITIONS: Mapping[str, HypothesisPair] = {
    "ko": HypothesisPair(
        "문제음성과 대조음성은 같은 사람이 말한 것이다.",
        "문제음성은 대조음성의 화자가 아니라 관련 모집단에 속하는 다른 사람이 말한 것이다.",
    ),
    "en": HypothesisPair(
        "The questioned and the known recording were spoken by the same person.",
        "The questioned recording was spoken not by the speaker of the known recording but by "
        "another person of the relevant population.",
    ),
}
CUSTODY = ("origin", "received_utc", "received_from", "description")
SELF_CHECKED = SIGNATURE_HOLDS | {
    "manifest",
    "attachments",
    "model.hash",
    "population.hash",
    "result.consistent",
}
ASKED = ("agency", "requester", "examiners", "received_utc", "deviations", "note")


@dataclass(frozen=True, slots=True)
class Superseded:
    """The report that another one corrects, and why; empty where it corrects none."""

    report_id: str = ""
    sha256: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class CaseExtract:
    """What a report tells of its case; `asked` are the case's facts. Empty without a case."""

    anchor: CaseAnchor = field(default_factory=CaseAnchor)
    audit: tuple[AuditEvent, ...] = ()
    asked: Mapping[str, str] = field(default_factory=dict)
    version: int = 1
    supersedes: Superseded = field(default_factory=Superseded)


NO_CASE = CaseExtract()


@dataclass(frozen=True, slots=True)
class ReportRequest:
    """What a report needs besides what was found; without an identity it is a draft."""

    language: ReportLanguage
    identity: Identity | None
    case: CaseExtract = NO_CASE
    propositions: HypothesisPair | None = None
    scale: VerbalScale = field(default_factory=lambda: load_scale(VERBAL_SCALE))
    template: Template = field(default_factory=lambda: load_template(TEMPLATE))


@dataclass(frozen=True, slots=True)
class Examined:
    """One side of a comparison: the manifest's entry as `describe_item` gives it, what its figure
    is drawn from, and its custody where it is a case's exhibit."""

    item: Mapping[str, Any]
    figure: ItemFigure
    exhibit: int = 0
    custody: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Finding:
    """One comparison as a report tells it, in the manifest's terms; `provider` is empty where it is
    not known any more."""

    sides: tuple[Examined, Examined]
    profile: Mapping[str, Any]
    conditions: Sequence[Mapping[str, Any]]
    result: Mapping[str, Any]
    analysed_utc: str
    author: str = ""
    provider: str = ""


def finding_of(comparison: Comparison, scale: VerbalScale, analysed_utc: str = "") -> Finding:
    """A comparison that was just made, outside any case."""
    voices = (comparison.questioned, comparison.known)
    first, second = (
        Examined(item, ItemFigure(v.samples, v.recording.sample_rate_hz, v.segments))
        for item, v in zip(describe_items(comparison), voices, strict=True)
    )
    return Finding(
        (first, second),
        asdict(comparison.profile),
        describe_conditions(comparison.conditions),
        describe_outcome(comparison, scale),
        analysed_utc or _now(),
        provider=comparison.provider,
    )


def write_report(
    findings: Sequence[Finding],
    pack: ModelPack,
    population: Population,
    request: ReportRequest,
    target: Path,
    progress: Progress = no_progress,
) -> ReportManifest:
    """Render, sign, verify, and only then put the report in its place.

    Raises
    ------
    SeongmunError
        What `make_report` raises; FILE_*.
    """
    pdf, manifest = make_report(findings, pack, population, request, progress)
    write_atomic(target, pdf)
    return manifest


def make_report(
    findings: Sequence[Finding],
    pack: ModelPack,
    population: Population,
    request: ReportRequest,
    progress: Progress = no_progress,
) -> tuple[bytes, ReportManifest]:
    """Render and sign a report; a signed one has passed its own verification.

    Raises
    ------
    SeongmunError
        REPORT_ITEMS, REPORT_MIXED, REPORT_FONT, SIGN_FAILED, REPORT_SELF_CHECK.
    """
    progress("report", 0, 3)
    content, figures = report_content(findings, pack, population, request)
    manifest = parse(canonical_bytes(content))
    marks = _marks([float(told["result"]["log10_lr"]) for told in content["comparisons"]])
    plots = population_plots(population, marks, LANGUAGES[request.language])
    draft = request.identity is None
    assets = ReportAssets(REPORT_TEXTS, request.scale, request.template, font_folders(FONTS))
    pdf = render_report(manifest, figures, assets, draft, plots)
    progress("report", 1, 3)
    if request.identity is not None:
        pdf = sign_report(pdf, request.identity, SIGNING_REASON[request.language])
        progress("report", 2, 3)
        inputs = VerificationInputs(pack=pack, population=population, scale=request.scale)
        require_passed(verify_pdf(pdf, inputs).result.checks, SELF_CHECKED)
    progress("report", 3, 3)
    return pdf, manifest


def _marks(log10_lr: Sequence[float]) -> dict[str, float]:
    """What is marked in the plot: comparisons of one value share a mark; a single one needs no
    name."""
    if len(log10_lr) == 1:
        return {"": log10_lr[0]}
    shared: dict[float, list[int]] = {}
    for number, value in enumerate(log10_lr, start=1):
        shared.setdefault(round(value, 2), []).append(number)
    return {_spans(numbers): value for value, numbers in sorted(shared.items())}


def _spans(numbers: Sequence[int]) -> str:
    """Rising numbers in few characters.

    >>> _spans([1, 3, 4, 5])
    '1, 3–5'
    """
    spans: list[list[int]] = []
    for number in numbers:
        if spans and number == spans[-1][-1] + 1:
            spans[-1].append(number)
        else:
            spans.append([number])
    return ", ".join(f"{s[0]}–{s[-1]}" if len(s) > 1 else str(s[0]) for s in spans)


def population_plots(
    population: Population, marks: Mapping[str, float], languages: Sequence[str]
) -> dict[str, Drawing]:
    """The population's Tippett plot by language, with the likelihood ratios of a report marked."""
    trials = population.trials
    tables = tomllib.loads(VALIDATION_TEXTS.read_text(encoding="utf-8"))
    log10_lr, weights = cross_validated_log10_lr(trials), trial_weights(trials)
    return {
        language: plot(tippett(log10_lr, trials.same, weights, tables[language], marks), REGULAR)
        for language in languages
    }


def report_content(
    findings: Sequence[Finding], pack: ModelPack, population: Population, request: ReportRequest
) -> tuple[dict[str, Any], list[ItemFigure]]:
    """The manifest's content, see `engine.report.manifest`, and a figure per item. A comparison
    that was made again of the same segments is told once, as it was made last.

    Raises
    ------
    SeongmunError
        REPORT_ITEMS for too many items; REPORT_MIXED where the comparisons were not made alike.
    """
    _require_alike(findings, pack, population)
    findings = [*{tuple(map(_key, found.sides)): found for found in findings}.values()]
    sides = _items(findings)
    labels = {key: side[0] for key, side in sides.items()}
    now = _now()
    providers = {found.provider for found in findings}
    content = {
        "format": FORMAT,
        "report_id": f"SM-{now[:10].replace('-', '')}-{uuid.uuid4().hex[:8].upper()}",
        "created_utc": now,
        "software": {"name": "Seongmun", "version": software_version()},
        "language": request.language,
        "version": request.case.version,
        "supersedes": asdict(request.case.supersedes),
        "template": _template(request.template),
        "case": asdict(request.case.anchor),
        "audit": [_event(event) for event in request.case.audit],
        "request": {key: request.case.asked.get(key, "") for key in ASKED}
        | {"text": request.case.asked.get("request", "")},
        "propositions": _propositions(request),
        "items": [_labelled(label, side) for label, side in sides.values()],
        "comparisons": [
            {
                "questioned": labels[_key(found.sides[0])],
                "known": labels[_key(found.sides[1])],
                "analysed_utc": found.analysed_utc,
                "author": found.author,
                "conditions": found.conditions,
                "result": found.result,
            }
            for found in findings
        ],
        "model": describe_model(pack, providers.pop() if len(providers) == 1 else ""),
        "population": describe_population(population),
        "profile": findings[0].profile,
        "demo": any(side.item["synthetic"] for _, side in sides.values()),
    }
    return content, [side.figure for _, side in sides.values()]


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _require_alike(findings: Sequence[Finding], pack: ModelPack, population: Population) -> None:
    """One model, population, profile and scale: the report prints each once."""
    kinds = {canonical_bytes({**f.profile, "scale": f.result["verbal_scale"]}) for f in findings}
    bound = {(f.profile["model_sha256"], f.profile["population_sha256"]) for f in findings}
    if len(kinds) > 1 or bound - {(pack.model_sha256, population.file_sha256)}:
        raise SeongmunError(ErrorCode.REPORT_MIXED)


def _items(findings: Sequence[Finding]) -> dict[bytes, tuple[str, Examined]]:
    """Every item once under its label, the questioned ones first, in order of appearance."""
    found: dict[bytes, tuple[str, Examined]] = {}
    for role in ROLES:
        sides = (side for f in findings for side in f.sides if side.item["role"] == role)
        unique = {_key(side): side for side in sides}
        for number, (key, side) in enumerate(unique.items(), start=1):
            found[key] = f"{role[0].upper()}{number}", side
    if not 2 <= len(found) <= MOST_ITEMS:
        raise SeongmunError(ErrorCode.REPORT_ITEMS, items=len(found))
    return found


def _key(side: Examined) -> bytes:
    return canonical_bytes({**side.item, "exhibit": side.exhibit})


def _labelled(label: str, side: Examined) -> dict[str, Any]:
    custody = {key: side.custody.get(key, "") for key in (*CUSTODY, "added_utc")}
    return {**side.item, "label": label, "exhibit": side.exhibit, "custody": custody}


def _template(template: Template) -> dict[str, str]:
    return {
        "id": template.id,
        "version": template.version,
        "sha256": template.sha256,
        "laboratory": template.name["ko"] or template.name["en"],
    }


def _event(event: AuditEvent) -> dict[str, Any]:
    names = ("sequence", "utc", "actor", "action", "hash")
    return {name: getattr(event, name) for name in names}


def _propositions(request: ReportRequest) -> dict[str, dict[str, str]]:
    """By language; what the case states stands in either."""
    pairs = {
        name: request.propositions or PROPOSITIONS[name] for name in LANGUAGES[request.language]
    }
    names = ("same_source", "different_source")
    return {name: {lang: getattr(pair, name) for lang, pair in pairs.items()} for name in names}


def describe_outcome(comparison: Comparison, scale: VerbalScale) -> dict[str, Any]:
    """The manifest's result of a comparison."""
    ratio = comparison.likelihood_ratio
    level = scale.level(ratio.log10_lr).key
    return describe_result(comparison.score.value, ratio, scale.id, level)


def describe_items(comparison: Comparison) -> list[dict[str, Any]]:
    """The manifest's items of a comparison, without what a report adds to them."""
    return [
        _item("questioned", comparison.questioned, comparison.questioned_embedding),
        _item("known", comparison.known, comparison.known_embedding),
    ]


def _item(role: str, voice: Voice, embedding: Embedding) -> dict[str, Any]:
    return describe_item(
        role,
        voice.recording,
        voice.channel,
        voice.steps,
        voice.segments,
        voice.quality,
        embedding,
        is_synthetic(voice.recording),
    )
