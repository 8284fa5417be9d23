"""People, calls, rings and cases: a graph beside what binds them, the calls in order of time."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QMenu,
    QPushButton,
    QSplitter,
    QTextBrowser,
    QVBoxLayout,
    QWidget,
)

from ui.language import text_of
from ui.views.ring_words import RingWords
from ui.widgets.graph_canvas import GraphCanvas

if TYPE_CHECKING:
    from app.services.grouping import Grouping
    from app.services.ring_picture import Moment, Picture

__all__ = ["RingView"]
MARK_PX = 10
ROLES = ("caller", "victim", "unknown")
SUFFIXES = (".png", ".svg", ".graphml", ".csv")
FORMATS = "PNG (*.png);;SVG (*.svg);;GraphML (*.graphml);;CSV (*.csv)"


class RingView(QWidget):
    """The graph. `opened` asks for a voice (by its place in the grouping) to be listened to;
    `role_decided` is about a voice, `ring_decided` (kind, first, second) about calls by SHA-256."""

    group_asked = Signal()
    opened = Signal(int)
    role_decided = Signal(int, str)
    ring_decided = Signal(str, str, str)
    report_asked = Signal()
    case_asked = Signal()
    exported = Signal(str)
    failed = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._grouping: Grouping | None = None
        self._picture: Picture | None = None
        self._moments: Sequence[Moment] = ()
        self.canvas, self._details = GraphCanvas(), QTextBrowser()
        self.words = RingWords(self.canvas.colour, self)
        self._times, self._times_label = QListWidget(), QLabel()
        self._group, self._fit, self._export = QPushButton(), QPushButton(), QPushButton()
        self._report, self._add_case = QPushButton(), QPushButton()
        self._cases, self._once, self._ring = QCheckBox(), QCheckBox(), QComboBox()
        self._least, self._least_label = QDoubleSpinBox(), QLabel()
        self._lay_out()
        self._connect()
        self._retranslate()

    def _lay_out(self) -> None:
        self._least.setRange(-6.0, 6.0)
        self._least.setSingleStep(0.1)
        self._least.setValue(-6.0)
        for box in (self._cases, self._once):
            box.setChecked(True)
        rows = (
            (self._group, self._add_case, self._fit, self._export, self._report),
            (self._least_label, self._least, self._ring, self._once, self._cases),
        )
        bars = QVBoxLayout()
        bars.setContentsMargins(6, 4, 6, 4)
        for widgets in rows:
            bar = QHBoxLayout()
            for widget in widgets:
                bar.addWidget(widget)
            bar.addStretch(1)
            bars.addLayout(bar)
        side = QWidget()
        column = QVBoxLayout(side)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._details, 3)
        column.addWidget(self._times_label)
        column.addWidget(self._times, 2)
        self._details.setOpenLinks(False)
        split = QSplitter(Qt.Orientation.Horizontal)
        split.addWidget(self.canvas)
        split.addWidget(side)
        split.setStretchFactor(0, 3)
        split.setStretchFactor(1, 1)
        split.setSizes([700, 300])
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(bars)
        layout.addWidget(split, 1)

    def _connect(self) -> None:
        self._group.clicked.connect(self.group_asked)
        self._fit.clicked.connect(self.canvas.show_all)
        self._export.clicked.connect(self.choose_export)
        self._report.clicked.connect(self.report_asked)
        self._add_case.clicked.connect(self.case_asked)
        for box in (self._cases, self._once):
            box.toggled.connect(lambda _: self._filter())
        self._ring.currentIndexChanged.connect(lambda _: self._filter())
        self._least.valueChanged.connect(self.canvas.set_least)
        self.canvas.chosen.connect(self._choose)
        self.canvas.opened.connect(self._open)
        self.canvas.menu_asked.connect(self._ask_role)
        self._details.anchorClicked.connect(lambda url: self._follow(url.toString()))
        self._times.itemClicked.connect(
            lambda item: self._choose(int(item.data(Qt.ItemDataRole.UserRole)))
        )

    def show_grouping(
        self, grouping: Grouping | None, picture: Picture | None, moments: Sequence[Moment] = ()
    ) -> None:
        """Show a grouping; `moments` are its calls in the order of time."""
        self._grouping, self._picture, self._moments = grouping, picture, moments
        self.words.tell_of(grouping, picture, moments)
        self.canvas.show_picture(picture)
        self.canvas.set_least(self._least.value())
        for button in (self._export, self._report):
            button.setEnabled(grouping is not None)
        self._show_rings()
        self._show_times()
        self._filter()
        self._choose(-1)

    def _show_rings(self) -> None:
        """Offer every ring."""
        chosen, n = self._ring.currentIndex(), self._grouping.n_rings if self._grouping else 0
        self._ring.blockSignals(True)
        self._ring.clear()
        self._ring.addItem(self.tr("All rings"))
        self._ring.addItems([self.words.ring_name(ring) for ring in range(n)])
        self._ring.setCurrentIndex(chosen if 0 < chosen <= n else 0)
        self._ring.blockSignals(False)

    def _show_times(self) -> None:
        self._times.clear()
        if self._picture is None:
            return
        number = {node.key: i for i, node in enumerate(self._picture.nodes)}
        for moment in self._moments:
            node = self._picture.nodes[number[moment.call]]
            item = QListWidgetItem(self.words.line(moment, node))
            mark = QPixmap(MARK_PX, MARK_PX)
            mark.fill(self.canvas.colour(-1 if node.ring is None else node.ring))
            item.setIcon(QIcon(mark))
            item.setData(Qt.ItemDataRole.UserRole, number[moment.call])
            self._times.addItem(item)

    def _filter(self) -> None:
        """Show what the boxes ask for."""
        if self._picture is None:
            return
        nodes, edges = self._picture.nodes, self._picture.edges
        kinds = np.array([n.kind for n in nodes])
        kept = self._cases.isChecked() | (kinds != "case")
        if not self._once.isChecked():
            degree = np.bincount(edges[self._picture.voices >= 0, 0], minlength=len(nodes))
            kept &= (kinds != "person") | (degree > 1)
        if (ring := self._ring.currentIndex() - 1) >= 0:
            calls = np.array([n.kind == "call" and n.ring == ring for n in nodes])
            beside = np.zeros(len(nodes), np.bool_)
            beside[edges[calls[edges].any(axis=1)]] = True
            kept &= calls | beside
        self.canvas.set_kept(kept)

    def _choose(self, node: int) -> None:
        self.canvas.set_focus(node)
        self._details.setHtml(self.words.html(node))

    def _voices_of(self, node: int) -> list[int]:
        assert self._picture is not None
        touches = (self._picture.edges == node).any(axis=1)
        return [int(v) for v in self._picture.voices[touches] if v >= 0]

    def _open(self, node: int) -> None:
        voices = self._voices_of(node)
        if voices:
            self.opened.emit(voices[0])

    def _follow(self, link: str) -> None:
        kind, *rest = link.split("/")
        if kind == "listen":
            self.opened.emit(int(rest[0]))
        elif self._grouping is not None:
            joint = self._grouping.rings.links[int(rest[0])].joint
            sides = joint.ties[0].calls
            self.ring_decided.emit(kind, sides[0][0], sides[1][0])

    def _ask_role(self, node: int, at: QPoint) -> None:
        if self._picture is None or self._picture.nodes[node].kind != "person":
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        voice = self._voices_of(node)[0]
        for role in ROLES:
            action = menu.addAction(text_of(f"role.{role}"))
            action.setCheckable(True)
            action.setChecked(self._picture.nodes[node].role == role)
            action.triggered.connect(lambda _=False, r=role: self.role_decided.emit(voice, r))
        menu.popup(at)

    # Export

    def choose_export(self) -> None:
        """Ask where to, then write the picture or the data."""
        name, chosen = QFileDialog.getSaveFileName(self, self.tr("Export"), "", FORMATS)
        if name:
            target = Path(name)
            suffix = f".{chosen.split(' ')[0].lower()}"
            self.export_to(
                target if target.suffix.lower() in SUFFIXES else target.with_suffix(suffix)
            )

    def export_to(self, target: Path) -> None:
        """Write PNG, SVG, GraphML or CSV, by the name's end."""
        from app.services.ring_picture import as_csv, as_graphml
        from app.services.workbench import write_file

        if self._grouping is None or self._picture is None:
            return
        try:
            match target.suffix.lower():
                case ".graphml":
                    write_file(target, as_graphml(self._picture))
                case ".csv":
                    write_file(target, as_csv(self._grouping, self._picture))
                case ".svg":
                    self._svg(target)
                case ".png":
                    self.canvas.image().save(str(target))
        except Exception as error:
            self.failed.emit(error)
        else:
            self.exported.emit(str(target))

    def _svg(self, target: Path) -> None:
        from PySide6.QtSvg import QSvgGenerator

        generator = QSvgGenerator()
        generator.setFileName(str(target))
        generator.setSize(QSize(self.canvas.width(), self.canvas.height()))
        generator.setViewBox(QRectF(self.canvas.rect()))
        painter = QPainter(generator)
        self.canvas.draw(painter, QRectF(self.canvas.rect()))
        painter.end()

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Follow the language."""
        if event.type() == QEvent.Type.LanguageChange:
            self._retranslate()
        super().changeEvent(event)

    def _retranslate(self) -> None:
        self._group.setText(self.tr("Group the voices"))
        self._fit.setText(self.tr("Show all"))
        self._export.setText(self.tr("Export…"))
        self._report.setText(self.tr("Report…"))
        self._add_case.setText(self.tr("Add a case…"))
        self._cases.setText(self.tr("Cases"))
        self._once.setText(self.tr("People heard once"))
        self._least_label.setText(self.tr("log10 LR from"))
        self._times_label.setText(self.tr("Calls in the order of time"))
        self._show_rings()
        self._show_times()
        self._choose(self.canvas.focus)
