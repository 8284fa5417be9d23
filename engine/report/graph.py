"""People, calls and cases as a vector drawing: circles, squares and diamonds, coloured by ring."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from reportlab.graphics.shapes import Circle, Drawing, Line, Polygon, Rect, Shape, String
from reportlab.lib import colors

from engine.report.fonts import printable

RINGS = tuple(
    colors.HexColor(c)
    for c in ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#b8a500")
)
OUTSIDE, EDGE, INK = (colors.HexColor(c) for c in ("#8b949e", "#c3cad1", "#1a1a1a"))
MARGIN = 22.0
LARGEST, SMALLEST = 5.0, 1.2
MOST_NAMES = 60
Kind = Literal["person", "call", "case"]


@dataclass(frozen=True, slots=True)
class Dot:
    """A node; `ring` counts from 0, None outside of all rings."""

    kind: Kind
    name: str
    ring: int | None


def draw_graph(
    dots: Sequence[Dot],
    places: NDArray[np.float64],
    edges: NDArray[np.int64],
    font: str,
    width: float,
    height: float,
) -> Drawing:
    """A graph as large as fits; `places` is [shape=(n, 2)], `edges` [shape=(m, 2)]. Names are
    written of cases always, of people and calls while they are few."""
    drawing = Drawing(width, height)
    if not dots:
        return drawing
    low, high = places.min(axis=0), places.max(axis=0)
    room = np.array([width, height]) - 2 * MARGIN
    scale = float((room / np.maximum(high - low, 1e-6)).min())
    at = (places - (low + high) / 2) * scale + np.array([width, height]) / 2
    size = float(np.clip(0.22 * scale, SMALLEST, LARGEST))
    for a, b in edges.tolist():
        drawing.add(Line(*at[a], *at[b], strokeColor=EDGE, strokeWidth=0.12 * size))
    named = len(dots) <= MOST_NAMES
    for dot, (x, y) in zip(dots, at.tolist(), strict=True):
        drawing.add(_shape(dot, x, y, size))
        if named or dot.kind == "case":
            lift = size + 2 if dot.kind == "case" else -2
            text = _short(printable(dot.name))
            drawing.add(String(x + size + 1.5, y + lift, text, fontName=font, fontSize=6))
    return drawing


def ring_colour(ring: int | None) -> colors.Color:
    """A ring's colour; after seven they come again."""
    return OUTSIDE if ring is None else RINGS[ring % len(RINGS)]


def _shape(dot: Dot, x: float, y: float, size: float) -> Shape:
    look = {"fillColor": ring_colour(dot.ring), "strokeColor": None}
    match dot.kind:
        case "person":
            return Circle(x, y, size, **look)
        case "call":
            return Rect(x - 0.6 * size, y - 0.6 * size, 1.2 * size, 1.2 * size, **look)
    corners = [x - size, y, x, y + size, x + size, y, x, y - size]
    return Polygon(corners, fillColor=colors.white, strokeColor=INK, strokeWidth=0.8)


def _short(name: str, most: int = 26) -> str:
    return name if len(name) <= most else f"{name[: most // 2]}…{name[-most // 2 + 1 :]}"
