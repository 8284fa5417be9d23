"""One comparison: two recordings in, a likelihood ratio with its provenance out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version

from app.services.gate import require_comparable
from app.services.synthetic import is_synthetic
from app.services.voices import Voice, load_voices
from engine.audio.suitability import limits_for
from engine.compare.embed import embed_speech
from engine.compare.score import cohort_statistics, make_score
from engine.errors import SeongmunError
from engine.files import Source
from engine.lr.calibrate import apply
from engine.lr.conditions import NO_FACTS, check_conditions, check_result, condition_flags
from engine.lr.population import require_model
from engine.models.session import EmbeddingModel
from engine.progress import CancelToken, Progress, no_progress
from engine.speech.vad import VadSettings
from engine.types import (
    AnalysisProfile,
    ConditionCheck,
    Embedding,
    LikelihoodRatio,
    Population,
    Score,
    SpeechSegment,
    VoiceFacts,
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
    conditions: tuple[ConditionCheck, ...]
    profile: AnalysisProfile
    provider: str
    """What computed the embeddings: the ONNX Runtime execution provider."""


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
    facts: tuple[VoiceFacts, VoiceFacts] = NO_FACTS,
) -> Comparison:
    """Compare two recordings: all speech found in each, or the segments that the examiner chose.
    `facts` are what is known of the speakers from elsewhere.

    Raises
    ------
    SeongmunError
        Any decoding error; whatever `require_comparable` refuses;
        POPULATION_MODEL where the population was calibrated with another model.
    """
    loaded = load_voices((questioned, known), channels, allow_truncated, progress, cancel, segments)
    first, second = [unwrap(voice) for voice in loaded]
    return compare_voices(first, second, model, population, progress, cancel, facts)


def compare_voices(
    first: Voice,
    second: Voice,
    model: EmbeddingModel,
    population: Population,
    progress: Progress = no_progress,
    cancel: CancelToken | None = None,
    facts: tuple[VoiceFacts, VoiceFacts] = NO_FACTS,
) -> Comparison:
    """Compare two voices that are loaded (raises as `compare`)."""
    require_model(population, model.pack.model_sha256)
    require_comparable(first, second)
    embedded = embed_voice(first, model, progress, cancel)
    embedded_known = embed_voice(second, model, progress, cancel)
    score = make_score(embedded, embedded_known)
    ratio = judge(score, first, second, population, facts)
    checks = check_conditions(population.conditions, first.quality, second.quality, facts)
    return Comparison(
        first,
        second,
        embedded,
        embedded_known,
        score,
        ratio,
        (*checks, *check_result(ratio)),
        analysis_profile(model, population),
        model.provider,
    )


def judge(
    score: Score,
    first: Voice,
    second: Voice,
    population: Population,
    facts: tuple[VoiceFacts, VoiceFacts] = NO_FACTS,
) -> LikelihoodRatio:
    """The likelihood ratio of a score, flagged where the recordings leave its conditions."""
    ratio = apply(population, score.value)
    conditions = condition_flags(population.conditions, first.quality, second.quality, facts)
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
        suitability=limits_for(population.conditions).as_params(),
        software_version=software_version(),
    )


def software_version() -> str:
    """The installed version of this program."""
    return version("seongmun")
