"""Check a report with what this installation has: its models, populations and scales."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from app.resources import MODELS, POPULATIONS, VERBAL_SCALES
from engine.casefile.store import CaseFile
from engine.errors import SeongmunError
from engine.files import Source
from engine.lr.population import load_population
from engine.lr.verbal import VerbalScale, load_scale
from engine.models.pack import load_pack
from engine.progress import CancelToken, Progress, no_progress
from engine.types import EXAMINER_STEP, ModelPack, Population, SpeechSegment
from engine.verify.rings import attached_rings, rings_content
from engine.verify.run import (
    Recompute,
    Remade,
    Verification,
    VerificationInputs,
    compared,
    read_manifest,
    read_report,
    verify_pdf,
)


def verify(
    report: Path,
    media: Path | Sequence[Path] | None,
    trust: Path | Sequence[Path] | None,
    recompute: bool,
    device: str = "cpu",
    model: Path | None = None,
    population: Path | None = None,
    case: CaseFile | None = None,
    scale: Path | None = None,
    progress: Progress = no_progress,
    cancel: CancelToken | None = None,
    revocation: Sequence[Path] = (),
) -> Verification:
    """Verify a report; model, population and verbal scale are found by the ids in its manifest.
    `media` are files and folders with the recordings, `trust` certificates: one or several;
    `revocation` are CRLs and OCSP responses beyond those in the report.

    Raises
    ------
    SeongmunError
        FILE_*, REPORT_NOT_PDF, REPORT_TOO_LARGE, KEY_CERTIFICATE, REVOCATION_INVALID, CANCELLED;
        SCALE_MISSING, SCALE_INVALID of a scale that was named.
    """
    pdf = read_report(report)
    manifest, check = read_manifest(pdf)
    content = None if manifest is None else manifest.content
    pack, found = _installed(content or _rings_of(pdf), model, population)
    inputs = VerificationInputs(
        media=_several(media),
        case=case,
        trust=_several(trust),
        revocation=tuple(revocation),
        pack=pack,
        population=found,
        scale=load_scale(scale) if scale else _scale(content),
        recompute=_recompute(pack, found, device, progress, cancel)
        if recompute and pack and found
        else None,
    )
    return verify_pdf(pdf, inputs, cancel, (manifest, check))


def _several(paths: Path | Sequence[Path] | None) -> tuple[Path, ...]:
    if paths is None:
        return ()
    return (paths,) if isinstance(paths, Path) else tuple(paths)


def content_of(report: Path) -> Mapping[str, Any] | None:
    """What the report says of itself, where that can be read."""
    try:
        manifest, _ = read_manifest(read_report(report))
    except SeongmunError:
        return None
    return None if manifest is None else manifest.content


def _rings_of(pdf: bytes) -> Mapping[str, Any] | None:
    """What a report on voices across calls says of itself, where that can be read."""
    document = attached_rings(pdf)
    return None if document is None else rings_content(document)


def _scale(content: Mapping[str, Any] | None) -> VerbalScale | None:
    """The scale of the report's id, where this installation has it intact."""
    if content is None:
        return None
    name = Path(str(compared(content)[0][2]["verbal_scale"])).name
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


def _recompute(
    pack: ModelPack,
    population: Population,
    device: str,
    progress: Progress,
    cancel: CancelToken | None,
) -> Recompute:
    from app.services.comparing import embed_voice, judge, unwrap  # what analyses loads slowly
    from app.services.voices import load_voices
    from engine.compare.score import make_score
    from engine.models.session import EmbeddingModel

    def recompute(content: Mapping[str, Any], media: Sequence[Source]) -> list[Remade]:
        model = EmbeddingModel.open(pack, device)
        items = content["items"]
        channels = [int(item["channel"]) for item in items]
        chosen = [_examiner_segments(item) for item in items]
        loaded = load_voices(media, channels, True, progress, cancel, chosen)
        voices = [unwrap(voice) for voice in loaded]
        embeddings = [embed_voice(voice, model, progress, cancel) for voice in voices]
        remade = []
        for first, second, _ in compared(content):
            score = make_score(embeddings[first], embeddings[second])
            ratio = judge(score, voices[first], voices[second], population)
            vectors = embeddings[first].vector, embeddings[second].vector
            remade.append(Remade(score.value, ratio, model.provider, vectors))
        return remade

    return recompute


def _examiner_segments(item: Mapping[str, Any]) -> list[SpeechSegment] | None:
    """The segments that an examiner chose; None where the detector found them and shall again."""
    if all(step["name"] != EXAMINER_STEP for step in item["steps"]):
        return None
    return [SpeechSegment(start, end, item["channel"]) for start, end in item["segments"]]
