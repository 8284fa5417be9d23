"""The affine map from scores to log10 LR, fitted by weighted logistic regression.

Reference: Brümmer and du Preez 2006; Morrison 2013, "Tutorial on logistic-regression calibration
and fusion".
"""

from __future__ import annotations

import numpy as np
from scipy.special import expit

from engine.lr.trials import Bools, Floats

NEWTON_STEPS = 50


def fit_line(
    scores: Floats, same: Bools, weights: Floats, regularisation: float
) -> tuple[float, float]:
    """Slope and intercept of log10_lr = slope * score + intercept.

    Minimises Cllr in nats under `weights` plus `regularisation` times the squared slope per
    weighted standard deviation of the scores: an LR of 1 is where few data pull. Newton's method.
    Where higher scores do not speak for the same source, the map is LR = 1 everywhere.
    Without regularisation there must be no score that separates the classes.
    """
    centre = float(np.average(scores, weights=weights))
    spread = float(np.sqrt(np.average((scores - centre) ** 2, weights=weights)))
    design = np.stack([(scores - centre) / max(spread, 1e-12), np.ones(len(weights))])
    penalty = np.diag([2 * regularisation, 1e-12])
    beta = np.zeros(2)
    for _ in range(NEWTON_STEPS):
        posterior = expit(beta @ design)
        gradient = design @ (weights * (posterior - same)) / 2 + penalty @ beta
        curvature = (design * (weights * posterior * (1 - posterior) / 2)) @ design.T + penalty
        step = np.linalg.solve(curvature, gradient)
        beta -= step
        if np.abs(step).max() < 1e-12:
            break
    if beta[0] <= 0:
        return 0.0, 0.0
    slope = float(beta[0]) / max(spread, 1e-12)
    return slope / np.log(10), (float(beta[1]) - slope * centre) / np.log(10)
