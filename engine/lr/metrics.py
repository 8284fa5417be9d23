"""Performance of scores and likelihood ratios, every trial weighted.

Weights of same-source and of different-source trials each sum to one, so priors are equal; see
`engine.lr.trials.IndexedTrials` for those that let every speaker count the same. With equal weights
within a class, `cllr`, `cllr_min`, `devpav`, `pav_log10_lr` and `cross_entropy` are those of the
package `lir` (Netherlands Forensic Institute); tests compare them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
MISLEADING = (1.0, 10.0, 100.0, 1000.0)


def error_rates(scores: Floats, same: Bools, weights: Floats) -> tuple[Floats, Floats]:
    """Miss and false-alarm rates at every threshold, from accepting all to accepting none.

    Trials with equal scores are accepted together.
    """
    order = np.argsort(scores, kind="stable")
    last_of_ties = np.append(np.diff(scores[order]) > 0, True)
    miss = np.cumsum(np.where(same, weights, 0)[order])[last_of_ties]
    passed = 1 - np.cumsum(np.where(same, 0, weights)[order])[last_of_ties]
    return np.append(0.0, miss), np.append(1.0, np.maximum(passed, 0.0))


def eer(scores: Floats, same: Bools, weights: Floats) -> float:
    """Equal error rate as a share, linear between the two operating points that enclose it."""
    miss, false_alarm = error_rates(scores, same, weights)
    gap = miss - false_alarm
    i = int(np.argmax(gap >= 0))
    if gap[i] == 0:
        return float(miss[i])
    part = -gap[i - 1] / (gap[i] - gap[i - 1])
    return float(miss[i - 1] + part * (miss[i] - miss[i - 1]))


def min_dcf(scores: Floats, same: Bools, weights: Floats, prior: float = 0.01) -> float:
    """Least detection cost at prior `prior`, unit costs, over that of the better trivial decision
    (NIST SRE)."""
    miss, false_alarm = error_rates(scores, same, weights)
    cost = prior * miss + (1 - prior) * false_alarm
    return float(cost.min() / min(prior, 1 - prior))


def cllr(log10_lr: Floats, same: Bools, weights: Floats) -> float:
    """Log-likelihood-ratio cost in bits (Brümmer and du Preez 2006, eq. 4); 1 for LR = 1."""
    natural = log10_lr * np.log(10)
    cost = np.logaddexp(0.0, np.where(same, -natural, natural)) / np.logaddexp(0.0, 0.0)
    missed = np.average(cost[same], weights=weights[same])
    alarmed = np.average(cost[~same], weights=weights[~same])
    return float((missed + alarmed) / 2)


def pav_log10_lr(scores: Floats, same: Bools, weights: Floats) -> Floats:
    """Optimal monotonic calibration of these very trials (pool adjacent violators).

    Trials without weight take part in nothing; their value is 0.
    """
    from scipy.optimize import isotonic_regression  # loads slowly, and few need it

    result = np.zeros(len(scores))
    counted = weights > 0
    scores, same, weights = scores[counted], same[counted], weights[counted]
    order = np.argsort(scores, kind="stable")
    tie = np.cumsum(np.append(False, np.diff(scores[order]) > 0))
    total = np.bincount(tie, weights[order])
    share = np.minimum(np.bincount(tie, np.where(same, weights, 0)[order]) / total, 1.0)
    posterior = isotonic_regression(share, weights=total).x[tie]
    with np.errstate(divide="ignore"):
        log10_lr = np.log10(posterior) - np.log10(1 - posterior)
    result[np.flatnonzero(counted)[order]] = log10_lr
    return result


def cllr_min(scores: Floats, same: Bools, weights: Floats) -> float:
    """Cllr after optimal monotonic calibration: what discrimination alone allows."""
    return cllr(pav_log10_lr(scores, same, weights), same, weights)


def devpav(log10_lr: Floats, same: Bools, weights: Floats) -> float:
    """Mean distance of the PAV-recalibrated log10 LRs from the given ones: 0 if well calibrated.

    The area between the diagonal and the line through the points (log10 LR, its PAV value), over
    the span of the points; points whose PAV value is infinite are left out (Vergeer et al. 2021,
    "Measuring calibration of likelihood-ratio systems"). NaN where none is left; with
    one distinct point its distance.
    """
    best = pav_log10_lr(log10_lr, same, weights)
    used = np.isfinite(best) & (weights > 0)
    x, at = np.unique(log10_lr[used], return_index=True)
    y = best[used][at]
    if len(x) == 0:
        return float("nan")
    gap = y - x
    if len(x) == 1:
        return float(abs(gap[0]))
    before, after = np.abs(gap[:-1]), np.abs(gap[1:])
    crossing = gap[:-1] * gap[1:] < 0
    total = np.where(crossing, before + after, 1.0)
    height = np.where(crossing, (before**2 + after**2) / total, before + after) / 2
    return float(np.sum(height * np.diff(x)) / (x[-1] - x[0]))


def cross_entropy(log10_lr: Floats, same: Bools, weights: Floats, log10_odds: Floats) -> Floats:
    """Empirical cross-entropy in bits per prior log10 odds [shape=(m,)]; Cllr at even odds
    (Ramos and Gonzalez-Rodriguez 2013)."""
    result = np.empty(len(log10_odds))
    for i, odds in enumerate(log10_odds):
        prior = 1 / (1 + 10**-odds)
        natural = (log10_lr + odds) * np.log(10)
        cost = weights * np.logaddexp(0.0, np.where(same, -natural, natural)) / np.log(2)
        result[i] = prior * np.sum(cost[same]) + (1 - prior) * np.sum(cost[~same])
    return result


def misleading_rates(log10_lr: Floats, same: Bools, weights: Floats) -> Floats:
    """Shares of misleading evidence [shape=(2, len(MISLEADING))].

    Row 0: different-source trials whose LR lies above each value of `MISLEADING`; row 1:
    same-source trials whose LR lies below one over it. LR = 1 misleads nobody.
    """
    limits = np.log10(MISLEADING)
    above = [np.sum(weights[~same & (log10_lr > limit)]) for limit in limits]
    below = [np.sum(weights[same & (log10_lr < -limit)]) for limit in limits]
    return np.array([above, below])
