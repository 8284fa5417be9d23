"""Waveform and spectrogram of an item, for print: legible in grey, spectrogram at 300 dpi."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from PIL import Image as PilImage
from reportlab.lib import colors
from reportlab.lib.units import inch, mm
from reportlab.lib.utils import ImageReader
from reportlab.platypus import Flowable

from engine.audio.spectrogram import HIGHEST_HZ, spectrogram_db
from engine.report.fonts import REGULAR
from engine.report.page import QUIET, WIDTH
from engine.report.tags import Element
from engine.types import FloatArray, SpeechSegment

LEFT = 9 * mm
WAVE_HEIGHT, SPECTRUM_HEIGHT, BAR, AXIS = 17 * mm, 26 * mm, 2.4, 18.0
DOTS_PER_INCH = 300
WAVEFORM_COLUMNS = 900
WINDOW_S = 0.02
DYNAMIC_RANGE_DB = 70.0
GREY_LEVELS = 24
SPOKEN, SILENT = colors.HexColor("#1b3a5c"), colors.HexColor("#a9b8c8")
STEPS_S = (0.5, 1, 2, 5, 10, 30, 60, 300, 600, 1800, 3600)
MOST_TICKS = 12


@dataclass(frozen=True, slots=True)
class ItemFigure:
    """What a figure is drawn from: one channel, float32 [shape=(n,)], and the segments used."""

    samples: FloatArray
    sample_rate_hz: int
    segments: Sequence[SpeechSegment]


@dataclass(frozen=True, slots=True)
class PreparedFigure:
    """A figure as it is drawn, on however many pages.

    `low` and `high` are the waveform's envelope between -1 and 1 and `used` says which columns
    were compared, all [shape=(columns,)].
    """

    low: NDArray[np.float32]
    high: NDArray[np.float32]
    used: NDArray[np.bool_]
    picture: ImageReader
    duration_s: float
    top_hz: float


def prepare(figure: ItemFigure) -> PreparedFigure:
    """Reduce a recording to what is drawn of it."""
    samples, rate_hz = figure.samples, figure.sample_rate_hz
    edges = np.linspace(0, len(samples), min(WAVEFORM_COLUMNS, len(samples)) + 1).astype(int)
    peak = max(float(np.abs(samples).max()), 1e-6)
    low, high = (
        np.asarray(f.reduceat(samples, edges[:-1]) / peak, np.float32)
        for f in (np.minimum, np.maximum)
    )
    middle_s = (edges[:-1] + edges[1:]) / 2 / rate_hz
    starts, ends = (
        np.array([getattr(s, name) for s in figure.segments]) for name in ("start_s", "end_s")
    )
    inside = np.searchsorted(starts, middle_s, "right") - np.searchsorted(ends, middle_s, "left")
    picture = PilImage.fromarray(spectrogram_pixels(samples, rate_hz), "L")
    top_hz = min(HIGHEST_HZ, rate_hz / 2)
    duration_s = len(samples) / rate_hz
    return PreparedFigure(low, high, inside > 0, ImageReader(picture), duration_s, top_hz)


def spectrogram_pixels(samples: FloatArray, sample_rate_hz: int) -> NDArray[np.uint8]:
    """uint8 [shape=(rows, columns)], dark is loud, low frequencies at the bottom; 70 dB deep."""
    columns, rows = (
        round(length / inch * DOTS_PER_INCH) for length in (WIDTH - LEFT, SPECTRUM_HEIGHT)
    )
    level_db, _ = spectrogram_db(samples, sample_rate_hz, columns, rows, WINDOW_S)
    depth = np.clip((level_db.max() - level_db[::-1]) / DYNAMIC_RANGE_DB, 0, 1)
    steps = np.round(depth * (GREY_LEVELS - 1)) / (GREY_LEVELS - 1)
    return np.asarray(255 * steps, np.uint8)


class ItemPlot(Flowable):  # type: ignore[misc]
    """Waveform with a bar under what was used, spectrogram, and the axes of both."""

    tags_itself = True

    def __init__(self, figure: PreparedFigure, time: str, description: str) -> None:
        super().__init__()
        self._figure, self._time, self._description = figure, time, description

    def wrap(self, width: float, height: float) -> tuple[float, float]:
        self.width = width
        self.height = WAVE_HEIGHT + SPECTRUM_HEIGHT + BAR + 4 + AXIS
        return self.width, self.height

    def draw(self) -> None:
        with self.canv.marked(Element("Figure", description=self._description)):
            self._draw_wave(AXIS + SPECTRUM_HEIGHT + BAR + 4)
            self._draw_spectrum(AXIS)
            self._draw_axes()

    def _draw_wave(self, bottom: float) -> None:
        figure, canvas, inner = self._figure, self.canv, self.width - LEFT
        x = LEFT + (np.arange(len(figure.low)) + 0.5) / len(figure.low) * inner
        low, high = (
            bottom + WAVE_HEIGHT / 2 * (1 + values) for values in (figure.low, figure.high)
        )
        canvas.setLineWidth(0.4)
        for colour, chosen in ((SILENT, ~figure.used), (SPOKEN, figure.used)):
            canvas.setStrokeColor(colour)
            canvas.lines(
                [
                    (round(a, 2), round(b, 2), round(a, 2), round(c + 0.2, 2))
                    for a, b, c in zip(x[chosen], low[chosen], high[chosen], strict=True)
                ]
            )
        canvas.setFillColor(SPOKEN)
        for begin, end in _runs(figure.used):
            left, right = (LEFT + i / len(figure.used) * inner for i in (begin, end))
            canvas.rect(left, bottom - BAR - 1, right - left, BAR, stroke=0, fill=1)
        self._outline(bottom, WAVE_HEIGHT)

    def _draw_spectrum(self, bottom: float) -> None:
        figure, inner = self._figure, self.width - LEFT
        self.canv.drawImage(figure.picture, LEFT, bottom, inner, SPECTRUM_HEIGHT)
        self._outline(bottom, SPECTRUM_HEIGHT)
        self.canv.setFont(REGULAR, 6)
        self.canv.setFillColor(QUIET)
        for khz in range(int(figure.top_hz / 1000) + 1):
            if figure.top_hz <= 4000 or khz % 2 == 0:
                y = bottom + khz * 1000 / figure.top_hz * SPECTRUM_HEIGHT
                self.canv.line(LEFT - 2, y, LEFT, y)
                self.canv.drawRightString(LEFT - 4, y - 2, str(khz))
        self.canv.drawString(0, bottom + SPECTRUM_HEIGHT / 2 - 2, "kHz")

    def _outline(self, bottom: float, height: float) -> None:
        self.canv.setStrokeColor(colors.HexColor("#6c757d"))
        self.canv.setLineWidth(0.3)
        self.canv.rect(LEFT, bottom, self.width - LEFT, height, stroke=1, fill=0)

    def _draw_axes(self) -> None:
        canvas, duration_s = self.canv, self._figure.duration_s
        step_s = next((s for s in STEPS_S if duration_s / s <= MOST_TICKS), duration_s)
        canvas.setFont(REGULAR, 6)
        for time_s in np.arange(0, duration_s, step_s):
            x = LEFT + float(time_s) / duration_s * (self.width - LEFT)
            canvas.line(x, AXIS - 2, x, AXIS)
            canvas.drawString(x, AXIS - 8.5, f"{time_s:g}")
        canvas.drawRightString(self.width, 2.5, self._time)


def _runs(used: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Where stretches of True begin and end."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], used, [False]]).astype(np.int8)))
    return list(pairwise(edges.tolist()))[::2]
