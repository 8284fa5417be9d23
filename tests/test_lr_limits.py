"""Where a likelihood ratio is refused, neutral, bounded or flagged."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.stats import t as student

from engine.errors import ErrorCode, SeongmunError
from engine.lr import metrics
from engine.lr.calibrate import apply, fit_affine, fit_calibration, regularisation_for
from engine.lr.conditions import condition_flags
from engine.lr.population import (
    check_population,
    find_population,
    load_population,
    make_population,
    require_model,
)
from engine.lr.trials import normalise_classes, trial_weights
from engine.lr.validate import cross_validated_log10_lr, validate
from engine.lr.variability import BOOTSTRAP, unbounded_interval
from engine.types import LabelledScores, Population, QualityReport


def simulate(n_speakers: int = 24, n_repeated: int = 24, shift: float = 0.4) -> LabelledScores:
    """Every pair of recordings; the first `n_repeated` speakers have two, the others one."""
    rng = np.random.default_rng(7)
    names = np.array([f"s{i:02d}" for i in range(n_speakers)])
    recordings = np.concatenate([names, names[:n_repeated]])
    first, second = np.triu_indices(len(recordings), 1)
    same = recordings[first] == recordings[second]
    scores = rng.normal(0.1, 0.15, len(first)) + shift * same
    return LabelledScores(scores, same, recordings[first], recordings[second])


def keep(trials: LabelledScores, kept: np.ndarray) -> LabelledScores:
    return LabelledScores(
        trials.scores[kept], trials.same[kept], trials.speaker_a[kept], trials.speaker_b[kept]
    )


def code_of(action: Callable[[], object]) -> ErrorCode:
    with pytest.raises(SeongmunError) as caught:
        action()
    return caught.value.code


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("모집단") / "전화 모집단.json"
    make_population(
        path,
        population_id="전화 모집단",
        description="simulated",
        created_utc="2026-01-01T00:00:00Z",
        model_sha256="ab" * 32,
        source="test",
        licence="none",
        conditions={"minimum_net_speech_s": 10.0, "bandwidth_max_hz": 4000.0},
        trials=simulate(),
    )
    return path


@pytest.fixture(scope="module")
def population(stored: Path) -> Population:
    return load_population(stored)


@pytest.mark.parametrize("regularisation", [0.0, 0.002, 0.05])
def test_affine_map_is_the_optimum_that_scipy_finds(regularisation: float) -> None:
    trials = simulate()
    scores, same, weights = trials.scores, trials.same, trial_weights(trials)
    centre = np.average(scores, weights=weights)
    deviation = np.sqrt(np.average((scores - centre) ** 2, weights=weights))

    def cost(line: np.ndarray) -> float:
        slope, intercept = line[0] / deviation / np.log(10), line[1] / np.log(10)
        cllr = metrics.cllr(slope * (scores - centre) + intercept, same, weights)
        return cllr * np.log(2) + regularisation * line[0] ** 2

    best = minimize(cost, [1.0, 0.0], method="BFGS", options={"gtol": 1e-8})
    slope = best.x[0] / deviation / np.log(10)
    expected = slope, best.x[1] / np.log(10) - slope * centre
    assert fit_affine(trials, weights, regularisation) == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("shift", [-0.4, -5.0])
def test_scores_that_speak_the_wrong_way_give_neutral_evidence(shift: float) -> None:
    trials = simulate(shift=shift)
    assert fit_affine(trials, trial_weights(trials), 0.004) == (0.0, 0.0)
    calibration = fit_calibration(trials)
    assert calibration.replicates.mean(axis=0) == pytest.approx([0.0, 0.0], abs=1e-9)
    assert calibration.bounds_log10[0] <= 0 <= calibration.bounds_log10[1]


def test_separable_scores_stay_finite_and_bounded() -> None:
    calibration = fit_calibration(simulate(shift=50.0))
    assert np.isfinite(calibration.replicates).all()
    assert max(np.abs(calibration.bounds_log10)) <= np.log10(24)


def test_interval_is_the_jackknife_of_maximum_likelihood(population: Population) -> None:
    """Leaving out one speaker after the other, by a general optimiser and the textbook formula."""
    trials, calibration = population.trials, population.calibration
    speakers = sorted({*trials.speaker_a.tolist(), *trials.speaker_b.tolist()})
    score = float(np.median(trials.scores[trials.same]))
    at_score = np.array([_likeliest(trials, score, without) for without in (None, *speakers)])
    whole, left_out = at_score[0], at_score[1:]
    n = len(speakers)
    bias = (n - 1) * (left_out.mean() - whole)
    error = np.sqrt((n - 1) / n * np.sum((left_out - left_out.mean()) ** 2))
    repeated = len({*trials.speaker_a[trials.same].tolist()})
    reach = student.ppf(0.975, repeated - 1) * error
    value = calibration.slope * score + calibration.intercept
    expected = min(value, whole - bias - reach), max(value, whole - bias + reach)
    found = unbounded_interval(calibration, trials, score)
    assert found == pytest.approx(expected, abs=1e-3)
    assert found[0] <= value <= found[1]
    bounded = apply(population, score)
    low, high = calibration.bounds_log10
    assert bounded.interval_log10 == pytest.approx(np.clip(found, low, high))
    assert ("lr.interval_at_bound" in bounded.flags) == (found[0] < low or found[1] > high)


def _likeliest(trials: LabelledScores, score: float, without: str | None) -> float:
    kept = (trials.speaker_a != without) & (trials.speaker_b != without)
    part = LabelledScores(*(getattr(trials, f.name)[kept] for f in fields(trials)))
    weights = trial_weights(part)
    centre = np.median(part.scores)

    def cost(line: np.ndarray) -> float:
        return metrics.cllr(line[0] * (part.scores - centre) + line[1], part.same, weights)

    best = minimize(cost, [5.0, 0.0], method="BFGS", options={"gtol": 1e-9})
    return float(best.x[0] * (score - centre) + best.x[1])


def test_bootstrap_of_older_populations_is_still_read(population: Population) -> None:
    calibration = fit_calibration(population.trials, BOOTSTRAP, 500)
    again = fit_calibration(population.trials, BOOTSTRAP, 500)
    assert np.array_equal(calibration.replicates, again.replicates)
    older = replace(population, calibration=calibration)
    neutral = -calibration.intercept / calibration.slope
    low, high = apply(older, neutral).interval_log10
    values = calibration.replicates @ [neutral, 1.0]
    assert np.mean((values >= low) & (values <= high)) == pytest.approx(0.95, abs=0.01)
    assert calibration.bounds_log10[0] < low < 0 < high < calibration.bounds_log10[1]


def test_a_file_of_format_2_is_read_and_checked(stored: Path, tmp_path: Path) -> None:
    document = json.loads(stored.read_text(encoding="utf-8"))
    older = fit_calibration(load_population(stored).trials, BOOTSTRAP)
    document["format"] = 2
    document["calibration"] |= {"method": BOOTSTRAP, "replicates": older.replicates.tolist()}
    path = tmp_path / "older.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    loaded = load_population(path)
    assert loaded.calibration.method == BOOTSTRAP
    assert check_population(loaded)


def test_scores_beyond_the_calibration_are_flagged(population: Population) -> None:
    scores = population.trials.scores
    assert "lr.score_outside" not in apply(population, float(scores.max())).flags
    for outside in (scores.max() + 1e-6, scores.min() - 1e-6):
        assert "lr.score_outside" in apply(population, float(outside)).flags


def test_trials_without_weight_count_as_absent() -> None:
    trials = simulate(10, 10)
    weights = np.random.default_rng(3).integers(0, 3, len(trials.scores)).astype(float)
    weights = normalise_classes(weights, trials.same)
    kept = weights > 0
    for figure in (metrics.eer, metrics.min_dcf, metrics.cllr, metrics.cllr_min):
        assert figure(trials.scores, trials.same, weights) == pytest.approx(
            figure(trials.scores[kept], trials.same[kept], weights[kept]), abs=1e-12
        )


def test_cllr_min_is_not_beaten_by_any_monotonic_map() -> None:
    trials = simulate()
    weights = trial_weights(trials)
    least = metrics.cllr_min(trials.scores, trials.same, weights)
    maps = [lambda s, a=a, b=b: a * (s - b) for a in (1, 4, 8, 12) for b in (0.2, 0.3, 0.4)]
    for change in [*maps, np.exp, np.tanh]:
        log10_lr = change(trials.scores)
        assert least <= metrics.cllr(log10_lr, trials.same, weights)
        assert metrics.cllr_min(log10_lr, trials.same, weights) == pytest.approx(least, abs=1e-12)


def test_a_speaker_is_never_different_from_himself() -> None:
    with pytest.raises(ValueError, match="within one speaker"):
        LabelledScores(np.zeros(1), np.array([False]), np.array(["x"]), np.array(["x"]))


def test_too_few_speakers_or_a_missing_class_are_refused() -> None:
    trials = simulate()
    small = [
        simulate(19, 19),
        simulate(24, 7),
        keep(trials, trials.same),
        keep(trials, ~trials.same),
        keep(trials, np.zeros(len(trials.scores), bool)),
    ]
    for part in small:
        assert code_of(lambda p=part: fit_calibration(p)) is ErrorCode.POPULATION_TOO_SMALL
    for part in (*small[2:], simulate(24, 1)):
        assert code_of(lambda p=part: validate(p, 5)) is ErrorCode.POPULATION_TOO_SMALL


def test_intervals_widen_with_fewer_speakers() -> None:
    few, many = (validate(simulate(n, n), 200) for n in (20, 60))
    assert few.eer.high - few.eer.low > many.eer.high - many.eer.low


def test_population_is_found_by_id_and_by_path(stored: Path, population: Population) -> None:
    for name in ("전화 모집단", str(stored)):
        assert find_population(name, stored.parent).file_sha256 == population.file_sha256
    assert code_of(lambda: find_population("none", stored.parent)) is ErrorCode.POPULATION_MISSING
    assert code_of(lambda: load_population(stored.parent)) is ErrorCode.POPULATION_MISSING


def test_population_serves_one_model_only(population: Population) -> None:
    require_model(population, "ab" * 32)
    assert code_of(lambda: require_model(population, "cd" * 32)) is ErrorCode.POPULATION_MODEL


@pytest.mark.parametrize(
    ("keys", "value"),
    [
        (["format"], 4),
        (["id"], None),
        (["description"], " "),
        (["description"], 5),
        (["model_sha256"], None),
        (["conditions"], []),
        (["conditions", "minimum_net_speech_s"], "long"),
        (["conditions", "minimum_net_speech_s"], float("nan")),
        (["conditions", "channel"], ["telephone"]),
        (["calibration", "method"], "guess"),
        (["calibration", "slope"], -1.0),
        (["calibration", "slope"], float("inf")),
        (["calibration", "intercept"], "none"),
        (["calibration", "bounds_log10"], []),
        (["calibration", "bounds_log10"], [0.1, 1.0]),
        (["calibration", "bounds_log10"], [float("-inf"), float("inf")]),
        (["calibration", "replicates"], []),
        (["calibration", "replicates"], [[1.0, 0.0]] * 19),
        (["calibration", "replicates"], [[1.0, float("nan")]] * 500),
        (["validation", "eer", "low"], float("nan")),
        (["validation", "eer"], {"value": 0.1}),
        (["validation", "n_same"], float("inf")),
        (["trials", "score"], [0.5]),
        (["trials", "same"], ["no"]),
        (["trials", "speaker_a"], None),
    ],
)
def test_invalid_populations_are_refused(
    stored: Path, tmp_path: Path, keys: list[str], value: Any
) -> None:
    document = json.loads(stored.read_text(encoding="utf-8"))
    table = document
    for key in keys[:-1]:
        table = table[key]
    table[keys[-1]] = value
    path = tmp_path / "p.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    assert code_of(lambda: load_population(path)) is ErrorCode.POPULATION_INVALID


def test_relabelled_trials_are_refused(stored: Path, tmp_path: Path) -> None:
    document = json.loads(stored.read_text(encoding="utf-8"))
    document["trials"]["same"] = [2 * value for value in document["trials"]["same"]]
    (tmp_path / "p.json").write_text(json.dumps(document), encoding="utf-8")
    (tmp_path / "deep.json").write_bytes(b"[" * 100_000)
    for name in ("p.json", "deep.json"):
        invalid = code_of(lambda n=name: load_population(tmp_path / n))
        assert invalid is ErrorCode.POPULATION_INVALID


GOOD = QualityReport(
    channel=0,
    duration_s=40.0,
    net_speech_s=25.0,
    snr_db=20.0,
    clipped_share=0.0,
    bandwidth_hz=3400.0,
    level_dbfs=-25.0,
    peak_dbfs=-3.0,
    dc_offset=0.0,
)


@pytest.mark.parametrize(
    ("change", "flags"),
    [
        ({}, ()),
        ({"net_speech_s": 12.5}, ()),
        ({"net_speech_s": 10.0}, ("speech.edge",)),
        ({"net_speech_s": 9.99}, ("speech.short",)),
        ({"bandwidth_hz": 7000.0}, ("bandwidth.outside",)),
        ({"snr_db": 9.9}, ("snr.low",)),
        ({"snr_db": None}, ("snr.unknown",)),
        ({"clipped_share": 0.01}, ("clipping",)),
        ({"net_speech_s": 5.0, "snr_db": 3.0}, ("speech.short", "snr.low")),
    ],
)
def test_recordings_outside_the_conditions_are_flagged_on_either_side(
    population: Population, change: dict[str, Any], flags: tuple[str, ...]
) -> None:
    worse = replace(GOOD, **change)
    for pair in ((worse, GOOD), (GOOD, worse), (worse, worse)):
        assert condition_flags(population.conditions, *pair) == flags


def test_few_speakers_are_left_out_one_by_one_however_they_are_dealt(
    population: Population,
) -> None:
    trials = population.trials
    found = cross_validated_log10_lr(trials, 1)
    assert found == pytest.approx(cross_validated_log10_lr(trials, 2), abs=1e-9)
    for i in np.random.default_rng(0).choice(len(trials.scores), 25, replace=False):
        pair = [trials.speaker_a[i], trials.speaker_b[i]]
        kept = ~np.isin(trials.speaker_a, pair) & ~np.isin(trials.speaker_b, pair)
        part = LabelledScores(*(getattr(trials, f.name)[kept] for f in fields(trials)))
        n = len({*part.speaker_a.tolist(), *part.speaker_b.tolist()})
        weights = normalise_classes(trial_weights(trials)[kept], part.same)
        slope, intercept = fit_affine(part, weights, regularisation_for(n))
        assert found[i] == pytest.approx(slope * trials.scores[i] + intercept, abs=1e-9)
