"""Validation plots as vector drawings: Tippett, DET, PAV, ECE, score histograms, log10 LR by
duration and by SNR."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from reportlab.graphics import renderSVG
from reportlab.graphics.shapes import Drawing, Line, PolyLine, Rect, String
from reportlab.lib import colors
from scipy.special import ndtri

from engine.lr import metrics
from engine.lr.study import ConditionBin
from engine.lr.trials import binned

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

WIDTH, HEIGHT, LEFT, BOTTOM, TOP, RIGHT = 460.0, 300.0, 40.0, 42.0, 34.0, 130.0
SAME, DIFFERENT, NEUTRAL = (colors.HexColor(c) for c in ("#1f77b4", "#c0392b", "#7f8c8d"))
MOST_POINTS = 800
DET_RATES = (0.01, 0.02, 0.05, 0.1, 0.2, 0.4)
HISTOGRAM_BINS = 40


@dataclass(frozen=True, slots=True)
class Series:
    """A line through points; `name` stands in the legend, where it is not empty."""

    name: str
    x: Floats
    y: Floats
    colour: colors.Color
    dashed: bool = False


@dataclass(frozen=True, slots=True)
class Axis:
    """Ticks as (position, label); the range spans from `low` to `high`."""

    title: str
    low: float
    high: float
    ticks: Sequence[tuple[float, str]]

    def share(self, values: Floats) -> Floats:
        """Where values lie between the ends, kept inside."""
        return np.asarray(np.clip((values - self.low) / (self.high - self.low), 0, 1))


def linear_axis(title: str, low: float, high: float, count: int = 6) -> Axis:
    """An axis with evenly spaced ticks."""
    return Axis(title, low, high, [(t, f"{t:.3g}") for t in np.linspace(low, high, count)])


def symmetric_axis(title: str, log10_lr: Floats) -> Axis:
    """From -n to n with a tick per whole power of ten, wide enough for every value."""
    limit = int(np.ceil(np.abs(log10_lr).max()))
    return Axis(title, -limit, limit, [(t, f"{t:d}") for t in range(-limit, limit + 1)])


def plot(title: str, x_axis: Axis, y_axis: Axis, series: Sequence[Series], font: str) -> Drawing:
    """Axes with grid, lines and legend."""
    drawing = Drawing(WIDTH, HEIGHT)
    width, height = WIDTH - LEFT - RIGHT, HEIGHT - BOTTOM - TOP
    drawing.add(Rect(0, 0, WIDTH, HEIGHT, fillColor=colors.white, strokeColor=None))
    drawing.add(String(LEFT, HEIGHT - 16, title, fontName=font, fontSize=10))
    for position, label in x_axis.ticks:
        x = LEFT + width * float(x_axis.share(np.array([position]))[0])
        drawing.add(Line(x, BOTTOM, x, BOTTOM + height, strokeColor=colors.lightgrey))
        drawing.add(String(x, BOTTOM - 12, label, fontName=font, fontSize=7, textAnchor="middle"))
    for position, label in y_axis.ticks:
        y = BOTTOM + height * float(y_axis.share(np.array([position]))[0])
        drawing.add(Line(LEFT, y, LEFT + width, y, strokeColor=colors.lightgrey))
        drawing.add(String(LEFT - 4, y - 2, label, fontName=font, fontSize=7, textAnchor="end"))
    drawing.add(Rect(LEFT, BOTTOM, width, height, fillColor=None, strokeColor=colors.grey))
    middle = LEFT + width / 2
    drawing.add(String(middle, 10, x_axis.title, fontName=font, fontSize=8, textAnchor="middle"))
    drawing.add(String(LEFT, HEIGHT - TOP + 4, y_axis.title, fontName=font, fontSize=7))
    for line in series:
        _draw(drawing, line, x_axis, y_axis, (width, height))
    for number, line in enumerate(line for line in series if line.name):
        _legend(drawing, line, number, font)
    return drawing


def _draw(
    drawing: Drawing, line: Series, x_axis: Axis, y_axis: Axis, size: tuple[float, float]
) -> None:
    chosen = np.unique(np.linspace(0, len(line.x) - 1, MOST_POINTS).astype(int))
    x = LEFT + size[0] * x_axis.share(line.x[chosen])
    y = BOTTOM + size[1] * y_axis.share(line.y[chosen])
    points = np.stack([x, y], axis=1).ravel().tolist()
    dashes = [4, 3] if line.dashed else None
    drawing.add(PolyLine(points, strokeColor=line.colour, strokeWidth=1.3, strokeDashArray=dashes))


def _legend(drawing: Drawing, line: Series, number: int, font: str) -> None:
    y = HEIGHT - TOP - 12 - 11 * number
    x = WIDTH - RIGHT + 8
    drawing.add(Line(x, y + 2, x + 14, y + 2, strokeColor=line.colour, strokeWidth=1.3))
    drawing.add(String(x + 18, y, line.name, fontName=font, fontSize=7))


def validation_plots(
    scores: Floats,
    log10_lr: Floats,
    same: Bools,
    weights: Floats,
    texts: Mapping[str, str],
    font: str,
    case_log10_lr: float | None = None,
    by_condition: Sequence[ConditionBin] = (),
) -> dict[str, Drawing]:
    """Every plot by name; `texts` holds titles, axis titles and legends.

    Parameters
    ----------
    scores, log10_lr : float64 [shape=(n,)]; the latter cross-validated
    same : bool [shape=(n,)]
    weights : float64 [shape=(n,)], those of each class summing to one
    case_log10_lr : marked in the Tippett plot
    by_condition : bins of the conditions that are known; each condition gets a plot
    """
    found = {part.condition for part in by_condition}
    return {
        "tippett": tippett(log10_lr, same, weights, texts, font, case_log10_lr),
        "det": det(scores, same, weights, texts, font),
        "pav": pav(log10_lr, same, weights, texts, font),
        "ece": ece(log10_lr, same, weights, texts, font),
        "histogram": histogram(scores, same, weights, texts, font),
    } | {
        f"by_{name}": lr_by_condition(
            [part for part in by_condition if part.condition == name], texts, font
        )
        for name in sorted(found)
    }


def tippett(
    log10_lr: Floats,
    same: Bools,
    weights: Floats,
    texts: Mapping[str, str],
    font: str,
    case_log10_lr: float | None = None,
) -> Drawing:
    """Share of trials whose log10 LR exceeds a value, per class; the case's LR as a line."""
    series = []
    for name, chosen, colour in (("same", same, SAME), ("different", ~same, DIFFERENT)):
        order = np.argsort(log10_lr[chosen])
        share = 1 - np.cumsum(weights[chosen][order])
        series.append(Series(texts[name], log10_lr[chosen][order], share, colour))
    if case_log10_lr is not None:
        upright = np.full(2, case_log10_lr)
        series.append(
            Series(texts["this_case"], upright, np.array([0.0, 1.0]), NEUTRAL, dashed=True)
        )
    axes = symmetric_axis(texts["log10_lr"], log10_lr), linear_axis(texts["share"], 0, 1)
    return plot(texts["tippett"], *axes, series, font)


