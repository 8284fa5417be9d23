"""Charts of a validation study as lines and axes, whoever draws them: Tippett, DET, PAV, ECE, score
histograms, log10 LR by duration and by SNR."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from engine.lr import metrics
from engine.lr.study import ConditionBin
from engine.lr.trials import binned

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Role = Literal["same", "different", "neutral", "case"]

MARK_HEIGHTS = (0.97, 0.9, 0.83, 0.76)
SOLID, COARSE, FINE = (), (6.0, 2.5), (1.5, 2.0)
DET_RATES = (0.01, 0.02, 0.05, 0.1, 0.2, 0.4)
HISTOGRAM_BINS = 40
CLASSES: tuple[tuple[Role, tuple[float, ...]], ...] = (("same", SOLID), ("different", COARSE))


@dataclass(frozen=True, slots=True)
class Series:
    """A line through points; `name` stands in the legend, where it is not empty, and `mark` at its
    last point. `role` gives the colour; `dashes` tell lines apart where there is none."""

    name: str
    x: Floats
    y: Floats
    role: Role
    dashes: tuple[float, ...] = ()
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Axis:
    """Ticks as (position, label); the range spans from `low` to `high`. Positions are numbers,
    normal deviates of rates, or classes, whose names stand at the ticks."""

    title: str
    low: float
    high: float
    ticks: Sequence[tuple[float, str]]
    kind: Literal["number", "rate", "class"] = "number"

    def share(self, values: Floats) -> Floats:
        """Where values lie between the ends, kept inside."""
        return np.asarray(np.clip((values - self.low) / (self.high - self.low), 0, 1))

    def text_at(self, position: float) -> str:
        """What a position stands for."""
        if self.kind == "rate":
            return f"{100 * float(ndtr(position)):.3g}"
        if self.kind == "class":
            return min(self.ticks, key=lambda tick: abs(tick[0] - position))[1]
        return f"{position:.3g}"


@dataclass(frozen=True, slots=True)
class Chart:
    """Lines between two axes."""

    title: str
    x_axis: Axis
    y_axis: Axis
    series: Sequence[Series]


def linear_axis(title: str, low: float, high: float, count: int = 6) -> Axis:
    """An axis with evenly spaced ticks."""
    return Axis(title, low, high, [(t, f"{t:.3g}") for t in np.linspace(low, high, count)])


def symmetric_axis(title: str, log10_lr: Floats) -> Axis:
    """From -n to n with a tick per whole power of ten, wide enough for every value."""
    limit = int(np.ceil(np.abs(log10_lr).max()))
    return Axis(title, -limit, limit, [(t, f"{t:d}") for t in range(-limit, limit + 1)])


def validation_charts(
    scores: Floats,
    log10_lr: Floats,
    same: Bools,
    weights: Floats,
    texts: Mapping[str, str],
    case_log10_lr: float | None = None,
    by_condition: Sequence[ConditionBin] = (),
) -> dict[str, Chart]:
    """Every chart by name; `texts` holds titles, axis titles and legends.

    Parameters
    ----------
    scores, log10_lr : float64 [shape=(n,)]; the latter cross-validated
    same : bool [shape=(n,)]
    weights : float64 [shape=(n,)], those of each class summing to one
    case_log10_lr : marked in the Tippett plot
    by_condition : bins of the conditions that are known; each condition gets a chart
    """
    found = {part.condition for part in by_condition}
    return {
        "tippett": tippett(log10_lr, same, weights, texts, case_log10_lr),
        "det": det(scores, same, weights, texts),
        "pav": pav(log10_lr, same, weights, texts),
        "ece": ece(log10_lr, same, weights, texts),
        "histogram": histogram(scores, same, weights, texts),
    } | {
        f"by_{name}": lr_by_condition(
            [part for part in by_condition if part.condition == name], texts
        )
        for name in sorted(found)
    }


def tippett(
    log10_lr: Floats,
    same: Bools,
    weights: Floats,
    texts: Mapping[str, str],
    case_log10_lr: float | Mapping[str, float] | None = None,
) -> Chart:
    """Share of trials whose log10 LR exceeds a value, per class; the case's LR as a line, or those
    of several comparisons with their names."""
    series = []
    for role, dashes in CLASSES:
        chosen = same == (role == "same")
        order = np.argsort(log10_lr[chosen])
        share = 1 - np.cumsum(weights[chosen][order])
        series.append(Series(texts[role], log10_lr[chosen][order], share, role, dashes))
    cases = case_log10_lr if isinstance(case_log10_lr, Mapping) else {"": case_log10_lr}
    for number, (mark, value) in enumerate(cases.items()):
        if value is not None:
            ends = np.array([0.0, MARK_HEIGHTS[number % len(MARK_HEIGHTS)] if mark else 1.0])
            name = "" if number else texts["this_case"]
            series.append(Series(name, np.full(2, value), ends, "case", FINE, mark))
    axes = symmetric_axis(texts["log10_lr"], log10_lr), linear_axis(texts["share"], 0, 1)
    return Chart(texts["tippett"], *axes, series)


def det(scores: Floats, same: Bools, weights: Floats, texts: Mapping[str, str]) -> Chart:
    """Misses against false alarms on normal deviates (Martin et al. 1997)."""
    miss, false_alarm = metrics.error_rates(scores, same, weights)
    lowest, highest = DET_RATES[0] / 2, 0.6
    ticks = [(float(ndtri(rate)), f"{100 * rate:g}") for rate in DET_RATES]
    ends = float(ndtri(lowest)), float(ndtri(highest))
    x, y = (ndtri(np.clip(rate, lowest, highest)) for rate in (false_alarm, miss))
    axes = [Axis(texts[name], *ends, ticks, "rate") for name in ("false_alarm", "miss")]
    series = [
        Series(texts["system"], x, y, "same"),
        Series("EER", np.array(ends), np.array(ends), "neutral", FINE),
    ]
    return Chart(texts["det"], axes[0], axes[1], series)


def pav(log10_lr: Floats, same: Bools, weights: Floats, texts: Mapping[str, str]) -> Chart:
    """Optimally calibrated log10 LR against the system's: on the diagonal if well calibrated."""
    log10_lr, same, weights = binned(log10_lr, same, weights)
    order = np.argsort(log10_lr)
    axes = [symmetric_axis(texts[name], log10_lr) for name in ("log10_lr", "pav_log10_lr")]
    limit = axes[0].high
    best = np.clip(metrics.pav_log10_lr(log10_lr, same, weights), -limit, limit)
    ends = np.array([-limit, limit])
    series = [
        Series(texts["pav_line"], log10_lr[order], best[order], "same"),
        Series(texts["ideal"], ends, ends, "neutral", FINE),
    ]
    return Chart(texts["pav"], axes[0], axes[1], series)


