"""A validation study of labelled scores, or of a population: figures, plots, a signed report."""

from __future__ import annotations

import datetime
import hashlib
import tomllib
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reportlab.graphics.shapes import Drawing

from app.messages import Language
from app.resources import FONTS, VALIDATION_TEXTS
from app.services.calibrating import read_scores
from app.services.casework import actor
from engine.canonical import canonical_bytes
from engine.casefile.audit import utc_now
from engine.casefile.store import CaseFile
from engine.casefile.tables import Study
from engine.files import write_atomic
from engine.lr.population import load_population, trial_conditions
from engine.lr.study import StudySource, ValidationStudy, run_study, study_document
from engine.lr.trials import Floats
from engine.lr.validate import Validated
from engine.progress import CancelToken, Progress, no_progress
from engine.report.charts import validation_charts
from engine.report.fonts import REGULAR, font_folders, register_fonts
from engine.report.plots import plot, to_svg
from engine.report.raster import to_png
from engine.report.sign import Identity, sign_report
from engine.report.study import readings, render_study
from engine.types import LabelledScores
from engine.verify.outcomes import SIGNATURE_HOLDS, require_passed
from engine.verify.signature import check_signature

SIGNING_REASON = {"ko": "우도비 검증 연구", "en": "Validation study of likelihood ratios"}
PDF, DOCUMENT = "validation.pdf", "study.json"


@dataclass(frozen=True, slots=True)
class PrintedStudy:
    """A study as it is shown; `readings` say in words what each plot shows."""

    study: ValidationStudy
    document: Mapping[str, Any]
    plots: Mapping[str, Drawing]
    readings: Mapping[str, str]
    pdf: bytes
    signed: bool


def make_study(
    source: Path, progress: Progress = no_progress, cancel: CancelToken | None = None
) -> tuple[ValidationStudy, Validated]:
    """Validate a table of labelled scores, or the scores in a population file (``.json``).

    Raises
    ------
    SeongmunError
        TABLE_INVALID, FILE_*, POPULATION_*, SCORES_IDENTICAL, CANCELLED.
    """
    trials, conditions, about = _read(source)
    now = datetime.datetime.now(datetime.UTC)
    return run_study(
        trials,
        f"VS-{now:%Y%m%d}-{uuid.uuid4().hex[:8].upper()}",
        f"{now:%Y-%m-%dT%H:%M:%SZ}",
        about,
        conditions,
        progress=progress,
        cancel=cancel,
    )


def _read(source: Path) -> tuple[LabelledScores, Mapping[str, Floats], StudySource]:
    if source.suffix.lower() != ".json":
        return *read_scores(source), StudySource(source.name)
    found = load_population(source)
    hashes = (found.file_sha256, found.model_sha256)
    about = StudySource(source.name, found.id, *hashes, dict(found.conditions))
    return found.trials, trial_conditions(found), about


def print_study(
    study: ValidationStudy,
    validated: Validated,
    language: Language,
    identity: Identity | None = None,
    case_log10_lr: float | None = None,
) -> PrintedStudy:
    """Plots, their reading and the report of a study.

    `case_log10_lr` is marked in the Tippett plot. A signed report has passed a check of its own
    signature; without an identity it is a draft.

    Raises
    ------
    SeongmunError
        REPORT_FONT, REPORT_SELF_CHECK, SIGN_FAILED.
    """
    register_fonts(font_folders(FONTS))
    texts = tomllib.loads(VALIDATION_TEXTS.read_text(encoding="utf-8"))[language]
    trials = validated.trials
    charts = validation_charts(
        trials.scores,
        validated.log10_lr,
        trials.same,
        trials.weights,
        texts,
        case_log10_lr,
        study.by_condition,
    )
    plots = {name: plot(chart, REGULAR) for name, chart in charts.items()}
    document = study_document(study)
    pdf = render_study(document, plots, texts, language, identity is None)
    if identity is not None:
        pdf = sign_report(pdf, identity, SIGNING_REASON[language])
        require_passed(check_signature(pdf)[0], SIGNATURE_HOLDS)
    words = readings(document, texts)
    return PrintedStudy(study, document, plots, words, pdf, identity is not None)


def write_study(result: PrintedStudy, out: Path) -> list[Path]:
    """Plots as SVG and PNG, the report and the figures into a folder (raises FILE_*)."""
    files = {
        out / f"{name}.{kind}": draw(drawing)
        for name, drawing in result.plots.items()
        for kind, draw in (("svg", to_svg), ("png", to_png))
    }
    files[out / PDF] = result.pdf
    files[out / DOCUMENT] = canonical_bytes(result.document)
    for path, content in files.items():
        write_atomic(path, content)
    return list(files)


def keep_study(case: CaseFile, result: PrintedStudy) -> Study:
    """Keep a study's report and figures among the case's media, with an event.

    Raises
    ------
    SeongmunError
        CASE_READ_ONLY, FILE_DISK_FULL.
    """
    contents = (canonical_bytes(result.document), result.pdf)
    hashes = [hashlib.sha256(content).hexdigest() for content in contents]
    media = [
        row
        for content, sha256 in zip(contents, hashes, strict=True)
        for row in case.keep(content, sha256, len(content))
    ]
    study = Study(
        case.next_id(Study),
        result.study.study_id,
        hashes[0],
        hashes[1],
        int(result.signed),
        actor(),
        utc_now(),
    )
    case.record(actor(), "study.add", [*media, study])
    return study


def keep_study_in(folder: Path, printed: PrintedStudy, passphrase: str = "") -> Study:
    """As `keep_study`, in a case that is not open (raises also what opening a case raises)."""
    with CaseFile.open(folder, writable=True, actor=actor(), passphrase=passphrase) as case:
        return keep_study(case, printed)


def study_figures(study: ValidationStudy, files: Sequence[Path]) -> dict[str, Any]:
    """The JSON of `validate`: every figure with its interval under ``<name>_ci``."""
    document: dict[str, Any] = {
        "study_id": study.study_id,
        "n_same": study.n_same,
        "n_diff": study.n_different,
        "n_speakers": study.n_speakers,
    }
    for name, estimate in study.figures.items():
        document[name] = estimate.value if estimate else None
        document[f"{name}_ci"] = [estimate.low, estimate.high] if estimate else None
    document["calibrations"] = dict(study.calibrations)
    document["bounds"] = list(study.bounds_log10)
    document["files"] = [str(path) for path in files]
    return document
