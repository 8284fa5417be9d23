"""From a comparison to a signed report that has passed its own verification."""

from __future__ import annotations

import datetime
import tomllib
import uuid
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from reportlab.graphics.shapes import Drawing

from app.messages import Language
from app.resources import FONTS, REPORT_TEXTS, VALIDATION_TEXTS, VERBAL_SCALE
from app.services.comparing import Comparison, software_version
from app.services.synthetic import is_synthetic
from app.services.voices import Voice
from engine.canonical import canonical_bytes
from engine.errors import ErrorCode, SeongmunError
from engine.files import write_atomic
from engine.lr.trials import trial_weights
from engine.lr.validate import cross_validated_log10_lr
from engine.lr.verbal import VerbalScale, load_scale
from engine.models.session import EmbeddingModel
from engine.progress import Progress, no_progress
from engine.report.figures import ItemFigure
from engine.report.charts import tippett
from engine.report.fonts import REGULAR, font_folders
from engine.report.manifest import (
    FORMAT,
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
from engine.types import (
    CaseAnchor,
    CheckStatus,
    Embedding,
    HypothesisPair,
    Population,
    ReportManifest,
)
from engine.verify.run import VerificationInputs, verify_pdf

NO_CASE = CaseAnchor()
SIGNING_REASON = {"ko": "화자 비교 감정서", "en": "Forensic voice comparison report"}
PROPOSITIONS = {
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


@dataclass(frozen=True, slots=True)
class ReportRequest:
    """What a report needs besides the comparison; without an identity it is a draft."""

    language: Language
    identity: Identity | None
    case: CaseAnchor = NO_CASE
    propositions: HypothesisPair | None = None
    scale: VerbalScale = field(default_factory=lambda: load_scale(VERBAL_SCALE))


def write_report(
    comparison: Comparison,
    model: EmbeddingModel,
    population: Population,
    request: ReportRequest,
    target: Path,
    progress: Progress = no_progress,
) -> ReportManifest:
    """Render, sign, verify, and only then put the report in its place.

    Raises
    ------
    SeongmunError
        REPORT_FONT, SIGN_FAILED, REPORT_SELF_CHECK, FILE_*.
    """
    pdf, manifest = make_report(comparison, model, population, request, progress)
    write_atomic(target, pdf)
    return manifest


def make_report(
    comparison: Comparison,
    model: EmbeddingModel,
    population: Population,
    request: ReportRequest,
    progress: Progress = no_progress,
) -> tuple[bytes, ReportManifest]:
    """Render and sign a report; a signed one has passed its own verification.

    Raises
    ------
    SeongmunError
        REPORT_FONT, SIGN_FAILED, REPORT_SELF_CHECK.
    """
    progress("report", 0, 3)
    content = report_content(comparison, model, population, request)
    manifest = parse(canonical_bytes(content))
    voices = (comparison.questioned, comparison.known)
    figures = [ItemFigure(v.samples, v.recording.sample_rate_hz, v.segments) for v in voices]
    plot = population_plot(population, comparison.likelihood_ratio.log10_lr, request.language)
    draft = request.identity is None
    pdf = render_report(manifest, figures, report_assets(request.scale), draft, plot)
    progress("report", 1, 3)
    if request.identity is not None:
        pdf = sign_report(pdf, request.identity, SIGNING_REASON[request.language])
        progress("report", 2, 3)
        _self_check(pdf, model, population, request.scale)
    progress("report", 3, 3)
    return pdf, manifest


def population_plot(population: Population, log10_lr: float, language: Language) -> Drawing:
    """The population's Tippett plot with the case's likelihood ratio marked."""
    trials = population.trials
    texts = tomllib.loads(VALIDATION_TEXTS.read_text(encoding="utf-8"))[language]
    log10_lrs = cross_validated_log10_lr(trials)
    return plot(tippett(log10_lrs, trials.same, trial_weights(trials), texts, log10_lr), REGULAR)


def report_assets(scale: VerbalScale) -> ReportAssets:
    """The program's own texts and font folders, and a verbal scale."""
    return ReportAssets(REPORT_TEXTS, scale, font_folders(FONTS))


def report_content(
    comparison: Comparison, model: EmbeddingModel, population: Population, request: ReportRequest
) -> dict[str, Any]:
    """The manifest's content; see `engine.report.manifest`."""
    ratio = comparison.likelihood_ratio
    now = datetime.datetime.now(datetime.UTC)
    return {
        "format": FORMAT,
        "report_id": f"SM-{now:%Y%m%d}-{uuid.uuid4().hex[:8].upper()}",
        "created_utc": f"{now:%Y-%m-%dT%H:%M:%SZ}",
        "software": {"name": "Seongmun", "version": software_version()},
        "language": request.language,
        "demo": "recording.synthetic" in ratio.flags,
        "case": asdict(request.case),
        "propositions": asdict(request.propositions or PROPOSITIONS[request.language]),
        "items": describe_items(comparison),
        "model": describe_model(model.pack, model.provider),
        "population": describe_population(population),
        "profile": asdict(comparison.profile),
        "conditions": describe_conditions(comparison.conditions),
        "result": describe_outcome(comparison, request.scale),
    }


def describe_outcome(comparison: Comparison, scale: VerbalScale) -> dict[str, Any]:
    """The manifest's result of a comparison."""
    ratio = comparison.likelihood_ratio
    level = scale.level(ratio.log10_lr).key
    return describe_result(comparison.score.value, ratio, scale.id, level)


def describe_items(comparison: Comparison) -> list[dict[str, Any]]:
    """The manifest's items of a comparison."""
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


SELF_CHECKED = frozenset(
    {
        "signature.present",
        "signature.integrity",
        "signature.coverage",
        "manifest",
        "model.hash",
        "population.hash",
        "result.consistent",
    }
)


def _self_check(
    pdf: bytes, model: EmbeddingModel, population: Population, scale: VerbalScale
) -> None:
    """Verify the very bytes that will be written; media and trust are the reader's to check."""
    inputs = VerificationInputs(
        pack=model.pack,
        population=population,
        scale=scale,
    )
    checks = verify_pdf(pdf, inputs).result.checks
    passed = {check.id for check in checks if check.status is CheckStatus.PASS}
    if not passed >= SELF_CHECKED:
        missing = ", ".join(sorted(SELF_CHECKED - passed))
        raise SeongmunError(ErrorCode.REPORT_SELF_CHECK, reason=missing)
