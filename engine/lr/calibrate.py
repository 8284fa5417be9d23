"""Score to likelihood ratio: the fitted map, how far it varies, and the range it supports."""

from __future__ import annotations

import numpy as np

from engine.errors import ErrorCode, SeongmunError
from engine.lr.affine import fit_line
from engine.lr.bounds import supported_range
from engine.lr.trials import Bools, Floats, index_trials
from engine.lr.variability import (
    BOOTSTRAP,
    JACKKNIFE,
    bootstrap_lines,
    pseudo_values,
    unbounded_interval,
)
from engine.progress import CancelToken, Progress, no_progress
from engine.types import CalibrationModel, LabelledScores, LikelihoodRatio, Population

MINIMUM_SPEAKERS = 20
MINIMUM_SAME_SPEAKERS = 8
REGULARISATION = 0.1
REPLICATES = 500


def fit_affine(
    trials: LabelledScores, weights: Floats, regularisation: float
) -> tuple[float, float]:
    """`fit_line` of labelled scores."""
    return fit_line(trials.scores, trials.same, weights, regularisation)


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
    method: str = JACKKNIFE,
    n_replicates: int = REPLICATES,
    progress: Progress = no_progress,
    cancel: CancelToken | None = None,
) -> CalibrationModel:
    """Fit the map, the lines that its intervals are read from, and the range that the data support.

    The map is fitted on the scores, the lines on their bins (see `engine.lr.trials`).

    Parameters
    ----------
    method : `engine.lr.variability` has them; `n_replicates` is the number of bootstrap lines

    Raises
    ------
    SeongmunError
        POPULATION_TOO_SMALL, SCORES_IDENTICAL, CANCELLED.
    """
    require_size(trials)
    indexed = index_trials(trials)
    regularisation = regularisation_for(indexed.n_speakers)
    slope, intercept = fit_affine(trials, indexed.weights, regularisation)
    if method == BOOTSTRAP:
        lines = bootstrap_lines(indexed, regularisation, n_replicates, progress, cancel)
    else:
        lines = pseudo_values(indexed)
    bounds = supported_range(slope * trials.scores + intercept, trials.same, indexed.n_speakers)
    return CalibrationModel(slope, intercept, lines, bounds, method)


def apply(population: Population, score: float) -> LikelihoodRatio:
    """The likelihood ratio of a score, kept within the range that the population supports.

    Flags: ``lr.at_bound`` where the bound, not the map, gives the value; ``lr.interval_at_bound``
    where it cuts the interval; ``lr.score_outside`` where no calibration trial scored as low or as
    high.
    """
    calibration = population.calibration
    low, high = calibration.bounds_log10
    unbounded = calibration.slope * score + calibration.intercept
    whole = unbounded_interval(calibration, population.trials, score)
    interval = np.clip(whole, low, high)
    flags = []
    if not low <= unbounded <= high:
        flags.append("lr.at_bound")
    elif calibration.method != BOOTSTRAP and not low <= whole[0] <= whole[1] <= high:
        flags.append("lr.interval_at_bound")
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
