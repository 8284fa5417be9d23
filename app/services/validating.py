"""A validation study of labelled scores: figures, plots, a PDF."""

from __future__ import annotations

import tomllib
from dataclasses import asdict
from pathlib import Path
from typing import Any

from app.messages import Language
from app.resources import FONTS, VALIDATION_TEXTS
from app.services.calibrating import read_labelled_scores
from engine.files import write_atomic
from engine.lr.trials import trial_weights
from engine.lr.validate import cross_validated_log10_lr, validate
from engine.report.fonts import REGULAR, font_folders, register_fonts
from engine.report.plots import to_pdf, to_svg, validation_plots

FIGURES = ("eer", "min_dcf", "cllr", "cllr_min", "cllr_cal")


def validate_scores(table: Path, out: Path | None, language: Language) -> dict[str, Any]:
    """Figures with their 95 % intervals; with `out`, plots as SVG and one PDF in that folder.

    Raises
    ------
    SeongmunError
        TABLE_INVALID, POPULATION_TOO_SMALL, REPORT_FONT, FILE_*.
    """
    trials = read_labelled_scores(table)
    result = asdict(validate(trials))
    document: dict[str, Any] = {
        "n_same": result["n_same"],
        "n_diff": result["n_different"],
        "n_speakers": result["n_speakers"],
    }
    for name in FIGURES:
        document[name] = result[name]["value"]
        document[f"{name}_ci"] = [result[name]["low"], result[name]["high"]]
    document["files"] = []
    if out is not None:
        register_fonts(font_folders(FONTS))
        texts = tomllib.loads(VALIDATION_TEXTS.read_text(encoding="utf-8"))[language]
        log10_lr = cross_validated_log10_lr(trials)
        plots = validation_plots(
            trials.scores, log10_lr, trials.same, trial_weights(trials), texts, REGULAR
        )
        files = {out / f"{name}.svg": to_svg(drawing) for name, drawing in plots.items()}
        files[out / "validation.pdf"] = to_pdf(list(plots.values()), texts["title"])
        for path, content in files.items():
            write_atomic(path, content)
        document["files"] = [str(path) for path in files]
    return document
