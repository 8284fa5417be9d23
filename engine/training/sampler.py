"""Draws batches of crops: speakers almost evenly, then a view, then a piece, then a crop.

A view holds each piece under one disturbance, and few views exist: left at that, a network learns
the disturbance instead of the voice. So every crop is disturbed anew, in its log-mel energies.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.training.views import View, load_view
from engine.types import FloatArray

ALIKE = 10
KNOTS = 6
TILT_DB = 8.0
NEPER_PER_DB = np.log(10) / 10


@dataclass(frozen=True, slots=True)
class CropConfig:
    """What happens to a crop; shares are probabilities, the others ranges of uniform draws.

    `tempo` is how many times as fast the voice speaks, its pitch and formants unchanged; `dynamics`
    is by how much a mel bin's distance from its mean is multiplied, as by noise and gain control.
    """

    noise_share: float
    snr_db: tuple[float, float]
    band_share: float
    mask_share: float
    tempo_share: float
    tempo: tuple[float, float]
    dynamics_share: float
    dynamics: tuple[float, float]


class CropSampler:
    """Batches from the views that are finished so far; call `refresh` to pick up new ones.

    Parameters
    ----------
    directory : Path
        Where the views lie.
    n_views, mel_bins, n_speeds : int
        As in the recipe; the class of a crop is ``speaker * n_speeds + speed``.
    weights : float64 [shape=(speakers,)]
        A speaker is drawn with probability proportional to their weight.
    crop : CropConfig
        How every crop is disturbed.
    window : int
        Crops are drawn from this many of the newest views: a network knows the older ones by heart.
    seed : int
        Of the random generator; `step` is mixed in, so that a resumed run goes on as it would have.
    crops_per_speaker : int
        Crops of one class in a batch, each from another view where there are so many.
    alike_share : float
        Share of the batches made of speakers who are hard to tell apart, see `know_alike`.
    """

    def __init__(
        self,
        directory: Path,
        n_views: int,
        mel_bins: int,
        n_speeds: int,
        weights: NDArray[np.float64],
        crop: CropConfig,
        window: int,
        seed: int,
        crops_per_speaker: int = 1,
        alike_share: float = 0.0,
    ) -> None:
        self._directory = directory
        self._n_views = n_views
        self._mel_bins = mel_bins
        self.n_speeds = n_speeds
        self._weights = weights
        self._crop = crop
        self._window = window
        self._seed = seed
        self._crops_per_speaker = crops_per_speaker
        self._alike_share = alike_share
        self._alike: NDArray[np.int64] | None = None
        self._views: dict[int, tuple[View, dict[int, NDArray[np.int64]]]] = {}

    def refresh(self) -> int:
        """Load views finished since the last call; returns how many there are by now."""
        for number in range(max(self._views, default=-1) + 1, self._n_views):
            view = load_view(self._directory, number, self._mel_bins)
            if view is not None:
                self._views[number] = (view, _rows_by_speaker(view))
        for number in sorted(self._views)[: -self._window]:
            del self._views[number]
        if self._views:
            held = {s for _, rows in self._views.values() for s in rows if self._weights[s] > 0}
            self._speakers = np.array(sorted(held))
            self._alike = None  # its rows are of the speakers held before
            weight = self._weights[self._speakers]
            self._probability = weight / weight.sum()
        return max(self._views, default=-1) + 1

    def know_alike(self, directions: FloatArray) -> None:
        """Learn who is like whom, until the next `refresh`, from a unit vector for every speaker
        [shape=(speakers, dim)]."""
        if not self._alike_share:
            return
        held = directions[self._speakers]
        cosines = held @ held.T
        np.fill_diagonal(cosines, -np.inf)
        count = min(ALIKE, len(held) - 1)
        self._alike = np.argpartition(cosines, -count)[:, -count:]

    def _draw(self, count: int, rng: np.random.Generator) -> NDArray[np.int64]:
        """Speakers of a batch: by their weights, or some of them with others like them (hard
        prototype mining: Thienpondt et al. 2020)."""
        if self._alike is None or rng.random() >= self._alike_share:
            return rng.choice(self._speakers, count, replace=False, p=self._probability)
        chosen: dict[int, None] = {}
        for seed in rng.choice(len(self._speakers), count, replace=False, p=self._probability):
            others = rng.permutation(self._alike[seed])[: ALIKE // 2]
            chosen |= dict.fromkeys([int(seed), *others.tolist()])
            if len(chosen) >= count:
                break
        return self._speakers[list(chosen)[:count]]

    def batch(
        self, size: int, crop_frames: int, step: int
    ) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Return mean-normalised crops [shape=(size, crop_frames, mel_bins)] and their classes."""
        rng = np.random.default_rng([self._seed, step])
        n_speakers = size // self._crops_per_speaker
        speakers = self._draw(n_speakers, rng)
        crops = np.empty((size, crop_frames, self._mel_bins), np.float32)
        labels = np.empty(size, np.int64)
        for i, speaker in enumerate(speakers):
            for j, (view, row) in enumerate(self._rows(int(speaker), rng)):
                at = i + j * n_speakers
                crops[at] = _crop(view, row, crop_frames, self._crop, rng)
                labels[at] = speaker * self.n_speeds + view.speed[row]
        _add_noise(crops, self._crop, rng)
        _limit_band(crops, self._crop.band_share, rng)
        crops -= crops.mean(axis=1, keepdims=True)
        _change_dynamics(crops, self._crop, rng)
        _mask(crops, self._crop.mask_share, rng)
        return crops, labels

    def _rows(self, speaker: int, rng: np.random.Generator) -> list[tuple[View, int]]:
        """A random piece of the speaker for each crop, all of one class."""
        pieces = [
            (view, int(rng.choice(rows[speaker])))
            for view, rows in self._views.values()
            if speaker in rows
        ]
        first = int(rng.integers(len(pieces)))
        view, row = pieces.pop(first)
        alike = [(v, r) for v, r in pieces if v.speed[r] == view.speed[row]] or [(view, row)]
        others = [alike[i] for i in rng.permutation(len(alike))]
        return [(view, row), *islice(cycle(others), self._crops_per_speaker - 1)]


