"""What the plots of a recording share: a time axis, and one way to zoom, scroll and select."""

from __future__ import annotations

from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import QPointF, Qt, Signal

ZOOM_PER_STEP = 1.25
SCROLL_PER_STEP = 0.1
WHEEL_STEP = 120
EDGE_PX = 6
SHORTEST_S = 0.002


class TimeAxis(pg.AxisItem):
    """Seconds as minutes and hours once they are many."""

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:  # noqa: N802 - pyqtgraph's name
        """One label per tick."""
        return [clock(value, spacing) for value in values]


def clock(seconds: float, spacing_s: float = 0.001) -> str:
    """``1:02:03.5``; as many decimals as ticks so far apart need."""
    decimals = 0 if spacing_s >= 1 else 1 if spacing_s >= 0.1 else 2 if spacing_s >= 0.01 else 3
    units = 10**decimals
    total = round(abs(seconds) * units)
    whole, part = divmod(total, units)
    hours, rest = divmod(whole, 3600)
    minutes, second = divmod(rest, 60)
    text = f"{hours}:{minutes:02d}:{second:02d}" if hours else f"{minutes}:{second:02d}"
    sign = "-" if seconds < 0 and total else ""
    return sign + text + (f".{part:0{decimals}d}" if decimals else "")


class TimeViewBox(pg.ViewBox):
    """Drag selects (near the selection's edge: moves it), click sets the cursor, the wheel zooms
    about the pointer and with Shift scrolls, the middle button pulls."""

    selecting = Signal(float, float)
    selected = Signal(float, float)
    clicked = Signal(float)
    double_clicked = Signal(float)

    def __init__(self) -> None:
        super().__init__(enableMenu=False)
        self.setMouseEnabled(x=True, y=False)
        self.selection: tuple[float, float] | None = None
        self._anchor_s = 0.0

    def time_at(self, position: QPointF) -> float:
        """Time below a point of the scene."""
        return float(self.mapSceneToView(position).x())

    def seconds_per_pixel(self) -> float:
        """Of the visible range."""
        first_s, last_s = self.viewRange()[0]
        return float((last_s - first_s) / max(1.0, self.width()))

    def wheelEvent(self, event: Any, axis: int | None = None) -> None:  # noqa: N802 - Qt's name
        """Zoom, or scroll."""
        steps = event.delta() / WHEEL_STEP
        sideways = event.orientation() == Qt.Orientation.Horizontal
        if sideways or event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self.scroll_by(-steps * SCROLL_PER_STEP)
        else:
            self.zoom(ZOOM_PER_STEP**-steps, self.time_at(event.scenePos()))
        event.accept()

    def scroll_by(self, share: float) -> None:
        """Move by a share of the visible range, within the limits."""
        first_s, last_s = self.viewRange()[0]
        self.show_range(first_s + share * (last_s - first_s), last_s + share * (last_s - first_s))

    def zoom(self, factor: float, about_s: float) -> None:
        """Show `factor` times as much, with `about_s` staying where it is."""
        first_s, last_s = self.viewRange()[0]
        start_s = about_s - (about_s - first_s) * factor
        self.show_range(start_s, start_s + (last_s - first_s) * factor)

    def show_range(self, first_s: float, last_s: float) -> None:
        """Show a range, moved into the limits."""
        low_s, high_s = self.state["limits"]["xLimits"]
        length_s = max(SHORTEST_S, min(last_s - first_s, high_s - low_s))
        first_s = max(low_s, min(first_s, high_s - length_s))
        self.setXRange(first_s, first_s + length_s, padding=0)

    def mouseDragEvent(self, event: Any, axis: int | None = None) -> None:  # noqa: N802 - pyqtgraph's name
        """Select, or pull."""
        event.accept()
        now_s = self.time_at(event.scenePos())
        if event.button() == Qt.MouseButton.MiddleButton:
            shift_s = self.time_at(event.lastScenePos()) - now_s
            first_s, last_s = self.viewRange()[0]
            self.show_range(first_s + shift_s, last_s + shift_s)
        elif event.button() == Qt.MouseButton.LeftButton:
            if event.isStart():
                self._anchor_s = self._anchor(self.time_at(event.buttonDownScenePos()))
            ends = sorted((self._anchor_s, now_s))
            (self.selected if event.isFinish() else self.selecting).emit(*ends)

    def _anchor(self, pressed_s: float) -> float:
        """What stays where it is: the other edge, where an edge was taken hold of."""
        if self.selection is not None:
            near_s = EDGE_PX * self.seconds_per_pixel()
            for edge_s, other_s in (self.selection, self.selection[::-1]):
                if abs(pressed_s - edge_s) <= near_s:
                    return other_s
        return pressed_s

    def mouseClickEvent(self, event: Any) -> None:  # noqa: N802 - pyqtgraph's name
        """Set the cursor."""
        if event.button() == Qt.MouseButton.LeftButton:
            event.accept()
            signal = self.double_clicked if event.double() else self.clicked
            signal.emit(self.time_at(event.scenePos()))


def nearest_inside(value: float, low: float, high: float) -> float:
    """`value`, or the end that it is beyond."""
    return max(low, min(high, value))
