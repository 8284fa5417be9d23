"""Intervals hold the truth as often as they say; `benchmarks.coverage` has the full run."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks import coverage
from engine.lr.bootstrap import interval


@pytest.mark.parametrize("n", [20, 60])
def test_intervals_of_a_skewed_mean_cover_what_they_say(n: int) -> None:
    """The mean of n exponential values is 1; a plain percentile interval covers 89 % at n = 20."""
    rng = np.random.default_rng(n)
    held = []
    for _ in range(1500):
        values = rng.exponential(size=n)
        replicates = values[rng.integers(n, size=(400, n))].mean(axis=1)
        left_out = (values.sum() - values) / (n - 1)
        low, high = interval(float(values.mean()), replicates, left_out, n)
        assert low <= values.mean() <= high
        held.append(low <= 1 <= high)
    assert 0.93 <= np.mean(held) <= 0.97


@pytest.mark.parametrize("name", ["ratio:20", "ratio:calls", "ratio:strong:30"])
def test_intervals_of_a_ratio_cover_what_they_say(name: str) -> None:
    """A percentile interval about the map that is drawn toward LR = 1 covers 60 to 90 % at the
    ends."""
    found = [coverage.once(coverage.Design.named(name), seed)[0] for seed in range(60)]
    for value in found[0]:
        assert np.mean([held[value] for held in found]) >= 0.87, value
    assert 0.92 <= np.mean([list(held.values()) for held in found]) <= 0.99


def test_intervals_and_bounds_of_simulated_speakers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coverage, "REPLICATES", 100)
    found = [coverage.once(coverage.Design.named("40"), seed) for seed in range(20)]
    assert all(all(bounds.values()) for _, bounds in found)
    for name in ("eer", "cllr", "different_above_1", "same_below_1"):
        assert np.mean([held[name] for held, _ in found]) >= 0.8, name