def det(
    scores: Floats, same: Bools, weights: Floats, texts: Mapping[str, str], font: str
) -> Drawing:
    """Misses against false alarms on normal deviates (Martin et al. 1997)."""
    miss, false_alarm = metrics.error_rates(scores, same, weights)
    lowest, highest = DET_RATES[0] / 2, 0.6
    ticks = [(float(ndtri(rate)), f"{100 * rate:g}") for rate in DET_RATES]
    ends = float(ndtri(lowest)), float(ndtri(highest))
    x, y = (ndtri(np.clip(rate, lowest, highest)) for rate in (false_alarm, miss))
    axes = [Axis(texts[name], *ends, ticks) for name in ("false_alarm", "miss")]
    series = [
        Series(texts["system"], x, y, SAME),
        Series("EER", np.array(ends), np.array(ends), NEUTRAL, dashed=True),
    ]
    return plot(texts["det"], axes[0], axes[1], series, font)


def pav(
    log10_lr: Floats, same: Bools, weights: Floats, texts: Mapping[str, str], font: str
) -> Drawing:
    """Optimally calibrated log10 LR against the system's: on the diagonal if well calibrated."""
    log10_lr, same, weights = binned(log10_lr, same, weights)
    order = np.argsort(log10_lr)
    axes = [symmetric_axis(texts[name], log10_lr) for name in ("log10_lr", "pav_log10_lr")]
    limit = axes[0].high
    best = np.clip(metrics.pav_log10_lr(log10_lr, same, weights), -limit, limit)
    ends = np.array([-limit, limit])
    series = [
        Series(texts["pav_line"], log10_lr[order], best[order], SAME),
        Series(texts["ideal"], ends, ends, NEUTRAL, dashed=True),
    ]
    return plot(texts["pav"], axes[0], axes[1], series, font)


