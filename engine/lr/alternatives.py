"""Other ways from scores to likelihood ratios, for comparison in a validation study.

The product reports the affine map of `engine.lr.calibrate` alone. Each fit takes scores, labels and
weights [shape=(n,)] and returns a rising map from scores to log10 LR.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.special import ndtr

from engine.lr.affine import fit_line
from engine.lr.metrics import cllr_min, pav_log10_lr
from engine.lr.trials import Bools, Floats

Map = Callable[[Floats], Floats]
Fit = Callable[[Floats, Bools, Floats, float], Map]
SIGMA_RANGE = (1e-3, 40.0)
GRID = 4001
NORMAL_GRID = np.linspace(-12, 12, 4001)
NORMAL_DENSITY = np.exp(-(NORMAL_GRID**2) / 2) / np.sqrt(2 * np.pi)


def logistic(scores: Floats, same: Bools, weights: Floats, regularisation: float) -> Map:
    """The affine map that the product uses."""
    slope, intercept = fit_line(scores, same, weights, regularisation)
    return lambda values: slope * values + intercept


def isotonic(scores: Floats, same: Bools, weights: Floats, regularisation: float) -> Map:
    """Pool adjacent violators, linear between the scores it was fitted on.

    One misleading trial per side with the class's mean weight keeps it finite (as ELUB does);
    `regularisation` has no part in it.
    """
    extra = [1 / max((weights[same == side] > 0).sum(), 1) for side in (True, False)]
    ends = np.array([scores.min(), scores.max()])
    x = np.concatenate([scores, ends])
    labels = np.concatenate([same, [True, False]])
    best = pav_log10_lr(x, labels, np.concatenate([weights, extra]))
    order = np.argsort(x, kind="stable")
    counted = order[np.concatenate([weights, extra])[order] > 0]
    return lambda values: np.interp(values, x[counted], best[counted])


def bigaussian(scores: Floats, same: Bools, weights: Floats, regularisation: float) -> Map:
    """Warp scores to the distributions of a perfectly calibrated system with two Gaussians.

    In natural logarithms these are N(-v/2, v) and N(+v/2, v), with the v that has the scores'
    Cllr_min; the map takes each quantile of the class-balanced scores to that of the mixture
    (Morrison 2024, "Bi-Gaussianized calibration of likelihood ratios"). `regularisation` has no
    part in it.
    """
    sigma = sigma_of_cllr(cllr_min(scores, same, weights))
    order = np.argsort(scores, kind="stable")
    rank = (np.cumsum(weights[order]) - weights[order] / 2) / weights.sum()
    distinct, start = np.unique(scores[order], return_index=True)
    share = np.add.reduceat(weights[order], start)
    rank = np.add.reduceat(rank * weights[order], start) / np.where(share > 0, share, 1)
    used = share > 0
    limit = sigma * (sigma / 2 + 6)
    grid = np.linspace(-limit, limit, GRID)
    mixture = sum(ndtr((grid - m) / sigma) for m in (-(sigma**2) / 2, sigma**2 / 2)) / 2
    target = np.interp(rank[used], mixture, grid) / np.log(10)
    return lambda values: np.interp(values, distinct[used], target)


def sigma_of_cllr(cllr: float) -> float:
    """The standard deviation, in natural logarithms, of the perfectly calibrated two Gaussians
    that have this Cllr; at the ends of `SIGMA_RANGE` where none has."""
    from scipy.optimize import brentq  # loads slowly, and few need it

    low, high = SIGMA_RANGE
    if cllr >= cllr_of_sigma(low):
        return low
    if cllr <= cllr_of_sigma(high):
        return high
    return float(brentq(lambda sigma: cllr_of_sigma(sigma) - cllr, low, high, xtol=1e-9))


def cllr_of_sigma(sigma: float) -> float:
    """Cllr of the perfectly calibrated two Gaussians; both classes cost the same, by symmetry."""
    cost = np.logaddexp(0.0, -(sigma**2 / 2 + sigma * NORMAL_GRID)) / np.log(2)
    return float(np.sum(NORMAL_DENSITY * cost) * (NORMAL_GRID[1] - NORMAL_GRID[0]))


CALIBRATIONS: dict[str, Fit] = {
    "logistic": logistic,
    "bigaussian": bigaussian,
    "isotonic": isotonic,
}
