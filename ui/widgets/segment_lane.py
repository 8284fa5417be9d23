"""Segments above the waveform: proposals are hollow, the examiner's are filled, excluded ones are
crossed out. Edges are dragged; a click chooses."""

from __future__ import annotations

from bisect import bisect_left
from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QBrush, QColor, QPainter, QPen
from PySide6.QtWidgets import QGraphicsSceneHoverEvent

from app.services.workroom import Segment
from ui.theme import voice_colour
from ui.widgets.time_view import EDGE_PX, TimeViewBox

ROW = 1.0
MARGIN = 0.08
LEAST_LABEL_PX = 14.0
LEAST_SEGMENT_S = 0.02


class LaneViewBox(TimeViewBox):
    """Dragging an edge of a segment moves it; anywhere else it selects, as in the other plots."""

    edge_moving = Signal(object, float, float)
    edge_moved = Signal(object, float, float)
    segment_clicked = Signal(object, bool)
    segment_opened = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.lane: SegmentLane
        self._held: tuple[Segment, bool] | None = None

    def mouseDragEvent(self, event: Any, axis: int | None = None) -> None:  # noqa: N802 - pyqtgraph's name
        """Move an edge, or select."""
        left = event.button() == Qt.MouseButton.LeftButton
        if left and event.isStart():
            self._held = self.lane.edge_at(self.mapSceneToView(event.buttonDownScenePos()))
        if not left or self._held is None:
            super().mouseDragEvent(event, axis)
            return
        event.accept()
        segment, at_start = self._held
        now_s = max(0.0, self.time_at(event.scenePos()))
        start_s, end_s = (now_s, segment.end_s) if at_start else (segment.start_s, now_s)
        if end_s - start_s < LEAST_SEGMENT_S:
            start_s, end_s = segment.start_s, segment.end_s
        signal = self.edge_moved if event.isFinish() else self.edge_moving
        if event.isFinish():
            self._held = None
        signal.emit(segment, start_s, end_s)

    def mouseClickEvent(self, event: Any) -> None:  # noqa: N802 - pyqtgraph's name
        """Choose a segment, or set the cursor."""
        segment = self.lane.segment_at(self.mapSceneToView(event.scenePos()))
        if segment is None or event.button() != Qt.MouseButton.LeftButton:
            super().mouseClickEvent(event)
            return
        event.accept()
        if event.double():
            self.segment_opened.emit(segment)
        else:
            more = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
            self.segment_clicked.emit(segment, more)


