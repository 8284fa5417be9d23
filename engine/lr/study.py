"""A validation study: how well likelihood ratios work on trials whose truth is known.

`run_study` makes one; `study_document` is its canonical JSON (format 1)::

    format, study_id, created_utc, source {name, population_id, population_sha256, model_sha256,
    conditions}, trials {sha256, n_speakers, n_same, n_different}, scheme {validation, folds, seed,
    calibration, weighting, bootstrap, replicates}, figures {name: {value, low, high} or null},
    calibrations {method: {cllr, devpav or null}}, bounds_log10, by_condition [{condition, low,
    high or null, n_same, n_different, same_log10, different_log10}]

`figures` are those of `engine.lr.validate.FIGURES` with their 95 % intervals by bootstrap over
speakers; `same_log10` and `different_log10` are the 5 %, 50 % and 95 % points of log10 LR.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np

from engine.lr import metrics
from engine.lr.alternatives import CALIBRATIONS, logistic
from engine.lr.bounds import supported_range
from engine.lr.trials import Bools, Floats, IndexedTrials
from engine.lr.validate import Validated, cross_validated, evaluate, n_folds
from engine.progress import CancelToken, Progress, no_progress
from engine.types import Estimate, LabelledScores, ParamValue

FORMAT = 1
REPLICATES = 1000
QUANTILES = (0.05, 0.5, 0.95)
EDGES: Mapping[str, tuple[float, ...]] = {
    "net_speech_s": (0, 3, 5, 10, 20, 40, math.inf),
    "snr_db": (-math.inf, 0, 10, 20, 30, math.inf),
}


@dataclass(frozen=True, slots=True)
class StudySource:
    """Where the trials of a study come from; what is not known is empty."""

    name: str
    population_id: str = ""
    population_sha256: str = ""
    model_sha256: str = ""
    conditions: Mapping[str, ParamValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ConditionBin:
    """Trials whose worse side has `low` <= condition < `high`; `high` None is without end.

    `same_log10` and `different_log10` are the `QUANTILES` of log10 LR, weighted as the figures
    are; None where the bin has no such trial.
    """

    condition: str
    low: float | None
    high: float | None
    n_same: int
    n_different: int
    same_log10: tuple[float, ...] | None
    different_log10: tuple[float, ...] | None


@dataclass(frozen=True, slots=True)
class ValidationStudy:
    """The study as it is kept, printed and signed; see the module."""

    study_id: str
    created_utc: str
    source: StudySource
    trials_sha256: str
    n_speakers: int
    n_same: int
    n_different: int
    scheme: Mapping[str, ParamValue]
    figures: Mapping[str, Estimate | None]
    calibrations: Mapping[str, Mapping[str, float | None]]
    bounds_log10: tuple[float, float]
    by_condition: tuple[ConditionBin, ...]


def run_study(
    trials: LabelledScores,
    study_id: str,
    created_utc: str,
    source: StudySource,
    conditions: Mapping[str, Floats] | None = None,
    n_replicates: int = REPLICATES,
    seed: int = 0,
    progress: Progress = no_progress,
    cancel: CancelToken | None = None,
) -> tuple[ValidationStudy, Validated]:
    """Validate trials; also returns the trials with their log10 LRs, for plots.

    Parameters
    ----------
    conditions : by the names of `EDGES`, float64 [shape=(n,)]: every trial's value, that of its
        worse side; NaN where it is not known

    Raises
    ------
    SeongmunError
        POPULATION_TOO_SMALL, SCORES_IDENTICAL, CANCELLED.
    """
    validated = evaluate(trials, n_replicates, seed, progress, cancel)
    indexed, log10_lr = validated.trials, validated.log10_lr
    study = ValidationStudy(
        study_id=study_id,
        created_utc=created_utc,
        source=source,
        trials_sha256=trials_hash(indexed),
        n_speakers=indexed.n_speakers,
        n_same=int(indexed.same.sum()),
        n_different=int((~indexed.same).sum()),
        scheme={
            "validation": "speakers dealt into folds; a trial is calibrated without its folds",
            "folds": n_folds(indexed.n_speakers),
            "seed": seed,
            "calibration": "logistic",
            "weighting": "every speaker and every pair of speakers the same",
            "bootstrap": "speakers",
            "replicates": n_replicates,
        },
        figures=validated.figures,
        calibrations=compare_calibrations(validated, seed),
        bounds_log10=supported_range(log10_lr, indexed.same, indexed.n_speakers),
        by_condition=tuple(
            part
            for name, values in (conditions or {}).items()
            for part in condition_bins(validated, name, values)
        ),
    )
    return study, validated


def trials_hash(trials: IndexedTrials) -> str:
    """SHA-256 of a trial list in its order: scores as little-endian float64, labels as octets,
    the positions of both speakers as uint32, and the speakers' names in order, a line each."""
    digest = hashlib.sha256()
    digest.update(trials.scores.astype("<f8").tobytes())
    digest.update(trials.same.astype("u1").tobytes())
    for side in (trials.first, trials.second):
        digest.update(side.astype("<u4").tobytes())
    digest.update("\n".join(trials.speakers).encode("utf-8"))
    return digest.hexdigest()


def compare_calibrations(validated: Validated, seed: int) -> dict[str, dict[str, float | None]]:
    """Cllr and devPAV of every calibration, cross-validated as the product's own."""
    trials = validated.trials
    others = {name: fit for name, fit in CALIBRATIONS.items() if fit is not logistic}
    mapped_by = dict(zip(others, cross_validated(trials, [*others.values()], seed), strict=True))
    found: dict[str, dict[str, float | None]] = {}
    for name in CALIBRATIONS:
        mapped = mapped_by.get(name, validated.log10_lr)
        distance = metrics.devpav(mapped, trials.same, trials.weights)
        found[name] = {
            "cllr": metrics.cllr(mapped, trials.same, trials.weights),
            "devpav": distance if math.isfinite(distance) else None,
        }
    return found


def condition_bins(validated: Validated, condition: str, values: Floats) -> list[ConditionBin]:
    """The bins of a condition that have trials."""
    edges = EDGES[condition]
    same = validated.trials.same
    found = []
    for low, high in pairwise(edges):
        inside = (values >= low) & (values < high)
        if inside.any():
            found.append(
                ConditionBin(
                    condition,
                    low if math.isfinite(low) else None,
                    high if math.isfinite(high) else None,
                    int((inside & same).sum()),
                    int((inside & ~same).sum()),
                    _quantiles(validated, inside & same),
                    _quantiles(validated, inside & ~same),
                )
            )
    return found


def _quantiles(validated: Validated, chosen: Bools) -> tuple[float, ...] | None:
    """The values below which the trials have the `QUANTILES` of their weight."""
    if not chosen.any():
        return None
    values, weights = validated.log10_lr[chosen], validated.trials.weights[chosen]
    order = np.argsort(values, kind="stable")
    share = np.cumsum(weights[order]) / weights.sum()
    at = np.minimum(np.searchsorted(share, QUANTILES), len(values) - 1)
    return tuple(float(values[order[i]]) for i in at)


def study_document(study: ValidationStudy) -> dict[str, Any]:
    """The study as JSON data; `engine.canonical.canonical_bytes` makes its bytes."""
    content = asdict(study)
    trials = {
        "sha256": content.pop("trials_sha256"),
        **{name: content.pop(name) for name in ("n_speakers", "n_same", "n_different")},
    }
    return {"format": FORMAT, "trials": trials, **content}
