"""Likelihood ratios on real telephone calls at several durations: a table of docs/measurements.md.

`python -m benchmarks.likelihood_ratios [--data ../shared/data/dev] [--model PACK]`. Speech of the
calls of `wuw2` is found once and cut to its first seconds; the pairs that a population of them
would have are scored and validated. Last comes what Cllr_cal is, in simulated populations like
this, for perfectly calibrated ratios: Cllr_min is fitted to the trials themselves, so it is not 0.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from app.services.comparing import unwrap
from app.services.loading import open_model
from app.services.populating import Cut, Sample, about_recording, cut_voice, score_pairs
from app.services.voices import Voice, load_voices
from benchmarks import coverage
from engine.compare.embed import embed_speech
from engine.lr import metrics
from engine.lr.bounds import supported_range
from engine.lr.study import REPLICATES, StudySource, compare_calibrations, run_study
from engine.lr.trials import index_trials
from engine.lr.validate import cross_validated_log10_lr
from engine.models.session import EmbeddingModel
from engine.report.study import figure_text

CUTS_S = (None, 20.0, 10.0, 5.0, 3.0)
FIGURES = ("eer", "min_dcf", "cllr", "cllr_min", "cllr_cal", "devpav")
RATES = ("different_above_1", "same_below_1", "different_above_10", "same_below_10")
SIMULATIONS = 50


def main() -> None:
    """Print a table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data/dev"))
    parser.add_argument("--model", default=None)
    given = parser.parse_args()
    model = open_model(given.model, "cpu")
    rows = read_calls(given.data)
    loaded = load_voices([row["file"] for row in rows])
    voices = [(row, unwrap(voice)) for row, voice in zip(rows, loaded, strict=True)]
    heads = ("net speech", "speakers", "same / different", *FIGURES, *RATES, "range", "other Cllr")
    print(f"model {model.pack.id} {model.pack.model_sha256[:12]}, {len(voices)} calls")
    print("| " + " | ".join(heads) + " |\n|" + "---|" * len(heads), flush=True)
    for duration_s in CUTS_S:
        print("| " + " | ".join(measured(voices, duration_s, model)) + " |", flush=True)
    expected()


def read_calls(data: Path) -> list[dict[str, Path | str]]:
    """Every call with its file and what a population's table tells."""
    with (data / "wuw2/calls.csv").open(encoding="utf-8", newline="") as file:
        return [
            {
                "file": data / row["path"],
                "speaker": row["speaker"],
                "session": row["call"],
                "sex": row["gender"],
                "language": "en",
                "channel": "",
            }
            for row in csv.DictReader(file)
        ]


def measured(
    voices: Sequence[tuple[Mapping[str, object], Voice]],
    duration_s: float | None,
    model: EmbeddingModel,
) -> list[str]:
    """The cells of one duration."""
    samples = []
    for row, whole in voices:
        if whole.quality.net_speech_s >= (duration_s or 0.0):
            voice = cut_voice(whole, Cut(duration_s))
            about = about_recording({k: str(v) for k, v in row.items()}, voice)
            samples.append(Sample(about, embed_speech(model, voice.speech)))
    trials, _, _ = score_pairs(samples, model.pack)
    study, validated = run_study(trials, "", "", StudySource(""), n_replicates=REPLICATES)
    repeated = len({*trials.speaker_a[trials.same].tolist()})
    figures = []
    for name in (*FIGURES, *RATES):
        estimate = study.figures[name]
        shown = (
            {"value": estimate.value, "low": estimate.low, "high": estimate.high}
            if estimate
            else None
        )
        figures.append(figure_text(name, shown, "—"))
    low, high = supported_range(validated.log10_lr, trials.same, study.n_speakers)
    others = compare_calibrations(validated, 0)
    return [
        f"{duration_s:g} s" if duration_s else "all",
        f"{study.n_speakers} ({repeated})",
        f"{study.n_same} / {study.n_different}",
        *figures,
        f"[{low:.2f}, {high:.2f}]",
        ", ".join(f"{name} {found['cllr']:.2f}" for name, found in others.items()),
    ]


def expected() -> None:
    """Cllr_cal of the true ratios, and of cross-validated ones, in simulated populations."""
    design = coverage.Design.named("calls")
    slope, intercept = coverage.true_line(design)
    found = []
    for seed in range(SIMULATIONS):
        trials = coverage.simulate(design, np.random.default_rng([7, seed]))
        weights = index_trials(trials).weights
        least = metrics.cllr_min(trials.scores, trials.same, weights)
        ratios = slope * trials.scores + intercept, cross_validated_log10_lr(trials)
        found.append([metrics.cllr(r, trials.same, weights) - least for r in ratios])
    for name, column in zip(("true", "cross-validated"), np.array(found).T, strict=True):
        low, high = np.percentile(column, [2.5, 97.5])
        print(f"Cllr_cal of {name} ratios, simulated: {column.mean():.3f} [{low:.3f}, {high:.3f}]")


if __name__ == "__main__":
    main()
