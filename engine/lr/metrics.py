"""Performance of scores and likelihood ratios, every trial weighted.

Weights of same-source and of different-source trials each sum to one, so priors are equal; see
`trial_weights` for the choice that lets every speaker count the same.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression

from engine.types import LabelledScores

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


def trial_weights(trials: LabelledScores) -> Floats:
    """Weights [shape=(n,)]: each speaker counts the same among same-source trials, each unordered
    pair of speakers the same among different-source trials, and each class sums to one."""
    pairs = np.sort(np.stack([trials.speaker_a, trials.speaker_b]), axis=0)
    _, group, sizes = np.unique(pairs, axis=1, return_inverse=True, return_counts=True)
    weights = 1.0 / sizes[group.ravel()]
    return normalise_classes(weights, trials.same)


def normalise_classes(weights: Floats, same: Bools) -> Floats:
    """Scale the weights so that those of each class sum to one."""
    result = weights.astype(np.float64)
    result[same] /= result[same].sum()
    result[~same] /= result[~same].sum()
    return result


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
    result = np.zeros(len(scores))
    counted = weights > 0
    scores, same, weights = scores[counted], same[counted], weights[counted]
    order = np.lexsort((~same, scores))
    _, tie = np.unique(scores[order], return_inverse=True)
    total = np.bincount(tie, weights[order])
    share = np.bincount(tie, np.where(same, weights, 0)[order]) / total
    posterior = isotonic_regression(share, weights=total).x[tie]
    with np.errstate(divide="ignore"):
        log10_lr = np.log10(posterior) - np.log10(1 - posterior)
    result[np.flatnonzero(counted)[order]] = log10_lr
    return result


def cllr_min(scores: Floats, same: Bools, weights: Floats) -> float:
    """Cllr after optimal monotonic calibration: what discrimination alone allows."""
    return cllr(pav_log10_lr(scores, same, weights), same, weights)
