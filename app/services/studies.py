"""Validation studies for the window: what there is to study, and what came out, with a comparison
of the case beside it."""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from app.messages import Language
from app.resources import VALIDATION_TEXTS
from app.services.comparing import Comparison
from app.services.signing import SignerChoice, opened_identity
from app.services.validating import (
    PrintedStudy,
    keep_study,
    make_study,
    print_study,
    write_study,
)
from app.services.wording import condition_meaning, condition_parts
from app.services.workroom import Workroom
from engine.errors import ErrorCode, SeongmunError
from engine.files import write_atomic
from engine.lr.calibrate import apply
from engine.lr.conditions import check_conditions, check_result
from engine.lr.population import load_population, require_model
from engine.lr.study import ValidationStudy, study_document
from engine.lr.validate import Validated
from engine.progress import CancelToken, Progress
from engine.report.charts import Chart, validation_charts
from engine.report.study import main_rows, misleading_rows, readings
from engine.types import ConditionCheck, Place, Population, VoiceFacts

__all__ = [
    "Beside",
    "Chart",
    "ShownStudy",
    "StudyRun",
    "beside",
    "export_run",
    "print_run",
    "run_on",
    "show",
    "tell",
]


@dataclass(frozen=True, slots=True)
class StudyRun:
    """A study that was made, and the population it is of; None where its source is bare scores."""

    source: Path
    study: ValidationStudy
    validated: Validated
    population: Population | None


@dataclass(frozen=True, slots=True)
class Beside:
    """A comparison as a study's population sees it. `log10_lr` is by that population's calibration;
    None where it is of another model."""

    log10_lr: float | None
    checks: tuple[ConditionCheck, ...]


@dataclass(frozen=True, slots=True)
class ShownStudy:
    """A study in one language: rows of name and value, charts, and the reading of each.

    `about` says what the trials are and how they were validated; `conditions` are rows of
    condition, what was found and is covered, and what that means; with the place.
    """

    size: str
    about: tuple[str, ...]
    figures: tuple[tuple[str, str], ...]
    misleading: tuple[tuple[str, str], ...]
    charts: Mapping[str, Chart]
    readings: Mapping[str, str]
    conditions: tuple[tuple[tuple[str, str, str], Place], ...]


def tell(path: Path) -> Literal["population", "scores", "recordings"]:
    """What a file is for: a population, or a table of scores or of recordings, by its header.

    Raises
    ------
    SeongmunError
        FILE_MISSING, TABLE_INVALID.
    """
    if path.suffix.lower() == ".json":
        return "population"
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            header = set(next(csv.reader(file), []))
    except FileNotFoundError as error:
        raise SeongmunError(ErrorCode.FILE_MISSING, path=str(path)) from error
    except (OSError, ValueError, csv.Error) as error:
        raise SeongmunError(ErrorCode.TABLE_INVALID, path=str(path), reason=str(error)) from error
    if {"score", "same"} <= header:
        return "scores"
    if {"path", "speaker"} <= header:
        return "recordings"
    reason = "score, same / path, speaker"
    raise SeongmunError(ErrorCode.TABLE_INVALID, path=str(path), reason=reason)


def run_on(source: Path, progress: Progress, cancel: CancelToken) -> StudyRun:
    """Make a study (raises as `make_study`)."""
    study, validated = make_study(source, progress, cancel)
    population = load_population(source) if study.source.population_id else None
    return StudyRun(source, study, validated, population)


def beside(run: StudyRun, comparison: Comparison) -> Beside | None:
    """A comparison against the study's population; None where the study states no conditions."""
    population = run.population
    if population is None:
        return None
    score = comparison.score
    try:
        require_model(population, score.model_sha256)
    except SeongmunError as error:
        refused = ConditionCheck("model", "", Place.OUTSIDE, error.code.value, score.model_sha256)
        return Beside(None, (replace(refused, allowed=population.model_sha256),))
    qualities = comparison.questioned.quality, comparison.known.quality
    checks = check_conditions(population.conditions, *qualities, _facts_of(comparison))
    ratio = apply(population, score.value)
    return Beside(ratio.log10_lr, (*checks, *check_result(ratio)))


def _facts_of(comparison: Comparison) -> tuple[VoiceFacts, VoiceFacts]:
    stated = {(c.condition, c.role): str(c.value or "") for c in comparison.conditions}
    first, second = (
        VoiceFacts(stated.get(("sex", role), ""), stated.get(("language", role), ""))
        for role in ("questioned", "known")
    )
    return first, second


def print_run(
    run: StudyRun,
    case: Beside | None,
    language: Language,
    signer: SignerChoice,
    target: Path,
    room: Workroom | None,
) -> PrintedStudy:
    """Write the study's report to a file, signed if there is a signer, and keep it in the case that
    is given (raises as `print_study`, KEY_*, TOKEN_*, FILE_*, CASE_READ_ONLY)."""
    with opened_identity(signer) as identity:
        printed = print_study(run.study, run.validated, language, identity, _ratio(case))
    write_atomic(target, printed.pdf)
    if room is not None:
        with room.case() as opened:
            keep_study(opened, printed)
    return printed


def export_run(run: StudyRun, case: Beside | None, language: Language, folder: Path) -> list[Path]:
    """Plots, an unsigned report and the figures into a folder (raises FILE_*)."""
    printed = print_study(run.study, run.validated, language, None, _ratio(case))
    return write_study(printed, folder)


def _ratio(case: Beside | None) -> float | None:
    return case.log10_lr if case else None


def show(run: StudyRun, case: Beside | None, language: Language) -> ShownStudy:
    """The study in words and charts, the case's ratio marked in the Tippett plot."""
    texts = tomllib.loads(VALIDATION_TEXTS.read_text(encoding="utf-8"))[language]
    trials, document = run.validated.trials, study_document(run.study)
    charts = validation_charts(
        trials.scores,
        run.validated.log10_lr,
        trials.same,
        trials.weights,
        texts,
        _ratio(case),
        run.study.by_condition,
    )
    return ShownStudy(
        texts["size_text"].format(**document["trials"]),
        _about(run, texts),
        tuple(main_rows(document, texts)),
        tuple(misleading_rows(document, texts)),
        charts,
        readings(document, texts),
        tuple(
            ((*condition_parts(check, language), condition_meaning(check, language)), check.place)
            for check in (case.checks if case else ())
        ),
    )


def _about(run: StudyRun, texts: Mapping[str, str]) -> tuple[str, ...]:
    described = [run.population.description] if run.population else [run.source.name]
    return (*described, texts["scheme_text"].format(**run.study.scheme))
