"""Validation figures with speaker-bootstrap intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.errors import ErrorCode, SeongmunError
from engine.lr import metrics
from engine.lr.alternatives import Fit, logistic
from engine.lr.bootstrap import ResampledBins, interval, leave_out, replicate
from engine.lr.calibrate import (
    MINIMUM_SAME_SPEAKERS,
    MINIMUM_SPEAKERS,
    regularisation_for,
    require_different_scores,
)
from engine.lr.trials import (
    Bools,
    Floats,
    IndexedTrials,
    Ints,
    bin_values,
    index_trials,
    normalise_classes,
)
from engine.progress import CancelToken, Progress, no_progress
from engine.types import Estimate, LabelledScores, ValidationResult

FOLDS, MOST_LEFT_OUT = 10, 60
BOOTSTRAPS = 500
SCORE_FIGURES = ("eer", "min_dcf", "cllr_min")
MISLEADING_FIGURES = tuple(
    f"{side}_{limit:g}"
    for side in ("different_above", "same_below")
    for limit in metrics.MISLEADING
)
LR_FIGURES = ("cllr", "devpav", *MISLEADING_FIGURES)
FIGURES = (*SCORE_FIGURES, *LR_FIGURES, "cllr_cal")
BORDERS = tuple(float(b) for b in np.log10([1 / m for m in metrics.MISLEADING[:0:-1]])) + tuple(
    float(b) for b in np.log10(metrics.MISLEADING)
)
DEFINED_SHARE = 0.95
ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Validated:
    """Trials with their cross-validated log10 LRs [shape=(n,)] and every figure of `FIGURES`.

    A figure that the trials do not define (devPAV where the classes are separated) is None.
    """

    trials: IndexedTrials
    log10_lr: Floats
    figures: Mapping[str, Estimate | None]


def n_folds(n_speakers: int) -> int:
    """As many as there are speakers where these are few: how they are dealt changes nothing."""
    return n_speakers if n_speakers <= MOST_LEFT_OUT else FOLDS


def cross_validated_log10_lr(trials: LabelledScores, seed: int = 0) -> Floats:
    """Calibrate every trial on speakers that are not in it.

    Speakers are dealt into `n_folds` folds; a trial between folds i and j is calibrated on the
    trials whose speakers are in neither.

    Raises
    ------
    SeongmunError
        POPULATION_TOO_SMALL where those trials lack same-source or different-source ones.
    """
    return np.asarray(cross_validated(index_trials(trials), [logistic], seed)[0])


def cross_validated(trials: IndexedTrials, fits: Sequence[Fit], seed: int = 0) -> Floats:
    """As `cross_validated_log10_lr`, with any calibrations, fitted on the scores' bins; float64
    [shape=(len(fits), n)]."""
    folds = n_folds(trials.n_speakers)
    fold = np.random.default_rng(seed).permutation(trials.n_speakers) % folds
    first, second = fold[trials.first], fold[trials.second]
    low, high = np.minimum(first, second), np.maximum(first, second)
    bins = bin_values(trials.scores, trials.same, trials.weights)
    cell = bins.number + bins.count * trials.same
    values, same = bins.centres.ravel(), np.repeat([False, True], bins.count)
    whole = np.bincount(cell, trials.weights, len(values))
    with_fold = _weights_with_fold(trials, (low, high), cell, (folds, len(values)))
    partners = _partner_folds(trials, fold, folds)
    order = np.argsort(low * folds + high, kind="stable")
    bounds = np.searchsorted((low * folds + high)[order], np.arange(folds**2 + 1))
    result = np.empty((len(fits), len(trials.scores)))
    for i in range(folds):
        for j in range(i, folds):
            tested = order[bounds[i * folds + j] : bounds[i * folds + j + 1]]
            if not len(tested):
                continue
            weights = whole - with_fold[i]
            if i != j:
                both = np.bincount(cell[tested], trials.weights[tested], len(values))
                weights += both - with_fold[j]
            used = weights > ROUNDING * whole
            if not (used & same).any() or not (used & ~same).any():
                raise _too_small(trials)
            kept = np.setdiff1d(np.arange(folds), [i, j])
            there = int((~np.isin(fold, [i, j]) & partners[:, kept].any(axis=1)).sum())
            part = values[used], same[used], normalise_classes(weights[used], same[used])
            for number, fit in enumerate(fits):
                calibration = fit(*part, regularisation_for(there))
                result[number, tested] = calibration(trials.scores[tested])
    return result


def _weights_with_fold(
    trials: IndexedTrials, sides: tuple[Ints, Ints], cell: Ints, shape: tuple[int, int]
) -> Floats:
    """Weight of the trials that a fold takes part in, per pseudo-trial [shape=(folds, cells)]."""
    low, high = sides
    unlike = low != high
    at = np.concatenate([low * shape[1] + cell, (high * shape[1] + cell)[unlike]])
    weights = np.concatenate([trials.weights, trials.weights[unlike]])
    return np.asarray(np.bincount(at, weights, shape[0] * shape[1]).reshape(shape), np.float64)


def _partner_folds(trials: IndexedTrials, fold: Ints, folds: int) -> Bools:
    """Whether a speaker has a trial with one of a fold [shape=(n_speakers, folds)]."""
    result = np.zeros((trials.n_speakers, folds), np.bool_)
    result[trials.first, fold[trials.second]] = True
    result[trials.second, fold[trials.first]] = True
    return result


def _too_small(trials: IndexedTrials) -> SeongmunError:
    return SeongmunError(
        ErrorCode.POPULATION_TOO_SMALL, n_speakers=trials.n_speakers, minimum=MINIMUM_SPEAKERS
    )


def score_figures(scores: Floats, same: Bools, weights: Floats) -> Floats:
    """The values of `SCORE_FIGURES`."""
    parts = (metrics.eer, metrics.min_dcf, metrics.cllr_min)
    return np.array([figure(scores, same, weights) for figure in parts])


def lr_figures(log10_lr: Floats, same: Bools, weights: Floats) -> Floats:
    """The values of `LR_FIGURES`."""
    parts = (metrics.cllr, metrics.devpav)
    rates = metrics.misleading_rates(log10_lr, same, weights)
    return np.array([*(figure(log10_lr, same, weights) for figure in parts), *rates.ravel()])


def evaluate(
    trials: LabelledScores,
    n_bootstrap: int = BOOTSTRAPS,
    seed: int = 0,
    progress: Progress = no_progress,
    cancel: CancelToken | None = None,
) -> Validated:
    """Every figure of scores and of their cross-validated calibration, speakers weighted equally.

    The figures are of the trials, the intervals of their bins (see `engine.lr.trials`). The
    intervals resample speakers; the calibration is not fitted again for each resample.

    Raises
    ------
    SeongmunError
        POPULATION_TOO_SMALL, SCORES_IDENTICAL, CANCELLED.
    """
    if not trials.same.any() or trials.same.all():
        minimum = MINIMUM_SPEAKERS if trials.same.any() else MINIMUM_SAME_SPEAKERS
        raise SeongmunError(ErrorCode.POPULATION_TOO_SMALL, n_speakers=0, minimum=minimum)
    indexed = index_trials(trials)
    require_different_scores(trials)
    log10_lr = cross_validated(indexed, [logistic], seed)[0]
    figures = bootstrapped(indexed, log10_lr, n_bootstrap, seed, progress, cancel)
    return Validated(indexed, log10_lr, figures)


def bootstrapped(
    trials: IndexedTrials,
    log10_lr: Floats,
    n_bootstrap: int,
    seed: int,
    progress: Progress = no_progress,
    cancel: CancelToken | None = None,
) -> dict[str, Estimate | None]:
    """Every figure of `FIGURES` with its interval (raises CANCELLED)."""
    same, weights = trials.same, trials.weights
    by_score = ResampledBins.of(trials, bin_values(trials.scores, same, weights))
    by_lr = ResampledBins.of(trials, bin_values(log10_lr, same, weights, BORDERS))

    def figures(drawn: NDArray[np.float32]) -> Floats | None:
        of_scores, of_lrs = by_score.weights(drawn), by_lr.weights(drawn)
        if of_scores is None or of_lrs is None:
            return None
        return _with_difference(
            score_figures(by_score.values, by_score.same, of_scores),
            lr_figures(by_lr.values, by_lr.same, of_lrs),
        )

    values = _with_difference(
        score_figures(trials.scores, same, weights), lr_figures(log10_lr, same, weights)
    )
    found = replicate(trials.n_speakers, n_bootstrap, seed, figures, progress, cancel)
    without = leave_out(trials.n_speakers, figures)
    repeated = len(np.unique(trials.first[same]))
    at_least = _highest_unseen_rates(trials)
    return {
        name: _estimate(
            value, column, parts, repeated, at_least.get(name, 0.0) if value < ROUNDING else 0.0
        )
        for name, value, column, parts in zip(FIGURES, values, found.T, without.T, strict=True)
    }


def _highest_unseen_rates(trials: IndexedTrials) -> dict[str, float]:
    """Where an interval must reach for a rate that was never seen to differ from 0: no resample
    knows better, and [0, 0] would claim certainty.

    Clopper and Pearson (1934) for none of n independent trials: n speakers of same-source trials,
    or the pairs without a common speaker among those of different-source trials.
    """
    same = trials.same
    repeated = len(np.unique(trials.first[same]))
    compared = len(np.union1d(trials.first[~same], trials.second[~same])) // 2
    unseen = {
        name: 1 - 0.025 ** (1 / max(n, 1))
        for name, n in (("same_below", repeated), ("different_above", compared))
    }
    rates = {name: unseen[name.rpartition("_")[0]] for name in MISLEADING_FIGURES}
    return rates | {"eer": unseen["same_below"]}


def _with_difference(of_scores: Floats, of_lrs: Floats) -> Floats:
    """All figures in the order of `FIGURES`: Cllr_cal is what Cllr has above Cllr_min."""
    return np.array([*of_scores, *of_lrs, of_lrs[0] - of_scores[-1]])


def _estimate(
    value: float, replicates: Floats, left_out: Floats, n_speakers: int, at_least: float
) -> Estimate | None:
    defined = replicates[np.isfinite(replicates)]
    if not np.isfinite(value) or len(defined) < DEFINED_SHARE * len(replicates):
        return None
    parts = left_out[np.isfinite(left_out)]
    low, high = interval(float(value), defined, parts, max(n_speakers, 2))
    return Estimate(float(value), low, max(high, at_least))


def validate(
    trials: LabelledScores, n_bootstrap: int = BOOTSTRAPS, seed: int = 0
) -> ValidationResult:
    """The figures that a population carries (raises as `evaluate`)."""
    return result_of(evaluate(trials, n_bootstrap, seed))


def result_of(validated: Validated) -> ValidationResult:
    """The figures that a population carries."""

    def figure(name: str) -> Estimate:
        found = validated.figures[name]
        assert found is not None  # only devPAV may be undefined
        return found

    same = validated.trials.same
    return ValidationResult(
        n_speakers=validated.trials.n_speakers,
        n_same=int(same.sum()),
        n_different=int((~same).sum()),
        eer=figure("eer"),
        min_dcf=figure("min_dcf"),
        cllr=figure("cllr"),
        cllr_min=figure("cllr_min"),
        cllr_cal=figure("cllr_cal"),
    )
