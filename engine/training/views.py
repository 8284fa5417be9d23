"""Augmented samples of the corpus as filter-bank features, made once and drawn from many times.

A view holds a few pieces of every speaker, drawn anew: most of the corpus belongs to a few of them,
and all of theirs would take the time in which the others' could be made afresh. It is two files:
``view_NN.f16`` (float16 [shape=(frames, mel_bins)], unnormalised features of every piece, end to
end) and ``view_NN.npz`` (per piece: first frame, frames, speaker, speed index). The features come
from the product's own front end.
"""

from __future__ import annotations

import multiprocessing
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.models.frontend import compute_features
from engine.progress import Progress, no_progress
from engine.training.augment import (
    AugmentationConfig,
    Disturbances,
    augment,
    change_speed,
    load_disturbances,
)
from engine.training.corpus import Corpus, Piece
from engine.types import FloatArray, FrontEnd

MINIMUM_FRAMES = 20
_INDEX = "view_{:02d}.npz"
PIECES_PER_TASK = 64


@dataclass(frozen=True, slots=True)
class View:
    """One finished view; row i of the index arrays is a piece."""

    features: NDArray[np.float16]
    first_frame: NDArray[np.int64]
    frames: NDArray[np.int64]
    speaker: NDArray[np.int64]
    speed: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class ViewMaker:
    """Everything a worker needs to make the pieces of a view."""

    corpus: Corpus
    front_end: FrontEnd
    speeds: tuple[float, ...]
    augmentation: AugmentationConfig
    disturbances: Disturbances
    pieces_per_speaker: int
    seed: int

    def drawn(self, number: int) -> list[Piece]:
        """The pieces of view `number`: up to `pieces_per_speaker` of every speaker."""
        rng = np.random.default_rng([self.seed, number])
        taken: Counter[int] = Counter()
        chosen = []
        for index in rng.permutation(len(self.corpus.pieces)):
            piece = self.corpus.pieces[index]
            if taken[piece.speaker] < self.pieces_per_speaker:
                taken[piece.speaker] += 1
                chosen.append(piece)
        return chosen

    def piece(self, number: int, piece: Piece) -> tuple[NDArray[np.float16], int]:
        """Features of one augmented piece and its speed index; drawn from (seed, view, piece)."""
        rng = np.random.default_rng([self.seed, number, piece.start])
        speed = (piece.speaker + number) % len(self.speeds)
        samples = self.corpus.samples[piece.start : piece.start + piece.length]
        voice = change_speed(samples.astype(np.float32) / np.float32(32768), self.speeds[speed])
        heard = augment(voice, self.augmentation, self.disturbances, rng)
        return compute_features(heard, self.front_end).astype(np.float16), speed


_maker: ViewMaker | None = None


def _work(task: tuple[int, list[Piece]]) -> list[tuple[NDArray[np.float16], int, int]]:
    number, pieces = task
    assert _maker is not None
    return [(*_maker.piece(number, piece), piece.speaker) for piece in pieces]


def make_disturbances(corpus: Corpus, noise_dir: Path, room_dir: Path, seed: int) -> Disturbances:
    """Noises, rooms, and a few hundred pieces of the corpus for babble."""
    rng = np.random.default_rng(seed)
    chosen = rng.choice(len(corpus.pieces), min(300, len(corpus.pieces)), replace=False)
    voices: list[FloatArray] = [
        corpus.samples[p.start : p.start + p.length].astype(np.float32) / np.float32(32768)
        for p in (corpus.pieces[i] for i in chosen)
    ]
    return load_disturbances(noise_dir, room_dir, voices)


def make_views(
    maker: ViewMaker,
    directory: Path,
    count: int,
    workers: int,
    progress: Progress = no_progress,
) -> None:
    """Make the views that `directory` does not hold yet, in order.

    A view's index is written last, so a view with an index is whole.
    """
    global _maker
    _maker = maker
    missing = [n for n in range(count) if not (directory / _INDEX.format(n)).exists()]
    if workers == 1:
        for number in missing:
            _make_view(map, maker, number, directory / _INDEX.format(number), progress)
        return
    with multiprocessing.get_context("fork").Pool(workers) as pool:
        for number in missing:
            _make_view(pool.imap, maker, number, directory / _INDEX.format(number), progress)


def _make_view(
    mapped: Callable[..., Iterator[Any]],
    maker: ViewMaker,
    number: int,
    index: Path,
    progress: Progress,
) -> None:
    pieces = maker.drawn(number)
    rows: list[tuple[int, int, int, int]] = []
    position = 0
    tasks = _tasks(number, pieces)
    with index.with_suffix(".f16").open("wb") as output:
        for done, results in enumerate(mapped(_work, tasks)):
            for features, speed, speaker in results:
                if len(features) >= MINIMUM_FRAMES:
                    output.write(features.tobytes())
                    rows.append((position, len(features), speaker, speed))
                    position += len(features)
            progress(f"training.view_{number}", (done + 1) * PIECES_PER_TASK, len(pieces))
    temporary = index.with_name("partial.npz")
    np.savez(temporary, index=np.array(rows, np.int64))
    temporary.rename(index)


def _tasks(number: int, pieces: list[Piece]) -> Iterator[tuple[int, list[Piece]]]:
    for start in range(0, len(pieces), PIECES_PER_TASK):
        yield number, pieces[start : start + PIECES_PER_TASK]


def load_view(directory: Path, number: int, mel_bins: int) -> View | None:
    """Return view `number`, or None while it is not finished."""
    index_path = directory / _INDEX.format(number)
    if not index_path.exists():
        return None
    index = np.load(index_path, allow_pickle=False)["index"]
    features = np.memmap(index_path.with_suffix(".f16"), np.float16, "r").reshape(-1, mel_bins)
    return View(features, *index.T)


def newest_views(directory: Path, mel_bins: int, count: int) -> list[View]:
    """The last `count` finished views."""
    numbers = sorted(int(path.stem[-2:]) for path in directory.glob("view_??.npz"))
    views = [load_view(directory, number, mel_bins) for number in numbers[-count:]]
    return [view for view in views if view is not None]
