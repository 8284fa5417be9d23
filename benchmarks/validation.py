"""A validation study of 1,000 × 1,000 trials with 1,000 replicates, beside the plain bootstrap.

The peer computes the same figures trial by trial; it is timed on a few replicates and told per
replicate. Both run in this process, in this run. `python -m benchmarks.validation [SPEAKERS]`.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TypeVar

import numpy as np

from app.services.validating import print_study
from engine.lr import metrics
from engine.lr.bootstrap import draw_speakers
from engine.lr.study import REPLICATES, StudySource, run_study
from engine.lr.trials import normalise_classes
from engine.lr.validate import Validated
from engine.report.plots import to_svg
from engine.report.raster import to_png
from engine.types import LabelledScores

PLAIN_REPLICATES = 3
T = TypeVar("T")


def main() -> None:
    """Print one line per part."""
    trials = simulated(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
    study, validated = timed("figures", lambda: run_study(trials, "VS", "", StudySource("bench")))
    printed = timed("plots and report", lambda: print_study(study, validated, "en"))
    drawings = printed.plots.values()
    timed("SVG and PNG", lambda: [draw(d) for d in drawings for draw in (to_svg, to_png)])
    start = time.perf_counter()
    plain(validated)
    per_replicate_s = (time.perf_counter() - start) / PLAIN_REPLICATES
    whole = per_replicate_s * REPLICATES
    print(f"{'plain bootstrap':20} {per_replicate_s:8.2f} s per replicate, {whole:.0f} s for all")


def simulated(n_speakers: int) -> LabelledScores:
    """A questioned and a known recording of every speaker, all against all."""
    rng = np.random.default_rng(0)
    names = np.array([f"s{i:04d}" for i in range(n_speakers)])
    first, second = (side.ravel() for side in np.meshgrid(names, names, indexing="ij"))
    same = first == second
    effects = np.meshgrid(*rng.normal(0, 0.4, (2, n_speakers)), indexing="ij")
    scores = sum(effect.ravel() for effect in effects) + rng.normal(2.5 * same, 1.0)
    return LabelledScores(scores, same, first, second)


def plain(validated: Validated) -> None:
    """A few replicates, trial by trial."""
    trials = validated.trials
    rng = np.random.default_rng(0)
    for _ in range(PLAIN_REPLICATES):
        drawn = draw_speakers(trials.n_speakers, rng)
        times = np.where(trials.same, 1.0, drawn[trials.second]) * drawn[trials.first]
        weights = normalise_classes(trials.weights * times, trials.same)
        for figure in (metrics.eer, metrics.min_dcf, metrics.cllr_min):
            figure(trials.scores, trials.same, weights)
        for figure in (metrics.cllr, metrics.devpav):
            figure(validated.log10_lr, trials.same, weights)
        metrics.misleading_rates(validated.log10_lr, trials.same, weights)


def timed(name: str, action: Callable[[], T]) -> T:
    """Run an action and print its time."""
    start, used = time.perf_counter(), time.process_time()
    result = action()
    wall_s, cpu_s = time.perf_counter() - start, time.process_time() - used
    print(f"{name:20} {wall_s:8.2f} s ({cpu_s:.2f} s of processor)", flush=True)
    return result


if __name__ == "__main__":
    main()
