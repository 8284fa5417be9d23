"""Population files: one JSON document with the calibration and every score it was fitted on.

Keys (format 3): ``format, id, description, created_utc, model_sha256, source, licence, conditions,
calibration {method, slope, intercept, bounds_log10, replicates, regularisation},
validation {n_speakers, …, eer {value, low, high}, …}, trials {score, same, speaker_a, speaker_b},
recordings``: null, or ``{items [{name, sha256, speaker, …}], first, second, choices, left_out}`` as
`engine.types.PopulationRecordings`. `engine.lr.variability` tells what the replicates of a method
are. Format 2 had those of a bootstrap and its seed, format 1 no `recordings`; both are still read.
`check_population` fits the calibration again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import ErrorCode, SeongmunError
from engine.files import write_atomic
from engine.lr.calibrate import fit_calibration, regularisation_for, require_size
from engine.lr.conditions import checked_conditions
from engine.lr.trials import speakers_of
from engine.lr.validate import evaluate, result_of
from engine.lr.variability import BOOTSTRAP, JACKKNIFE
from engine.progress import CancelToken, Progress, no_progress
from engine.types import (
    CalibrationModel,
    Estimate,
    LabelledScores,
    ParamValue,
    Population,
    PopulationRecording,
    PopulationRecordings,
    ValidationResult,
)

FORMAT = 3
MINIMUM_REPLICATES = {BOOTSTRAP: 100, JACKKNIFE: 20}
REFIT_TOLERANCE = 1e-6
INVALID = (
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    ArithmeticError,
    RecursionError,
)


def make_population(
    path: Path,
    *,
    population_id: str,
    description: str,
    created_utc: str,
    model_sha256: str,
    source: str,
    licence: str,
    conditions: Mapping[str, ParamValue],
    trials: LabelledScores,
    recordings: PopulationRecordings | None = None,
    progress: Progress = no_progress,
    cancel: CancelToken | None = None,
) -> Population:
    """Fit a calibration and write the population file.

    Raises
    ------
    SeongmunError
        POPULATION_TOO_SMALL, SCORES_IDENTICAL, POPULATION_INVALID (no description), FILE_*,
        CANCELLED.
    """
    calibration = fit_calibration(trials, progress=progress, cancel=cancel)
    document = {
        "format": FORMAT,
        "id": population_id,
        "description": description,
        "created_utc": created_utc,
        "model_sha256": model_sha256,
        "source": source,
        "licence": licence,
        "conditions": dict(conditions),
        "calibration": {
            "method": calibration.method,
            "slope": calibration.slope,
            "intercept": calibration.intercept,
            "bounds_log10": list(calibration.bounds_log10),
            "replicates": calibration.replicates.tolist(),
            "regularisation": regularisation_for(len(speakers_of(trials))),
        },
        "validation": asdict(result_of(evaluate(trials, progress=progress, cancel=cancel))),
        "trials": {
            "score": trials.scores.tolist(),
            "same": trials.same.astype(int).tolist(),
            "speaker_a": trials.speaker_a.tolist(),
            "speaker_b": trials.speaker_b.tolist(),
        },
        "recordings": _describe_recordings(recordings) if recordings else None,
    }
    text = json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    content = text.encode("utf-8")
    population = _parse(content, path)
    write_atomic(path, content)
    return population


def load_population(path: Path) -> Population:
    """Read and validate a population file.

    Raises
    ------
    SeongmunError
        POPULATION_MISSING, POPULATION_INVALID, POPULATION_TOO_SMALL.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise SeongmunError(ErrorCode.POPULATION_MISSING, path=str(path)) from error
    return _parse(content, path)


def find_population(name: str, directory: Path) -> Population:
    """Load a population named by its file or, within `directory`, by its id."""
    path = Path(name)
    return load_population(path if path.is_file() else directory / f"{path.name}.json")


def require_model(population: Population, model_sha256: str) -> None:
    """Refuse to calibrate one model's scores with another's population (POPULATION_MODEL)."""
    if population.model_sha256 != model_sha256:
        raise SeongmunError(ErrorCode.POPULATION_MODEL, population=population.id)


def check_population(population: Population) -> bool:
    """Whether the stored calibration follows from the stored trials, fitted again."""
    stored = population.calibration
    fitted = fit_calibration(population.trials, stored.method, len(stored.replicates))
    pairs = (
        ([stored.slope, stored.intercept], [fitted.slope, fitted.intercept]),
        (stored.bounds_log10, fitted.bounds_log10),
        (stored.replicates, fitted.replicates),
    )
    if len(stored.replicates) != len(fitted.replicates):
        return False
    return all(np.allclose(a, b, rtol=REFIT_TOLERANCE, atol=REFIT_TOLERANCE) for a, b in pairs)


