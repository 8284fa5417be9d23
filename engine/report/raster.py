"""Plots as PNG: the shapes that `engine.report.plots` draws, through pillow."""

from __future__ import annotations

import io
from itertools import pairwise
from typing import Any

from PIL import Image, ImageDraw, ImageFont
from reportlab.graphics.shapes import Drawing, Line, PolyLine, Rect, String
from reportlab.lib.colors import Color
from reportlab.pdfbase import pdfmetrics

SCALE = 3
OVERSAMPLING = 2
ANCHORS = {"start": "ls", "middle": "ms", "end": "rs"}


def to_png(drawing: Drawing) -> bytes:
    """A drawing as PNG, `SCALE` pixels per point; its fonts must be registered.

    Raises
    ------
    TypeError
        A shape that no plot has.
    """
    factor = SCALE * OVERSAMPLING
    size = round(drawing.width * factor), round(drawing.height * factor)
    image = Image.new("RGB", size, "white")
    pen = _Pen(ImageDraw.Draw(image), factor, drawing.height)
    for shape in drawing.contents:
        pen.draw(shape)
    buffer = io.BytesIO()
    smaller = (size[0] // OVERSAMPLING, size[1] // OVERSAMPLING)
    image.resize(smaller, Image.Resampling.BOX).save(buffer, "PNG", dpi=(72 * SCALE, 72 * SCALE))
    return buffer.getvalue()


class _Pen:
    """Draws shapes of points, whose origin is at the bottom left."""

    def __init__(self, canvas: ImageDraw.ImageDraw, factor: int, height: float) -> None:
        self._canvas, self._factor, self._height = canvas, factor, height

    def draw(self, shape: Any) -> None:
        if isinstance(shape, Rect):
            box = [
                self._at(shape.x, shape.y + shape.height),
                self._at(shape.x + shape.width, shape.y),
            ]
            width = self._width(shape)
            fill, edge = _colour(shape.fillColor), _colour(shape.strokeColor)
            self._canvas.rectangle(box, fill=fill, outline=edge, width=width)
        elif isinstance(shape, Line):
            self._line([shape.x1, shape.y1, shape.x2, shape.y2], shape)
        elif isinstance(shape, PolyLine):
            self._line(shape.points, shape)
        elif isinstance(shape, String):
            face = pdfmetrics.getFont(shape.fontName).face
            font = ImageFont.truetype(str(face.filename), round(shape.fontSize * self._factor))
            place, anchor = self._at(shape.x, shape.y), ANCHORS[shape.textAnchor]
            self._canvas.text(place, shape.text, _colour(shape.fillColor), font, anchor)
        else:
            raise TypeError(type(shape).__name__)

    def _line(self, points: list[float], shape: Any) -> None:
        colour = _colour(shape.strokeColor)
        path = [self._at(x, y) for x, y in zip(points[::2], points[1::2], strict=True)]
        dashes = [length * self._factor for length in shape.strokeDashArray or ()]
        for part in _dashed(path, dashes) if dashes else [path]:
            self._canvas.line(part, fill=colour, width=self._width(shape), joint="curve")

    def _width(self, shape: Any) -> int:
        return max(1, round(float(shape.strokeWidth) * self._factor))

    def _at(self, x: float, y: float) -> tuple[float, float]:
        return x * self._factor, (self._height - y) * self._factor


def _colour(colour: Color | None) -> tuple[int, ...] | None:
    return None if colour is None else tuple(round(255 * part) for part in colour.rgb())


def _dashed(
    path: list[tuple[float, float]], dashes: list[float]
) -> list[list[tuple[float, float]]]:
    """The strokes of a dashed path: ink and gap of the given lengths in turn."""
    strokes: list[list[tuple[float, float]]] = []
    turn, left, stroke = 0, dashes[0], [path[0]]
    for (x0, y0), (x1, y1) in pairwise(path):
        length = ((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5
        done = 0.0
        while length - done > left:
            done += left
            at = (x0 + (x1 - x0) * done / length, y0 + (y1 - y0) * done / length)
            if turn % 2 == 0:
                strokes.append([*stroke, at])
            turn, stroke = turn + 1, [at]
            left = dashes[turn % len(dashes)]
        left -= length - done
        stroke.append((x1, y1))
    return [*strokes, stroke] if turn % 2 == 0 else strokes
