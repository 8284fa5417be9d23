"""Where people and calls are drawn: parts of a graph beside each other, each by springs."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from engine.progress import CancelToken, Progress, no_progress

STEPS = 60
SPACING = 1.0
MOST_BY_SPRINGS = 600
Floats = NDArray[np.float64]
Pairs = NDArray[np.int64]


def lay_out(
    n: int, edges: Pairs, progress: Progress = no_progress, cancel: CancelToken | None = None
) -> Floats:
    """Positions [shape=(n, 2)] of nodes with the edges [shape=(m, 2)], the largest connected part
    first, rows of parts below each other (raises CANCELLED)."""
    if not n:
        return np.zeros((0, 2))
    links = coo_matrix((np.ones(len(edges)), (edges[:, 0], edges[:, 1])), shape=(n, n))
    count, part = connected_components(links, directed=False)
    sizes = np.bincount(part, minlength=count)
    local = np.zeros(n, np.int64)
    places: list[tuple[NDArray[np.int64], Floats]] = []
    for done, which in enumerate(np.argsort(-sizes, kind="stable")):
        if cancel is not None:
            cancel.check()
        progress("layout", done, count)
        members = np.flatnonzero(part == which)
        local[members] = np.arange(len(members))
        inside = edges[part[edges[:, 0]] == which] if len(members) > 2 else edges[:0]
        places.append((members, _springs(len(members), local[inside])))
    return _shelves(n, places)


def _springs(n: int, edges: Pairs) -> Floats:
    """Fruchterman and Reingold 1991, with the rest of a large part on a spiral as it began."""
    turns = np.sqrt(np.arange(n) + 0.5)
    angle = np.pi * (1 + np.sqrt(5)) * np.arange(n)
    place: Floats = SPACING * turns[:, None] * np.stack([np.cos(angle), np.sin(angle)], 1)
    if n <= 2 or n > MOST_BY_SPRINGS:
        return _near_neighbours(place, edges)
    for step in range(STEPS):
        apart = place[:, None] - place[None]
        distance = np.maximum(np.linalg.norm(apart, axis=2), 0.05)
        push = (apart * (SPACING**2 / distance**2)[..., None]).sum(axis=1)
        pull = place[edges[:, 1]] - place[edges[:, 0]]
        pull *= np.linalg.norm(pull, axis=1, keepdims=True) / SPACING
        np.add.at(push, edges[:, 0], pull)
        np.add.at(push, edges[:, 1], -pull)
        length = np.maximum(np.linalg.norm(push, axis=1, keepdims=True), 1e-9)
        heat = SPACING * np.sqrt(n) * 0.3 * (1 - step / STEPS)
        place += push / length * np.minimum(length, heat)
    return np.asarray(place, np.float64)


def _near_neighbours(place: Floats, edges: Pairs) -> Floats:
    """Order the spiral's places by where the neighbours are, a few times."""
    n = len(place)
    degree = np.maximum(np.bincount(edges.ravel(), minlength=n), 1)[:, None]
    wanted = place.copy()
    for _ in range(5):
        total = np.zeros_like(place)
        np.add.at(total, edges[:, 0], wanted[edges[:, 1]])
        np.add.at(total, edges[:, 1], wanted[edges[:, 0]])
        wanted = (total / degree + wanted) / 2
    result = np.empty_like(place)
    slots = np.argsort(np.arctan2(place[:, 1], place[:, 0]))
    result[np.argsort(np.arctan2(wanted[:, 1], wanted[:, 0]))] = place[slots]
    return result


def _shelves(n: int, places: list[tuple[NDArray[np.int64], Floats]]) -> Floats:
    """Parts from left to right, rows as wide as the whole is high."""
    boxes = [place.max(axis=0) - place.min(axis=0) + 2 * SPACING for _, place in places]
    width = max(np.sqrt(sum(box.prod() for box in boxes)) * 1.3, max(box[0] for box in boxes))
    result: Floats = np.zeros((n, 2))
    x = y = height = 0.0
    for (members, place), box in zip(places, boxes, strict=True):
        if x + box[0] > width:
            x, y, height = 0.0, y + height, 0.0
        result[members] = place - place.min(axis=0) + SPACING + [x, y]
        x, height = x + box[0], max(height, box[1])
    return result
