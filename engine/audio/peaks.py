"""Minimum, maximum and clipping of stretches of samples, at every zoom."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from engine.types import FloatArray

FINEST = 256
FACTOR = 4
COARSEST_STRETCHES = 2000
CLIPPED_RUN = 3
CLIPPING_FLOOR = 0.1


class SampleReader(Protocol):
    """One channel, wherever its samples lie."""

    @property
    def n_samples(self) -> int: ...
    @property
    def sample_rate_hz(self) -> int: ...
    def read(self, start: int, stop: int) -> FloatArray:
        """Samples [start, stop), cut to the recording; float32, full scale ±1."""
        ...


@dataclass(frozen=True, slots=True)
class Envelope:
    """Minimum, maximum and "is clipped" of stretches of `step` samples each, from sample `start`;
    arrays [shape=(stretches,)]."""

    start: int
    step: int
    low: FloatArray
    high: FloatArray
    clipped: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class PeakPyramid:
    """Range summaries of one channel: level k covers ``FINEST * FACTOR**k`` samples per stretch."""

    levels: tuple[Envelope, ...]

    def envelope(self, samples: SampleReader, start: int, stop: int, columns: int) -> Envelope:
        """Samples [start, stop) in at least `columns` stretches and fewer than twice as many;
        single samples once zoomed in so far.

        The stretches' edges are rounded outward to the summary's grid: no peak is ever missed.
        """
        start, stop = max(0, start), min(samples.n_samples, stop)
        width = max(0, stop - start) / max(1, columns)
        if width < FINEST:
            read = samples.read(start, max(start, stop))
            limits = self.levels[-1]
            lowest, highest = limits.low.min(initial=0), limits.high.max(initial=0)
            return _from_samples(read, start, max(1, int(width)), lowest, highest)
        level = 0
        while level + 1 < len(self.levels) and self.levels[level + 1].step <= width:
            level += 1
        summary = self.levels[level]
        chosen = slice(start // summary.step, -(-stop // summary.step))
        part = Envelope(
            chosen.start * summary.step,
            summary.step,
            summary.low[chosen],
            summary.high[chosen],
            summary.clipped[chosen],
        )
        return _reduced(part, max(1, int(width / summary.step)))


class PeakBuilder:
    """Makes a pyramid from samples that come block by block."""

    def __init__(self) -> None:
        self._rest = np.zeros(0, np.float32)
        self._before = np.zeros(0, np.float32)
        self._parts: list[tuple[FloatArray, FloatArray, FloatArray, FloatArray]] = []

    def add(self, samples: FloatArray) -> None:
        """Take more samples [shape=(n,)]."""
        block = np.concatenate([self._rest, samples])
        whole = len(block) // FINEST * FINEST
        self._summarise(block[:whole])
        self._rest = block[whole:]

    def finish(self) -> PeakPyramid:
        """The pyramid of everything that was added."""
        self._summarise(self._rest)
        empty = np.zeros(0, np.float32)
        columns = zip(*self._parts, strict=True) if self._parts else [(empty,)] * 4
        low, high, flat_low, flat_high = (np.concatenate(column) for column in columns)
        lowest, highest = low.min(initial=0), high.max(initial=0)
        clipped = _at_extreme(flat_low, flat_high, lowest, highest)
        levels = [Envelope(0, FINEST, low, high, clipped)]
        while len(levels[-1].low) > COARSEST_STRETCHES:
            levels.append(_reduced(levels[-1], FACTOR))
        return PeakPyramid(tuple(levels))

    def _summarise(self, block: FloatArray) -> None:
        if not len(block):
            return
        edges = np.arange(0, len(block), FINEST)
        flat_low, flat_high = _flat_runs(np.concatenate([self._before, block]), len(block))
        self._before = np.concatenate([self._before, block])[-(CLIPPED_RUN - 1) :]
        self._parts.append(
            (
                np.minimum.reduceat(block, edges),
                np.maximum.reduceat(block, edges),
                np.minimum.reduceat(flat_low, edges),
                np.maximum.reduceat(flat_high, edges),
            )
        )


def pyramid(samples: FloatArray) -> PeakPyramid:
    """The pyramid of samples that are in memory, float32 [shape=(n,)]."""
    builder = PeakBuilder()
    builder.add(samples)
    return builder.finish()


def _from_samples(
    part: FloatArray, start: int, step: int, lowest: float, highest: float
) -> Envelope:
    flat_low, flat_high = _flat_runs(part, len(part))
    single = Envelope(start, 1, part, part, _at_extreme(flat_low, flat_high, lowest, highest))
    return _reduced(single, step)


def _flat_runs(samples: FloatArray, last: int) -> tuple[FloatArray, FloatArray]:
    """For the `last` samples: the sample's value where a run of equal ones ends or goes on there,
    else +inf in the first array and -inf in the second."""
    run = np.zeros(len(samples), np.bool_)
    if len(samples) >= CLIPPED_RUN:
        equal = samples[1:] == samples[:-1]
        run[CLIPPED_RUN - 1 :] = equal[1:] & equal[:-1]
    run, samples = run[len(samples) - last :], samples[len(samples) - last :]
    infinity = np.float32(np.inf)
    return np.where(run, samples, infinity), np.where(run, samples, -infinity)


def _at_extreme(
    flat_low: FloatArray, flat_high: FloatArray, lowest: float, highest: float
) -> NDArray[np.bool_]:
    """Clipped is what stays at the recording's own extreme, as `quality.clipped_share` counts."""
    below = (flat_low <= lowest) & (lowest <= -CLIPPING_FLOOR)
    return np.asarray(below | ((flat_high >= highest) & (highest >= CLIPPING_FLOOR)))


def _reduced(summary: Envelope, factor: int) -> Envelope:
    if factor == 1 or not summary.low.size:
        return summary
    edges = np.arange(0, summary.low.size, factor)
    return Envelope(
        summary.start,
        summary.step * factor,
        np.minimum.reduceat(summary.low, edges),
        np.maximum.reduceat(summary.high, edges),
        np.logical_or.reduceat(summary.clipped, edges),
    )
