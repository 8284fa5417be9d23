"""One comparison: two recordings in, a likelihood ratio and its manifest out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from app.services.voices import Voice, load_voices, require_speech
from engine.compare.embed import embed_speech
from engine.compare.score import make_score
from engine.errors import ErrorCode, SeongmunError
from engine.lr.calibrate import apply
from engine.lr.conditions import MINIMUM_NET_SPEECH_S, condition_flags
from engine.lr.population import require_model
from engine.models.session import EmbeddingModel
from engine.progress import CancelToken, Progress, no_progress
from engine.speech.vad import VadSettings
from engine.types import AnalysisProfile, Embedding, LikelihoodRatio, Population, Score


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
    questioned: Path,
    known: Path,
    model: EmbeddingModel,
    population: Population,
    channels: tuple[int | None, int | None] = (None, None),
    progress: Progress = no_progress,
    cancel: CancelToken | None = None,
) -> Comparison:
    """Compare two recordings.

    Raises
    ------
    SeongmunError
        Any decoding error; SPEECH_NONE, SPEECH_TOO_SHORT; COMPARE_SAME_BYTES;
        POPULATION_MODEL where the population was calibrated with another model.
    """
    require_model(population, model.pack.model_sha256)
    loaded = load_voices([questioned, known], channels, progress, cancel)
    voices = [unwrap(voice) for voice in loaded]
    first, second = voices
    if first.recording.sha256 == second.recording.sha256:
        raise SeongmunError(ErrorCode.COMPARE_SAME_BYTES, path=known.name)
    embeddings = []
    for done, voice in enumerate(voices):
        require_speech(voice, MINIMUM_NET_SPEECH_S)
        progress("embed", done, len(voices))
        embeddings.append(embed_voice(voice, model, cancel))
    return conclude(first, second, embeddings[0], embeddings[1], model, population)


def conclude(
    questioned: Voice,
    known: Voice,
    questioned_embedding: Embedding,
    known_embedding: Embedding,
    model: EmbeddingModel,
    population: Population,
) -> Comparison:
    """From two embedded voices to the likelihood ratio with its flags."""
    score = make_score(questioned_embedding, known_embedding)
    ratio = apply(population, score.value)
    flags = (
        *ratio.flags,
        *condition_flags(population.conditions, questioned.quality, known.quality),
    )
    return Comparison(
        questioned,
        known,
        questioned_embedding,
        known_embedding,
        score,
        with_flags(ratio, flags),
        analysis_profile(model, population),
    )