def ece(log10_lr: Floats, same: Bools, weights: Floats, texts: Mapping[str, str]) -> Chart:
    """Empirical cross-entropy against prior log10 odds (Ramos and Gonzalez-Rodriguez 2013)."""
    log10_lr, same, weights = binned(log10_lr, same, weights)
    odds = np.linspace(-2.5, 2.5, 101)
    best = metrics.pav_log10_lr(log10_lr, same, weights)
    lines: tuple[tuple[str, Floats, Role, tuple[float, ...]], ...] = (
        ("system", log10_lr, "different", SOLID),
        ("pav_line", best, "same", COARSE),
        ("neutral", np.zeros(len(same)), "neutral", FINE),
    )
    curves = [
        Series(texts[name], odds, metrics.cross_entropy(values, same, weights, odds), role, dashes)
        for name, values, role, dashes in lines
    ]
    axes = linear_axis(texts["prior"], -2.5, 2.5), linear_axis(texts["cross_entropy"], 0, 1)
    return Chart(texts["ece"], *axes, curves)


def histogram(scores: Floats, same: Bools, weights: Floats, texts: Mapping[str, str]) -> Chart:
    """Densities of the raw scores of both classes, as step lines."""
    low, high = np.floor(scores.min() * 10) / 10, np.ceil(scores.max() * 10) / 10
    edges = np.linspace(low, high, HISTOGRAM_BINS + 1)
    series, highest = [], 0.0
    for role, dashes in CLASSES:
        chosen = same == (role == "same")
        density, _ = np.histogram(scores[chosen], edges, density=True, weights=weights[chosen])
        highest = max(highest, float(density.max()))
        x, y = np.repeat(edges, 2)[1:-1], np.repeat(density, 2)
        series.append(Series(texts[role], x, y, role, dashes))
    axes = linear_axis(texts["score"], low, high), Axis("", 0, highest * 1.25, ())
    return Chart(texts["histogram"], *axes, series)


def lr_by_condition(bins: Sequence[ConditionBin], texts: Mapping[str, str]) -> Chart:
    """Medians of log10 LR per bin of one condition, with the range of the middle 90 %."""
    name = bins[0].condition
    series, every = [], [1.0]
    for role, dashes in CLASSES:
        found = [
            (i + 0.5, points)
            for i, part in enumerate(bins)
            if (points := getattr(part, f"{role}_log10")) is not None
        ]
        x = np.array([position for position, _ in found])
        quantiles = np.array([points for _, points in found]).reshape(-1, 3)
        series.append(Series(texts[role], x, quantiles[:, 1], role, dashes))
        shift = 0.04 if role == "same" else -0.04
        series += [
            Series("", np.full(2, at + shift), points[[0, 2]], role)
            for at, points in zip(x, quantiles, strict=True)
        ]
        every += quantiles.ravel().tolist()
    ticks = [(i + 0.5, _span(part)) for i, part in enumerate(bins)]
    axes = (
        Axis(texts[name], 0, len(bins), ticks, "class"),
        symmetric_axis(texts["log10_lr"], np.array(every)),
    )
    drawn = [line for line in series if len(line.x)]
    return Chart(texts[f"by_{name}"], axes[0], axes[1], drawn)


def _span(part: ConditionBin) -> str:
    if part.high is None:
        return f"≥ {part.low:g}"
    return f"< {part.high:g}" if part.low is None else f"{part.low:g}–{part.high:g}"
