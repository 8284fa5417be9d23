"""Waveform and spectrogram of an item, for print."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image as PilImage
from reportlab.graphics.shapes import Drawing, Group, Path, Rect, String
from reportlab.lib import colors
from reportlab.lib.units import mm
from reportlab.platypus import Flowable, Image

from engine.audio.spectrogram import spectrogram_db
from engine.types import FloatArray, SpeechSegment

WAVEFORM_COLUMNS = 900
SPECTROGRAM_COLUMNS = 1400
SPECTROGRAM_ROWS = 256
WINDOW_S = 0.02
DYNAMIC_RANGE_DB = 70.0
GREY_LEVELS = 24
SPOKEN, SILENT = colors.HexColor("#1b3a5c"), colors.HexColor("#a9b8c8")


@dataclass(frozen=True, slots=True)
class ItemFigure:
    """What a figure is drawn from: one channel, float32 [shape=(n,)], and the segments used."""

    samples: FloatArray
    sample_rate_hz: int
    segments: Sequence[SpeechSegment]


def waveform(figure: ItemFigure, width: float, height: float, font: str) -> Flowable:
    """Vector envelope with a time axis; stretches that were used are dark."""
    drawing = Drawing(width, height)
    body = height - 10
    duration_s = len(figure.samples) / figure.sample_rate_hz
    columns = np.array_split(figure.samples, min(WAVEFORM_COLUMNS, len(figure.samples)))
    peak = max(float(np.abs(figure.samples).max()), 1e-6)
    shares = {
        SPOKEN: Path(strokeColor=SPOKEN, strokeWidth=0.4),
        SILENT: Path(strokeColor=SILENT, strokeWidth=0.4),
    }
    for i, column in enumerate(columns):
        time_s = (i + 0.5) / len(columns) * duration_s
        used = any(s.start_s <= time_s <= s.end_s for s in figure.segments)
        x = (i + 0.5) / len(columns) * width
        path = shares[SPOKEN if used else SILENT]
        path.moveTo(x, 10 + body / 2 * (1 + float(column.min()) / peak))
        path.lineTo(x, 10 + body / 2 * (1 + float(column.max()) / peak) + 0.2)
    for path in shares.values():
        drawing.add(path)
    drawing.add(Rect(0, 10, width, body, fillColor=None, strokeColor=colors.grey, strokeWidth=0.3))
    drawing.add(_time_axis(duration_s, width, font))
    return drawing


def _time_axis(duration_s: float, width: float, font: str) -> Group:
    group = Group()
    step = next(s for s in (0.5, 1, 2, 5, 10, 30, 60, 300, 600, 3600, 1e9) if duration_s / s <= 12)
    for time_s in np.arange(0, duration_s, step):
        x = float(time_s) / duration_s * width
        label = f"{time_s:g} s"
        group.add(String(x + 1, 2, label, fontName=font, fontSize=5.5, fillColor=colors.grey))
        group.add(Rect(x, 8, 0.2, 2, fillColor=colors.grey, strokeColor=None))
    return group


def spectrogram(figure: ItemFigure, width: float, height: float) -> Flowable:
    """Grey-scale spectrogram up to half the sample rate or 8 kHz, 70 dB deep, as lossless image."""
    picture = PilImage.fromarray(spectrogram_pixels(figure.samples, figure.sample_rate_hz), "L")
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    buffer.seek(0)
    return Image(buffer, width, height)


def spectrogram_pixels(samples: FloatArray, sample_rate_hz: int) -> np.ndarray:
    """uint8 [shape=(rows, columns)], dark is loud, low frequencies at the bottom."""
    level_db, _ = spectrogram_db(
        samples, sample_rate_hz, SPECTROGRAM_COLUMNS, SPECTROGRAM_ROWS, WINDOW_S
    )
    depth = np.clip((level_db.max() - level_db[::-1]) / DYNAMIC_RANGE_DB, 0, 1)
    steps = np.round(depth * (GREY_LEVELS - 1)) / (GREY_LEVELS - 1)
    return np.asarray(255 * steps, np.uint8)


FIGURE_HEIGHTS = (18 * mm, 26 * mm)
