"""How far a calibration would have been another with other speakers.

Its name in a population's file says how:

``logistic_jackknife``
    The lines are Tukey's pseudo-values, one per speaker (per part of the speakers where there are
    many), of the maximum-likelihood line, which no prior draws toward LR = 1. A score's interval is
    their mean plus and minus Student's quantile times their standard error, for as many independent
    speakers as have same-source trials (Tukey 1958; Efron and Tibshirani 1993, eq. 11.17 to 11.19),
    and reaches to the reported value.
``logistic``
    The lines are a bootstrap's over speakers, the interval is the middle 95 % of them. Populations
    of formats 1 and 2 have it; it holds too little (ADR 21).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from engine.lr.affine import fit_line
from engine.lr.bootstrap import ResampledBins, leave_out, replicate
from engine.lr.trials import Floats, IndexedTrials, bin_values
from engine.progress import CancelToken, Progress, no_progress
from engine.types import CalibrationModel, LabelledScores

JACKKNIFE, BOOTSTRAP = "logistic_jackknife", "logistic"
NEARLY_NONE = 1e-6
SEED = 20261124


def pseudo_values(trials: IndexedTrials) -> Floats:
    """Pseudo-values [shape=(n_parts, 2)] of slope and intercept of the maximum-likelihood line.

    What separates the classes has no such line: a trace of a prior keeps it finite.
    """
    resampled = _resampled(trials)

    def line(drawn: NDArray[np.float32]) -> Floats | None:
        return _line(resampled, drawn, NEARLY_NONE)

    whole = np.array(line(np.ones(trials.n_speakers, np.float32)))
    left_out = leave_out(trials.n_speakers, line)
    n_parts = len(left_out)
    return np.asarray(n_parts * whole - (n_parts - 1) * left_out)


def bootstrap_lines(
    trials: IndexedTrials,
    regularisation: float,
    n_replicates: int,
    progress: Progress = no_progress,
    cancel: CancelToken | None = None,
) -> Floats:
    """Slope and intercept [shape=(n_replicates, 2)] for many draws of speakers (raises
    CANCELLED)."""
    resampled = _resampled(trials)
    return replicate(
        trials.n_speakers,
        n_replicates,
        SEED,
        lambda drawn: _line(resampled, drawn, regularisation),
        progress,
        cancel,
    )


def _resampled(trials: IndexedTrials) -> ResampledBins:
    return ResampledBins.of(trials, bin_values(trials.scores, trials.same, trials.weights))


def _line(
    resampled: ResampledBins, drawn: NDArray[np.float32], regularisation: float
) -> Floats | None:
    weights = resampled.weights(drawn)
    if weights is None:
        return None
    used = weights > 0
    return np.array(
        fit_line(resampled.values[used], resampled.same[used], weights[used], regularisation)
    )


def unbounded_interval(
    calibration: CalibrationModel, trials: LabelledScores, score: float
) -> tuple[float, float]:
    """The 95 % interval of log10 LR at a score, wherever the supported range ends; `trials` are
    those that the calibration was fitted on."""
    at_score = calibration.replicates @ [score, 1.0]
    if calibration.method == BOOTSTRAP:
        low, high = np.percentile(at_score, [2.5, 97.5])
        return float(low), float(high)
    n_parts = len(at_score)
    repeated = len(np.unique(trials.speaker_a[trials.same]))
    error = at_score.std(ddof=1) / np.sqrt(n_parts)
    reach = stdtrit(min(repeated, n_parts) - 1, 0.975) * error
    value = calibration.slope * score + calibration.intercept
    middle = at_score.mean()
    return min(float(middle - reach), value), max(float(middle + reach), value)