def ece(
    log10_lr: Floats, same: Bools, weights: Floats, texts: Mapping[str, str], font: str
) -> Drawing:
    """Empirical cross-entropy against prior log10 odds (Ramos and Gonzalez-Rodriguez 2013)."""
    log10_lr, same, weights = binned(log10_lr, same, weights)
    odds = np.linspace(-2.5, 2.5, 101)
    best = metrics.pav_log10_lr(log10_lr, same, weights)
    curves = [
        Series(texts[name], odds, metrics.cross_entropy(values, same, weights, odds), colour, dash)
        for name, values, colour, dash in (
            ("system", log10_lr, DIFFERENT, False),
            ("pav_line", best, SAME, False),
            ("neutral", np.zeros(len(same)), NEUTRAL, True),
        )
    ]
    axes = linear_axis(texts["prior"], -2.5, 2.5), linear_axis(texts["cross_entropy"], 0, 1)
    return plot(texts["ece"], *axes, curves, font)


def histogram(
    scores: Floats, same: Bools, weights: Floats, texts: Mapping[str, str], font: str
) -> Drawing:
    """Densities of the raw scores of both classes, as step lines."""
    low, high = np.floor(scores.min() * 10) / 10, np.ceil(scores.max() * 10) / 10
    edges = np.linspace(low, high, HISTOGRAM_BINS + 1)
    series, highest = [], 0.0
    for name, chosen, colour in (("same", same, SAME), ("different", ~same, DIFFERENT)):
        density, _ = np.histogram(scores[chosen], edges, density=True, weights=weights[chosen])
        highest = max(highest, float(density.max()))
        x, y = np.repeat(edges, 2)[1:-1], np.repeat(density, 2)
        series.append(Series(texts[name], x, y, colour))
    axes = linear_axis(texts["score"], low, high), Axis("", 0, highest * 1.25, ())
    return plot(texts["histogram"], *axes, series, font)


def lr_by_condition(bins: Sequence[ConditionBin], texts: Mapping[str, str], font: str) -> Drawing:
    """Medians of log10 LR per bin of one condition, with the range of the middle 90 %."""
    name = bins[0].condition
    series, every = [], [1.0]
    for kind, colour in (("same", SAME), ("different", DIFFERENT)):
        found = [
            (i + 0.5, points)
            for i, part in enumerate(bins)
            if (points := getattr(part, f"{kind}_log10")) is not None
        ]
        x = np.array([position for position, _ in found])
        quantiles = np.array([points for _, points in found]).reshape(-1, 3)
        series.append(Series(texts[kind], x, quantiles[:, 1], colour))
        shift = 0.04 if kind == "same" else -0.04
        series += [
            Series("", np.full(2, at + shift), points[[0, 2]], colour)
            for at, points in zip(x, quantiles, strict=True)
        ]
        every += quantiles.ravel().tolist()
    ticks = [(i + 0.5, _span(part)) for i, part in enumerate(bins)]
    axes = (
        Axis(texts[name], 0, len(bins), ticks),
        symmetric_axis(texts["log10_lr"], np.array(every)),
    )
    drawn = [line for line in series if len(line.x)]
    return plot(texts[f"by_{name}"], axes[0], axes[1], drawn, font)


def _span(part: ConditionBin) -> str:
    if part.high is None:
        return f"≥ {part.low:g}"
    return f"< {part.high:g}" if part.low is None else f"{part.low:g}–{part.high:g}"


def to_svg(drawing: Drawing) -> bytes:
    """A drawing as SVG."""
    return bytes(renderSVG.drawToString(drawing).encode("utf-8"))
