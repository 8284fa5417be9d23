"""How often strangers reach a likelihood ratio: what a search of many voices must expect."""

from __future__ import annotations

import numpy as np

from engine.lr.trials import index_trials
from engine.types import Population


def false_hit_rate(population: Population, log10_lr: float) -> float:
    """The share of pairs of different speakers whose bounded log10 LR is at least `log10_lr`.

    Every pair of speakers weighs the same, and one misleading pair is added, as for the bounds
    (Vergeer et al. 2016, section 2.4): what the population never saw is still expected.
    """
    trials, calibration = index_trials(population.trials), population.calibration
    values = np.clip(
        calibration.slope * trials.scores + calibration.intercept, *calibration.bounds_log10
    )
    sides = np.sort(np.stack([trials.first, trials.second])[:, ~trials.same], axis=0)
    n_pairs = np.unique(sides, axis=1).shape[1]
    share = trials.weights[~trials.same & (values >= log10_lr)].sum()
    return float((share * n_pairs + 1) / (n_pairs + 1))


def expected_false_hits(population: Population, log10_lr: float, n_voices: int) -> float:
    """How many of `n_voices` voices of other people are expected at `log10_lr` or above."""
    return n_voices * false_hit_rate(population, log10_lr)
