"""Voices of many calls grouped into people: average linkage on calibrated likelihood ratios.

Two groups are joined while the mean log10 LR between their voices is the highest of all and above a
threshold. A single pair of look-alikes can thus never join two people whose other voices disagree.
Two speakers of one call are different people, unless the examiner says otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.progress import CancelToken, Progress, no_progress
from engine.types import FloatArray

APART = np.float32(-np.inf)
PROGRESS_MERGES = 64
Pair = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Membership:
    """How well a voice belongs to its person.

    `log10_lr` is the mean with the person's other voices (None where it is the only one), `rival`
    the highest mean with another person (None where there is none).
    """

    voice: int
    log10_lr: float | None
    rival: float | None


@dataclass(frozen=True, slots=True)
class Person:
    """Voices that are taken for one person's; `weakest` is the member with the least evidence."""

    members: tuple[Membership, ...]

    @property
    def voices(self) -> tuple[int, ...]:
        return tuple(member.voice for member in self.members)

    @property
    def weakest(self) -> Membership | None:
        linked = [m for m in self.members if m.log10_lr is not None]
        return min(linked, key=lambda m: m.log10_lr or 0.0, default=None)


def group_voices(
    log10_lr: FloatArray,
    calls: Sequence[str],
    threshold_log10: float,
    must_link: Iterable[Pair] = (),
    cannot_link: Iterable[Pair] = (),
    progress: Progress = no_progress,
    cancel: CancelToken | None = None,
) -> tuple[Person, ...]:
    """Group voices into people.

    Parameters
    ----------
    log10_lr : float32 [shape=(n, n)], symmetric, beyond the supported range too: what is bounded
        cannot be averaged
    calls : the call of every voice
    threshold_log10 : the least mean that joins
    must_link, cannot_link : the examiner's decisions, as pairs of voices; a must-link overrules
        that two speakers of one call are different people

    Returns
    -------
    People in the order of their first voices, each with its voices in order.

    Raises
    ------
    ValueError
        A must-link contradicts a cannot-link.
    SeongmunError
        CANCELLED.
    """
    labels = _agglomerate(
        _allowed(log10_lr, calls, list(must_link), list(cannot_link)),
        _linked(len(calls), must_link),
        threshold_log10,
        progress,
        cancel,
    )
    return people(log10_lr, labels)


def _linked(n: int, must_link: Iterable[Pair]) -> NDArray[np.int64]:
    """A label per voice; voices that must be one person share it."""
    labels = np.arange(n)
    for first, second in must_link:
        labels[labels == labels[second]] = labels[first]
    return labels


def _allowed(
    log10_lr: FloatArray, calls: Sequence[str], must: list[Pair], cannot: list[Pair]
) -> FloatArray:
    """The ratios, with minus infinity where two voices may not be one person's."""
    _, call = np.unique(np.asarray(calls), return_inverse=True)
    similarity = np.array(log10_lr, np.float32)
    similarity[call[:, None] == call[None]] = APART
    linked = _linked(len(calls), must)
    for label in np.unique(linked[[i for pair in must for i in pair]]) if must else ():
        together = np.flatnonzero(linked == label)
        similarity[np.ix_(together, together)] = log10_lr[np.ix_(together, together)]
    for first, second in cannot:
        if linked[first] == linked[second]:
            raise ValueError(f"voices {first} and {second} must and must not be one person's")
        similarity[first, second] = similarity[second, first] = APART
    np.fill_diagonal(similarity, APART)
    return similarity


def _agglomerate(
    similarity: FloatArray,
    labels: NDArray[np.int64],
    threshold: float,
    progress: Progress,
    cancel: CancelToken | None,
) -> NDArray[np.int64]:
    """Join the best pair until none is above the threshold; `similarity` is used up."""
    size = np.ones(len(labels))
    for label in np.unique(labels):
        linked = np.flatnonzero(labels == label).tolist()
        for other in linked[1:]:
            _join(similarity, size, linked[0], other)
            labels[other] = linked[0]
    best = similarity.argmax(axis=1) if len(labels) else np.zeros(0, np.int64)
    value = similarity[np.arange(len(labels)), best]
    merges = 0
    while len(labels) > 1:
        top = int(value.argmax())
        if not value[top] >= threshold:
            break
        first, second = sorted((top, int(best[top])))
        _join(similarity, size, first, second)
        labels[labels == second] = first
        stale = np.flatnonzero((best == first) | (best == second))
        for row in {first, second, *stale.tolist()}:
            best[row] = similarity[row].argmax()
            value[row] = similarity[row, best[row]]
        closer = similarity[:, first] > value
        best[closer], value[closer] = first, similarity[closer, first]
        merges += 1
        if merges % PROGRESS_MERGES == 0:
            progress("group", merges, len(labels))
            if cancel is not None:
                cancel.check()
    return labels


def _join(similarity: FloatArray, size: NDArray[np.float64], first: int, second: int) -> None:
    """The mean over all pairs of voices of the two groups; minus infinity stays so."""
    total = size[first] + size[second]
    mean = (size[first] * similarity[first] + size[second] * similarity[second]) / total
    similarity[first] = similarity[:, first] = mean
    similarity[first, first] = APART
    similarity[second] = similarity[:, second] = APART
    size[first], size[second] = total, 0


def people(log10_lr: FloatArray, labels: NDArray[np.int64]) -> tuple[Person, ...]:
    """People of a labelling, with the evidence for every membership."""
    names, person = np.unique(labels, return_inverse=True)
    count = np.bincount(person).astype(np.float64)
    sums = np.zeros((len(labels), len(names)))
    for i in range(len(names)):
        sums[:, i] = log10_lr[:, person == i].sum(axis=1, dtype=np.float64)
    own = sums[np.arange(len(labels)), person] - np.diagonal(log10_lr)
    means = sums / count
    means[np.arange(len(labels)), person] = -np.inf
    rival = means.max(axis=1, initial=-np.inf)
    return tuple(
        Person(
            tuple(
                Membership(
                    int(voice),
                    float(own[voice] / (count[i] - 1)) if count[i] > 1 else None,
                    float(rival[voice]) if np.isfinite(rival[voice]) else None,
                )
                for voice in np.flatnonzero(person == i)
            )
        )
        for i in np.argsort([np.flatnonzero(person == i)[0] for i in range(len(names))])
    )
