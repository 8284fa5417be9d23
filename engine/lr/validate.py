"""Validation figures with speaker-bootstrap intervals."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from engine.errors import ErrorCode, SeongmunError
from engine.lr.calibrate import (
    MINIMUM_SPEAKERS,
    fit_affine,
    regularisation_for,
    resampled_weights,
    speakers_of,
)
from engine.lr.metrics import cllr, cllr_min, eer, min_dcf, normalise_classes, trial_weights
from engine.types import Estimate, LabelledScores, ValidationResult

FOLDS = 10
BOOTSTRAPS = 500
Floats = NDArray[np.float64]


def cross_validated_log10_lr(trials: LabelledScores, seed: int = 0) -> Floats:
    """Calibrate every trial on speakers that are not in it.

    Speakers are dealt into `FOLDS` folds; a trial between folds i and j is calibrated on the
    trials whose speakers are in neither.

    Raises
    ------
    SeongmunError
        POPULATION_TOO_SMALL where those trials lack same-source or different-source ones.
    """
    speakers = speakers_of(trials)
    fold = np.random.default_rng(seed).permutation(len(speakers)) % FOLDS
    first = fold[np.searchsorted(speakers, trials.speaker_a)]
    second = fold[np.searchsorted(speakers, trials.speaker_b)]
    result = np.empty(len(trials.scores))
    weights = trial_weights(trials)
    for low in range(FOLDS):
        for high in range(low, FOLDS):
            tested = (np.minimum(first, second) == low) & (np.maximum(first, second) == high)
            if not tested.any():
                continue
            fitted = ~np.isin(first, [low, high]) & ~np.isin(second, [low, high])
            part = LabelledScores(
                trials.scores[fitted],
                trials.same[fitted],
                trials.speaker_a[fitted],
                trials.speaker_b[fitted],
            )
            if part.same.all() or not part.same.any():
                raise _too_small(trials)
            slope, intercept = fit_affine(
                part,
                normalise_classes(weights[fitted], part.same),
                regularisation_for(len(speakers_of(part))),
            )
            result[tested] = slope * trials.scores[tested] + intercept
    return result


def _too_small(trials: LabelledScores) -> SeongmunError:
    found = len(speakers_of(trials))
    return SeongmunError(ErrorCode.POPULATION_TOO_SMALL, n_speakers=found, minimum=MINIMUM_SPEAKERS)


def validate(
    trials: LabelledScores, n_bootstrap: int = BOOTSTRAPS, seed: int = 0
) -> ValidationResult:
    """Figures of scores and of their cross-validated calibration, speakers weighted equally.

    The intervals resample speakers; the calibration is not fitted again for each resample.

    Raises
    ------
    SeongmunError
        POPULATION_TOO_SMALL.
    """
    if trials.same.all() or not trials.same.any():
        raise _too_small(trials)
    log10_lr = cross_validated_log10_lr(trials, seed)
    weights = trial_weights(trials)
    rng = np.random.default_rng(seed)
    drawn = [resampled_weights(trials, weights, rng) for _ in range(n_bootstrap)]
    resampled = [w for w in drawn if w is not None]
    same = trials.same

    def estimate(figure: Callable[[Floats], float]) -> Estimate:
        low, high = np.percentile([figure(w) for w in resampled], [2.5, 97.5])
        return Estimate(figure(weights), float(low), float(high))

    return ValidationResult(
        n_speakers=len(speakers_of(trials)),
        n_same=int(same.sum()),
        n_different=int((~same).sum()),
        eer=estimate(lambda w: eer(trials.scores, same, w)),
        min_dcf=estimate(lambda w: min_dcf(trials.scores, same, w)),
        cllr=estimate(lambda w: cllr(log10_lr, same, w)),
        cllr_min=estimate(lambda w: cllr_min(trials.scores, same, w)),
        cllr_cal=estimate(lambda w: cllr(log10_lr, same, w) - cllr_min(trials.scores, same, w)),
    )
