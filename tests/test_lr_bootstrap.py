"""The speaker bootstrap on bins against the plain one on trials."""

from __future__ import annotations

import numpy as np
import pytest

from engine.errors import ErrorCode, SeongmunError
from engine.lr import metrics, trials, validate
from engine.lr.bootstrap import ResampledBins, draw_speakers
from engine.lr.trials import bin_values, index_trials, normalise_classes
from engine.progress import CancelToken
from engine.types import LabelledScores

REPLICATES = 60


def grid(n_speakers: int, seed: int = 0) -> LabelledScores:
    """A known recording of every speaker against a questioned one of every speaker."""
    rng = np.random.default_rng(seed)
    names = np.array([f"s{i:03d}" for i in range(n_speakers)])
    first, second = (side.ravel() for side in np.meshgrid(names, names, indexing="ij"))
    same = first == second
    own, partner = (side.ravel() for side in np.meshgrid(*[rng.normal(0, 0.3, n_speakers)] * 2))
    scores = rng.normal(0, 1, len(first)) + own + partner + 2.2 * same
    return LabelledScores(scores, same, first, second)


def plain(labelled: LabelledScores, log10_lr: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    """The figures of one draw, trial by trial, with the weights of the definition."""
    names = np.union1d(labelled.speaker_a, labelled.speaker_b)
    first, second = (
        drawn[np.searchsorted(names, side)] for side in (labelled.speaker_a, labelled.speaker_b)
    )
    times = np.where(labelled.same, first, first * second)
    weights = normalise_classes(trials.trial_weights(labelled) * times, labelled.same)
    return np.array(
        [
            metrics.eer(labelled.scores, labelled.same, weights),
            metrics.min_dcf(labelled.scores, labelled.same, weights),
            metrics.cllr_min(labelled.scores, labelled.same, weights),
            metrics.cllr(log10_lr, labelled.same, weights),
            metrics.devpav(log10_lr, labelled.same, weights),
            *metrics.misleading_rates(log10_lr, labelled.same, weights).ravel(),
        ]
    )


@pytest.mark.parametrize("n_speakers", [40, 160])
def test_binning_is_exact_for_few_trials_and_far_below_the_interval_for_many(
    n_speakers: int,
) -> None:
    labelled = grid(n_speakers)
    exact = n_speakers**2 <= trials.BINS
    indexed = index_trials(labelled)
    log10_lr = validate.cross_validated_log10_lr(labelled)
    by_score = ResampledBins.of(indexed, bin_values(indexed.scores, indexed.same, indexed.weights))
    by_lr = ResampledBins.of(
        indexed, bin_values(log10_lr, indexed.same, indexed.weights, validate.BORDERS)
    )
    rng = np.random.default_rng(1)
    expected, found = [], []
    for _ in range(REPLICATES):
        drawn = draw_speakers(n_speakers, rng)
        of_scores, of_lrs = by_score.weights(drawn), by_lr.weights(drawn)
        assert of_scores is not None
        assert of_lrs is not None
        found.append(
            np.concatenate(
                [
                    validate.score_figures(by_score.values, by_score.same, of_scores),
                    validate.lr_figures(by_lr.values, by_lr.same, of_lrs),
                ]
            )
        )
        expected.append(plain(labelled, log10_lr, drawn))
    error = np.abs(np.array(found) - np.array(expected)).max(axis=0)
    width = np.subtract(*np.percentile(expected, [97.5, 2.5], axis=0))
    assert (error <= (1e-9 if exact else 0.02 * width + 1e-9)).all(), dict(
        zip(validate.FIGURES, error / np.maximum(width, 1e-12), strict=False)
    )


def test_cross_validated_lines_on_bins_are_those_on_trials(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    labelled = grid(160)
    binned = validate.cross_validated_log10_lr(labelled)
    monkeypatch.setattr(trials, "BINS", 10**9)
    assert np.abs(binned - validate.cross_validated_log10_lr(labelled)).max() < 1e-4


def test_bins_keep_order_ties_and_borders() -> None:
    rng = np.random.default_rng(0)
    values = np.round(rng.normal(size=20_000), 4)
    same = rng.random(20_000) < 0.3
    bins = bin_values(values, same, normalise_classes(np.ones(20_000), same), (0.0, 1.0))
    assert bins.count <= trials.BINS + 6
    rising = np.argsort(values, kind="stable")
    assert (np.diff(bins.number[rising]) >= 0).all()
    for border in (0.0, 1.0):
        sides = [set(bins.number[where]) for where in (values < border, values > border)]
        assert not sides[0] & sides[1]
    for value in (0.0, 0.1234):
        assert len(set(bins.number[values == value])) <= 1


def test_a_cancelled_bootstrap_stops_and_progress_is_told() -> None:
    labelled, told = grid(30), []
    validate.evaluate(labelled, 40, progress=lambda stage, done, total: told.append((done, total)))
    assert told[0] == (0, 40)
    assert told[-1] == (40, 40)
    token = CancelToken()
    token.cancel()
    with pytest.raises(SeongmunError) as caught:
        validate.evaluate(labelled, 40, cancel=token)
    assert caught.value.code is ErrorCode.CANCELLED


def test_identical_scores_are_refused() -> None:
    labelled = grid(30)
    flat = LabelledScores(np.full(900, 0.5), labelled.same, labelled.speaker_a, labelled.speaker_b)
    with pytest.raises(SeongmunError) as caught:
        validate.evaluate(flat)
    assert caught.value.code is ErrorCode.SCORES_IDENTICAL
