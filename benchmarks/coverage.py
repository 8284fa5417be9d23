"""Do 95 % intervals hold the truth, and do bounds hold? Simulated speakers whose truth is known.

`python -m benchmarks.coverage [SIMULATIONS] [DESIGN…]`; 400 simulations of `50` and `100` speakers
with two recordings each unless told. `calls` is a population like the shipped one: 47 speakers, 20
of them in several recordings, one in thirty. `ratio:` before a design leaves out the figures;
`strong:` has a voice comparison that hardly errs. Speakers differ in how their voices score (a
random effect on either side of a trial), so trials are not independent; scores of both classes are
normal with equal variance, so that EER, Cllr, the rates of misleading evidence and the likelihood
ratio of any score are known. Ratios are asked within [1/N, N], before they are cut at the bounds.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from engine.lr.alternatives import cllr_of_sigma
from engine.lr.calibrate import fit_calibration
from engine.lr.trials import index_trials
from engine.lr.validate import bootstrapped
from engine.lr.variability import unbounded_interval
from engine.types import LabelledScores

SPEAKER_DEVIATION, NOISE_DEVIATION = 0.5, 1.0
DEVIATION = float(np.hypot(SPEAKER_DEVIATION, NOISE_DEVIATION))
SHIFT, STRONG_SHIFT = 2.4, 3.9
CALLS = [30, 6, 6] + [3] * 6 + [2] * 11 + [1] * 27
REPLICATES = 300
AT_SHARES = (-0.95, -0.5, 0.0, 0.5, 0.95)


@dataclass(frozen=True, slots=True)
class Design:
    """How many recordings each speaker has [shape=(n,)], and how far the classes lie apart."""

    recordings: NDArray[np.intp]
    shift: float = SHIFT
    with_figures: bool = True

    @classmethod
    def named(cls, name: str) -> Design:
        """A design by its name on the command line."""
        parts = name.split(":")
        recordings = CALLS if parts[-1] == "calls" else [2] * int(parts[-1])
        shift = STRONG_SHIFT if "strong" in parts else SHIFT
        return cls(np.array(recordings), shift, "ratio" not in parts)


def truth(design: Design) -> dict[str, float]:
    """What infinitely many speakers would give."""
    separation = design.shift / DEVIATION
    found = {"eer": float(norm.cdf(-separation / 2)), "cllr": cllr_of_sigma(separation)}
    for limit in (1, 10):
        beyond = (np.log(limit) + separation**2 / 2) / separation
        found[f"different_above_{limit}"] = float(norm.sf(beyond))
        found[f"same_below_{limit}"] = float(norm.sf(beyond))
    return found


def true_line(design: Design) -> tuple[float, float]:
    """Slope and intercept of log10 LR: the ratio of both densities."""
    slope = design.shift / DEVIATION**2 / np.log(10)
    return slope, -slope * design.shift / 2


def simulate(design: Design, rng: np.random.Generator) -> LabelledScores:
    """All pairs of the recordings."""
    n_speakers = len(design.recordings)
    speaker = np.repeat(np.arange(n_speakers), design.recordings)
    first, second = np.triu_indices(len(speaker), 1)
    one, other = speaker[first], speaker[second]
    same = one == other
    between = rng.normal(0, SPEAKER_DEVIATION / np.sqrt(2), n_speakers)
    within = rng.normal(0, SPEAKER_DEVIATION, n_speakers)
    effect = np.where(same, design.shift + within[one], between[one] + between[other])
    scores = effect + rng.normal(0, NOISE_DEVIATION, len(first))
    return LabelledScores(scores, same, one.astype(str), other.astype(str))


def once(design: Design, seed: int) -> tuple[dict[str, bool], dict[str, bool]]:
    """Whether each interval of one simulation holds the truth, and whether its bounds do: among
    different speakers the ratio reaches a bound B no more often than in one of B trials."""
    n_speakers = len(design.recordings)
    trials = simulate(design, np.random.default_rng([n_speakers, seed]))
    held = figures_held(design, trials, seed) if design.with_figures else {}
    calibration = fit_calibration(trials)
    slope, intercept = true_line(design)
    for share in AT_SHARES:
        value = share * float(np.log10(n_speakers))
        low, high = unbounded_interval(calibration, trials, (value - intercept) / slope)
        held[f"log10_lr {value:+.2f}"] = low <= value <= high
    lowest, highest = calibration.bounds_log10
    ends = (np.array([lowest, highest]) - calibration.intercept) / calibration.slope
    bounds = {
        "upper": bool(norm.sf(ends[1], 0, DEVIATION) <= 10**-highest),
        "lower": bool(norm.cdf(ends[0], design.shift, DEVIATION) <= 10**lowest),
    }
    return held, bounds


def figures_held(design: Design, trials: LabelledScores, seed: int) -> dict[str, bool]:
    """Whether the intervals of the figures hold the truth, the ratios being the true ones."""
    slope, intercept = true_line(design)
    log10_lr = slope * trials.scores + intercept
    figures = bootstrapped(index_trials(trials), log10_lr, REPLICATES, seed)
    held = {}
    for name, value in truth(design).items():
        estimate = figures[name]
        assert estimate is not None
        held[name] = bool(estimate.low <= value <= estimate.high)
    return held


def main() -> None:
    """Print the share of simulations in which each interval holds the truth."""
    simulations = int(sys.argv[1]) if len(sys.argv) > 1 else 400
    for name in sys.argv[2:] or ["50", "100"]:
        found = [once(Design.named(name), seed) for seed in range(simulations)]
        print(f"{name}, {simulations} simulations", flush=True)
        for part in (0, 1):
            for figure in found[0][part]:
                share = np.mean([result[part][figure] for result in found])
                print(f"  {figure:28} {100 * share:5.1f} %", flush=True)


if __name__ == "__main__":
    main()
