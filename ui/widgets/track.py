"""One recording on the desk: head, overview, segments, waveform per channel, spectrogram."""

from __future__ import annotations

from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QToolButton, QVBoxLayout, QWidget

from app.services.workbench import OpenedRecording, SpectrogramSettings
from app.services.workroom import Segment
from ui.theme import signal_colours
from ui.widgets.elided import ElidedLabel
from ui.widgets.overview import Overview
from ui.widgets.segment_lane import LanePlot
from ui.widgets.spectrogram import SpectrogramPlot, hz_of_row
from ui.widgets.time_view import TimeAxis, TimeViewBox, clock, nearest_inside
from ui.widgets.waveform import WaveformPlot

AXIS_WIDTH_PX = 52
LANE_ROW_PX = 22


class TrackView(QWidget):
    """Shows one recording; tells what the examiner does with it."""

    activated = Signal(object)
    closed = Signal(object)
    cursor_moved = Signal(float)
    selection_changed = Signal(object)
    range_changed = Signal(float, float)
    edge_moved = Signal(object, float, float)
    segments_chosen = Signal(object)
    segment_opened = Signal(object)
    pointed_at = Signal(str)
    failed = Signal(object)

    def __init__(self, opened: OpenedRecording) -> None:
        super().__init__()
        self.opened = opened
        self.cursor_s = 0.0
        self.selection: tuple[float, float] | None = None
        self._name, self._about = ElidedLabel(opened.name), ElidedLabel()
        self._channel = QComboBox()
        self._close = QToolButton()
        self._overview = Overview(opened.channels)
        self._plots = pg.GraphicsLayoutWidget()
        self._lane = LanePlot(opened.duration_s, len(opened.channels))
        self._waves = [WaveformPlot(channel) for channel in opened.channels]
        self._spectrogram = self._make_spectrogram(0)
        self._axis = TimeAxis("bottom")
        self._cursors: list[pg.InfiniteLine] = []
        self._regions: list[pg.LinearRegionItem] = []
        self._lay_out()
        self._connect()
        self._retranslate()
        self.set_colours()
        self.show_range(0.0, opened.duration_s)

    def _make_spectrogram(self, channel: int) -> SpectrogramPlot:
        made = SpectrogramPlot(self.opened.channels[channel], self.opened.duration_s, self)
        made.item.loader.failed.connect(self.failed)
        return made

    def _lay_out(self) -> None:
        self._name.setStyleSheet("font-weight: bold")
        head = QHBoxLayout()
        head.setContentsMargins(6, 2, 4, 0)
        head.setSpacing(10)
        head.addWidget(self._name)
        head.addWidget(self._about)
        head.addStretch(1)
        head.addWidget(self._channel)
        head.addWidget(self._close)
        self._channel.setVisible(len(self.opened.channels) > 1)
        self._close.setText("✕")
        self._close.setAutoRaise(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(1)
        layout.addLayout(head)
        layout.addWidget(self._overview)
        layout.addWidget(self._plots, 1)
        self._fill_plots()

    def _fill_plots(self) -> None:
        self._plots.ci.layout.setSpacing(0)
        self._plots.ci.layout.setContentsMargins(0, 0, 4, 0)
        self._spectrogram.setAxisItems({"bottom": self._axis})
        rows = self._all_plots
        for row, plot in enumerate(rows):
            self._plots.addItem(plot, row=row, col=0)
            plot.getAxis("left").setWidth(AXIS_WIDTH_PX)
            if row:
                plot.box.setXLink(self._lane.box)
            self._prepare(plot)
        layout = self._plots.ci.layout
        layout.setRowFixedHeight(0, LANE_ROW_PX * len(self.opened.channels))
        for row in range(1, len(rows) - 1):
            layout.setRowStretchFactor(row, 2)
        layout.setRowStretchFactor(len(rows) - 1, 3 if len(self._waves) == 1 else 4)
        self._plots.setMinimumHeight(150 + 46 * len(self._waves))

    def _prepare(self, plot: Any) -> None:
        """Limits, cursor and selection of one plot."""
        plot.box.setLimits(xMin=0, xMax=self.opened.duration_s)
        cursor = pg.InfiniteLine(angle=90)
        cursor.setZValue(20)
        region = pg.LinearRegionItem(movable=False)
        region.setZValue(10)
        region.setVisible(False)
        for line in region.lines:
            line.setPen(pg.mkPen(None))
        plot.addItem(cursor, ignoreBounds=True)
        plot.addItem(region, ignoreBounds=True)
        self._cursors.append(cursor)
        self._regions.append(region)

    @property
    def _all_plots(self) -> list[Any]:
        return [self._lane, *self._waves, self._spectrogram]

    @property
    def _boxes(self) -> list[TimeViewBox]:
        return [plot.box for plot in self._all_plots]

    def _connect(self) -> None:
        for box in self._boxes:
            self._connect_box(box)
        lane = self._lane
        lane.box.sigXRangeChanged.connect(self._tell_range)
        lane.box.edge_moving.connect(lane.lane.preview)
        lane.box.edge_moved.connect(self.edge_moved)
        lane.box.segment_clicked.connect(self._choose)
        lane.box.segment_opened.connect(self.segment_opened)
        self._overview.moved_to.connect(self.show_range)
        self._channel.currentIndexChanged.connect(self._show_channel)
        self._close.clicked.connect(lambda: self.closed.emit(self))
        self._plots.scene().sigMouseMoved.connect(self._point)

    def _connect_box(self, box: TimeViewBox) -> None:
        box.selecting.connect(self.select)
        box.selected.connect(self.select)
        box.clicked.connect(self._click)
        box.double_clicked.connect(self._select_segment_at)

    def show_range(self, first_s: float, last_s: float) -> None:
        """Show a stretch of time."""
        self._lane.box.show_range(first_s, last_s)

    @property
    def visible_range(self) -> tuple[float, float]:
        first_s, last_s = self._lane.box.viewRange()[0]
        return float(first_s), float(last_s)

    def zoom(self, factor: float) -> None:
        """Zoom about the cursor where it is visible, else about the middle."""
        first_s, last_s = self.visible_range
        about_s = self.cursor_s if first_s <= self.cursor_s <= last_s else (first_s + last_s) / 2
        self._lane.box.zoom(factor, about_s)

    def scroll_by(self, share: float) -> None:
        """Scroll by a share of what is visible."""
        self._lane.box.scroll_by(share)

    def set_cursor(self, time_s: float, follow: bool = False) -> None:
        """Move the cursor; with `follow` the visible range goes along."""
        self.cursor_s = nearest_inside(time_s, 0.0, self.opened.duration_s)
        for line in self._cursors:
            line.setPos(self.cursor_s)
        self._overview.set_cursor(self.cursor_s)
        first_s, last_s = self.visible_range
        if follow and not first_s <= self.cursor_s <= last_s:
            self.show_range(self.cursor_s, self.cursor_s + last_s - first_s)

    def select(self, start_s: float, end_s: float) -> None:
        """Select a stretch."""
        start_s, end_s = (nearest_inside(t, 0.0, self.opened.duration_s) for t in (start_s, end_s))
        self._set_selection((start_s, end_s) if end_s > start_s else None)
        self.set_cursor(start_s)
        self.activated.emit(self)

    def clear_selection(self) -> None:
        """Select nothing."""
        self._set_selection(None)

    def _set_selection(self, selection: tuple[float, float] | None) -> None:
        self.selection = selection
        for box in self._boxes:
            box.selection = selection
        for region in self._regions:
            region.setVisible(selection is not None)
            if selection is not None:
                region.setRegion(selection)
        self.selection_changed.emit(selection)

    def _click(self, time_s: float) -> None:
        self.clear_selection()
        self.set_cursor(time_s)
        self.activated.emit(self)
        self.cursor_moved.emit(self.cursor_s)

    def _select_segment_at(self, time_s: float) -> None:
        for row in range(len(self.opened.channels)):
            segment = self._lane.lane.segment_at(QPointF(time_s, row + 0.5))
            if segment is not None:
                self._choose(segment, False)
                return

    def _choose(self, segment: Segment, more: bool) -> None:
        lane = self._lane.lane
        chosen = lane.chosen ^ {segment.id} if more else {segment.id}
        lane.choose(chosen)
        self.select(segment.start_s, segment.end_s)
        self.segments_chosen.emit(chosen)

    def choose_segments(self, ids: set[int]) -> None:
        """Show segments as chosen."""
        self._lane.lane.choose(ids)

    @property
    def chosen_segments(self) -> set[int]:
        return set(self._lane.lane.chosen)

    def show_segments(self, segments: list[Segment]) -> None:
        """Show the segments that stand now."""
        self._lane.lane.show_segments(segments)

    @property
    def channel(self) -> int:
        """The channel whose spectrogram is shown and whose segments are made."""
        return max(0, self._channel.currentIndex())

    def _show_channel(self, channel: int) -> None:
        if channel < 0:
            return
        settings, decibels = self._spectrogram.settings, self._colour_choice
        old, row = self._spectrogram, 1 + len(self._waves)
        self._plots.removeItem(old)
        old.item.loader.close()
        old.item.loader.deleteLater()
        del self._cursors[-1], self._regions[-1]
        self._spectrogram = self._make_spectrogram(channel)
        self._axis = TimeAxis("bottom")
        self._spectrogram.setAxisItems({"bottom": self._axis})
        self._plots.addItem(self._spectrogram, row=row, col=0)
        self._spectrogram.getAxis("left").setWidth(AXIS_WIDTH_PX)
        self._spectrogram.box.setXLink(self._lane.box)
        self._prepare(self._spectrogram)
        self._connect_box(self._spectrogram.box)
        self._spectrogram.set_settings(settings)
        self._spectrogram.item.set_colours(*decibels)
        self.set_colours()
        self.set_cursor(self.cursor_s)
        self._set_selection(self.selection)

    _colour_choice: tuple[str, float, float] = ("magma", -20.0, 70.0)

    def set_spectrogram(
        self, settings: SpectrogramSettings, colours: str, highest_db: float, range_db: float
    ) -> None:
        """How the spectrogram is computed and coloured; no frequency above half the rate."""
        nyquist_hz = self.opened.channels[0].sample_rate_hz / 2
        high_hz = min(settings.high_hz, nyquist_hz)
        low_hz = min(settings.low_hz, high_hz / 2)
        self._spectrogram.set_settings(
            SpectrogramSettings(settings.window_s, settings.overlap, low_hz, high_hz, settings.mel)
        )
        self._colour_choice = (colours, highest_db, range_db)
        self._spectrogram.item.set_colours(*self._colour_choice)

    def set_decibels(self, decibels: bool) -> None:
        """Scale of the waveforms."""
        for wave in self._waves:
            wave.set_decibels(decibels)

    def set_active(self, active: bool) -> None:
        """Whether keys and playback go to this recording."""
        mark = "▶ " if active else ""
        self._name.set_text(mark + self.opened.name)

    def is_drawn(self) -> bool:
        """Whether every tile that is visible is there."""
        return self._spectrogram.item.loader.is_idle()

    def set_colours(self) -> None:
        """Take the theme's colours."""
        colours = signal_colours(self)
        self._plots.setBackground(colours.background)
        for plot in self._all_plots:
            for side in ("left", "bottom"):
                plot.getAxis(side).setPen(colours.ink)
                plot.getAxis(side).setTextPen(colours.ink)
        for wave in self._waves:
            wave.set_colours(colours)
        self._lane.lane.set_ink(colours.ink)
        for line in self._cursors:
            line.setPen(pg.mkPen(colours.cursor, width=1))
        for region in self._regions:
            region.setBrush(colours.selection)
            region.setHoverBrush(colours.selection)
        self._overview.set_colours(colours)
        self._spectrogram.item.set_colours(*self._colour_choice)

    def _tell_range(self) -> None:
        first_s, last_s = self.visible_range
        self._overview.set_visible_range(first_s, last_s)
        self.range_changed.emit(first_s, last_s)

    def _point(self, position: QPointF) -> None:
        """Time, frequency and level below the pointer."""
        for box in self._boxes:
            if box.sceneBoundingRect().contains(position):
                point = box.mapSceneToView(position)
                text = clock(max(0.0, point.x()))
                if box is self._spectrogram.box:
                    text += f"   {hz_of_row(self._spectrogram.settings, point.y()):.0f} Hz"
                    level_db = self._spectrogram.item.level_db(point.x(), point.y())
                    text += "" if level_db is None else f"   {level_db:.0f} dB"
                self.pointed_at.emit(text)
                return

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Follow language and theme."""
        if event.type() == QEvent.Type.LanguageChange:
            self._retranslate()
        elif event.type() == QEvent.Type.PaletteChange:
            self.set_colours()
        super().changeEvent(event)

    def _retranslate(self) -> None:
        recording = self.opened.recording
        parts = [
            f"{recording.codec} · {recording.sample_rate_hz / 1000:g} kHz · "
            f"{clock(recording.duration_s, 0.1)}"
        ]
        if self.opened.synthetic:
            parts.append(self.tr("synthetic voice"))
        if "audio.truncated" in recording.warnings:
            parts.append(self.tr("cut off: shown as far as it goes"))
        self._about.set_text(" · ".join(parts))
        chosen = self.channel
        self._channel.blockSignals(True)
        self._channel.clear()
        for number in range(len(self.opened.channels)):
            self._channel.addItem(self.tr("Channel {number}").format(number=number + 1))
        self._channel.setCurrentIndex(chosen)
        self._channel.blockSignals(False)
        self._close.setToolTip(self.tr("Close this recording (Ctrl+W)"))
        self._close.setAccessibleName(self.tr("Close this recording"))
        self._channel.setToolTip(self.tr("Channel of the spectrogram and of new segments"))

    def release(self) -> None:
        """Stop computing and remove the samples from the disk."""
        self._spectrogram.item.loader.close()
        self.opened.close()
