"""Likelihood ratios against `lir`, hand-computed values and invariants."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lir.algorithms.bayeserror import elub as lir_elub
from lir.algorithms.isotonic_regression import IsotonicCalibrator
from lir.algorithms.logistic_regression import LogitCalibrator
from lir.data.models import LLRData
from lir.metrics import cllr as lir_cllr
from lir.metrics import cllr_min as lir_cllr_min

from engine.errors import ErrorCode, SeongmunError
from engine.lr import metrics
from engine.lr.bounds import elub, supported_range
from engine.lr.calibrate import apply, fit_affine, fit_calibration
from engine.lr.population import check_population, load_population, make_population
from engine.lr.trials import normalise_classes, trial_weights
from engine.lr.validate import cross_validated_log10_lr, validate
from engine.lr.verbal import load_scale
from engine.types import LabelledScores, Population

ROOT = Path(__file__).resolve().parent.parent


def simulate(n_speakers: int = 30, seed: int = 0, shift: float = 0.4) -> LabelledScores:
    """Every pair of two recordings per speaker; same-speaker scores are higher by `shift`."""
    rng = np.random.default_rng(seed)
    names = np.array([f"s{i:02d}" for i in range(n_speakers)])
    recordings = np.repeat(names, 2)
    first, second = np.triu_indices(len(recordings), 1)
    same = recordings[first] == recordings[second]
    scores = rng.normal(0.1, 0.15, len(first)) + shift * same
    return LabelledScores(scores, same, recordings[first], recordings[second])


def equal_class_weights(same: np.ndarray) -> np.ndarray:
    return normalise_classes(np.ones(len(same)), same)


def population(tmp_path: Path, trials: LabelledScores, **changes: str) -> Population:
    options = {"description": "simulated", "model_sha256": "ab" * 32} | changes
    return make_population(
        tmp_path / "p.json",
        population_id="p",
        created_utc="2026-01-01T00:00:00Z",
        source="test",
        licence="none",
        conditions={},
        trials=trials,
        **options,
    )


def test_neutral_evidence_costs_exactly_one() -> None:
    same = np.array([True, False, False, True, False])
    assert metrics.cllr(np.zeros(5), same, equal_class_weights(same)) == 1.0


def test_cllr_by_hand() -> None:
    same = np.array([True, False])
    value = metrics.cllr(np.log10([3.0, 0.5]), same, equal_class_weights(same))
    assert value == pytest.approx(0.5 * (np.log2(1 + 1 / 3) + np.log2(1.5)), abs=1e-12)


def test_cllr_and_cllr_min_equal_lir() -> None:
    trials = simulate()
    log10_lr = 4 * trials.scores - 1
    weights = equal_class_weights(trials.same)
    data = LLRData(features=log10_lr.reshape(-1, 1), labels=trials.same.astype(int))
    assert metrics.cllr(log10_lr, trials.same, weights) == pytest.approx(lir_cllr(data), abs=1e-12)
    assert metrics.cllr_min(log10_lr, trials.same, weights) == pytest.approx(
        lir_cllr_min(data), abs=1e-9
    )


def test_pav_equals_lir() -> None:
    trials = simulate(12)
    scores, labels = trials.scores, trials.same.astype(int)
    expected = IsotonicCalibrator().fit(scores, labels).transform(scores).ravel()
    found = metrics.pav_log10_lr(trials.scores, trials.same, equal_class_weights(trials.same))
    finite = np.isfinite(expected)
    assert finite.sum() > 40
    assert np.abs(found[finite] - expected[finite]).max() < 1e-6


def test_logistic_calibration_equals_lir() -> None:
    trials = simulate()
    scores, labels = trials.scores.reshape(-1, 1), trials.same.astype(int)
    llrs = LogitCalibrator(C=np.inf, tol=1e-10).fit(scores, labels).transform(scores).ravel()
    slope, intercept = fit_affine(trials, equal_class_weights(trials.same), 0.0)
    assert np.abs(slope * trials.scores + intercept - llrs).max() < 1e-6


@pytest.mark.parametrize("seed", range(4))
def test_elub_equals_lir(seed: int) -> None:
    trials = simulate(seed=seed, shift=0.3)
    log10_lr = 5 * trials.scores - 1.2
    expected = lir_elub(log10_lr.copy(), trials.same.astype(int))
    assert elub(log10_lr, trials.same) == pytest.approx(expected, abs=1e-6)


def test_supported_range_never_exceeds_the_number_of_speakers() -> None:
    trials = simulate(shift=3.0)
    low, high = supported_range(20 * trials.scores - 20, trials.same, 30)
    assert -np.log10(30) <= low <= 0 <= high <= np.log10(30)


def test_eer_and_min_dcf_by_hand() -> None:
    scores = np.array([0.9, 0.8, 0.3, 0.7, 0.2, 0.1])
    same = np.array([True, True, True, False, False, False])
    weights = equal_class_weights(same)
    assert metrics.eer(scores, same, weights) == pytest.approx(1 / 3)
    assert metrics.min_dcf(scores, same, weights, prior=0.5) == pytest.approx(1 / 3)


@given(st.integers(0, 1000))
def test_swapping_labels_and_signs_changes_nothing(seed: int) -> None:
    trials = simulate(8, seed)
    weights = equal_class_weights(trials.same)
    for figure in (metrics.eer, metrics.cllr_min, metrics.cllr):
        assert figure(-trials.scores, ~trials.same, weights) == pytest.approx(
            figure(trials.scores, trials.same, weights), abs=1e-9
        )


def test_weights_equal_repetition() -> None:
    trials = simulate(10)
    times = np.random.default_rng(0).integers(1, 4, len(trials.scores))
    weights = normalise_classes(times.astype(float), trials.same)
    scores, same = np.repeat(trials.scores, times), np.repeat(trials.same, times)
    for figure in (metrics.eer, metrics.min_dcf, metrics.cllr, metrics.cllr_min):
        repeated = figure(scores, same, equal_class_weights(same))
        assert figure(trials.scores, trials.same, weights) == pytest.approx(repeated, abs=1e-9)


def test_a_talkative_speaker_weighs_no_more() -> None:
    a = np.array(["x", "x", "x", "y", "x", "x", "y"])
    b = np.array(["x", "x", "x", "y", "y", "z", "z"])
    trials = LabelledScores(np.arange(7.0), a == b, a, b)
    weights = trial_weights(trials)
    assert weights == pytest.approx([1 / 6, 1 / 6, 1 / 6, 1 / 2, 1 / 3, 1 / 3, 1 / 3])


def test_calibration_is_monotonic_and_bounded(tmp_path: Path) -> None:
    reference = population(tmp_path, simulate())
    results = [apply(reference, score) for score in np.linspace(-1, 1, 81)]
    values = [r.log10_lr for r in results]
    assert values == sorted(values)
    low, high = reference.calibration.bounds_log10
    assert min(values) == low
    assert max(values) == high
    for result in results:
        assert low <= result.interval_log10[0] <= result.log10_lr <= result.interval_log10[1]
        bounded = not low <= result.unbounded_log10_lr <= high
        assert ("lr.at_bound" in result.flags) == bounded


def test_few_speakers_pull_toward_neutral() -> None:
    few, many = simulate(20, shift=2.0), simulate(60, shift=2.0)
    assert fit_calibration(few).slope < fit_calibration(many).slope


def test_population_file_round_trip(tmp_path: Path) -> None:
    made = population(tmp_path, simulate())
    loaded = load_population(tmp_path / "p.json")
    assert loaded.file_sha256 == made.file_sha256
    assert loaded.n_speakers == 30
    assert check_population(loaded)


def test_tampered_calibration_is_noticed(tmp_path: Path) -> None:
    population(tmp_path, simulate())
    document = json.loads((tmp_path / "p.json").read_text(encoding="utf-8"))
    document["calibration"]["slope"] *= 1.01
    (tmp_path / "p.json").write_text(json.dumps(document), encoding="utf-8")
    assert not check_population(load_population(tmp_path / "p.json"))


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", ErrorCode.POPULATION_INVALID),
        (b"{}", ErrorCode.POPULATION_INVALID),
        (b"[1]", ErrorCode.POPULATION_INVALID),
        (b"\xff\xfe", ErrorCode.POPULATION_INVALID),
        (None, ErrorCode.POPULATION_MISSING),
    ],
)
def test_bad_population_files(tmp_path: Path, content: bytes | None, code: ErrorCode) -> None:
    path = tmp_path / "bad.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SeongmunError) as caught:
        load_population(path)
    assert caught.value.code is code


def test_population_needs_speakers_and_a_description(tmp_path: Path) -> None:
    with pytest.raises(SeongmunError) as caught:
        population(tmp_path, simulate(10))
    assert caught.value.code is ErrorCode.POPULATION_TOO_SMALL
    with pytest.raises(SeongmunError) as caught:
        population(tmp_path, simulate(), description=" ")
    assert caught.value.code is ErrorCode.POPULATION_INVALID
    assert not (tmp_path / "p.json").exists()


def test_cross_validation_never_sees_the_tested_speakers() -> None:
    trials = simulate()
    changed = trials.scores.copy()
    touched = (trials.speaker_a == "s03") | (trials.speaker_b == "s03")
    changed[touched] += 0.5
    before = cross_validated_log10_lr(trials)
    after = cross_validated_log10_lr(
        LabelledScores(changed, trials.same, trials.speaker_a, trials.speaker_b)
    )
    slopes = (after[touched] - before[touched]) / 0.5
    own = trials.same & touched
    assert np.ptp(slopes[own[touched]]) < 1e-9
    assert not np.allclose(before[~touched], after[~touched])


def test_validation_figures_are_in_order() -> None:
    result = validate(simulate(), n_bootstrap=50)
    assert 0 <= result.eer.low <= result.eer.value <= result.eer.high
    assert result.cllr_min.value <= result.cllr.value
    assert result.cllr_cal.value == pytest.approx(result.cllr.value - result.cllr_min.value)


@pytest.mark.parametrize(
    ("ratio", "key"),
    [
        (1, "none"),
        (1.99, "none"),
        (2, "weak"),
        (0.5, "weak"),
        (10, "moderate"),
        (0.011, "moderate"),
        (100, "moderately_strong"),
        (1e3, "strong"),
        (1e4, "very_strong"),
        (1e-6, "extremely_strong"),
    ],
)
def test_verbal_scale_of_enfsi_2015(ratio: float, key: str) -> None:
    scale = load_scale(ROOT / "resources/verbal_scales/enfsi-2015.toml")
    assert scale.level(float(np.log10(ratio))).key == key