def _rows_by_speaker(view: View) -> dict[int, NDArray[np.int64]]:
    order = np.argsort(view.speaker, kind="stable")
    speakers, starts = np.unique(view.speaker[order], return_index=True)
    return dict(zip(speakers.tolist(), np.split(order, starts[1:]), strict=True))


def _crop(
    view: View, row: int, crop_frames: int, config: CropConfig, rng: np.random.Generator
) -> NDArray[np.float32]:
    """A random stretch of the piece at a random tempo; a short piece is tiled from a random
    start."""
    first, frames = int(view.first_frame[row]), int(view.frames[row])
    tempo = rng.uniform(*config.tempo) if rng.random() < config.tempo_share else 1.0
    wanted = round(crop_frames * tempo)
    if frames >= wanted:
        start = first + int(rng.integers(frames - wanted + 1))
        stretch = view.features[start : start + wanted].astype(np.float32)
    else:
        piece = np.roll(view.features[first : first + frames], int(rng.integers(frames)), axis=0)
        stretch = np.resize(piece, (wanted, piece.shape[1])).astype(np.float32)
    if wanted == crop_frames:
        return stretch
    at = np.linspace(0, wanted - 1, crop_frames, dtype=np.float32)
    before = np.minimum(at.astype(np.int64), wanted - 2)
    share = (at - before)[:, None]
    return np.asarray(stretch[before] * (1 - share) + stretch[before + 1] * share, np.float32)


def _add_noise(crops: NDArray[np.float32], config: CropConfig, rng: np.random.Generator) -> None:
    """Steady noise of a random smooth spectrum; energies add up: log(exp(a) + exp(b))."""
    chosen = np.flatnonzero(rng.random(len(crops)) < config.noise_share)
    part = crops[chosen]
    n, _, bins = part.shape
    level = np.log(np.exp(part).mean(axis=(1, 2), dtype=np.float64))
    snr_db = rng.uniform(*config.snr_db, n)
    tilt_db = rng.normal(0, TILT_DB, (n, KNOTS)) @ _interpolation(bins)
    mean = (level - snr_db * NEPER_PER_DB)[:, None] + tilt_db * NEPER_PER_DB
    spread = np.linspace(0.9, 0.3, bins)  # a low mel bin holds few frequencies, a high one many
    noise = rng.standard_normal(part.shape, np.float32) * spread.astype(np.float32)
    noise += mean.astype(np.float32)[:, None]
    crops[chosen] = np.logaddexp(part, noise)


def _interpolation(bins: int) -> NDArray[np.float64]:
    """Weights [shape=(KNOTS, bins)] of linear interpolation between evenly spaced knots."""
    at = np.linspace(0, KNOTS - 1, bins)
    return np.asarray(np.maximum(0, 1 - np.abs(at - np.arange(KNOTS)[:, None])))


def _limit_band(crops: NDArray[np.float32], share: float, rng: np.random.Generator) -> None:
    """Bins beyond random limits fall to the crop's floor, as behind a filter or a lossy codec."""
    bins = crops.shape[2]
    for i in np.flatnonzero(rng.random(len(crops)) < share):
        crop = crops[i]
        low, high = rng.integers(bins // 10), rng.integers(bins // 2, bins + 1)
        floor = crop.min() + rng.normal(0, 0.3, crop.shape).astype(np.float32)
        crop[:, :low], crop[:, high:] = floor[:, :low], floor[:, high:]


def _change_dynamics(
    crops: NDArray[np.float32], config: CropConfig, rng: np.random.Generator
) -> None:
    """Every mel bin moves more or less about its mean, neighbours alike."""
    chosen = np.flatnonzero(rng.random(len(crops)) < config.dynamics_share)
    knots = rng.uniform(*config.dynamics, (len(chosen), KNOTS))
    crops[chosen] *= (knots @ _interpolation(crops.shape[2])).astype(np.float32)[:, None]


def _mask(crops: NDArray[np.float32], share: float, rng: np.random.Generator) -> None:
    """SpecAugment (Park et al. 2019): twice up to 8 mel bins and up to 15 frames at the mean."""
    _, frames, bins = crops.shape
    for i in np.flatnonzero(rng.random(len(crops)) < share):
        for _ in range(2):
            width, start = rng.integers(1, 9), rng.integers(bins - 8)
            crops[i, :, start : start + width] = 0
            width, start = rng.integers(1, 16), rng.integers(frames - 15)
            crops[i, start : start + width] = 0
