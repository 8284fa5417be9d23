"""Many short telephone voices of real speakers, embedded once, for simulations.

Every excerpt has its own stretch of speech, its own handset and its own codec. Speakers of the
development sets are heard several times; speakers of the training corpus once: they stand for
people who are heard once (the model knows their voices, which can only set them further apart).

Most development speakers were recorded in one session. Those with several recordings are there
once more, with an excerpt from each recording (`DAYS`): their voices differ by day, mood and
handset too. Real telephone calls among these are taken as they are, without a simulated handset.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.services.loading import open_model
from engine.compare.embed import embed_speech
from engine.compare.score import cohort_statistics
from engine.groups.matrix import VoiceVectors
from engine.models.session import EmbeddingModel
from engine.training.augment import telephone
from engine.training.corpus import prepare_corpus
from engine.training.evaluate import load_sets
from engine.types import FloatArray

RATE_HZ = 16000
SHORTEST_S, LONGEST_S = 6.0, 16.0
ONCE, DAYS = "once/", "days/"
EXCERPTS, MOST_ONCE, SEED = 32, 1200, 20261128


@dataclass(frozen=True, slots=True)
class Bank:
    """Voices [shape=(n,)]: whose (development speakers have a ``set/`` before their name, training
    speakers a ``once/``, and those whose every voice is of another recording a ``days/`` before the
    set), and from which session."""

    voices: VoiceVectors
    speakers: NDArray[np.str_]
    sessions: NDArray[np.str_]

    def of(self, rows: NDArray[np.int64]) -> VoiceVectors:
        """Some of the voices."""
        return VoiceVectors(self.voices.vectors[rows], self.voices.statistics[rows])

    def only(self, *beginnings: str) -> Bank:
        """The voices of some speakers, by how their names begin."""
        rows = np.flatnonzero([str(s).startswith(beginnings) for s in self.speakers])
        return Bank(self.of(rows), self.speakers[rows], self.sessions[rows])


def open_bank(cache: Path, data: Path, work: Path) -> Bank:
    """The bank of the embedded model: from `cache`, or made anew where that is of another model."""
    model = open_model(None, "cpu")
    if not cache.exists() or str(np.load(cache)["model_sha256"]) != model.pack.model_sha256:
        make_bank(model, data, work, cache)
    found = np.load(cache)
    voices = VoiceVectors(found["vectors"], found["statistics"])
    return Bank(voices, found["speakers"], found["sessions"])


def make_bank(model: EmbeddingModel, data: Path, work: Path, cache: Path) -> None:
    """Embed excerpts of every development speaker and one of many training speakers; `work` holds
    the speech of the sets."""
    rng = np.random.default_rng(SEED)
    vectors, speakers, sessions = [], [], []
    chosen = [
        *_development(data, work, EXCERPTS, rng),
        *_once(data, work, MOST_ONCE, rng),
        *_days(data, work, rng),
    ]
    for i, (speaker, session, speech) in enumerate(chosen):
        is_real = speaker.startswith(f"{DAYS}telephone/")
        vectors.append(embed_speech(model, speech if is_real else telephone(speech, rng)))
        speakers.append(speaker)
        sessions.append(session)
        if i % 200 == 0:
            print(f"{i} of {len(chosen)} voices", flush=True)
    stacked = np.stack(vectors)
    np.savez(
        cache,
        vectors=stacked,
        statistics=cohort_statistics(stacked, model.pack.cohort),
        speakers=np.array(speakers),
        sessions=np.array(sessions),
        model_sha256=np.array(model.pack.model_sha256),
    )


def _days(data: Path, work: Path, rng: np.random.Generator) -> list[tuple[str, str, FloatArray]]:
    """An excerpt from every session with a recording that is long enough, of speakers with two
    sessions or more."""
    found = []
    for given in load_sets(data, work).values():
        long = {
            (voice.speaker, voice.session): voice
            for voice in sorted(given.voices, key=lambda v: len(v.speech))
            if len(voice.speech) >= SHORTEST_S * RATE_HZ
        }
        counts = Counter(speaker for speaker, _ in long)
        for _, voice in sorted(long.items()):
            if counts[voice.speaker] > 1:
                session, speech = _excerpt([(voice.session, voice.speech)], rng)
                found.append((f"{DAYS}{given.name}/{voice.speaker}", session, speech))
    return found


def _development(
    data: Path, work: Path, excerpts: int, rng: np.random.Generator
) -> list[tuple[str, str, FloatArray]]:
    found = []
    for given in load_sets(data, work).values():
        recordings: dict[str, list[tuple[str, FloatArray]]] = {}
        for voice in given.voices:
            recordings.setdefault(voice.speaker, []).append((voice.session, voice.speech))
        for speaker, own in sorted(recordings.items()):
            for _ in range(excerpts):
                session, speech = _excerpt(own, rng)
                if len(speech) >= SHORTEST_S * RATE_HZ:
                    found.append((f"{given.name}/{speaker}", session, speech))
    return found


def _excerpt(
    recordings: list[tuple[str, FloatArray]], rng: np.random.Generator
) -> tuple[str, FloatArray]:
    """A stretch of a random recording; of as many as it takes where they are short."""
    wanted = int(rng.uniform(SHORTEST_S, LONGEST_S) * RATE_HZ)
    order = rng.permutation(len(recordings))
    speech = recordings[order[0]][1]
    for i in order[1:]:
        if len(speech) >= wanted:
            break
        speech = np.concatenate([speech, recordings[i][1]])
    start = int(rng.integers(max(1, len(speech) - wanted)))
    return recordings[order[0]][0], speech[start : start + wanted]


def _once(
    data: Path, work: Path, once: int, rng: np.random.Generator
) -> list[tuple[str, str, FloatArray]]:
    corpus = prepare_corpus(data / "train/manifest.csv", work, 8.0)
    longest = {
        piece.speaker: piece
        for piece in sorted(corpus.pieces, key=lambda p: p.length)
        if piece.length >= SHORTEST_S * RATE_HZ
    }
    chosen = rng.permutation(sorted(longest))[:once]
    return [
        (
            f"{ONCE}{corpus.speakers[i]}",
            "",
            corpus.samples[longest[i].start :][: longest[i].length].astype(np.float32) / 32768,
        )
        for i in chosen
    ]
