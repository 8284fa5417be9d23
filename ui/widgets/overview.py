"""The whole recording in a strip, with what is visible marked; drag it or click to go there."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen, QPixmap, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.services.workbench import StoredChannel
from ui.theme import SignalColours

HEIGHT_PX = 26


class Overview(QWidget):
    """`moved_to` carries the range that is asked for."""

    moved_to = Signal(float, float)

    def __init__(self, channels: tuple[StoredChannel, ...]) -> None:
        super().__init__()
        self._channels = channels
        self._duration_s = channels[0].n_samples / channels[0].sample_rate_hz
        self._visible_s = (0.0, self._duration_s)
        self._cursor_s = 0.0
        self._colours: SignalColours | None = None
        self._picture: QPixmap | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(HEIGHT_PX)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """A strip."""
        return QSize(200, HEIGHT_PX)

    def set_colours(self, colours: SignalColours) -> None:
        """Take the theme's colours."""
        self._colours, self._picture = colours, None
        self.update()

    def set_visible_range(self, first_s: float, last_s: float) -> None:
        """Mark what is visible."""
        self._visible_s = (first_s, last_s)
        self.update()

    def set_cursor(self, time_s: float) -> None:
        """Mark the cursor."""
        self._cursor_s = time_s
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Draw anew at the new width."""
        self._picture = None
        super().resizeEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """The strip, shaded where it is not visible."""
        if self._colours is None:
            return
        if self._picture is None:
            self._picture = self._draw(self._colours)
        painter = QPainter(self)
        painter.drawPixmap(0, 0, self._picture)
        shade = QColor(self._colours.background)
        shade.setAlpha(150)
        left, right = (self._x(t) for t in self._visible_s)
        painter.fillRect(QRectF(0, 0, left, self.height()), shade)
        painter.fillRect(QRectF(right, 0, self.width() - right, self.height()), shade)
        painter.setPen(QPen(QColor(self._colours.ink), 1))
        painter.drawRect(QRectF(left, 0, max(2.0, right - left - 1), self.height() - 1))
        painter.setPen(QPen(QColor(self._colours.cursor), 1))
        x = self._x(self._cursor_s)
        painter.drawLine(QPointF(x, 0), QPointF(x, self.height()))

    def _draw(self, colours: SignalColours) -> QPixmap:
        ratio = self.devicePixelRatioF()
        picture = QPixmap(self.size() * ratio)
        picture.setDevicePixelRatio(ratio)
        picture.fill(QColor(colours.background))
        painter = QPainter(picture)
        painter.setPen(QPen(QColor(colours.wave), 1))
        columns, middle = max(1, self.width()), self.height() / 2
        channel = self._channels[0]
        shown = channel.peaks.envelope(channel, 0, channel.n_samples, columns)
        peak = max(0.01, float(np.abs([shown.low, shown.high]).max(initial=0.01)))
        scale = (middle - 1) / peak
        rate_hz = channel.sample_rate_hz
        for i, (low, high) in enumerate(zip(shown.low, shown.high, strict=True)):
            x = self._x((shown.start + (i + 0.5) * shown.step) / rate_hz)
            top, bottom = middle - float(high) * scale, middle - float(low) * scale
            painter.drawLine(QPointF(x, top), QPointF(x, max(bottom, top + 0.5)))
        painter.end()
        return picture

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Go there."""
        self._go_to(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Drag what is visible."""
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._go_to(event)

    def _go_to(self, event: QMouseEvent) -> None:
        about_s = event.position().x() / max(1, self.width()) * self._duration_s
        half_s = (self._visible_s[1] - self._visible_s[0]) / 2
        self.moved_to.emit(about_s - half_s, about_s + half_s)

    def _x(self, time_s: float) -> float:
        return time_s / self._duration_s * self.width()
