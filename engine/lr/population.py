"""Population files: one JSON document with the calibration and every score it was fitted on.

Keys (format 1): ``format, id, description, created_utc, model_sha256, source, licence, conditions,
calibration {method, slope, intercept, bounds_log10, replicates, regularisation, seed},
validation {n_speakers, …, eer {value, low, high}, …}, trials {score, same, speaker_a, speaker_b}``.
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

from engine.errors import ErrorCode, SeongmunError
from engine.files import write_atomic
from engine.lr.calibrate import (
    SEED,
    fit_calibration,
    regularisation_for,
    require_size,
)
from engine.lr.conditions import checked_conditions
from engine.lr.trials import speakers_of
from engine.lr.validate import validate
from engine.types import (
    CalibrationModel,
    Estimate,
    LabelledScores,
    ParamValue,
    Population,
    ValidationResult,
)

FORMAT = 1
MINIMUM_REPLICATES = 100
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
) -> Population:
    """Fit a calibration and write the population file.

    Raises
    ------
    SeongmunError
        POPULATION_TOO_SMALL, POPULATION_INVALID (no description), FILE_*.
    """
    calibration = fit_calibration(trials)
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
            "seed": SEED,
        },
        "validation": asdict(validate(trials)),
        "trials": {
            "score": trials.scores.tolist(),
            "same": trials.same.astype(int).tolist(),
            "speaker_a": trials.speaker_a.tolist(),
            "speaker_b": trials.speaker_b.tolist(),
        },
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
    fitted = fit_calibration(population.trials, len(stored.replicates))
    pairs = (
        ([stored.slope, stored.intercept], [fitted.slope, fitted.intercept]),
        (stored.bounds_log10, fitted.bounds_log10),
        (stored.replicates, fitted.replicates),
    )
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
    if document["format"] != FORMAT:
        raise ValueError(f"format {document['format']}, this program reads {FORMAT}")
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
    if len(calibration.replicates) < MINIMUM_REPLICATES:
        raise ValueError(f"fewer than {MINIMUM_REPLICATES} replicates")
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
    )


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
