"""Every two voices of the case: log10 LR as a heat map that can be sorted, zoomed and clicked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QImage, QMouseEvent, QPainter, QPaintEvent, QPalette, QWheelEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

if TYPE_CHECKING:
    from app.services.grouping import Grouping

ZOOM_STEP = 1.25
LARGEST_CELL_PX = 48.0
LABEL_PX = 150
LEAST_LABEL_CELL_PX = 13.0
DECISIONS = ("same_voice", "different_voice")


class HeatMap(QWidget):
    """Paints the visible cells; the wheel zooms about the pointer, dragging pulls."""

    pointed_at = Signal(int, int)
    chosen = Signal(int, int)

    def __init__(self) -> None:
        super().__init__()
        self._levels: NDArray[np.uint8] = np.zeros((0, 0), np.uint8)
        self._order: NDArray[np.int64] = np.zeros(0, np.int64)
        self._names: list[str] = []
        self._cell_px, self._origin = 1.0, QPointF(0, 0)
        self._pressed: QPointF | None = None
        self._pulled = False
        self.setMouseTracking(True)
        self.setMinimumSize(240, 200)

    def show_matrix(
        self, levels: NDArray[np.uint8], order: NDArray[np.int64], names: list[str]
    ) -> None:
        """Show levels [shape=(n, n)] (128 is LR 1) with rows and columns in an order."""
        is_other = len(order) != len(self._order)
        self._levels, self._order, self._names = levels, order, names
        if is_other:
            self.show_all()
        self.update()

    def show_all(self) -> None:
        """Fit everything into the view."""
        side = min(self.width(), self.height()) - LABEL_PX
        self._cell_px = min(LARGEST_CELL_PX, max(0.02, side / max(1, len(self._order))))
        self._origin = QPointF(0, 0)
        self.update()

    def _first(self) -> QPointF:
        return self._origin + QPointF(LABEL_PX, LABEL_PX)

    def cell_at(self, at: QPointF) -> tuple[int, int] | None:
        """The two voices under a point."""
        place = (at - self._first()) / self._cell_px
        row, column = int(np.floor(place.y())), int(np.floor(place.x()))
        inside = 0 <= row < len(self._order) and 0 <= column < len(self._order)
        return (int(self._order[row]), int(self._order[column])) if inside else None

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Draw the cells that are visible, no finer than pixels."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), self.palette().color(QPalette.ColorRole.Base))
        n, first, cell = len(self._order), self._first(), self._cell_px
        if not n:
            return
        spans = []
        for start, length in ((first.y(), self.height()), (first.x(), self.width())):
            low = max(0, int((LABEL_PX - start) / cell))
            spans.append((low, min(n, int((length - start) / cell) + 1)))
        (top, bottom), (left, right) = spans
        if bottom <= top or right <= left:
            return
        step = max(1, int(1 / cell))
        rows, columns = self._order[top:bottom:step], self._order[left:right:step]
        part = np.ascontiguousarray(self._levels[np.ix_(rows, columns)])
        image = QImage(
            part.data, part.shape[1], part.shape[0], part.strides[0], QImage.Format.Format_Indexed8
        )
        image.setColorTable(COLOURS)
        target = QRectF(
            first.x() + left * cell,
            first.y() + top * cell,
            len(columns) * step * cell,
            len(rows) * step * cell,
        )
        painter.setClipRect(QRectF(LABEL_PX, LABEL_PX, self.width(), self.height()))
        painter.drawImage(target, image)
        painter.setClipping(False)
        if cell >= LEAST_LABEL_CELL_PX:
            self._labels(painter, (top, bottom), (left, right))

    def _labels(self, painter: QPainter, rows: tuple[int, int], columns: tuple[int, int]) -> None:
        painter.setPen(self.palette().color(QPalette.ColorRole.WindowText))
        flags = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        first, cell, metrics = self._first(), self._cell_px, painter.fontMetrics()
        for i in range(*rows):
            y = first.y() + i * cell
            if y + cell > LABEL_PX:
                name = self._shortened(metrics, i)
                painter.drawText(QRectF(0, y, LABEL_PX - 6, cell), flags, name)
        for i in range(*columns):
            x = first.x() + i * cell
            if x + cell > LABEL_PX:
                painter.save()
                painter.translate(x, LABEL_PX - 6)
                painter.rotate(-90)
                left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
                painter.drawText(QRectF(0, 0, LABEL_PX, cell), left, self._shortened(metrics, i))
                painter.restore()

    def _shortened(self, metrics: object, place: int) -> str:
        name = self._names[self._order[place]]
        return str(
            metrics.elidedText(name, Qt.TextElideMode.ElideMiddle, LABEL_PX - 10)  # type: ignore[attr-defined]
        )

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802 - Qt's name
        """Zoom about the pointer."""
        factor = ZOOM_STEP ** (event.angleDelta().y() / 120)
        new = min(LARGEST_CELL_PX, max(0.02, self._cell_px * factor))
        about = event.position() - QPointF(LABEL_PX, LABEL_PX)
        self._origin = about - (about - self._origin) * (new / self._cell_px)
        self._cell_px = new
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Begin to pull, or to click."""
        self._pressed, self._pulled = event.position(), False

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Pull the map, or tell what is under the pointer."""
        if self._pressed is not None:
            way = event.position() - self._pressed
            if self._pulled or way.manhattanLength() > 4:
                self._pulled = True
                self._origin += way
                self._pressed = event.position()
                self.update()
            return
        cell = self.cell_at(event.position())
        self.pointed_at.emit(*(cell or (-1, -1)))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """A click chooses the pair."""
        cell = self.cell_at(event.position())
        if not self._pulled and cell is not None and cell[0] != cell[1]:
            self.chosen.emit(*cell)
        self._pressed = None


def _colours() -> list[int]:
    """From blue (different speakers) over white (LR 1) to orange; 0 is what is not compared."""
    table = []
    for level in range(256):
        share = (level - 128) / 127
        end = np.array([213, 94, 0]) if share > 0 else np.array([0, 90, 160])
        red, green, blue = (255 + (end - 255) * min(1.0, abs(share))).astype(int)
        table.append(0xFF000000 | int(red) << 16 | int(green) << 8 | int(blue))
    table[0] = 0xFF9A9A9A
    return table


COLOURS = _colours()


class MatrixView(QWidget):
    """The heat map with its order and what is under the pointer. `pair_chosen` and `decided` (kind,
    first, second) are about voices by their places in the grouping."""

    group_asked = Signal()
    pair_chosen = Signal(int, int)
    decided = Signal(str, int, int)

    def __init__(self) -> None:
        super().__init__()
        self._grouping: Grouping | None = None
        self._pair: tuple[int, int] | None = None
        self.map, self._sort, self._readout = HeatMap(), QComboBox(), QLabel()
        self._group, self._fit = QPushButton(), QPushButton()
        self._buttons = {
            kind: QPushButton() for kind in ("compare", "same_voice", "different_voice")
        }
        bar = QHBoxLayout()
        bar.setContentsMargins(6, 4, 6, 4)
        for widget in (self._group, self._sort, self._fit, *self._buttons.values()):
            bar.addWidget(widget)
        bar.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(bar)
        layout.addWidget(self.map, 1)
        layout.addWidget(self._readout)
        self._readout.setContentsMargins(8, 3, 8, 3)
        self._readout.setTextFormat(Qt.TextFormat.PlainText)
        self._connect()
        self._retranslate()

    def _connect(self) -> None:
        self._group.clicked.connect(self.group_asked)
        self._fit.clicked.connect(self.map.show_all)
        self._sort.currentIndexChanged.connect(lambda _: self._show())
        self.map.pointed_at.connect(self._point)
        self.map.chosen.connect(self._choose)
        for kind, button in self._buttons.items():
            button.clicked.connect(lambda _=False, kind=kind: self._act(kind))

    def _act(self, kind: str) -> None:
        if self._pair is not None and kind == "compare":
            self.pair_chosen.emit(*self._pair)
        elif self._pair is not None:
            self.decided.emit(kind, *self._pair)

    def show_grouping(self, grouping: Grouping | None) -> None:
        """Show a grouping's voices, or none."""
        self._grouping, self._pair = grouping, None
        self._show()
        self._point(-1, -1)

    def _show(self) -> None:
        grouping = self._grouping
        if grouping is None:
            empty = np.zeros(0, np.int64)
            self.map.show_matrix(np.zeros((0, 0), np.uint8), empty, [])
            return
        names = [f"{v.path.name} {v.speaker}" for v in grouping.voices]
        self.map.show_matrix(levels_of(grouping), self._ordered(grouping), names)

    def _ordered(self, grouping: Grouping) -> NDArray[np.int64]:
        match self._sort.currentIndex():
            case 1:
                return np.arange(len(grouping.voices))
            case 2:
                speech_s = [v.quality.net_speech_s for v in grouping.voices]
                return np.argsort(-np.array(speech_s), kind="stable")
            case _:
                people = sorted(grouping.people, key=lambda p: -len(p.members))
                return np.array([v for person in people for v in person.voices], np.int64)

    def _choose(self, first: int, second: int) -> None:
        self._pair = (first, second)
        self._point(first, second)

    def _point(self, first: int, second: int) -> None:
        for button in self._buttons.values():
            button.setEnabled(self._pair is not None)
        if self._grouping is None:
            text = self.tr("Group the voices of the case to see how they compare.")
        elif first < 0 and self._pair is None:
            text = self.tr("Click a cell to choose two voices. Grey: two speakers of one call.")
        else:
            pair = (first, second) if first >= 0 else self._pair or (0, 0)
            a, b = (self._grouping.voices[v] for v in pair)
            low, high = self._grouping.bounds_log10
            text = self.tr("{a} × {b}: log10 LR {value} (supported range {low} to {high})").format(
                a=f"{a.path.name} {a.speaker}",
                b=f"{b.path.name} {b.speaker}",
                value="—" if a.recording == b.recording else f"{self._grouping.pair(*pair):+.2f}",
                low=f"{low:.2f}",
                high=f"{high:.2f}",
            )
        self._readout.setText(text)

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Follow the language."""
        if event.type() == QEvent.Type.LanguageChange:
            self._retranslate()
        super().changeEvent(event)

    def _retranslate(self) -> None:
        self._group.setText(self.tr("Group the voices"))
        self._fit.setText(self.tr("Show all"))
        self._buttons["compare"].setText(self.tr("Compare this pair"))
        self._buttons["same_voice"].setText(self.tr("One person"))
        self._buttons["different_voice"].setText(self.tr("Different people"))
        texts = (self.tr("By person"), self.tr("By call"), self.tr("By net speech"))
        at = max(0, self._sort.currentIndex())
        self._sort.blockSignals(True)
        self._sort.clear()
        self._sort.addItems(texts)
        self._sort.setCurrentIndex(at)
        self._sort.blockSignals(False)
        self._point(-1, -1)


def levels_of(grouping: Grouping) -> NDArray[np.uint8]:
    """The bounded ratios as levels [shape=(n, n)]: 1 to 255, 128 for LR 1; 0 within a call."""
    low, high = grouping.bounds_log10
    most = max(-low, high, 0.1)
    clipped = np.clip(grouping.log10_lr, low, high)
    levels = np.clip(128 + np.round(127 * clipped / most), 1, 255).astype(np.uint8)
    _, call = np.unique([v.recording.sha256 for v in grouping.voices], return_inverse=True)
    levels[call[:, None] == call[None]] = 0
    return np.asarray(levels, np.uint8)
