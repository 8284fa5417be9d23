"""Draws batches of crops: speakers almost evenly, then a view, then a piece, then a crop."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.training.views import View, load_view


class CropSampler:
    """Batches from the views that are finished so far; call `refresh` to pick up new ones.

    Parameters
    ----------
    directory : Path
        Where the views lie.
    n_views, mel_bins, n_speeds : int
        As in the recipe; the class of a crop is ``speaker * n_speeds + speed``.
    speaker_exponent : float
        A speaker is drawn with probability proportional to (frames)^exponent; 0 is evenly.
    seed : int
        Of the random generator; `step` is mixed in, so that a resumed run goes on as it would have.
    """

    def __init__(
        self,
        directory: Path,
        n_views: int,
        mel_bins: int,
        n_speeds: int,
        speaker_exponent: float,
        seed: int,
    ) -> None:
        self._directory = directory
        self._n_views = n_views
        self._mel_bins = mel_bins
        self._n_speeds = n_speeds
        self._exponent = speaker_exponent
        self._seed = seed
        self._views: dict[int, tuple[View, dict[int, NDArray[np.int64]]]] = {}

    def refresh(self) -> int:
        """Load views finished since the last call; returns how many there are now."""
        for number in range(self._n_views):
            if number not in self._views:
                view = load_view(self._directory, number, self._mel_bins)
                if view is not None:
                    self._views[number] = (view, _rows_by_speaker(view))
        if self._views:
            view, rows = next(iter(self._views.values()))
            self._speakers = np.array(sorted(rows))
            amount = np.array([view.frames[rows[s]].sum() for s in self._speakers], float)
            weight = amount**self._exponent
            self._probability = weight / weight.sum()
        return len(self._views)

    def batch(
        self, size: int, crop_frames: int, step: int
    ) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Return mean-normalised crops [shape=(size, crop_frames, mel_bins)] and their classes."""
        rng = np.random.default_rng([self._seed, step])
        speakers = rng.choice(self._speakers, size, replace=False, p=self._probability)
        crops = np.empty((size, crop_frames, self._mel_bins), np.float32)
        labels = np.empty(size, np.int64)
        for i, speaker in enumerate(speakers):
            view, rows = self._views[int(rng.choice(list(self._views)))]
            row = int(rng.choice(rows[int(speaker)])) if int(speaker) in rows else -1
            if row < 0:
                view, rows = next(iter(self._views.values()))
                row = int(rng.choice(rows[int(speaker)]))
            crops[i] = _crop(view, row, crop_frames, rng)
            labels[i] = speaker * self._n_speeds + view.speed[row]
        crops -= crops.mean(axis=1, keepdims=True)
        _mask(crops, rng)
        return crops, labels


def _rows_by_speaker(view: View) -> dict[int, NDArray[np.int64]]:
    order = np.argsort(view.speaker, kind="stable")
    speakers, starts = np.unique(view.speaker[order], return_index=True)
    return dict(zip(speakers.tolist(), np.split(order, starts[1:]), strict=True))


def _crop(view: View, row: int, crop_frames: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """A random stretch of the piece; a short piece is tiled from a random start."""
    first, frames = int(view.first_frame[row]), int(view.frames[row])
    if frames >= crop_frames:
        start = first + int(rng.integers(frames - crop_frames + 1))
        return view.features[start : start + crop_frames].astype(np.float32)
    piece = np.roll(view.features[first : first + frames], int(rng.integers(frames)), axis=0)
    return np.resize(piece, (crop_frames, piece.shape[1])).astype(np.float32)


def _mask(crops: NDArray[np.float32], rng: np.random.Generator) -> None:
    """SpecAugment (Park et al. 2019): up to 10 mel bins and up to 15 frames set to the mean."""
    _, frames, bins = crops.shape
    for crop in crops[rng.random(len(crops)) < 0.6]:
        width, start = rng.integers(1, 11), rng.integers(bins - 10)
        crop[:, start : start + width] = 0
        width, start = rng.integers(1, 16), rng.integers(frames - 15)
        crop[start : start + width] = 0
