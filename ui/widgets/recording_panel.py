"""One recording: waveform above, spectrogram below, on one time axis, with its quality."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from app.messages import Language, message
from app.services.workbench import OpenedRecording

WAVE, SPEECH = "#2f6db5", (47, 109, 181, 45)
DYNAMIC_RANGE_DB = 70.0
MOST_COLUMNS = 3000


class RecordingPanel(QWidget):
    """Shows a recording; asks for one while it is empty. `chosen` carries the path of a new one."""

    chosen = Signal(object)
    browse = Signal()

    def __init__(self, role: str, language: Language) -> None:
        super().__init__()
        self._role, self._language = role, language
        self.opened: OpenedRecording | None = None
        self.setAcceptDrops(True)
        self._title = QLabel()
        self._title.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._button = QPushButton()
        self._button.clicked.connect(self.browse)
        self._empty = QLabel(alignment=Qt.AlignmentFlag.AlignCenter)
        self._plots = pg.GraphicsLayoutWidget()
        self._wave = self._plots.addPlot(row=0, col=0)
        self._spectrogram = self._plots.addPlot(row=1, col=0)
        self._curve = self._wave.plot(pen=WAVE)
        self._image = pg.ImageItem()
        self._speech: list[pg.LinearRegionItem] = []
        self._prepare_plots()
        self._quality = QLabel(wordWrap=True)
        self._lay_out()
        self.set_language(language)
        self._show_content(False)

    def _prepare_plots(self) -> None:
        self._spectrogram.addItem(self._image)
        self._image.setColorMap(pg.colormap.get("magma"))
        self._spectrogram.setXLink(self._wave)
        self._wave.setMouseEnabled(y=False)
        self._spectrogram.setMouseEnabled(y=False)
        self._wave.getAxis("left").setWidth(52)
        self._spectrogram.getAxis("left").setWidth(52)
        self._spectrogram.setLabel("bottom", units="s")
        self._spectrogram.setLabel("left", units="Hz")
        self._wave.sigXRangeChanged.connect(self._draw_wave)

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.addWidget(self._title, 1)
        head.addWidget(self._button)
        layout = QVBoxLayout(self)
        layout.addLayout(head)
        layout.addWidget(self._empty, 1)
        layout.addWidget(self._plots, 1)
        layout.addWidget(self._quality)

    def set_language(self, language: Language) -> None:
        """Translate without losing what is shown."""
        self._language = language
        self._button.setText(message("ui.open", language))
        self._empty.setText(message(f"ui.empty.{self._role}", language))
        self._describe()

    def show_recording(self, opened: OpenedRecording) -> None:
        """Show a recording from its beginning."""
        self.opened = opened
        voice = opened.voice
        duration_s = voice.recording.duration_s
        for region in self._speech:
            self._wave.removeItem(region)
        self._speech = [
            pg.LinearRegionItem((s.start_s, s.end_s), movable=False, brush=SPEECH, pen=None)
            for s in voice.segments
        ]
        for region in self._speech:
            self._wave.addItem(region)
        levels = opened.levels_db
        self._image.setImage(levels.T, levels=(levels.max() - DYNAMIC_RANGE_DB, levels.max()))
        self._image.setRect(QRectF(0, 0, duration_s, opened.highest_hz))
        self._wave.setLimits(xMin=0, xMax=duration_s)
        self._wave.setYRange(-1, 1)
        self._spectrogram.setYRange(0, opened.highest_hz)
        self._wave.setXRange(0, duration_s, padding=0)
        self._draw_wave()
        self._describe()
        self._show_content(True)

    def _show_content(self, shown: bool) -> None:
        self._plots.setVisible(shown)
        self._quality.setVisible(shown)
        self._empty.setVisible(not shown)

    def _draw_wave(self) -> None:
        """Minimum and maximum per column of what is visible."""
        if self.opened is None:
            return
        rate_hz = self.opened.voice.recording.sample_rate_hz
        start_s, end_s = self._wave.viewRange()[0]
        columns = min(MOST_COLUMNS, max(100, int(self._wave.width())))
        first, last = max(0, int(start_s * rate_hz)), int(end_s * rate_hz) + 1
        last = min(last, len(self.opened.peaks.samples))
        low, high = self.opened.peaks.envelope(first, last, columns)
        if len(low):
            times = np.repeat(np.linspace(first, last, len(low)) / rate_hz, 2)
            self._curve.setData(times, np.stack([low, high], axis=1).ravel())

    def _describe(self) -> None:
        role = message(f"ui.role.{self._role}", self._language)
        if self.opened is None:
            self._title.setText(f"<b>{role}</b>")
            return
        voice = self.opened.voice
        label = message("ui.synthetic", self._language) if self.opened.synthetic else ""
        self._title.setText(f"<b>{role}</b> — {voice.recording.path.name} <i>{label}</i>")
        quality = voice.quality
        snr = "—" if quality.snr_db is None else f"{quality.snr_db:.0f} dB"
        values = {
            "net_speech_s": quality.net_speech_s,
            "snr": snr,
            "bandwidth_hz": quality.bandwidth_hz,
            "clipped_percent": 100 * quality.clipped_share,
            "level_dbfs": quality.level_dbfs,
            "channel": voice.channel + 1,
        }
        text = message("cli.quality", self._language, values)
        self._quality.setText(f"{text}\nSHA-256 {voice.recording.sha256}")

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802 - Qt's name
        """Accept files."""
        if event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802 - Qt's name
        """Open the first file that was dropped."""
        paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        if paths:
            self.chosen.emit(paths[0])
