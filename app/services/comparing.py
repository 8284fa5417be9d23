"""One comparison: two recordings in, a likelihood ratio with its provenance out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version

from app.services.synthetic import is_synthetic
from app.services.voices import Voice, load_voices, require_speech
from engine.compare.embed import embed_speech
from engine.compare.score import cohort_statistics, make_score
from engine.errors import ErrorCode, SeongmunError
from engine.files import Source, path_of
from engine.lr.calibrate import apply
from engine.lr.conditions import MINIMUM_NET_SPEECH_S, condition_flags
from engine.lr.population import require_model
from engine.models.session import EmbeddingModel
from engine.progress import CancelToken, Progress, no_progress
from engine.speech.vad import VadSettings
from engine.types import (
    AnalysisProfile,
    Embedding,
    LikelihoodRatio,
    Population,
    Score,
    SpeechSegment,
)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Everything one comparison produced; the report is made from this alone."""

    questioned: Voice
    known: Voice
    questioned_embedding: Embedding
    known_embedding: Embedding
    score: Score
    likelihood_ratio: LikelihoodRatio
    profile: AnalysisProfile


def compare(
    questioned: Source,
    known: Source,
    model: EmbeddingModel,
    population: Population,
    channels: tuple[int | None, int | None] = (None, None),
    allow_truncated: bool = False,
    progress: Progress = no_progress,
    cancel: CancelToken | None = None,
    segments: tuple[Sequence[SpeechSegment] | None, Sequence[SpeechSegment] | None] = (None, None),
) -> Comparison:
    """Compare two recordings: all speech found in each, or the segments that the examiner chose.

    Raises
    ------
    SeongmunError
        Any decoding error; SPEECH_NONE, SPEECH_TOO_SHORT; COMPARE_SAME_BYTES;
        POPULATION_MODEL where the population was calibrated with another model.
    """
    require_model(population, model.pack.model_sha256)
    loaded = load_voices(
        (questioned, known), channels, allow_truncated, progress, cancel, segments
    )
    first, second = [unwrap(voice) for voice in loaded]
    if first.recording.sha256 == second.recording.sha256:
        raise SeongmunError(ErrorCode.COMPARE_SAME_BYTES, path=path_of(known).name)
    for voice in (first, second):
        require_speech(voice, MINIMUM_NET_SPEECH_S)
    embedded = embed_voice(first, model, progress, cancel)
    embedded_known = embed_voice(second, model, progress, cancel)
    score = make_score(embedded, embedded_known)
    return Comparison(
        first,
        second,
        embedded,
        embedded_known,
        score,
        judge(score, first, second, population),
        analysis_profile(model, population),
    )


def judge(score: Score, first: Voice, second: Voice, population: Population) -> LikelihoodRatio:
    """The likelihood ratio of a score, flagged where the recordings leave its conditions."""
    ratio = apply(population, score.value)
    conditions = condition_flags(population.conditions, first.quality, second.quality)
    recordings = [voice.recording for voice in (first, second)]
    truncated = any("audio.truncated" in recording.warnings for recording in recordings)
    flags = [*ratio.flags, *conditions]
    flags += ["recording.truncated"] * truncated
    flags += ["recording.synthetic"] * any(map(is_synthetic, recordings))
    return replace(ratio, flags=tuple(flags))


def embed_voice(
    voice: Voice,
    model: EmbeddingModel,
    progress: Progress = no_progress,
    cancel: CancelToken | None = None,
) -> Embedding:
    """Embed a voice's speech."""
    vector = embed_speech(model, voice.speech, progress, cancel)
    mean, deviation = cohort_statistics(vector[None], model.pack.cohort)[0]
    return Embedding(
        vector,
        model.pack.model_sha256,
        voice.recording.sha256,
        voice.quality.net_speech_s,
        float(mean),
        float(deviation),
    )


def unwrap(voice: Voice | SeongmunError) -> Voice:
    """Raise what loading returned as an error."""
    if isinstance(voice, SeongmunError):
        raise voice
    return voice


def analysis_profile(model: EmbeddingModel, population: Population) -> AnalysisProfile:
    """Everything that can change the number."""
    return AnalysisProfile(
        model_id=model.pack.id,
        model_sha256=model.pack.model_sha256,
        population_id=population.id,
        population_sha256=population.file_sha256,
        front_end=model.pack.front_end,
        vad=VadSettings().as_params(),
        minimum_net_speech_s=MINIMUM_NET_SPEECH_S,
        software_version=software_version(),
    )


def software_version() -> str:
    """The installed version of this program."""
    return version("seongmun")


def summary(comparison: Comparison, verbal: str) -> dict[str, object]:
    """The JSON of one comparison."""
    ratio = comparison.likelihood_ratio
    return {
        "score": comparison.score.value,
        "log10_lr": ratio.log10_lr,
        "interval": list(ratio.interval_log10),
        "bounds": list(ratio.bounds_log10),
        "verbal": verbal,
        "flags": list(ratio.flags),
        "model_sha256": ratio.model_sha256,
        "population_id": ratio.population_id,
    }
