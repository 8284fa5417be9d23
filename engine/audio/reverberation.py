"""Reverberation time from speech alone, by how fast sound dies away where it does.

In every band, stretches of falling level are fitted with a line (after Ratnam et al. 2003).
Speech's own offsets fall as well; the map from the distribution of the decays to seconds was fitted
on simulated rooms (`engine.training.rooms`).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.audio.blocks import COMMON_RATE_HZ, Block
from engine.audio.spectra import frame_powers, hann

WINDOW, HOP = 512, 128
HOP_S = HOP / COMMON_RATE_HZ
EDGES_HZ = (250, 400, 630, 1000, 1600, 2500, 3400)
SMOOTHED_FRAMES = 9
SHORTEST_FRAMES, LONGEST_FRAMES = 8, 100
LEAST_FALL_DB = 8.0
SKIPPED_PART = 5
ABOVE_FLOOR_DB = 6.0
MINIMUM_DECAYS = 30
QUANTILES = (0.25, 0.5, 0.75)
# log10 of seconds = intercept + weights · log10 of the decay times at QUANTILES
INTERCEPT, WEIGHTS = -0.033, (-0.370, -0.154, 2.089)
SHORTEST_S, LONGEST_S = 0.1, 3.0


class ReverberationMeter:
    """Collects the decays of blocks."""

    def __init__(self) -> None:
        self._times_s: list[float] = []

    def add(self, block: Block) -> None:
        """Take a block."""
        if not block.speech.any():
            return
        power = frame_powers(block.common, hann(WINDOW), HOP)
        bins = np.ceil(np.array(EDGES_HZ) * WINDOW / COMMON_RATE_HZ).astype(int)
        bands = np.add.reduceat(power[:, : bins[-1]], bins[:-1], axis=1)
        for band in 10 * np.log10(bands.T.astype(np.float64) + 1e-12):
            self._times_s += _decay_times_s(band)

    @property
    def features(self) -> NDArray[np.float64] | None:
        """log10 of the decay times (s per 60 dB) at `QUANTILES`; None with too few decays."""
        if len(self._times_s) < MINIMUM_DECAYS:
            return None
        return np.asarray(np.log10(np.quantile(self._times_s, QUANTILES)))

    @property
    def seconds(self) -> float | None:
        """Estimated time for a decay by 60 dB; None with too few decays."""
        features = self.features
        if features is None:
            return None
        seconds = 10 ** (INTERCEPT + float(np.dot(WEIGHTS, features)))
        return float(np.clip(seconds, SHORTEST_S, LONGEST_S))


def _decay_times_s(level_db: NDArray[np.float64]) -> list[float]:
    """Seconds per 60 dB of every fall in one band that is long, deep and above the floor; its
    first fifth, where the direct sound still counts, is left out."""
    window = np.hanning(SMOOTHED_FRAMES + 2)[1:-1]
    smooth = np.convolve(level_db, window / window.sum(), "same")
    falling = np.concatenate([[False], np.diff(smooth) < 0, [False]]).astype(np.int8)
    floor = np.quantile(smooth, 0.05) + ABOVE_FLOOR_DB
    times = []
    for start, stop in np.flatnonzero(np.diff(falling)).reshape(-1, 2):
        stretch = smooth[start : min(stop + 1, start + LONGEST_FRAMES)]
        stretch = stretch[stretch > floor]
        if len(stretch) < SHORTEST_FRAMES or stretch[0] - stretch[-1] < LEAST_FALL_DB:
            continue
        tail = stretch[len(stretch) // SKIPPED_PART :]
        slope = np.polyfit(np.arange(len(tail)) * HOP_S, tail, 1)[0]
        times.append(-60.0 / float(slope))
    return times
