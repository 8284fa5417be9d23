"""One chart of a validation study, drawn for the screen; the pointer reads it."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QWidget

from ui.theme import chart_colours, signal_colours

if TYPE_CHECKING:
    from app.services.studies import Chart

LINE_PX, MOST_POINTS, REACH_PX, DOT_PX = 2, 1500, 24.0, 9
GRID = 0.16
# How a line looks in the legend, by its dashes.
SOLID, DASHED, DOTTED = "━━━", "╍╍╍", "┅┅┅"
SHORT = 2.0


class ChartPlot(pg.PlotWidget):
    """`pointed_at` tells in words what is next to the pointer, or nothing; `legend_changed` has the
    names of the lines as rich text."""

    pointed_at = Signal(str)
    legend_changed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, enableMenu=False)
        self._chart: Chart | None = None
        self._points: list[tuple[str, np.ndarray, np.ndarray]] = []
        self._dot = pg.ScatterPlotItem(size=DOT_PX)
        self.setMouseEnabled(x=False, y=False)
        self.hideButtons()
        self.setMouseTracking(True)
        self.scene().sigMouseMoved.connect(self._point)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._colour()

    def show_chart(self, chart: Chart | None) -> None:
        """Draw a chart, or nothing."""
        self._chart = chart
        self._draw()

    def _draw(self) -> None:
        item = self.getPlotItem()
        item.clear()
        self._points = []
        item.setTitle(self._chart.title if self._chart else None)
        self.legend_changed.emit(self._legend())
        if self._chart is None:
            return
        for side, axis in (("bottom", self._chart.x_axis), ("left", self._chart.y_axis)):
            item.getAxis(side).setTicks([list(axis.ticks)])
            item.setLabel(side, axis.title)
        item.setXRange(self._chart.x_axis.low, self._chart.x_axis.high, padding=0)
        item.setYRange(self._chart.y_axis.low, self._chart.y_axis.high, padding=0.02)
        item.showGrid(x=True, y=True, alpha=GRID)
        colours = chart_colours(self)
        for line in self._chart.series:
            chosen = np.unique(np.linspace(0, len(line.x) - 1, MOST_POINTS).astype(int))
            pen = pg.mkPen(colours[line.role], width=LINE_PX)
            if line.dashes:
                pen.setDashPattern(list(line.dashes))
                pen.setCapStyle(Qt.PenCapStyle.FlatCap)
            x, y = line.x[chosen], line.y[chosen]
            item.plot(x, y, pen=pen, antialias=True)
            if len(x) == 1:
                item.plot(x, y, pen=None, symbol="o", symbolBrush=colours[line.role])
            self._points.append((line.name, x, y))
        item.addItem(self._dot)
        self._dot.clear()

    def _legend(self) -> str:
        colours, parts = chart_colours(self), []
        for line in self._chart.series if self._chart else ():
            if line.name:
                look = SOLID if not line.dashes else DOTTED if line.dashes[0] < SHORT else DASHED
                sample = f'<span style="color:{colours[line.role]}">{look}</span>'
                parts.append(f"{sample} {escape(line.name)}")
        return " &nbsp; ".join(parts)

    def _point(self, position: Any) -> None:
        """Mark the point next to the pointer and tell of it."""
        found = self._nearest(position)
        self._dot.setData([found[1]], [found[2]]) if found else self._dot.clear()
        self.pointed_at.emit(self.text_of(*found) if found else "")

    def _nearest(self, position: QPointF) -> tuple[str, float, float] | None:
        box = self.getPlotItem().vb
        if self._chart is None or not box.sceneBoundingRect().contains(position):
            return None
        at, pixel = box.mapSceneToView(position), box.viewPixelSize()
        best: tuple[float, str, float, float] | None = None
        for name, x, y in self._points:
            away = np.hypot((x - at.x()) / pixel[0], (y - at.y()) / pixel[1])
            i = int(np.argmin(away))
            if best is None or away[i] < best[0]:
                best = float(away[i]), name, float(x[i]), float(y[i])
        return best[1:] if best and best[0] <= REACH_PX else None

    def text_of(self, name: str, x: float, y: float) -> str:
        """A point of a line in words."""
        assert self._chart is not None
        x_axis, y_axis = self._chart.x_axis, self._chart.y_axis
        values = f"{x_axis.title}: {x_axis.text_at(x)}   {y_axis.title}: {y_axis.text_at(y)}"
        return f"{name}   {values}" if name else values

    def leaveEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Nothing is pointed at."""
        self._dot.clear()
        self.pointed_at.emit("")
        super().leaveEvent(event)

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Follow the theme."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "_dot"):
            self._colour()

    def _colour(self) -> None:
        colours = signal_colours(self)
        self.setBackground(colours.background)
        for side in ("bottom", "left"):
            axis = self.getPlotItem().getAxis(side)
            axis.setPen(colours.ink)
            axis.setTextPen(colours.ink)
        self.getPlotItem().titleLabel.setAttr("color", colours.ink)
        self._dot.setBrush(QColor(colours.cursor))
        self._draw()