def _parse(content: bytes, path: Path) -> Population:
    try:
        document = json.loads(content)
        population = _population(document, hashlib.sha256(content).hexdigest())
    except INVALID as error:
        raise SeongmunError(
            ErrorCode.POPULATION_INVALID, path=str(path), reason=str(error)
        ) from error
    require_size(population.trials)
    return population


def _population(document: dict[str, Any], file_sha256: str) -> Population:
    if document["format"] not in range(1, FORMAT + 1):
        raise ValueError(f"format {document['format']}, this program reads 1 to {FORMAT}")
    for key in ("id", "description", "model_sha256"):
        if not document[key].strip():
            raise ValueError(f"{key} is mandatory")
    stored, columns = document["calibration"], document["trials"]
    if not set(columns["same"]) <= {0, 1}:
        raise ValueError("same must be 0 or 1")
    trials = LabelledScores(
        np.array(columns["score"], np.float64),
        np.array(columns["same"], np.bool_),
        np.array(columns["speaker_a"], np.str_),
        np.array(columns["speaker_b"], np.str_),
    )
    calibration = CalibrationModel(
        float(stored["slope"]),
        float(stored["intercept"]),
        np.array(stored["replicates"], np.float64),
        (float(stored["bounds_log10"][0]), float(stored["bounds_log10"][1])),
        str(stored["method"]),
    )
    line = [calibration.slope, calibration.intercept, *calibration.bounds_log10]
    if not np.isfinite([*line, *calibration.replicates.ravel()]).all() or calibration.slope < 0:
        raise ValueError("the calibration is not finite and increasing")
    minimum = MINIMUM_REPLICATES[calibration.method]
    if len(calibration.replicates) < minimum:
        raise ValueError(f"fewer than {minimum} replicates")
    return Population(
        id=document["id"],
        description=document["description"],
        model_sha256=document["model_sha256"],
        file_sha256=file_sha256,
        n_speakers=len(speakers_of(trials)),
        n_same=int(trials.same.sum()),
        n_different=int((~trials.same).sum()),
        conditions=checked_conditions(document["conditions"]),
        calibration=calibration,
        validation=_validation(document["validation"]),
        trials=trials,
        recordings=_recordings(document.get("recordings"), len(trials.scores)),
    )


def _describe_recordings(recordings: PopulationRecordings) -> dict[str, Any]:
    return {
        "items": [asdict(item) for item in recordings.items],
        "first": recordings.first.tolist(),
        "second": recordings.second.tolist(),
        "choices": dict(recordings.choices),
        "left_out": dict(recordings.left_out),
    }


def _recordings(stored: dict[str, Any] | None, n_trials: int) -> PopulationRecordings | None:
    if stored is None:
        return None
    sides = [np.array(stored[side], np.intp) for side in ("first", "second")]
    if any(len(side) != n_trials for side in sides):
        raise ValueError("recordings: one of each side per trial")
    items = tuple(PopulationRecording(**item) for item in stored["items"])
    measured = [(item.net_speech_s, item.bandwidth_hz, item.snr_db or 0.0) for item in items]
    if not np.isfinite(np.array(measured, np.float64)).all():
        raise ValueError("recordings: not finite")
    choices, left_out = dict(stored["choices"]), dict(stored["left_out"])
    return PopulationRecordings(items, sides[0], sides[1], choices, left_out)


def trial_conditions(population: Population) -> dict[str, NDArray[np.float64]]:
    """The smaller net speech and the lower SNR of every trial's two sides, NaN where unknown;
    empty where the population does not know its recordings."""
    recordings = population.recordings
    if recordings is None:
        return {}
    found = {}
    for name in ("net_speech_s", "snr_db"):
        values = [getattr(item, name) for item in recordings.items]
        table = np.array([np.nan if value is None else value for value in values], np.float64)
        found[name] = np.minimum(table[recordings.first], table[recordings.second])
    return found


def _validation(stored: dict[str, Any]) -> ValidationResult:
    figures: dict[str, Any] = {
        key: _estimate(value) if isinstance(value, dict) else int(value)
        for key, value in stored.items()
    }
    return ValidationResult(**figures)


def _estimate(stored: dict[str, Any]) -> Estimate:
    figures = {key: float(value) for key, value in stored.items()}
    if not np.isfinite(list(figures.values())).all():
        raise ValueError("the validation is not finite")
    return Estimate(**figures)
