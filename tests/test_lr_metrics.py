"""devPAV, cross-entropy, misleading evidence and other calibrations: against `lir`, by hand, and
what must hold for any scores."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lir.algorithms.isotonic_regression import IsotonicCalibrator
from lir.data.models import LLRData
from lir.metrics import cllr_cal as lir_cllr_cal
from lir.metrics.devpav import devpav as lir_devpav
from lir.plotting.expected_calibration_error import calculate_ece
from scipy.stats import norm

from engine.lr import metrics
from engine.lr.alternatives import bigaussian, isotonic, sigma_of_cllr
from engine.lr.trials import normalise_classes
from engine.lr.validate import BORDERS


def drawn(seed: int, n: int = 200, scale: float = 1.0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """log10 LRs of two Gaussians with ties, labels, equal weights within a class."""
    rng = np.random.default_rng(seed)
    same = rng.random(n) < 0.4
    same[:2] = [True, False]
    log10_lr = np.round(scale * rng.normal(np.where(same, 0.8, -0.8), 1.0), 2)
    return log10_lr, same, normalise_classes(np.ones(n), same)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("scale", [0.3, 1.0, 3.0])
def test_devpav_and_cllr_cal_equal_lir(seed: int, scale: float) -> None:
    log10_lr, same, weights = drawn(seed, scale=scale)
    labels = same.astype(int)
    assert metrics.devpav(log10_lr, same, weights) == pytest.approx(
        lir_devpav(log10_lr, labels), abs=1e-6
    )
    data = LLRData(features=log10_lr.reshape(-1, 1), labels=labels)
    found = metrics.cllr(log10_lr, same, weights) - metrics.cllr_min(log10_lr, same, weights)
    assert found == pytest.approx(lir_cllr_cal(data), abs=1e-6)


@pytest.mark.parametrize("seed", range(3))
def test_cross_entropy_curves_equal_lir(seed: int) -> None:
    log10_lr, same, weights = drawn(seed)
    odds = np.linspace(-2.5, 2.5, 21)
    labels, priors = same.astype(int), 10**odds / (1 + 10**odds)
    best = metrics.pav_log10_lr(log10_lr, same, weights)
    lir_best = IsotonicCalibrator().fit_transform(log10_lr, labels).ravel()
    for values, expected in ((log10_lr, log10_lr), (best, lir_best), (0 * log10_lr, 0 * log10_lr)):
        curve = metrics.cross_entropy(values, same, weights, odds)
        assert np.abs(curve - calculate_ece(10**expected, labels, priors)).max() < 1e-6


def test_devpav_by_hand() -> None:
    """PAV pools the two middle trials to LR 1; the outer ones are infinite and left out."""
    log10_lr = np.array([-2.0, -1.0, 0.5, 2.0])
    same = np.array([False, True, False, True])
    weights = normalise_classes(np.ones(4), same)
    # the line lies at 0 from -1 to 0.5: areas 1/2 and 1/8 over a span of 1.5
    assert metrics.devpav(log10_lr, same, weights) == pytest.approx((0.5 + 0.125) / 1.5)


def test_devpav_of_separated_classes_is_undefined() -> None:
    same = np.array([False, False, True, True])
    weights = normalise_classes(np.ones(4), same)
    assert np.isnan(metrics.devpav(np.array([-2.0, -1.0, 1.0, 2.0]), same, weights))


def test_misleading_evidence_by_hand() -> None:
    log10_lr = np.array([-1.5, 0.0, 0.5, 3.5, 2.0, 0.0, -0.5, -2.5])
    same = np.repeat([False, True], 4)
    rates = metrics.misleading_rates(log10_lr, same, normalise_classes(np.ones(8), same))
    assert rates == pytest.approx(np.array([[2, 1, 1, 1], [2, 1, 1, 0]]) / 4)
    assert pytest.approx([-3, -2, -1, 0, 1, 2, 3]) == BORDERS


def test_cross_entropy_at_even_odds_is_cllr() -> None:
    log10_lr, same, weights = drawn(0)
    at_zero = metrics.cross_entropy(log10_lr, same, weights, np.zeros(1))[0]
    assert at_zero == pytest.approx(metrics.cllr(log10_lr, same, weights), abs=1e-12)


@given(st.integers(0, 10_000), st.floats(0.2, 3.0))
def test_what_holds_for_any_likelihood_ratios(seed: int, scale: float) -> None:
    log10_lr, same, weights = drawn(seed, 60, scale)
    odds = np.linspace(-2, 2, 9)
    system = metrics.cross_entropy(log10_lr, same, weights, odds)
    best = metrics.cross_entropy(metrics.pav_log10_lr(log10_lr, same, weights), same, weights, odds)
    neutral = metrics.cross_entropy(0 * log10_lr, same, weights, odds)
    assert (best <= system + 1e-9).all()
    assert (best <= neutral + 1e-9).all()
    rates = metrics.misleading_rates(log10_lr, same, weights)
    assert (np.diff(rates, axis=1) <= 0).all()
    swapped = metrics.misleading_rates(-log10_lr, ~same, weights)
    assert swapped == pytest.approx(rates[::-1])
    found = metrics.devpav(log10_lr, same, weights)
    mirrored = metrics.devpav(-log10_lr, ~same, weights)
    assert np.isnan(found) == np.isnan(mirrored)
    assert np.isnan(found) or (found >= 0 and found == pytest.approx(mirrored))


def test_perfectly_calibrated_gaussians_stay_as_they_are() -> None:
    """Quantiles of N(-v/2, v) and N(v/2, v), in natural logarithms."""
    sigma, n = 2.5, 4000
    quantiles = norm.ppf((np.arange(n) + 0.5) / n)
    natural = np.concatenate([sigma * quantiles - sigma**2 / 2, sigma * quantiles + sigma**2 / 2])
    same = np.repeat([False, True], n)
    weights = normalise_classes(np.ones(2 * n), same)
    warped = bigaussian(natural, same, weights, 0.0)(natural) * np.log(10)
    middle = np.abs(natural) < 6
    assert np.abs(warped - natural)[middle].max() < 0.15
    stretched = bigaussian(7 * natural + 3, same, weights, 0.0)(7 * natural + 3) * np.log(10)
    assert stretched == pytest.approx(warped, abs=1e-6)


@pytest.mark.parametrize("sigma", [0.5, 2.0, 6.0])
def test_sigma_of_a_cllr(sigma: float) -> None:
    natural = sigma * np.random.default_rng(0).normal(size=400_000) + sigma**2 / 2
    simulated = np.mean(np.logaddexp(0.0, -natural)) / np.log(2)
    assert sigma_of_cllr(float(simulated)) == pytest.approx(sigma, rel=0.01)
    assert sigma_of_cllr(1.0) < sigma < sigma_of_cllr(0.0)


@pytest.mark.parametrize("fit", [isotonic, bigaussian])
def test_other_calibrations_are_finite_and_rising(fit: object) -> None:
    for scores in (drawn(1), (np.arange(10.0), np.arange(10) > 4, np.full(10, 0.2))):
        mapped = fit(*scores, 0.0)(np.linspace(-20, 20, 401))  # type: ignore[operator]
        assert np.isfinite(mapped).all()
        assert (np.diff(mapped) >= 0).all()
        assert mapped[0] < 0 < mapped[-1]
