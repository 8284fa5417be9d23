"""Charts as vector drawings, for paper and files."""

from __future__ import annotations

import numpy as np
from reportlab.graphics import renderSVG
from reportlab.graphics.shapes import Drawing, Line, PolyLine, Rect, String
from reportlab.lib import colors

from engine.report.charts import Axis, Chart, Role, Series

WIDTH, HEIGHT, LEFT, BOTTOM, TOP, RIGHT = 460.0, 300.0, 40.0, 42.0, 34.0, 130.0
COLOURS: dict[Role, colors.Color] = {
    "same": colors.HexColor("#1f77b4"),
    "different": colors.HexColor("#c0392b"),
    "neutral": colors.HexColor("#7f8c8d"),
    "case": colors.HexColor("#1a1a1a"),
}
MOST_POINTS = 800


def plot(chart: Chart, font: str) -> Drawing:
    """Axes with grid, lines and legend."""
    x_axis, y_axis, series = chart.x_axis, chart.y_axis, chart.series
    drawing = Drawing(WIDTH, HEIGHT, initialFontName=font)
    width, height = WIDTH - LEFT - RIGHT, HEIGHT - BOTTOM - TOP
    drawing.add(Rect(0, 0, WIDTH, HEIGHT, fillColor=colors.white, strokeColor=None))
    drawing.add(String(LEFT, HEIGHT - 16, chart.title, fontName=font, fontSize=10))
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
        _draw(drawing, line, x_axis, y_axis, (width, height), font)
    for number, line in enumerate(line for line in series if line.name):
        _legend(drawing, line, number, font)
    return drawing


def _draw(
    drawing: Drawing,
    line: Series,
    x_axis: Axis,
    y_axis: Axis,
    size: tuple[float, float],
    font: str,
) -> None:
    chosen = np.unique(np.linspace(0, len(line.x) - 1, MOST_POINTS).astype(int))
    x = LEFT + size[0] * x_axis.share(line.x[chosen])
    y = BOTTOM + size[1] * y_axis.share(line.y[chosen])
    points = np.stack([x, y], axis=1).ravel().tolist()
    dashes = list(line.dashes) or None
    drawing.add(
        PolyLine(points, strokeColor=COLOURS[line.role], strokeWidth=1.3, strokeDashArray=dashes)
    )
    if line.mark:
        at = float(x[-1]) + 2, float(y[-1]) - 5
        drawing.add(String(*at, line.mark, fontName=font, fontSize=6.5))


def _legend(drawing: Drawing, line: Series, number: int, font: str) -> None:
    y = HEIGHT - TOP - 12 - 11 * number
    x = WIDTH - RIGHT + 8
    drawing.add(
        Line(x, y + 2, x + 22, y + 2, strokeColor=COLOURS[line.role], strokeWidth=1.3,
             strokeDashArray=list(line.dashes) or None)
    )  # fmt: skip
    drawing.add(String(x + 26, y, line.name, fontName=font, fontSize=7))


def to_svg(drawing: Drawing) -> bytes:
    """A drawing as SVG."""
    return bytes(renderSVG.drawToString(drawing).encode("utf-8"))
