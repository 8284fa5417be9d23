"""Labelled trials made ready for counting: speakers as numbers, scores in bins.

Figures and calibrations look at scores in bins. Up to `BINS` distinct scores every score is a bin
of its own, and nothing is approximated; beyond that, half of the cuts part the class-balanced
weight and half the range evenly. A bootstrap of the speakers then only sums weights (see
`engine.lr.bootstrap`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.types import LabelledScores, read_only

BINS = 4096
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class IndexedTrials:
    """Trials [shape=(n,)] whose speakers are the positions `first` and `second` in `speakers`.

    `weights` let each speaker count the same among same-source trials and each unordered pair of
    speakers among different-source trials; those of each class sum to one.
    """

    scores: Floats
    same: Bools
    first: Ints
    second: Ints
    speakers: tuple[str, ...]
    weights: Floats

    @property
    def n_speakers(self) -> int:
        return len(self.speakers)


@dataclass(frozen=True, slots=True)
class Bins:
    """Values in rising bins.

    `number` [shape=(n,)] is every trial's bin. `centres` [shape=(2, bins)] is each class's weighted
    mean in a bin, row 0 different-source and row 1 same-source; without trials the bin's own mean.
    """

    number: Ints
    centres: Floats

    @property
    def count(self) -> int:
        return int(self.centres.shape[1])


def index_trials(trials: LabelledScores) -> IndexedTrials:
    """Number the speakers, in the order of their names, and weigh the trials."""
    names = [trials.speaker_a.tolist(), trials.speaker_b.tolist()]
    speakers = sorted(set(names[0]).union(names[1]))
    position = {name: i for i, name in enumerate(speakers)}
    first, second = (
        np.fromiter(map(position.__getitem__, side), np.intp, len(side)) for side in names
    )
    pair = np.minimum(first, second) * len(speakers) + np.maximum(first, second)
    _, group, sizes = np.unique(pair, return_inverse=True, return_counts=True)
    weights = normalise_classes(1.0 / sizes[group.ravel()], trials.same)
    return IndexedTrials(
        trials.scores,
        trials.same,
        read_only(first),
        read_only(second),
        tuple(speakers),
        read_only(weights),
    )


def speakers_of(trials: LabelledScores) -> tuple[str, ...]:
    """Every speaker once, sorted."""
    return tuple(sorted({*trials.speaker_a.tolist(), *trials.speaker_b.tolist()}))


def trial_weights(trials: LabelledScores) -> Floats:
    """The weights [shape=(n,)] of `IndexedTrials`."""
    return index_trials(trials).weights


def normalise_classes(weights: Floats, same: Bools) -> Floats:
    """Scale the weights so that those of each class sum to one."""
    result = weights.astype(np.float64)
    result[same] /= result[same].sum()
    result[~same] /= result[~same].sum()
    return result


def binned(values: Floats, same: Bools, weights: Floats) -> tuple[Floats, Bools, Floats]:
    """Trials as the fewer pseudo-trials of their bins: the same distribution, for curves."""
    bins = bin_values(values, same, weights)
    cell = bins.number + bins.count * same
    sums = np.asarray(np.bincount(cell, weights, 2 * bins.count), np.float64)
    labels: Bools = np.repeat(np.array([False, True]), bins.count)
    used = sums > 0
    return bins.centres.ravel()[used], labels[used], sums[used]


def bin_values(
    values: Floats, same: Bools, weights: Floats, borders: tuple[float, ...] = ()
) -> Bins:
    """Put values [shape=(n,)] in bins; equal ones share a bin.

    No bin reaches across one of `borders`, and values equal to a border have a bin of their own.
    """
    order = np.argsort(values, kind="stable")
    rising = values[order]
    fresh = np.append(True, np.diff(rising) > 0)
    if fresh.sum() > BINS:
        lead = np.flatnonzero(fresh)
        below = np.append(0.0, np.cumsum(weights[order]))[lead]
        reach = (rising[lead] - rising[0]) / (rising[-1] - rising[0])
        edge = sum(
            np.searchsorted(np.array(borders), rising[lead], how) for how in ("left", "right")
        )
        fresh = np.zeros(len(values), np.bool_)
        parts = (np.floor(below / weights.sum() * BINS / 2), np.floor(reach * BINS / 2), edge)
        fresh[lead] = np.append(True, sum(np.diff(part) > 0 for part in parts) > 0)
    number = np.empty(len(values), np.intp)
    number[order] = np.cumsum(fresh) - 1
    count = int(number[order[-1]]) + 1
    cell = number + count * same
    total = np.bincount(cell, weights, 2 * count).reshape(2, count)
    moment = np.bincount(cell, weights * values, 2 * count).reshape(2, count)
    everything = np.bincount(number, values, count) / np.bincount(number, minlength=count)
    centres = np.where(total > 0, moment / np.where(total > 0, total, 1), everything)
    return Bins(read_only(number), read_only(centres))
