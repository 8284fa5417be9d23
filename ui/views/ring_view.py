"""People, calls and rings: a graph beside what binds them, the calls in the order of time."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import (
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
from ui.widgets.graph_canvas import GraphCanvas

if TYPE_CHECKING:
    from app.services.grouping import Grouping
    from app.services.ring_picture import Picture

__all__ = ["RingView"]
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
    exported = Signal(str)
    failed = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._grouping: Grouping | None = None
        self._picture: Picture | None = None
        self.canvas, self._details = GraphCanvas(), QTextBrowser()
        self._times, self._times_label = QListWidget(), QLabel()
        self._group, self._fit, self._export = QPushButton(), QPushButton(), QPushButton()
        self._least, self._least_label = QDoubleSpinBox(), QLabel()
        self._lay_out()
        self._connect()
        self._retranslate()

    def _lay_out(self) -> None:
        self._least.setRange(-6.0, 6.0)
        self._least.setSingleStep(0.1)
        self._least.setValue(-6.0)
        bar = QHBoxLayout()
        bar.setContentsMargins(6, 4, 6, 4)
        for widget in (self._group, self._fit, self._least_label, self._least, self._export):
            bar.addWidget(widget)
        bar.addStretch(1)
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
        split.setSizes([700, 300])
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(bar)
        layout.addWidget(split, 1)

    def _connect(self) -> None:
        self._group.clicked.connect(self.group_asked)
        self._fit.clicked.connect(self.canvas.show_all)
        self._export.clicked.connect(self.choose_export)
        self._least.valueChanged.connect(self.canvas.set_least)
        self.canvas.chosen.connect(self._choose)
        self.canvas.opened.connect(self._open)
        self.canvas.menu_asked.connect(self._ask_role)
        self._details.anchorClicked.connect(lambda url: self._follow(url.toString()))
        self._times.itemClicked.connect(
            lambda item: self._choose(int(item.data(Qt.ItemDataRole.UserRole)))
        )

    def show_grouping(
        self, grouping: Grouping | None, picture: Picture | None, order: list[str]
    ) -> None:
        """Show a grouping; `order` names the calls (SHA-256) in the order of time."""
        self._grouping, self._picture = grouping, picture
        self.canvas.show_picture(picture)
        self.canvas.set_least(self._least.value())
        self._times.clear()
        number = {node.key: i for i, node in enumerate(picture.nodes)} if picture else {}
        for call in order:
            if picture is not None and call in number:
                node = picture.nodes[number[call]]
                item = QListWidgetItem(node.name)
                item.setForeground(self.canvas.colour(-1 if node.ring is None else node.ring))
                item.setData(Qt.ItemDataRole.UserRole, number[call])
                self._times.addItem(item)
        self._choose(-1)

    def _choose(self, node: int) -> None:
        self.canvas.set_focus(node)
        self._details.setHtml(self._html(node))

    def _voices_of(self, node: int) -> list[int]:
        assert self._picture is not None
        touches = (self._picture.edges == node).any(axis=1)
        return [int(v) for v in self._picture.voices[touches]]

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

    # Texts

    def _html(self, node: int) -> str:
        if self._grouping is None or self._picture is None:
            return escape(self.tr("Group the voices of the case to see who is heard where."))
        if node < 0:
            return self._overview_html(self._grouping)
        chosen = self._picture.nodes[node]
        ring = self.tr("no ring") if chosen.ring is None else self._ring_name(chosen.ring)
        role = f", {text_of(f'role.{chosen.role}')}" if chosen.role else ""
        lines = [f"<h3>{escape(chosen.name)}</h3><p>{escape(ring)}{escape(role)}</p>"]
        rows = np.flatnonzero((self._picture.edges == node).any(axis=1))
        for row in rows.tolist():
            voice, value = int(self._picture.voices[row]), self._picture.log10_lr[row]
            heard = self._grouping.voices[voice]
            person = self._picture.nodes[self._picture.edges[row, 0]].name
            evidence = f"log10 LR {value:+.2f}" if np.isfinite(value) else self.tr("only voice")
            name = f"{person}: {heard.path.name} {heard.speaker}"
            lines.append(
                f"<p><a href='listen/{voice}'>▶</a> {escape(name)}<br>{escape(evidence)}</p>"
            )
        return "".join(lines)

    def _ring_name(self, ring: int) -> str:
        return self.tr("Ring {number}").format(number=ring + 1)

    def _part_name(self, grouping: Grouping, part: int) -> str:
        """A ring, or the call that is alone."""
        if part < grouping.n_rings:
            return self._ring_name(part)
        call = grouping.rings.rings[part].calls[0]
        return next(v.path.name for v in grouping.voices if v.recording.sha256 == call)

    def _overview_html(self, grouping: Grouping) -> str:
        lines = []
        for number, ring in enumerate(grouping.rings.rings[: grouping.n_rings]):
            colour = self.canvas.colour(number).name()
            text = self.tr("{people} heard again and again, {calls} calls").format(
                people=", ".join(ring.people), calls=len(ring.calls)
            )
            weakest = ""
            if ring.weakest is not None:
                weakest = self.tr("Weakest joint: {joint}").format(
                    joint=self._ties(grouping, ring.weakest.ties)
                )
            lines.append(
                f"<p><b style='color:{colour}'>{escape(self._ring_name(number))}</b> "
                f"{escape(text)}<br>{escape(weakest)}</p>"
            )
        one, two = escape(self.tr("One ring")), escape(self.tr("Two rings"))
        for number, link in enumerate(grouping.rings.links):
            names = " – ".join(self._part_name(grouping, ring) for ring in link.rings)
            lines.append(
                f"<p>{escape(names)}: {escape(self._ties(grouping, link.joint.ties))}<br>"
                f"<a href='same_ring/{number}'>{one}</a> · "
                f"<a href='different_ring/{number}'>{two}</a></p>"
            )
        return "".join(lines) or escape(self.tr("Nobody is heard in two calls."))

    def _ties(self, grouping: Grouping, ties: object) -> str:
        parts = []
        for tie in ties:  # type: ignore[attr-defined]
            shown = grouping.shown(tie.log10_lr)
            value = self.tr("decided") if shown is None else f"log10 LR {shown:+.2f}"
            calls = " / ".join(str(len(side)) for side in tie.calls)
            parts.append(
                self.tr("{person} {value} (calls: {calls})").format(
                    person=tie.person, value=value, calls=calls
                )
            )
        return ", ".join(parts)

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
        self._least_label.setText(self.tr("log10 LR from"))
        self._times_label.setText(self.tr("Calls in the order of receipt"))
        self._choose(self.canvas.focus)
