"""Many short telephone voices of real speakers, embedded once, for simulations.

Every excerpt has its own stretch of speech, its own handset and its own codec. Speakers of the
development sets are heard several times; speakers of the training corpus once: they stand for
people who are heard once (the model knows their voices, which can only set them further apart).
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.services.loading import open_model
from engine.compare.embed import embed_speech
from engine.compare.score import cohort_statistics
from engine.groups.matrix import VoiceVectors
from engine.training.augment import telephone
from engine.training.corpus import prepare_corpus
from engine.training.evaluate import load_sets
from engine.types import FloatArray

RATE_HZ = 16000
SHORTEST_S, LONGEST_S = 6.0, 16.0


@dataclass(frozen=True, slots=True)
class Bank:
    """Voices [shape=(n,)]: whose (development speakers have a ``set/`` before their name, training
    speakers a ``once/``), and from which session."""

    voices: VoiceVectors
    speakers: NDArray[np.str_]
    sessions: NDArray[np.str_]

    def of(self, rows: NDArray[np.int64]) -> VoiceVectors:
        """Some of the voices."""
        return VoiceVectors(self.voices.vectors[rows], self.voices.statistics[rows])


def load_bank(cache: Path) -> Bank:
    """What `make_bank` wrote to one file, or to several with the same beginning of their names."""
    parts = [np.load(p) for p in sorted(cache.parent.glob(f"{cache.stem}*{cache.suffix}"))]
    vectors, statistics, speakers, sessions = (
        np.concatenate([part[name] for part in parts])
        for name in ("vectors", "statistics", "speakers", "sessions")
    )
    return Bank(VoiceVectors(vectors, statistics), speakers, sessions)


def make_bank(data: Path, work: Path, cache: Path, excerpts: int, once: int, seed: int) -> None:
    """Embed `excerpts` of every development speaker and one of `once` training speakers; `work`
    holds the speech of the sets."""
    rng = np.random.default_rng(seed)
    model = open_model(None, "cpu")
    vectors, speakers, sessions = [], [], []
    chosen = [*_development(data, work, excerpts, rng), *_once(data, work, once, rng)]
    for i, (speaker, session, speech) in enumerate(chosen):
        vectors.append(embed_speech(model, telephone(speech, rng)))
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
    )


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
            f"once/{corpus.speakers[i]}",
            "",
            corpus.samples[longest[i].start :][: longest[i].length].astype(np.float32) / 32768,
        )
        for i in chosen
    ]


def main() -> None:
    """Make a bank."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cache", type=Path)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--work", type=Path, default=Path("work"))
    parser.add_argument("--excerpts", type=int, default=12)
    parser.add_argument("--once", type=int, default=1200)
    parser.add_argument("--seed", type=int, default=20261128)
    given = parser.parse_args()
    make_bank(given.data, given.work, given.cache, given.excerpts, given.once, given.seed)


if __name__ == "__main__":
    main()
