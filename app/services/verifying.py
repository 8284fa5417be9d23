"""Check a report with what this installation has: its models, populations and scales."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from app.resources import MODELS, POPULATIONS, VERBAL_SCALES
from app.services.comparing import embed_voice, judge, unwrap
from app.services.voices import EXAMINER_STEP, load_voices
from engine.casefile.store import CaseFile
from engine.compare.score import make_score
from engine.errors import SeongmunError
from engine.files import Source
from engine.lr.population import load_population
from engine.lr.verbal import VerbalScale, load_scale
from engine.models.pack import load_pack
from engine.models.session import EmbeddingModel
from engine.types import LikelihoodRatio, ModelPack, Population, SpeechSegment
from engine.verify.run import (
    Recompute,
    Verification,
    VerificationInputs,
    read_manifest,
    verify_report,
)


def verify(
    report: Path,
    media: Path | None,
    trust: Path | None,
    recompute: bool,
    device: str = "cpu",
    model: Path | None = None,
    population: Path | None = None,
    case: CaseFile | None = None,
    scale: Path | None = None,
) -> Verification:
    """Verify a report; model, population and verbal scale are found by the ids in its manifest.

    Raises
    ------
    SeongmunError
        FILE_*, REPORT_NOT_PDF; SCALE_MISSING, SCALE_INVALID of a scale that was named.
    """
    content = _content(report)
    pack, found = _installed(content, model, population)
    inputs = VerificationInputs(
        media=media,
        case=case,
        trust=trust,
        pack=pack,
        population=found,
        scale=load_scale(scale) if scale else _scale(content),
        recompute=_recompute(pack, found, device) if recompute and pack and found else None,
    )
    return verify_report(report, inputs)


def _content(report: Path) -> Mapping[str, Any] | None:
    """What the report says of itself, where that can be read."""
    try:
        manifest, _ = read_manifest(report.read_bytes())
    except OSError:
        return None
    return None if manifest is None else manifest.content


def _scale(content: Mapping[str, Any] | None) -> VerbalScale | None:
    """The scale of the report's id, where this installation has it intact."""
    if content is None:
        return None
    name = Path(str(content["result"]["verbal_scale"])).name
    try:
        return load_scale(VERBAL_SCALES / f"{name}.toml")
    except SeongmunError:
        return None


def _installed(
    content: Mapping[str, Any] | None, model: Path | None, population: Path | None
) -> tuple[ModelPack | None, Population | None]:
    """The pack and population of the report's ids, where this installation has them intact."""
    if content is None:
        return None, None
    return (
        _pack(model or MODELS / Path(str(content["model"]["id"])).name),
        _population(
            population or POPULATIONS / f"{Path(str(content['population']['id'])).name}.json"
        ),
    )


def _pack(directory: Path) -> ModelPack | None:
    try:
        return load_pack(directory)
    except SeongmunError:
        return None


def _population(path: Path) -> Population | None:
    try:
        return load_population(path)
    except SeongmunError:
        return None


def _recompute(pack: ModelPack, population: Population, device: str) -> Recompute:
    def recompute(content: Mapping[str, Any], media: Mapping[str, Source]) -> LikelihoodRatio:
        model = EmbeddingModel.open(pack, device)
        items = content["items"]
        paths = [media[item["role"]] for item in items]
        channels = [int(item["channel"]) for item in items]
        chosen = [_examiner_segments(item) for item in items]
        loaded = load_voices(paths, channels, allow_truncated=True, segments=chosen)
        first, second = [unwrap(voice) for voice in loaded]
        score = make_score(embed_voice(first, model), embed_voice(second, model))
        return judge(score, first, second, population)

    return recompute


def _examiner_segments(item: Mapping[str, Any]) -> list[SpeechSegment] | None:
    """The segments that an examiner chose; None where the detector found them and shall again."""
    if all(step["name"] != EXAMINER_STEP for step in item["steps"]):
        return None
    return [SpeechSegment(start, end, item["channel"]) for start, end in item["segments"]]
