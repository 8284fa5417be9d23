"""A graph of people, calls and cases: pan, zoom, drag, choose. Only what is visible is painted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QLineF, QPointF, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QImage,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
    QPixmap,
    QPolygonF,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

from ui.theme import VOICES

if TYPE_CHECKING:
    from app.services.ring_picture import Picture

ZOOM_STEP = 1.2
MARGIN = 1.0
PERSON_PX, CALL_PX, CASE_PX = 13.0, 8.0, 8.0
NEAREST_PX = 14.0
LABEL_SCALE_PX = 26.0
LABEL_PX = 90
OUTSIDE = "#8b949e"
SMALL_PX = 7.0
REST_MS = 80


def _between(colour: QColor, ground: QColor, share: float) -> QColor:
    """A colour as if it lay on the ground, `share` of it seen: opaque lines are painted faster."""
    mixed = [
        round(a * share + b * (1 - share))
        for a, b in (
            (colour.red(), ground.red()),
            (colour.green(), ground.green()),
            (colour.blue(), ground.blue()),
        )
    ]
    return QColor(*mixed)


class GraphCanvas(QWidget):
    """Circles are people, squares are calls, diamonds are cases; colours are rings, grey is outside
    of all."""

    chosen = Signal(int)
    opened = Signal(int)
    menu_asked = Signal(int, object)

    def __init__(self) -> None:
        super().__init__()
        self.picture: Picture | None = None
        self.focus = -1
        self._places: NDArray[np.float64] = np.zeros((0, 2))
        self._shown: NDArray[np.bool_] = np.zeros(0, np.bool_)
        self._rings: NDArray[np.int64] = np.zeros(0, np.int64)
        self._kinds: NDArray[np.str_] = np.zeros(0, np.str_)
        self._kept: NDArray[np.bool_] = np.zeros(0, np.bool_)
        self._scale_px, self._origin = 20.0, np.zeros(2)
        self._is_whole = False
        self._pressed: QPointF | None = None
        self._held = -1
        self._pulled = False
        self._drawn: QPixmap | None = None
        self._drawn_at = (self._origin.copy(), self._scale_px)
        self._rest = QTimer(self, singleShot=True, interval=REST_MS)
        self._rest.timeout.connect(self._redraw)
        self.setMinimumSize(240, 200)
        self.setMouseTracking(True)

    def show_picture(self, picture: Picture | None) -> None:
        """Draw another picture, whole."""
        self.picture, self.focus = picture, -1
        nodes = picture.nodes if picture else ()
        self._places = picture.places.copy() if picture else np.zeros((0, 2))
        self._rings = np.array([-1 if n.ring is None else n.ring for n in nodes], np.int64)
        self._kinds = np.array([n.kind for n in nodes], np.str_)
        self._kept = np.ones(len(nodes), np.bool_)
        self.set_least(-np.inf)
        self.show_all()

    def set_least(self, log10_lr: float) -> None:
        """Hide memberships with less evidence than this; a person's only voice stays."""
        values = self.picture.log10_lr if self.picture else np.zeros(0)
        self._shown = ~(values < log10_lr)
        self._redraw()

    def set_kept(self, kept: NDArray[np.bool_]) -> None:
        """Show these nodes [shape=(n,)] and what lies between them, and no others."""
        self._kept = kept
        self._redraw()

    def set_focus(self, node: int) -> None:
        """Stress a node and what it is bound to."""
        self.focus = node
        self._redraw()

    def show_all(self) -> None:
        """Fit everything into the view."""
        if len(self._places):
            low, high = self._places.min(axis=0) - MARGIN, self._places.max(axis=0) + MARGIN
            size = np.array([max(self.width() - LABEL_PX, LABEL_PX), self.height()])
            self._scale_px = float((size / (high - low)).min())
            self._origin = size / 2 - (low + high) / 2 * self._scale_px
        self._is_whole = True
        self._redraw()

    def place_of(self, node: int) -> QPointF:
        """Where a node is drawn, in pixels of the widget."""
        return QPointF(*(self._places[node] * self._scale_px + self._origin))

    def node_at(self, at: QPointF) -> int:
        """The nearest node within reach, or -1."""
        if not len(self._places):
            return -1
        way = self._places * self._scale_px + self._origin - [at.x(), at.y()]
        distance = np.where(self._kept, np.hypot(*way.T), np.inf)
        nearest = int(distance.argmin())
        return nearest if distance[nearest] <= NEAREST_PX else -1

    def colour(self, ring: int) -> QColor:
        """A ring's colour; eight are told apart, then they come again lighter."""
        if ring < 0:
            return QColor(OUTSIDE)
        colour = QColor(VOICES[ring % len(VOICES)])
        return colour if ring < len(VOICES) else colour.lighter(100 + 25 * (ring // len(VOICES)))

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Show the graph as it was drawn last, moved and scaled while it is pulled and zoomed."""
        ground = self.palette().color(QPalette.ColorRole.Base)
        if self._drawn is None or self._drawn.size() != self.size() * self.devicePixelRatioF():
            self._drawn = QPixmap(self.size() * self.devicePixelRatioF())
            self._drawn.setDevicePixelRatio(self.devicePixelRatioF())
            self._drawn.fill(ground)
            fresh = QPainter(self._drawn)
            self.draw(fresh, QRectF(self.rect()))
            fresh.end()
            self._drawn_at = (self._origin.copy(), self._scale_px)
        painter = QPainter(self)
        painter.fillRect(self.rect(), ground)
        ratio = self._scale_px / self._drawn_at[1]
        painter.translate(*(self._origin - self._drawn_at[0] * ratio).tolist())
        painter.scale(ratio, ratio)
        painter.drawPixmap(0, 0, self._drawn)

    def _redraw(self) -> None:
        self._drawn = None
        self.update()

    def _move(self) -> None:
        """Show what is drawn elsewhere, and draw anew once it rests."""
        self._is_whole = False
        self._rest.start()
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """What was shown whole stays whole."""
        super().resizeEvent(event)
        if self._is_whole:
            self.show_all()

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Follow the colours."""
        if event.type() == QEvent.Type.PaletteChange:
            self._redraw()
        super().changeEvent(event)

    def draw(self, painter: QPainter, area: QRectF) -> None:
        """Draw what lies in an area, on any device."""
        if self.picture is None:
            return
        place = self._places * self._scale_px + self._origin
        near = area.adjusted(-NEAREST_PX, -NEAREST_PX, NEAREST_PX, NEAREST_PX)
        visible = np.all(
            (place >= [near.left(), near.top()]) & (place <= [near.right(), near.bottom()]), axis=1
        )
        visible &= self._kept
        self._edges(painter, place, visible)
        is_fine = self._scale_px > 9
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, is_fine)
        for kind in ("call", "person"):
            shown = visible & (self._kinds == kind)
            for ring in np.unique(self._rings[shown]).tolist():
                rows = np.flatnonzero(shown & (self._rings == ring))
                self._dots(painter, place[rows], kind == "person", self.colour(ring))
        self._diamonds(painter, place[visible & (self._kinds == "case")])
        if self.focus >= 0:
            painter.setPen(QPen(self.palette().color(QPalette.ColorRole.Text), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawEllipse(QPointF(*place[self.focus]), PERSON_PX, PERSON_PX)
        named = visible if self._scale_px >= LABEL_SCALE_PX else visible & (self._kinds == "case")
        self._labels(painter, place, np.flatnonzero(named))

    def _edges(
        self, painter: QPainter, place: NDArray[np.float64], visible: NDArray[np.bool_]
    ) -> None:
        assert self.picture is not None
        edges = self.picture.edges
        kept = self._shown & visible[edges].any(axis=1) & self._kept[edges].all(axis=1)
        ink, ground = (
            self.palette().color(role)
            for role in (QPalette.ColorRole.Text, QPalette.ColorRole.Base)
        )
        for focused in (False, True):
            touches = (edges == self.focus).any(axis=1) & (self.focus >= 0)
            rows = edges[kept & (touches == focused)]
            painter.setPen(QPen(ink, 2) if focused else QPen(_between(ink, ground, 0.3)))
            ends = np.concatenate([place[rows[:, 0]], place[rows[:, 1]]], axis=1)
            painter.drawLines([QLineF(*line) for line in ends.tolist()])

    def _dots(
        self, painter: QPainter, place: NDArray[np.float64], people: bool, colour: QColor
    ) -> None:
        size_px = max(2.0, min(1.0, self._scale_px / 16) * (PERSON_PX if people else CALL_PX))
        if size_px < SMALL_PX:  # nobody sees the difference, and it takes a tenth of the time
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour)
            corners = (place - size_px / 2).tolist()
            painter.drawRects([QRectF(x, y, size_px, size_px) for x, y in corners])
            return
        pen = QPen(colour, size_px)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap if people else Qt.PenCapStyle.SquareCap)
        painter.setPen(pen)
        painter.drawPoints(QPolygonF([QPointF(*p) for p in place.tolist()]))

    def _diamonds(self, painter: QPainter, place: NDArray[np.float64]) -> None:
        """Cases, in no ring's colour."""
        painter.setPen(QPen(self.palette().color(QPalette.ColorRole.Text), 1.5))
        painter.setBrush(self.palette().color(QPalette.ColorRole.Base))
        for x, y in place.tolist():
            corners = ((x - CASE_PX, y), (x, y + CASE_PX), (x + CASE_PX, y), (x, y - CASE_PX))
            painter.drawPolygon(QPolygonF([QPointF(*corner) for corner in corners]))

    def _labels(
        self, painter: QPainter, place: NDArray[np.float64], rows: NDArray[np.int64]
    ) -> None:
        assert self.picture is not None
        painter.setPen(self.palette().color(QPalette.ColorRole.Text))
        metrics = painter.fontMetrics()
        for row in rows.tolist():
            x, y = place[row]
            name = metrics.elidedText(
                self.picture.nodes[row].name, Qt.TextElideMode.ElideMiddle, 120
            )
            painter.drawText(QPointF(x + 9, y + 4), name)

    def image(self, scale: float = 2.0) -> QImage:
        """The view as a picture, finer than on the screen."""
        image = QImage(self.size() * scale, QImage.Format.Format_RGB32)
        image.setDevicePixelRatio(scale)
        self.render(image)
        return image

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802 - Qt's name
        """Zoom about the pointer."""
        about = np.array([event.position().x(), event.position().y()])
        factor = ZOOM_STEP ** (event.angleDelta().y() / 120)
        factor = min(max(self._scale_px * factor, 0.5), 400.0) / self._scale_px
        self._origin = about - (about - self._origin) * factor
        self._scale_px *= factor
        self._move()

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Hold the node under the pointer, or the ground."""
        self._held, self._pressed = self.node_at(event.position()), event.position()
        self._pulled = False
        if event.button() == Qt.MouseButton.RightButton and self._held >= 0:
            self.menu_asked.emit(self._held, event.globalPosition().toPoint())
            self._pressed = None

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Drag what is held."""
        if self._pressed is None:
            node = self.node_at(event.position())
            self.setToolTip(self.picture.nodes[node].name if self.picture and node >= 0 else "")
            return
        way = event.position() - self._pressed
        if not self._pulled and way.manhattanLength() <= 4:
            return
        self._pulled, self._pressed = True, event.position()
        if self._held >= 0:
            self._places[self._held] += np.array([way.x(), way.y()]) / self._scale_px
            self._redraw()
        else:
            self._origin += [way.x(), way.y()]
            self._move()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """A click chooses; on the ground it chooses nothing."""
        if self._pressed is not None and not self._pulled:
            self.set_focus(self._held)
            self.chosen.emit(self._held)
        self._pressed = None

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Open a call, or a person's first one."""
        node = self.node_at(event.position())
        if node >= 0:
            self.opened.emit(node)
