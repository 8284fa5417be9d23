"""Voices of many calls grouped into people: average linkage on calibrated likelihood ratios.

Two groups are joined while the mean log10 LR between their voices is the highest of all and above a
threshold. A single pair of look-alikes can thus never join two people whose other voices disagree.
Two speakers of one call are different people, unless the examiner says otherwise.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.progress import CancelToken, Progress, no_progress
from engine.types import FloatArray

APART = np.float32(-np.inf)
PROGRESS_MERGES = 64
BLOCK_ROWS = 256
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
    must, cannot = list(must_link), list(cannot_link)
    linked = _linked(len(calls), must)
    forest = _Forest(_allowed(log10_lr, calls, linked, must, cannot))
    for first, second in _chains(linked):
        forest.join(first, second)
    while (pair := forest.closest(threshold_log10)) is not None:
        forest.join(*pair)
        if forest.merges % PROGRESS_MERGES == 0:
            progress("group", forest.merges, len(calls))
            if cancel is not None:
                cancel.check()
    return people(log10_lr, forest.labels)


def _linked(n: int, must_link: Iterable[Pair]) -> NDArray[np.int64]:
    """A label per voice; voices that must be one person share it."""
    labels = np.arange(n)
    for first, second in must_link:
        labels[labels == labels[second]] = labels[first]
    return labels


def _chains(linked: NDArray[np.int64]) -> list[Pair]:
    """Pairs that join all voices of a label, the first of them with each other."""
    first: dict[int, int] = {}
    return [
        (first[label], voice)
        for voice, label in enumerate(linked.tolist())
        if first.setdefault(label, voice) != voice
    ]


def _allowed(
    log10_lr: FloatArray,
    calls: Sequence[str],
    linked: NDArray[np.int64],
    must: Sequence[Pair],
    cannot: Sequence[Pair],
) -> FloatArray:
    """The ratios, with minus infinity where two voices may not be one person's."""
    similarity = np.empty(log10_lr.shape, np.float32)

    def copy(rows: slice) -> None:
        similarity[rows] = log10_lr[rows]

    _by_blocks(len(similarity), copy)
    by_call: dict[str, list[int]] = {}
    for voice, call in enumerate(calls):
        by_call.setdefault(call, []).append(voice)
    for voices in by_call.values():
        similarity[np.ix_(voices, voices)] = APART
    for label in {int(linked[voice]) for pair in must for voice in pair}:
        together = np.flatnonzero(linked == label)
        similarity[np.ix_(together, together)] = log10_lr[np.ix_(together, together)]
    for first, second in cannot:
        if linked[first] == linked[second]:
            raise ValueError(f"voices {first} and {second} must and must not be one person's")
        similarity[first, second] = similarity[second, first] = APART
    np.fill_diagonal(similarity, APART)
    return similarity


class _Forest:
    """Groups that are joined step by step; a group has the number of its first voice.

    Writing a column of a large matrix costs as much as reading hundreds of rows. So a join writes
    one row; other rows take over what changed since they were last looked at when they are needed
    again. `value` bounds every row's best from above, as no mean is above both of its parts.
    """

    def __init__(self, similarity: FloatArray) -> None:
        n = len(similarity)
        self._similarity = similarity
        self.labels = np.arange(n)
        self.merges = 0
        self._size = np.ones(n)
        self._joined_at, self._read_at = np.zeros(n, np.int64), np.zeros(n, np.int64)
        self._alive = np.ones(n, np.bool_)
        self._best = similarity.argmax(axis=1) if n else np.zeros(0, np.int64)
        self._value = similarity[np.arange(n), self._best]
        self._is_stale = np.zeros(n, np.bool_)

    def closest(self, threshold: float) -> Pair | None:
        """The two groups with the highest mean, if it is at least `threshold`."""
        while len(self._value):
            top = int(self._value.argmax())
            if not self._value[top] >= threshold:
                break
            if not self._is_stale[top]:
                first, second = sorted((top, int(self._best[top])))
                return first, second
            row = np.where(self._alive, self._row(top), APART)
            self._best[top] = row.argmax()
            self._value[top] = row[self._best[top]]
            self._is_stale[top] = False
        return None

    def join(self, first: int, second: int) -> None:
        """Put the second group into the first; the mean is over all pairs of voices, and minus
        infinity stays so."""
        self.merges += 1
        size, other = self._size[first], self._size[second]
        mean = (size * self._row(first) + other * self._row(second)) / (size + other)
        self._alive[second] = False
        mean[~self._alive] = mean[first] = APART
        self._similarity[first] = mean
        self._size[first] = size + other
        self.labels[self.labels == second] = first
        self._joined_at[first] = self._read_at[first] = self.merges
        self._is_stale |= (self._best == first) | (self._best == second)
        self._best[first] = mean.argmax()
        self._value[first], self._is_stale[first] = mean[self._best[first]], False
        self._value[second] = APART

    def _row(self, group: int) -> FloatArray:
        """A group's means with all others, brought up to date."""
        changed = np.flatnonzero((self._joined_at > self._read_at[group]) & self._alive)
        self._similarity[group, changed] = self._similarity[changed, group]
        self._read_at[group] = self.merges
        return np.asarray(self._similarity[group], np.float32)


def people(log10_lr: FloatArray, labels: NDArray[np.int64]) -> tuple[Person, ...]:
    """People of a labelling [shape=(n,)], with the evidence for every membership."""
    names, first, person = np.unique(labels, return_index=True, return_inverse=True)
    count = np.bincount(person)
    own, rival = _evidence(log10_lr, person, count)
    return tuple(
        Person(
            tuple(
                Membership(
                    int(voice),
                    float(own[voice]) if count[i] > 1 else None,
                    float(rival[voice]) if len(names) > 1 else None,
                )
                for voice in np.flatnonzero(person == i)
            )
        )
        for i in np.argsort(first)
    )


def _evidence(
    log10_lr: FloatArray, person: NDArray[np.int64], count: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Per voice the mean with the person's other voices, and the highest mean with another's."""
    order = np.argsort(person, kind="stable")
    starts = np.append(0, np.cumsum(count)[:-1])
    own, rival = np.zeros(len(person)), np.zeros(len(person))

    def weigh(block: slice) -> None:
        rows = np.arange(block.start, block.stop)
        sums = np.add.reduceat(log10_lr[block][:, order], starts, axis=1, dtype=np.float64)
        mine = np.arange(len(rows)), person[rows]
        own[rows] = (sums[mine] - log10_lr[rows, rows]) / np.maximum(count[person[rows]] - 1, 1)
        sums /= count
        sums[mine] = -np.inf
        rival[rows] = sums.max(axis=1)

    _by_blocks(len(person), weigh)
    return own, rival


def _by_blocks(n: int, work: Callable[[slice], None]) -> None:
    """Do something with all rows, some at a time, on every core."""
    blocks = [slice(at, min(at + BLOCK_ROWS, n)) for at in range(0, n, BLOCK_ROWS)]
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        list(pool.map(work, blocks))