class SegmentLane(pg.GraphicsObject):
    """Paints the visible segments, a row per channel."""

    def __init__(self, duration_s: float, channels: int) -> None:
        super().__init__()
        self._duration_s, self._channels = duration_s, channels
        self._segments: list[Segment] = []
        self._starts: list[float] = []
        self._longest_s = 0.0
        self._speakers: list[str] = []
        self.chosen: set[int] = set()
        self._moving: tuple[int, float, float] | None = None
        self._ink = QColor("black")
        self.setAcceptHoverEvents(True)

    def boundingRect(self) -> QRectF:  # noqa: N802 - Qt's name
        """The whole recording."""
        return QRectF(0, 0, self._duration_s, self._channels * ROW)

    def show_segments(self, segments: list[Segment]) -> None:
        """Show these, which are in order of time."""
        self._segments = segments
        self._starts = [segment.start_s for segment in segments]
        self._longest_s = max((s.end_s - s.start_s for s in segments), default=0.0)
        self._speakers = list(dict.fromkeys(s.speaker for s in segments))
        self._moving = None
        self.chosen &= {segment.id for segment in segments}
        self.update()

    def set_ink(self, colour: str) -> None:
        """The colour of labels."""
        self._ink = QColor(colour)
        self.update()

    def choose(self, ids: set[int]) -> None:
        """Show which are chosen."""
        self.chosen = set(ids)
        self.update()

    def preview(self, segment: Segment, start_s: float, end_s: float) -> None:
        """Show where an edge would go."""
        self._moving = (segment.id, start_s, end_s)
        self.update()

    def segment_at(self, point: QPointF) -> Segment | None:
        """The segment below a point; the shortest, where several overlap."""
        found = [s for s in self._between(point.x(), point.x()) if self._rect(s).contains(point)]
        return min(found, key=lambda s: s.end_s - s.start_s, default=None)

    def edge_at(self, point: QPointF) -> tuple[Segment, bool] | None:
        """The segment whose edge is near a point, and whether that is its start."""
        near_s = EDGE_PX * self._seconds_per_pixel()
        best: tuple[float, Segment, bool] | None = None
        for segment in self._between(point.x() - near_s, point.x() + near_s):
            if not self._rect(segment).top() <= point.y() <= self._rect(segment).bottom():
                continue
            for edge_s, at_start in ((segment.start_s, True), (segment.end_s, False)):
                distance = abs(edge_s - point.x())
                if distance <= near_s and (best is None or distance < best[0]):
                    best = (distance, segment, at_start)
        return None if best is None else best[1:]

    def hoverMoveEvent(self, event: QGraphicsSceneHoverEvent) -> None:  # noqa: N802 - Qt's name
        """Show where edges can be dragged."""
        edge = self.edge_at(event.pos())
        shape = Qt.CursorShape.SizeHorCursor if edge else Qt.CursorShape.ArrowCursor
        self.setCursor(shape)

    def paint(self, painter: QPainter, option: Any, widget: Any = None) -> None:
        """Paint what is visible."""
        box = self.getViewBox()
        first_s, last_s = box.viewRange()[0]
        per_pixel_s = self._seconds_per_pixel()
        for segment in self._between(first_s, last_s):
            rect = self._rect(segment)
            if self._moving is not None and self._moving[0] == segment.id:
                rect.setLeft(self._moving[1])
                rect.setRight(self._moving[2])
            self._paint_segment(painter, segment, rect)
            if rect.width() / per_pixel_s >= LEAST_LABEL_PX and segment.speaker:
                self._paint_label(painter, segment, rect)

    def _paint_segment(self, painter: QPainter, segment: Segment, rect: QRectF) -> None:
        colour = voice_colour(segment.speaker, self._speakers)
        if segment.excluded:
            colour = QColor("#8a8a8a")
        pen = QPen(colour if segment.id not in self.chosen else self._ink)
        pen.setCosmetic(True)
        pen.setWidth(2 if segment.id in self.chosen else 1)
        fill = QColor(colour)
        fill.setAlpha(36 if segment.origin == "auto" else 130)
        if segment.origin == "auto":
            pen.setStyle(Qt.PenStyle.DashLine)
        painter.setPen(pen)
        painter.setBrush(QBrush(fill))
        painter.drawRect(rect)
        if segment.excluded:
            painter.drawLine(QLineF(rect.topLeft(), rect.bottomRight()))
        if segment.overlap:
            half = QRectF(rect.left(), rect.top(), rect.width(), rect.height() / 5)
            painter.fillRect(half, QColor("#d55e00"))

    def _paint_label(self, painter: QPainter, segment: Segment, rect: QRectF) -> None:
        box = self.getViewBox()
        visible = rect.intersected(box.viewRect())
        painter.save()
        device = painter.worldTransform().mapRect(visible)
        painter.resetTransform()
        painter.setPen(self._ink)
        flags = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        painter.setClipRect(device)
        painter.drawText(device.adjusted(4, 0, 0, 0), flags, segment.speaker)
        painter.restore()

    def _rect(self, segment: Segment) -> QRectF:
        row = self._channels - 1 - min(segment.channel, self._channels - 1)
        length_s = segment.end_s - segment.start_s
        return QRectF(segment.start_s, row * ROW + MARGIN, length_s, ROW - 2 * MARGIN)

    def _between(self, first_s: float, last_s: float) -> list[Segment]:
        first = bisect_left(self._starts, first_s - self._longest_s)
        last = bisect_left(self._starts, last_s)
        return [s for s in self._segments[first:last] if s.end_s >= first_s] + [
            s for s in self._segments[last : last + 1] if s.start_s <= last_s
        ]

    def _seconds_per_pixel(self) -> float:
        box = self.getViewBox()
        return box.seconds_per_pixel() if isinstance(box, TimeViewBox) else 0.01


class LanePlot(pg.PlotItem):
    """The lane with its own box."""

    def __init__(self, duration_s: float, channels: int) -> None:
        self.box = LaneViewBox()
        super().__init__(viewBox=self.box, enableMenu=False)
        self.hideButtons()
        self.hideAxis("bottom")
        self.lane = SegmentLane(duration_s, channels)
        self.box.lane = self.lane
        self.addItem(self.lane)
        self.setYRange(0, channels * ROW, padding=0)
        self.getAxis("left").setTicks([[]])
