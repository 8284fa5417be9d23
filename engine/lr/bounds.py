"""How far the data support a likelihood ratio."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

GRID_STEP_LOG10 = 0.01


def normalised_utility(
    log10_lr: NDArray[np.float64],
    same: NDArray[np.bool_],
    thresholds_log10: NDArray[np.float64],
    misleading: int = 1,
) -> NDArray[np.float64]:
    """Expected cost of always neutral evidence over that of the system, per threshold.

    `misleading` trials are added on each side, at the worst end (Vergeer et al. 2016, section 2.4).
    """
    threshold = 10.0**thresholds_log10
    sorted_same = np.sort(log10_lr[same])
    sorted_different = np.sort(log10_lr[~same])
    missed = np.searchsorted(sorted_same, thresholds_log10, "right") + misleading
    rejected = np.searchsorted(sorted_different, thresholds_log10, "right")
    accepted = len(sorted_different) - rejected + misleading
    cost = missed / (len(sorted_same) + misleading)
    cost = cost + threshold * accepted / (len(sorted_different) + misleading)
    neutral = np.where(thresholds_log10 < 0, threshold, 1.0)
    return np.asarray(neutral / cost)


def elub(log10_lr: NDArray[np.float64], same: NDArray[np.bool_]) -> tuple[float, float]:
    """Empirical lower and upper bounds in log10 (Vergeer et al. 2016), always enclosing 0."""
    low = max(float(log10_lr.min()), -np.log10(same.sum() + 1))
    high = min(float(log10_lr.max()), np.log10((~same).sum() + 1))
    first = min(0, int(np.floor(low / GRID_STEP_LOG10)))
    last = max(0, int(np.floor(high / GRID_STEP_LOG10)) + 1)
    grid = np.arange(first, last + 1).astype(np.float64) * GRID_STEP_LOG10
    useless = normalised_utility(log10_lr, same, grid) < 1
    left = grid[(grid <= 0) & useless]
    right = grid[(grid >= 0) & useless]
    lower = left.max() + GRID_STEP_LOG10 if len(left) else grid[0]
    upper = right.min() - GRID_STEP_LOG10 if len(right) else grid[-1]
    return min(float(lower), 0.0), max(float(upper), 0.0)


def supported_range(
    log10_lr: NDArray[np.float64], same: NDArray[np.bool_], n_speakers: int
) -> tuple[float, float]:
    """The tighter of ELUB and [1/N, N], N being the number of speakers."""
    lower, upper = elub(log10_lr, same)
    limit = float(np.log10(n_speakers))
    return max(lower, -limit), min(upper, limit)
