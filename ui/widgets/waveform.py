"""The waveform of one channel: linear or in dB, clipping marked, down to single samples."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from PySide6.QtGui import QPen

from app.services.workbench import Envelope, StoredChannel
from ui.theme import SignalColours
from ui.widgets.time_view import TimeViewBox

LOWEST_DB = -60.0
DOTS_BELOW_SAMPLES = 300


class WaveformPlot(pg.PlotItem):
    """Draws what is visible, whenever that changes."""

    def __init__(self, channel: StoredChannel) -> None:
        self.box = TimeViewBox()
        super().__init__(viewBox=self.box, enableMenu=False)
        self.hideButtons()
        self.hideAxis("bottom")
        self.channel = channel
        self.decibels = False
        self._curve = pg.PlotCurveItem(skipFiniteCheck=True)
        self._clipped = pg.PlotCurveItem(skipFiniteCheck=True)
        self._dots = pg.ScatterPlotItem(size=4, pen=None)
        for item in (self._curve, self._clipped, self._dots):
            self.addItem(item)
        self._peak = max(0.01, *(float(np.abs(a).max(initial=0)) for a in _extremes(channel)))
        self.set_decibels(False)
        self.box.sigXRangeChanged.connect(self.redraw)
        self.box.sigResized.connect(self.redraw)

    def set_colours(self, colours: SignalColours) -> None:
        """Take the theme's colours."""
        self._curve.setPen(_pen(colours.wave))
        self._clipped.setPen(_pen(colours.clipped))
        self._dots.setBrush(pg.mkBrush(colours.wave))

    def set_decibels(self, decibels: bool) -> None:
        """Level in dB of full scale, or amplitude."""
        self.decibels = decibels
        if decibels:
            self.setYRange(LOWEST_DB, 0, padding=0.02)
        else:
            self.setYRange(-self._peak, self._peak, padding=0.02)
        self.redraw()

    def redraw(self) -> None:
        """Draw the visible range anew."""
        rate_hz = self.channel.sample_rate_hz
        first_s, last_s = self.box.viewRange()[0]
        start, stop = int(first_s * rate_hz) - 1, int(last_s * rate_hz) + 2
        columns = max(50, int(self.box.width()))
        shown = self.channel.peaks.envelope(self.channel, start, stop, columns)
        time_s = (shown.start + shown.step * np.arange(len(shown.low))) / rate_hz
        if shown.step == 1 and not self.decibels:
            self._draw_samples(time_s, shown)
            return
        self._dots.setData()
        low, high = self._ends(shown)
        across = np.repeat(time_s, 2)
        self._curve.setData(across, np.stack([low, high], 1).ravel(), connect="pairs")
        marked = np.repeat(shown.clipped, 2)
        ends = np.stack([low, high], 1).ravel()[marked]
        self._clipped.setData(across[marked], ends, connect="pairs")

    def _ends(self, shown: Envelope) -> tuple[np.ndarray, np.ndarray]:
        if not self.decibels:
            return shown.low, shown.high
        level = np.maximum(np.abs(shown.low), np.abs(shown.high))
        level_db = 20 * np.log10(np.maximum(level, 10 ** (LOWEST_DB / 20)))
        return np.full_like(level_db, LOWEST_DB), level_db

    def _draw_samples(self, time_s: np.ndarray, shown: Envelope) -> None:
        self._curve.setData(time_s, shown.low, connect="all")
        self._clipped.setData(time_s, shown.low, connect=shown.clipped)
        few = len(time_s) <= DOTS_BELOW_SAMPLES
        self._dots.setData(time_s if few else [], shown.low if few else [])


def _extremes(channel: StoredChannel) -> tuple[np.ndarray, np.ndarray]:
    coarsest = channel.peaks.levels[-1]
    return coarsest.low, coarsest.high


def _pen(colour: str) -> QPen:
    pen: QPen = pg.mkPen(colour, width=1)
    pen.setCosmetic(True)
    return pen
