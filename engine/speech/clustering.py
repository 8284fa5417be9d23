"""How many voices, and which window is whose: spectral partitions, chosen by how unlike their
voices are, smoothed in time."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh

from engine.types import FloatArray

Labels = NDArray[np.int64]
Spans = NDArray[np.float64]
NEIGHBOURHOODS = 12
FEWEST_WINDOWS = 6
FEWEST_PER_VOICE = 3
COSINE_SCALE = 20.0
CHANGE_COST = 2.0
PAUSE_S = 1.0
ROUNDS = 5
STARTS = 5


def unit(vectors: NDArray[np.floating]) -> FloatArray:
    """Rows of length 1."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-9), np.float32)


def centroids(vectors: FloatArray, labels: Labels) -> FloatArray:
    """The mean direction of each label [shape=(labels, dim)], in order of the labels."""
    return unit(np.stack([vectors[labels == label].mean(axis=0) for label in np.unique(labels)]))


def partitions(vectors: FloatArray, most: int) -> Iterator[Labels]:
    """Partitions into 2 … `most` parts by normalised maximum eigengap (Park et al. 2020): for each
    number of parts the neighbourhood whose graph separates them best."""
    n = len(vectors)
    most = min(most, n - 2)
    order = np.argsort(-(vectors @ vectors.T), axis=1)
    best: dict[int, tuple[float, NDArray[np.float64]]] = {}
    low, high = max(2, int(0.03 * n)), max(3, int(0.4 * n))
    for nearest in np.unique(np.linspace(low, high, NEIGHBOURHOODS).astype(int)):
        chosen = np.zeros((n, n))
        np.put_along_axis(chosen, order[:, :nearest], 1, axis=1)
        graph = (chosen + chosen.T) / 2
        laplacian = np.diag(graph.sum(axis=1)) - graph
        values, directions = eigh(laplacian, subset_by_index=(0, most))
        largest = 2 * float(graph.sum(axis=1).max())
        for parts in range(2, most + 1):
            gap = (values[parts] - values[parts - 1]) / largest
            ratio = nearest / n / (gap + 1e-9)
            if parts not in best or ratio < best[parts][0]:
                best[parts] = ratio, directions[:, :parts]
    for parts, (_, directions) in sorted(best.items()):
        yield _means(unit(directions), parts)


def choose(
    vectors: FloatArray,
    spans: Spans,
    number: int | None,
    most: int,
    limits: tuple[float, float],
) -> Labels:
    """A label for each window.

    Parameters
    ----------
    vectors : float32 [shape=(windows, dim)], L2-normalised
    spans : float64 [shape=(windows, 2)], start and end in seconds, in order
    number : how many voices there are; None: the largest number whose two most alike voices have a
        cosine below the limit
    most : the largest number
    limits : of that cosine for two voices, and for more
    """
    one = np.zeros(len(vectors), np.int64)
    if len(vectors) < FEWEST_WINDOWS or number == 1:
        return one
    chosen = one
    for labels in partitions(vectors, number or most):
        smooth = follow(vectors, spans, labels)
        names, counts = np.unique(smooth, return_counts=True)
        if number is not None:
            chosen = smooth if len(names) <= number else chosen
        elif len(names) > 1 and counts.min() >= FEWEST_PER_VOICE:
            limit = limits[0] if len(names) == 2 else limits[1]
            if _most_alike(centroids(vectors, smooth)) < limit:
                chosen = smooth
    return chosen


def _most_alike(voices: FloatArray) -> float:
    """The highest cosine between any two of the voices [shape=(n, dim)]."""
    first, second = np.triu_indices(len(voices), 1)
    return float((voices @ voices.T)[first, second].max())


def follow(vectors: FloatArray, spans: Spans, labels: Labels) -> Labels:
    """Labels as the most likely sequence of voices, whose centroids and sequence are found in turn.

    Staying costs nothing, a change costs `CHANGE_COST`, less after a pause.
    """
    for _ in range(ROUNDS):
        found = follow_voices(vectors, spans, centroids(vectors, labels))
        if (found == labels).all():
            break
        labels = found
    return labels


def follow_voices(vectors: FloatArray, spans: Spans, voices: FloatArray) -> Labels:
    """The most likely sequence of given voices (Viterbi)."""
    fit = COSINE_SCALE * (vectors @ voices.T).astype(np.float64)
    pauses_s = np.maximum(0, spans[1:, 0] - spans[:-1, 1])
    costs = CHANGE_COST * np.exp(-pauses_s / PAUSE_S)
    states = np.arange(len(voices))
    came_from = np.zeros(fit.shape, np.int64)
    total = fit[0].copy()
    for i, cost in enumerate(costs, 1):
        best = int(total.argmax())
        changed = total[best] - cost
        stays = total >= changed
        came_from[i] = np.where(stays, states, best)
        total = np.where(stays, total, changed) + fit[i]
    labels = np.zeros(len(fit), np.int64)
    labels[-1] = total.argmax()
    for i in range(len(fit) - 1, 0, -1):
        labels[i - 1] = came_from[i, labels[i]]
    return labels


def _means(points: FloatArray, parts: int) -> Labels:
    """k-means with k-means++ starts, always the same ones."""
    rng = np.random.default_rng(0)
    best = (np.inf, np.zeros(len(points), np.int64))
    for _ in range(STARTS):
        centres = points[[rng.integers(len(points))]]
        while len(centres) < parts:
            far = _squares(points, centres).min(axis=1)
            weights = far / far.sum() if far.sum() > 0 else None
            centres = np.vstack([centres, points[rng.choice(len(points), p=weights)]])
        for _ in range(30):
            labels = _squares(points, centres).argmin(axis=1)
            members = [points[labels == k] for k in range(parts)]
            pairs = zip(members, centres, strict=True)
            centres = np.stack([m.mean(axis=0) if len(m) else c for m, c in pairs])
        error = float(_squares(points, centres).min(axis=1).sum())
        if error < best[0]:
            best = error, _squares(points, centres).argmin(axis=1)
    return best[1]


def _squares(points: FloatArray, centres: FloatArray) -> NDArray[np.float64]:
    return np.asarray(((points[:, None] - centres[None]) ** 2).sum(axis=2), np.float64)
