"""The likelihood ratio on a logarithmic scale, with its interval, its range and its cautions."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPalette, QPen
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from app.messages import Language, message
from app.services.comparing import summary
from app.services.reporting import verbal_text
from app.services.workbench import FinishedComparison
from app.views import comparison_text
from engine.types import LikelihoodRatio

SCALE_LOG10 = 4.0


class RatioScale(QWidget):
    """A bar from LR = 10^-4 to 10^4: supported range, interval, value."""

    def __init__(self) -> None:
        super().__init__()
        self._ratio: LikelihoodRatio | None = None
        self.setMinimumHeight(64)

    def show_ratio(self, ratio: LikelihoodRatio | None) -> None:
        """Draw a likelihood ratio, or nothing."""
        self._ratio = ratio
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Draw the scale."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ink = self.palette().color(QPalette.ColorRole.WindowText)
        middle = self.height() * 0.45
        painter.setPen(QPen(ink, 1))
        painter.drawLine(QPointF(self._x(-SCALE_LOG10), middle), QPointF(self._x(4), middle))
        for exponent in range(-4, 5):
            x = self._x(exponent)
            painter.drawLine(QPointF(x, middle - 4), QPointF(x, middle + 4))
            label = QRectF(x - 30, middle + 12, 60, 18)
            painter.drawText(label, Qt.AlignmentFlag.AlignCenter, f"{10.0**exponent:g}")
        if self._ratio is not None:
            self._bar(painter, self._ratio.bounds_log10, middle, 7, QColor(128, 128, 128, 70))
            self._bar(painter, self._ratio.interval_log10, middle, 5, QColor(47, 109, 181, 170))
            painter.setPen(QPen(QColor("#c0392b"), 3))
            x = self._x(self._ratio.log10_lr)
            painter.drawLine(QPointF(x, middle - 13), QPointF(x, middle + 13))

    def _bar(
        self, painter: QPainter, ends: tuple[float, float], middle: float, half: float, fill: QColor
    ) -> None:
        left, right = (self._x(end) for end in ends)
        painter.fillRect(QRectF(left, middle - half, right - left, 2 * half), fill)

    def _x(self, log10_lr: float) -> float:
        inside = max(-SCALE_LOG10, min(SCALE_LOG10, log10_lr))
        return 34 + (self.width() - 68) * (inside + SCALE_LOG10) / (2 * SCALE_LOG10)


class ResultPanel(QWidget):
    """What a comparison gave; before that, what to do."""

    def __init__(self, language: Language) -> None:
        super().__init__()
        self._language = language
        self._finished: FinishedComparison | None = None
        self._scale = RatioScale()
        self._text = QLabel(wordWrap=True)
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        layout = QVBoxLayout(self)
        layout.addWidget(self._scale)
        layout.addWidget(self._text)
        self.show_result(None)

    def set_language(self, language: Language) -> None:
        """Translate what is shown."""
        self._language = language
        self.show_result(self._finished)

    def show_result(self, finished: FinishedComparison | None) -> None:
        """Show a result, or the hint for an empty panel."""
        self._finished = finished
        if finished is None:
            self._scale.show_ratio(None)
            self._text.setText(message("ui.empty.result", self._language))
            return
        ratio = finished.comparison.likelihood_ratio
        self._scale.show_ratio(ratio)
        result = summary(finished.comparison, verbal_text(ratio, self._language))
        self._text.setText(comparison_text(result, self._language).strip())
