"""Score to likelihood ratio: an affine map fitted by weighted logistic regression.

Reference: Brümmer and du Preez 2006; Morrison 2013, "Tutorial on logistic-regression calibration
and fusion".
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from engine.errors import ErrorCode, SeongmunError
from engine.lr.bootstrap import ResampledBins, replicate
from engine.lr.bounds import supported_range
from engine.lr.trials import Bools, Floats, bin_values, index_trials
from engine.progress import CancelToken, Progress, no_progress
from engine.types import CalibrationModel, LabelledScores, LikelihoodRatio, Population

MINIMUM_SPEAKERS = 20
MINIMUM_SAME_SPEAKERS = 8
REGULARISATION = 0.1
REPLICATES = 500
SEED = 20261124
NEWTON_STEPS = 50


def fit_affine(
    trials: LabelledScores, weights: Floats, regularisation: float
) -> tuple[float, float]:
    """`fit_line` of labelled scores."""
    return fit_line(trials.scores, trials.same, weights, regularisation)


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


def regularisation_for(n_speakers: int) -> float:
    """The fewer the speakers, the stronger the pull toward LR = 1."""
    return REGULARISATION / n_speakers


def require_size(trials: LabelledScores) -> None:
    """Refuse a population that cannot carry a calibration.

    Raises
    ------
    SeongmunError
        POPULATION_TOO_SMALL under `MINIMUM_SPEAKERS` in different-source trials, or under
        `MINIMUM_SAME_SPEAKERS` in same-source trials; SCORES_IDENTICAL where no score differs.
    """
    compared = _names(trials, ~trials.same)
    repeated = _names(trials, trials.same)
    for found, minimum in (
        (len(compared), MINIMUM_SPEAKERS),
        (len(repeated), MINIMUM_SAME_SPEAKERS),
    ):
        if found < minimum:
            raise SeongmunError(ErrorCode.POPULATION_TOO_SMALL, n_speakers=found, minimum=minimum)
    require_different_scores(trials)


def require_different_scores(trials: LabelledScores) -> None:
    """Refuse scores that are all the same: they say nothing of who speaks (SCORES_IDENTICAL)."""
    if np.ptp(trials.scores) == 0:
        raise SeongmunError(ErrorCode.SCORES_IDENTICAL, n_trials=len(trials.scores))


def _names(trials: LabelledScores, chosen: Bools) -> set[str]:
    sides = (trials.speaker_a[chosen], trials.speaker_b[chosen])
    return {str(name) for side in sides for name in side.tolist()}


def fit_calibration(
    trials: LabelledScores,
    n_replicates: int = REPLICATES,
    seed: int = SEED,
    progress: Progress = no_progress,
    cancel: CancelToken | None = None,
) -> CalibrationModel:
    """Fit the map, its speaker-bootstrap replicates and the range that the data support.

    The map is fitted on the scores, its replicates on their bins (see `engine.lr.trials`).

    Raises
    ------
    SeongmunError
        POPULATION_TOO_SMALL, SCORES_IDENTICAL, CANCELLED.
    """
    require_size(trials)
    indexed = index_trials(trials)
    regularisation = regularisation_for(indexed.n_speakers)
    slope, intercept = fit_affine(trials, indexed.weights, regularisation)
    bins = bin_values(indexed.scores, indexed.same, indexed.weights)
    resampled = ResampledBins.of(indexed, bins)

    def line(drawn: NDArray[np.float32]) -> Floats | None:
        weights = resampled.weights(drawn)
        if weights is None:
            return None
        used = weights > 0
        fitted = fit_line(
            resampled.values[used], resampled.same[used], weights[used], regularisation
        )
        return np.array(fitted)

    replicates = replicate(indexed.n_speakers, n_replicates, seed, line, progress, cancel)
    bounds = supported_range(slope * trials.scores + intercept, trials.same, indexed.n_speakers)
    return CalibrationModel(slope, intercept, replicates, bounds)


def apply(population: Population, score: float) -> LikelihoodRatio:
    """The likelihood ratio of a score, kept within the range that the population supports.

    Flags: ``lr.at_bound`` where the bound, not the map, gives the value; ``lr.score_outside``
    where no calibration trial scored as low or as high.
    """
    calibration = population.calibration
    low, high = calibration.bounds_log10
    unbounded = calibration.slope * score + calibration.intercept
    replicates = calibration.replicates[:, 0] * score + calibration.replicates[:, 1]
    interval = np.clip(np.percentile(replicates, [2.5, 97.5]), low, high)
    flags = []
    if not low <= unbounded <= high:
        flags.append("lr.at_bound")
    scores = population.trials.scores
    if not scores.min() <= score <= scores.max():
        flags.append("lr.score_outside")
    return LikelihoodRatio(
        log10_lr=float(np.clip(unbounded, low, high)),
        interval_log10=(float(interval[0]), float(interval[1])),
        bounds_log10=(low, high),
        unbounded_log10_lr=float(unbounded),
        population_id=population.id,
        population_sha256=population.file_sha256,
        model_sha256=population.model_sha256,
        flags=tuple(flags),
    )
