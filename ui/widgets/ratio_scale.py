"""A likelihood ratio on a logarithmic scale: supported range, interval, value."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPalette, QPen
from PySide6.QtWidgets import QWidget

from engine.types import LikelihoodRatio
from ui.theme import BAD

SCALE_LOG10 = 4
MARGIN_PX = 34
BAR, RANGE = QColor(47, 109, 181, 170), QColor(128, 128, 128, 70)


class RatioScale(QWidget):
    """A bar from LR = 10^-4 to 10^4."""

    def __init__(self) -> None:
        super().__init__()
        self._ratio: LikelihoodRatio | None = None
        self.setMinimumHeight(82)
        self._retranslate()

    def show_ratio(self, ratio: LikelihoodRatio | None) -> None:
        """Draw a likelihood ratio, or nothing."""
        self._ratio = ratio
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Draw the scale."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ink = self.palette().color(QPalette.ColorRole.WindowText)
        middle = self.height() * 0.36
        painter.setPen(QPen(ink, 1))
        painter.drawLine(
            QPointF(self._x(-SCALE_LOG10), middle), QPointF(self._x(SCALE_LOG10), middle)
        )
        for exponent in range(-SCALE_LOG10, SCALE_LOG10 + 1):
            x = self._x(exponent)
            painter.drawLine(QPointF(x, middle - 4), QPointF(x, middle + 4))
            label = QRectF(x - 30, middle + 11, 60, 16)
            painter.drawText(label, Qt.AlignmentFlag.AlignCenter, f"{10.0**exponent:g}")
        if self._ratio is not None:
            self._bar(painter, self._ratio.bounds_log10, middle, 8, RANGE)
            self._bar(painter, self._ratio.interval_log10, middle, 5, BAR)
            painter.setPen(QPen(QColor(BAD), 3))
            x = self._x(self._ratio.log10_lr)
            painter.drawLine(QPointF(x, middle - 13), QPointF(x, middle + 13))
        self._legend(painter, ink)

    def _legend(self, painter: QPainter, ink: QColor) -> None:
        x, y = float(MARGIN_PX), self.height() - 18.0
        texts = (self.tr("value"), self.tr("95 % interval"), self.tr("supported range"))
        for colour, text in zip((QColor(BAD), BAR, RANGE), texts, strict=True):
            painter.fillRect(QRectF(x, y + 3, 12, 8), colour)
            painter.setPen(ink)
            width = painter.fontMetrics().horizontalAdvance(text)
            painter.drawText(QPointF(x + 16, y + 12), text)
            x += width + 36

    def _bar(
        self, painter: QPainter, ends: tuple[float, float], middle: float, half: float, fill: QColor
    ) -> None:
        left, right = (self._x(end) for end in ends)
        painter.fillRect(QRectF(left, middle - half, right - left, 2 * half), fill)

    def _x(self, log10_lr: float) -> float:
        inside = max(-SCALE_LOG10, min(SCALE_LOG10, log10_lr))
        share = (inside + SCALE_LOG10) / (2 * SCALE_LOG10)
        return MARGIN_PX + (self.width() - 2 * MARGIN_PX) * share

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Follow the language."""
        if event.type() == QEvent.Type.LanguageChange:
            self._retranslate()
        super().changeEvent(event)

    def _retranslate(self) -> None:
        self.setAccessibleName(self.tr("Likelihood ratio on a logarithmic scale"))
        self.update()
