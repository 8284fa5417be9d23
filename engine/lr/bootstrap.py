"""Resampling speakers: what a figure would have been with other speakers.

A replicate draws as many speakers as there are, with replacement. A same-source trial counts as
often as its speaker was drawn, a different-source trial as often as both of its speakers together.
A draw that leaves a class without trials is made again.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri, stdtrit

from engine.lr.trials import Bins, Bools, Floats, IndexedTrials, Ints
from engine.progress import CancelToken, Progress, no_progress

CHUNK = 16
JACKKNIFE_PARTS = 100
SMALLEST_FACTOR = 0.1


@dataclass(frozen=True, slots=True)
class _Class:
    """The trials of one class by bin; those of the bins `filled` begin at `starts`."""

    first: NDArray[np.int32]
    second: NDArray[np.int32]
    weights: Floats
    starts: Ints
    filled: Ints
    same: bool

    @classmethod
    def of(cls, trials: IndexedTrials, bins: Bins, same: bool) -> _Class:
        chosen = np.flatnonzero(trials.same == same)
        chosen = chosen[np.argsort(bins.number[chosen], kind="stable")]
        filled, starts = np.unique(bins.number[chosen], return_index=True)
        return cls(
            trials.first[chosen].astype(np.int32),
            trials.second[chosen].astype(np.int32),
            trials.weights[chosen],
            starts,
            filled,
            same,
        )

    def sums(self, drawn: NDArray[np.float32], count: int) -> Floats:
        """The weight in every one of `count` bins, given how often each speaker was drawn."""
        times = np.take(drawn, self.first)
        if not self.same:
            times *= np.take(drawn, self.second)
        result = np.zeros(count)
        result[self.filled] = np.add.reduceat(times * self.weights, self.starts)
        return result


@dataclass(frozen=True, slots=True)
class ResampledBins:
    """Bins whose weights can be had for any draw of speakers, as 2 * count pseudo-trials.

    `values` and `same` [shape=(2 * count,)] go with the weights that `weights` returns: the bins'
    centres of different-source, then of same-source trials.
    """

    values: Floats
    same: Bools
    _classes: tuple[_Class, _Class]

    @classmethod
    def of(cls, trials: IndexedTrials, bins: Bins) -> ResampledBins:
        """Sort the trials by bin, once for all draws."""
        classes = (_Class.of(trials, bins, False), _Class.of(trials, bins, True))
        return cls(bins.centres.ravel(), np.repeat([False, True], bins.count), classes)

    def weights(self, drawn: NDArray[np.float32]) -> Floats | None:
        """Weights [shape=(2 * count,)], each class summing to one; None where a class vanishes."""
        sums = [part.sums(drawn, len(self.values) // 2) for part in self._classes]
        totals = [part.sum() for part in sums]
        if not all(total > 0 for total in totals):
            return None
        return np.concatenate([part / total for part, total in zip(sums, totals, strict=True)])


def leave_out(n_speakers: int, figure: Callable[[NDArray[np.float32]], Floats | None]) -> Floats:
    """What `figure` gives without one part of the speakers at a time [shape=(n, …)]: without each
    speaker, or each of `JACKKNIFE_PARTS` parts, dealt in turn, where there are more speakers."""
    draws = np.ones((min(n_speakers, JACKKNIFE_PARTS), n_speakers), np.float32)
    for number, drawn in enumerate(draws):
        drawn[number :: len(draws)] = 0
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        return np.array([value for value in pool.map(figure, draws) if value is not None])


def interval(value: float, replicates: Floats, left_out: Floats, n: int) -> tuple[float, float]:
    """The 95 % interval of a figure, corrected for bias, skew and few speakers.

    BCa (Efron 1987) on the replicates [shape=(b,)], its acceleration from the figure without parts
    of the speakers [shape=(m,)]; normal quantiles widened to Student's and by sqrt(n / (n - 1)) for
    `n` independent speakers (Hesterberg 2015, "expanded percentile"). The value lies inside.
    """
    below = np.mean(replicates < value) + np.mean(replicates == value) / 2
    smallest = 1 / (len(replicates) + 1)
    shift = ndtri(np.clip(below, smallest, 1 - smallest))
    apart = left_out.mean() - left_out
    spread = float(np.sum(apart**2)) ** 1.5
    skew = float(np.sum(apart**3)) / (6 * spread) if spread > 0 else 0.0
    wide = stdtrit(n - 1, 0.975) * np.sqrt(n / (n - 1))
    ends = shift + np.array([-wide, wide])
    shares = ndtr(shift + ends / np.maximum(1 - skew * ends, SMALLEST_FACTOR))
    low, high = np.quantile(replicates, shares)
    return min(float(low), value), max(float(high), value)


def draw_speakers(n_speakers: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """How often each speaker is drawn [shape=(n_speakers,)]."""
    drawn = rng.integers(n_speakers, size=n_speakers)
    return np.bincount(drawn, minlength=n_speakers).astype(np.float32)


def replicate(
    n_speakers: int,
    n_replicates: int,
    seed: int,
    figure: Callable[[NDArray[np.float32]], Floats | None],
    progress: Progress = no_progress,
    cancel: CancelToken | None = None,
) -> Floats:
    """What `figure` gives for many draws of speakers, on every core.

    Parameters
    ----------
    figure : of the draw [shape=(n_speakers,)]; None asks for another draw

    Returns
    -------
    float64 [shape=(n_replicates, …)]; the same seed gives the same draws.

    Raises
    ------
    SeongmunError
        CANCELLED.
    """
    rng = np.random.default_rng(seed)
    found: list[Floats] = []
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        while len(found) < n_replicates:
            if cancel is not None:
                cancel.check()
            progress("bootstrap", len(found), n_replicates)
            missing = min(CHUNK, n_replicates - len(found))
            draws = [draw_speakers(n_speakers, rng) for _ in range(missing)]
            found += [value for value in pool.map(figure, draws) if value is not None]
    progress("bootstrap", n_replicates, n_replicates)
    return np.array(found)
