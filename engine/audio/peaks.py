"""Minimum and maximum of stretches of samples, at every zoom."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.types import FloatArray

FINEST = 64
FACTOR = 4


class PeakPyramid:
    """Range summaries of one channel, float32 [shape=(n,)]: level k covers `FINEST * FACTOR**k`
    samples per pair."""

    def __init__(self, samples: FloatArray) -> None:
        self.samples = samples
        self._levels = [_reduce(samples, samples, FINEST)]
        while self._levels[-1][0].size > FACTOR * 500:
            low, high = self._levels[-1]
            self._levels.append(_reduce(low, high, FACTOR))

    def envelope(self, start: int, stop: int, columns: int) -> tuple[FloatArray, FloatArray]:
        """Minimum and maximum of samples [start, stop) in at most `columns` stretches.

        The stretches' edges are rounded outward to the summary's grid: no peak is ever missed.
        """
        start, stop = max(0, start), min(len(self.samples), stop)
        if stop <= start:
            return np.zeros(0, np.float32), np.zeros(0, np.float32)
        width = (stop - start) / max(1, columns)
        if width < FINEST:
            part = self.samples[start:stop]
            return _reduce(part, part, max(1, int(np.ceil(width))))
        level, step = 0, FINEST
        while step * FACTOR <= width and level + 1 < len(self._levels):
            level, step = level + 1, step * FACTOR
        low, high = self._levels[level]
        chosen = slice(start // step, -(-stop // step))
        return _reduce(low[chosen], high[chosen], max(1, int(np.ceil(width / step))))


def _reduce(
    low: NDArray[np.float32], high: NDArray[np.float32], factor: int
) -> tuple[FloatArray, FloatArray]:
    if not low.size:
        return low, high
    edges = np.arange(0, low.size, factor)
    return np.minimum.reduceat(low, edges), np.maximum.reduceat(high, edges)
