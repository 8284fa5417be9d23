"""Do 95 % intervals hold the truth, and do bounds hold? Simulated speakers whose truth is known.

`python -m benchmarks.coverage [SIMULATIONS] [SPEAKERS…]`; 400 simulations of 50 and 100 speakers
unless told. Speakers differ in how their voices score (a random effect on either side of a trial),
so trials are not independent; scores of both classes are normal with equal variance, so that EER,
Cllr, the rates of misleading evidence and the likelihood ratio of any score are known.
"""

from __future__ import annotations

import sys

import numpy as np
from scipy.stats import norm

from engine.lr.alternatives import cllr_of_sigma
from engine.lr.calibrate import fit_calibration
from engine.lr.trials import index_trials
from engine.lr.validate import bootstrapped
from engine.types import LabelledScores

SHIFT, SPEAKER_DEVIATION, NOISE_DEVIATION = 2.4, 0.5, 1.0
DEVIATION = float(np.hypot(SPEAKER_DEVIATION, NOISE_DEVIATION))
RECORDINGS, REPLICATES = 2, 300
AT_SCORES = (0.0, 1.2, 2.4)


def truth() -> dict[str, float]:
    """What infinitely many speakers would give."""
    separation = SHIFT / DEVIATION
    found = {"eer": float(norm.cdf(-separation / 2)), "cllr": cllr_of_sigma(separation)}
    for limit in (1, 10):
        beyond = (np.log(limit) + separation**2 / 2) / separation
        found[f"different_above_{limit}"] = float(norm.sf(beyond))
        found[f"same_below_{limit}"] = float(norm.sf(beyond))
    return found | {f"log10_lr_at_{score:g}": true_log10_lr(score) for score in AT_SCORES}


def true_log10_lr(score: float) -> float:
    """The logarithm of the ratio of both densities."""
    same, different = (norm.logpdf(score, mean, DEVIATION) for mean in (SHIFT, 0.0))
    return float((same - different) / np.log(10))


def simulate(n_speakers: int, rng: np.random.Generator) -> LabelledScores:
    """All pairs of a few recordings per speaker."""
    speaker = np.repeat(np.arange(n_speakers), RECORDINGS)
    first, second = np.triu_indices(len(speaker), 1)
    one, other = speaker[first], speaker[second]
    same = one == other
    between = rng.normal(0, SPEAKER_DEVIATION / np.sqrt(2), n_speakers)
    within = rng.normal(0, SPEAKER_DEVIATION, n_speakers)
    effect = np.where(same, SHIFT + within[one], between[one] + between[other])
    scores = effect + rng.normal(0, NOISE_DEVIATION, len(first))
    return LabelledScores(scores, same, one.astype(str), other.astype(str))


def once(n_speakers: int, seed: int) -> tuple[dict[str, bool], dict[str, bool]]:
    """Whether each interval of one simulation holds the truth, and whether its bounds do: among
    different speakers the ratio reaches a bound B no more often than in one of B trials."""
    rng = np.random.default_rng([n_speakers, seed])
    trials = simulate(n_speakers, rng)
    indexed = index_trials(trials)
    slope = true_log10_lr(1.0) - true_log10_lr(0.0)
    log10_lr = true_log10_lr(0.0) + slope * trials.scores
    figures = bootstrapped(indexed, log10_lr, REPLICATES, seed)
    calibration = fit_calibration(trials, REPLICATES, seed)
    held = {}
    for name, value in truth().items():
        if name.startswith("log10_lr_at_"):
            score = float(name.rpartition("_")[2])
            lines = calibration.replicates @ [score, 1.0]
            low, high = np.percentile(lines, [2.5, 97.5])
        else:
            estimate = figures[name]
            assert estimate is not None
            low, high = estimate.low, estimate.high
        held[name] = bool(low <= value <= high)
        if name.startswith("log10_lr_at_"):  # or errs toward LR = 1, whither few data are drawn
            nearer = low <= value if value > 0 else value <= high
            held[f"{name}, or nearer 1"] = bool(nearer)
    lowest, highest = calibration.bounds_log10
    ends = (np.array([lowest, highest]) - calibration.intercept) / calibration.slope
    bounds = {
        "upper": bool(norm.sf(ends[1], 0, DEVIATION) <= 10**-highest),
        "lower": bool(norm.cdf(ends[0], SHIFT, DEVIATION) <= 10**lowest),
    }
    return held, bounds


def main() -> None:
    """Print the share of simulations in which each interval holds the truth."""
    simulations = int(sys.argv[1]) if len(sys.argv) > 1 else 400
    for n_speakers in [int(argument) for argument in sys.argv[2:]] or [50, 100]:
        found = [once(n_speakers, seed) for seed in range(simulations)]
        print(f"{n_speakers} speakers, {simulations} simulations", flush=True)
        for part in (0, 1):
            for name in found[0][part]:
                share = np.mean([result[part][name] for result in found])
                print(f"  {name:28} {100 * share:5.1f} %", flush=True)


if __name__ == "__main__":
    main()
