"""The spectrogram: tiles at the visible resolution, computed beside the window, coarser ones shown
until they are there."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QRectF, Qt, QThreadPool, Signal
from PySide6.QtGui import QImage, QPainter

from app.services.workbench import (
    LEVEL_STEP_DB,
    LOWEST_DB,
    TILE_COLUMNS,
    TILE_ROWS,
    SpectrogramSettings,
    StoredChannel,
    column_s,
    hz_of_mel,
    mel_of_hz,
    tile,
)
from ui.widgets.time_view import TimeViewBox

WORKERS = 2
KEPT_TILES = 300
KEPT_IMAGES = 48
COARSER_LEVELS = 8
COLOUR_MAPS = ("magma", "inferno", "viridis", "cividis", "grey")


@dataclass(frozen=True, slots=True)
class TileKey:
    """Which tile of a channel."""

    settings: SpectrogramSettings
    zoom: int
    index: int


class TileLoader(QObject):
    """Computes the tiles that are wanted now, the first ones first; keeps the latest."""

    loaded = Signal()
    failed = Signal(object)

    def __init__(self, channel: StoredChannel, parent: QObject) -> None:
        super().__init__(parent)
        self._channel = channel
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(WORKERS)
        self._lock = threading.Lock()
        self._wanted: list[TileKey] = []
        self._busy: set[TileKey] = set()
        self._workers = 0
        self._tiles: OrderedDict[TileKey, NDArray[np.uint8]] = OrderedDict()

    def get(self, key: TileKey) -> NDArray[np.uint8] | None:
        """A tile that is there."""
        with self._lock:
            found = self._tiles.get(key)
            if found is not None:
                self._tiles.move_to_end(key)
            return found

    def want(self, keys: list[TileKey]) -> None:
        """Compute these, and forget what was wanted before."""
        with self._lock:
            self._wanted = [k for k in keys if k not in self._tiles and k not in self._busy]
            missing = min(WORKERS, len(self._wanted)) - self._workers
            self._workers += max(0, missing)
        for _ in range(missing):
            self._pool.start(self._work)

    def is_idle(self) -> bool:
        """Whether everything that was wanted is there."""
        with self._lock:
            return not (self._wanted or self._busy)

    def _work(self) -> None:
        while True:
            with self._lock:
                if not self._wanted:
                    self._workers -= 1
                    return
                key = self._wanted.pop(0)
                self._busy.add(key)
            try:
                made = tile(self._channel, key.settings, key.zoom, key.index)
            except Exception as error:  # told once, in the window's thread
                with self._lock:
                    self._wanted.clear()
                    self._busy.discard(key)
                    self._workers -= 1
                self.failed.emit(error)
                return
            with self._lock:
                self._busy.discard(key)
                self._tiles[key] = made
                while len(self._tiles) > KEPT_TILES:
                    self._tiles.popitem(last=False)
            self.loaded.emit()

    def close(self) -> None:
        """Stop; the threads have ended when this returns."""
        with self._lock:
            self._wanted = []
        self._pool.waitForDone()


class SpectrogramItem(pg.GraphicsObject):
    """Paints the tiles; y runs over the rows of a tile."""

    def __init__(self, loader: TileLoader, duration_s: float) -> None:
        super().__init__()
        self.loader = loader
        self._duration_s = duration_s
        self.settings = SpectrogramSettings()
        self._colours = np.zeros(256, np.uint32)
        self._images: OrderedDict[TileKey, QImage] = OrderedDict()
        loader.loaded.connect(self.update, Qt.ConnectionType.QueuedConnection)

    def boundingRect(self) -> QRectF:  # noqa: N802 - Qt's name
        """The whole recording."""
        return QRectF(0, 0, self._duration_s, TILE_ROWS)

    def set_colours(self, name: str, highest_db: float, range_db: float) -> None:
        """Choose the colour map and what of the levels it spans."""
        level_db = LOWEST_DB + LEVEL_STEP_DB * np.arange(256)
        share = np.clip((level_db - (highest_db - range_db)) / range_db, 0, 1)
        self._colours = _colour_table(name, share)
        self._images.clear()
        self.update()

    def zoom(self) -> int:
        """The zoom level that the visible range needs."""
        box = self.getViewBox()
        per_pixel_s = box.seconds_per_pixel() if isinstance(box, TimeViewBox) else 0.01
        return max(0, int(np.floor(np.log2(max(per_pixel_s, column_s(0)) / column_s(0)))))

    def visible_tiles(self) -> list[TileKey]:
        """Keys of what is visible, from left to right."""
        zoom = self.zoom()
        width_s = column_s(zoom) * TILE_COLUMNS
        first_s, last_s = self.getViewBox().viewRange()[0]
        first = int(max(0.0, first_s) / width_s)
        last = int(min(self._duration_s, last_s) / width_s)
        return [TileKey(self.settings, zoom, index) for index in range(first, last + 1)]

    def paint(self, painter: QPainter, option: Any, widget: Any = None) -> None:
        """Paint what is there and ask for what is not."""
        keys = self.visible_tiles()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        for key in keys:
            self._paint_tile(painter, key)
        self.loader.want(keys)

    def _paint_tile(self, painter: QPainter, key: TileKey) -> None:
        width_s = column_s(key.zoom) * TILE_COLUMNS
        target = QRectF(key.index * width_s, 0, width_s, TILE_ROWS)
        for coarser in range(COARSER_LEVELS):
            ancestor = TileKey(key.settings, key.zoom + coarser, key.index >> coarser)
            image = self._image(ancestor)
            if image is not None:
                columns = TILE_COLUMNS / (1 << coarser)
                offset = (key.index - (ancestor.index << coarser)) * columns
                painter.drawImage(target, image, QRectF(offset, 0, columns, TILE_ROWS))
                return

    def _image(self, key: TileKey) -> QImage | None:
        if key in self._images:
            self._images.move_to_end(key)
            return self._images[key]
        levels = self.loader.get(key)
        if levels is None:
            return None
        pixels = self._colours[levels]
        image = QImage(
            pixels.data, TILE_COLUMNS, TILE_ROWS, 4 * TILE_COLUMNS, QImage.Format.Format_RGB32
        ).copy()
        self._images[key] = image
        while len(self._images) > KEPT_IMAGES:
            self._images.popitem(last=False)
        return image

    def level_db(self, time_s: float, row: float) -> float | None:
        """Level at a point, where its tile is there."""
        zoom = self.zoom()
        column = int(time_s / column_s(zoom))
        levels = self.loader.get(TileKey(self.settings, zoom, column // TILE_COLUMNS))
        if levels is None or not 0 <= row < TILE_ROWS:
            return None
        return LOWEST_DB + LEVEL_STEP_DB * float(levels[int(row), column % TILE_COLUMNS])


class FrequencyAxis(pg.AxisItem):
    """Frequencies of the rows, linear or mel."""

    def __init__(self) -> None:
        super().__init__("left")
        self.settings = SpectrogramSettings()

    def tickValues(self, low: float, high: float, size: float) -> list[Any]:  # noqa: N802 - pyqtgraph's name
        """Round frequencies."""
        highest_hz = self.settings.high_hz
        steps = (100, 200, 500, 1000, 2000, 5000)
        wanted = max(2.0, size / 34)
        span = highest_hz - self.settings.low_hz
        step = next((s for s in steps if span / s <= wanted), steps[-1])
        if self.settings.mel:
            values = [100, 300, 500, 1000, 2000, 3000, 4000, 6000, 8000, 12000, 16000, 20000]
        else:
            first = int(np.ceil(self.settings.low_hz / step))
            values = [step * n for n in range(first, int(highest_hz // step) + 1)]
        rows = [row_of_hz(self.settings, hz) for hz in values]
        return [(1.0, [row for row in rows if 0 <= row <= TILE_ROWS])]

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:  # noqa: N802 - pyqtgraph's name
        """In kHz."""
        return [f"{hz_of_row(self.settings, row) / 1000:.3g}" for row in values]


def row_of_hz(settings: SpectrogramSettings, frequency_hz: float) -> float:
    """Where a frequency lies on the rows."""
    low, high, at = settings.low_hz, settings.high_hz, frequency_hz
    if settings.mel:
        low, high, at = (float(v) for v in mel_of_hz(np.array([low, high, at])))
    return (at - low) / (high - low) * (TILE_ROWS - 1) + 0.5


def hz_of_row(settings: SpectrogramSettings, row: float) -> float:
    """Inverse of `row_of_hz`."""
    low, high = settings.low_hz, settings.high_hz
    share = (row - 0.5) / (TILE_ROWS - 1)
    if not settings.mel:
        return low + share * (high - low)
    low, high = (float(v) for v in mel_of_hz(np.array([low, high])))
    return float(hz_of_mel(np.array([low + share * (high - low)]))[0])


def _colour_table(name: str, share: NDArray[np.float64]) -> NDArray[np.uint32]:
    if name == "grey":
        white = np.round(255 * (1 - share)).astype(np.uint32)
        return np.asarray(0xFF000000 | white << 16 | white << 8 | white, np.uint32)
    table = pg.colormap.get(name).map(share, mode="byte").astype(np.uint32)
    return np.asarray(0xFF000000 | table[:, 0] << 16 | table[:, 1] << 8 | table[:, 2], np.uint32)


class SpectrogramPlot(pg.PlotItem):
    """A spectrogram with its frequency axis."""

    def __init__(self, channel: StoredChannel, duration_s: float, parent: QObject) -> None:
        self.box = TimeViewBox()
        self._axis = FrequencyAxis()
        super().__init__(viewBox=self.box, enableMenu=False, axisItems={"left": self._axis})
        self.hideButtons()
        self.item = SpectrogramItem(TileLoader(channel, parent), duration_s)
        self.addItem(self.item)
        self.setYRange(0, TILE_ROWS, padding=0)
        self._nyquist_hz = channel.sample_rate_hz / 2
        self.set_settings(SpectrogramSettings(high_hz=min(8000.0, self._nyquist_hz)))

    @property
    def settings(self) -> SpectrogramSettings:
        return self.item.settings

    def set_settings(self, settings: SpectrogramSettings) -> None:
        """Compute with other settings."""
        self.item.settings = self._axis.settings = settings
        self._axis.picture = None
        self._axis.update()
        self.item.update()
