"""What the case holds: exhibits by role with their quality at a glance, analyses, reports."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QEvent, QPoint, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap
from PySide6.QtWidgets import QMenu, QTreeWidget, QTreeWidgetItem

from app.services.workroom import ROLES, Exhibit, Overview
from ui.theme import BAD, CAUTION, GOOD
from ui.widgets.time_view import clock

DOTS = {"suitable": GOOD, "limited": CAUTION, "unsuitable": BAD, "": "#9aa0a6"}
KIND, NUMBER = Qt.ItemDataRole.UserRole, Qt.ItemDataRole.UserRole + 1


class Navigator(QTreeWidget):
    """Tells which exhibit to open, compare or describe, and which report to open."""

    open_asked = Signal(int)
    details_asked = Signal(int)
    compare_asked = Signal(str, int)
    report_asked = Signal(int)
    add_asked = Signal(str)

    def __init__(self, qualities: Mapping[int, dict[str, Any]]) -> None:
        super().__init__()
        self.setHeaderHidden(True)
        self.setUniformRowHeights(True)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self._overview: Overview | None = None
        self._qualities = qualities
        self._items: dict[int, tuple[QTreeWidgetItem, Exhibit]] = {}
        self._dots = {verdict: _dot(colour) for verdict, colour in DOTS.items()}
        self.itemActivated.connect(self._activate)
        self.customContextMenuRequested.connect(self._show_menu)

    def show_case(self, overview: Overview | None) -> None:
        """Show what a case holds, or nothing."""
        self._overview = overview
        current = self.currentItem()
        kind, chosen = (current.data(0, KIND), current.data(0, NUMBER)) if current else (None, None)
        self.clear()
        self._items = {}
        if overview is None:
            return
        for role in ROLES:
            exhibits = [e for e in overview.exhibits if e.role == role]
            group = self._group(self._role_text(role), len(exhibits), f"role:{role}")
            for exhibit in exhibits:
                self._add_exhibit(group, exhibit)
        names = {e.id: e.file_name for e in overview.exhibits}
        group = self._group(self.tr("Comparisons"), len(overview.analyses), "analyses")
        for line in overview.analyses:
            text = f"log₁₀ LR {line.log10_lr:+.2f}  {names[line.questioned_id]} ↔ "
            self._item(group, text + names[line.known_id], "analysis", line.id)
        group = self._group(self.tr("Reports"), len(overview.reports), "reports")
        for report in overview.reports:
            state = self.tr("signed") if report.signed else self.tr("draft")
            self._item(group, f"{report.report_id}  ({state})", "report", report.id)
        self.expandAll()
        self._choose(kind, chosen)

    def _choose(self, kind: str | None, number: int | None) -> None:
        for i in range(self.topLevelItemCount()):
            group = self.topLevelItem(i)
            for j in range(group.childCount() if group else 0):
                item = group.child(j) if group else None
                if item and (item.data(0, KIND), item.data(0, NUMBER)) == (kind, number):
                    self.setCurrentItem(item)

    def _group(self, text: str, count: int, kind: str) -> QTreeWidgetItem:
        item = QTreeWidgetItem(self, [f"{text} ({count})"])
        item.setData(0, KIND, kind)
        font = item.font(0)
        font.setBold(True)
        item.setFont(0, font)
        return item

    def _item(self, group: QTreeWidgetItem, text: str, kind: str, number: int) -> QTreeWidgetItem:
        item = QTreeWidgetItem(group, [text])
        item.setData(0, KIND, kind)
        item.setData(0, NUMBER, number)
        item.setToolTip(0, text)
        return item

    def _add_exhibit(self, group: QTreeWidgetItem, exhibit: Exhibit) -> None:
        item = self._item(group, f"{exhibit.id}. {exhibit.file_name}", "exhibit", exhibit.id)
        self._items[exhibit.id] = (item, exhibit)
        self._describe(item, exhibit)

    def _describe(self, item: QTreeWidgetItem, exhibit: Exhibit) -> None:
        described = self._qualities.get(exhibit.id)
        verdict = _verdict(described)
        item.setIcon(0, self._dots[verdict])
        lines = [exhibit.file_name, f"SHA-256 {exhibit.media_sha256[:16]}…"]
        if described is not None:
            speech_s = sum(q["net_speech_s"] for q in described["quality"])
            length = clock(described["duration_s"], 1.0)
            item.setText(0, f"{exhibit.id}. {exhibit.file_name}   {length}")
            lines.append(
                self.tr("{length} long, {speech} s of speech, {codec}").format(
                    length=length, speech=f"{speech_s:.1f}", codec=described["codec"]
                )
            )
        lines.append(self._verdict_text(verdict))
        item.setToolTip(0, "\n".join(lines))

    def show_quality(self, exhibit_id: int) -> None:
        """Show what is known of an exhibit now."""
        if exhibit_id in self._items:
            self._describe(*self._items[exhibit_id])

    def _activate(self, item: QTreeWidgetItem) -> None:
        match item.data(0, KIND):
            case "exhibit":
                self.open_asked.emit(item.data(0, NUMBER))
            case "report":
                self.report_asked.emit(item.data(0, NUMBER))

    def _show_menu(self, position: QPoint) -> None:
        item = self.itemAt(position)
        if item is None:
            return
        kind, number = str(item.data(0, KIND)), item.data(0, NUMBER)
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        if kind == "exhibit":
            menu.addAction(self.tr("Open"), lambda: self.open_asked.emit(number))
            menu.addAction(self.tr("Details…"), lambda: self.details_asked.emit(number))
            menu.addSeparator()
            menu.addAction(
                self.tr("Compare as questioned"),
                lambda: self.compare_asked.emit("questioned", number),
            )
            menu.addAction(
                self.tr("Compare as known"), lambda: self.compare_asked.emit("known", number)
            )
        elif kind == "report":
            menu.addAction(self.tr("Open report"), lambda: self.report_asked.emit(number))
        elif kind.startswith("role:"):
            role = kind.removeprefix("role:")
            menu.addAction(self.tr("Add recordings…"), lambda: self.add_asked.emit(role))
        if menu.actions():
            menu.popup(self.viewport().mapToGlobal(position))

    def role_at(self, position: QPoint) -> str | None:
        """The role of the group below a point."""
        item = self.itemAt(position)
        while item is not None and item.parent() is not None:
            item = item.parent()
        kind = str(item.data(0, KIND)) if item is not None else ""
        return kind.removeprefix("role:") if kind.startswith("role:") else None

    def _role_text(self, role: str) -> str:
        return {
            "questioned": self.tr("Questioned"),
            "known": self.tr("Known"),
            "reference": self.tr("Reference"),
        }[role]

    def _verdict_text(self, verdict: str) -> str:
        return {
            "suitable": self.tr("Suitable for comparison"),
            "limited": self.tr("Suitable with limits: see the quality panel"),
            "unsuitable": self.tr("Not suitable for comparison: see the quality panel"),
            "": self.tr("Quality not measured yet: open the recording"),
        }[verdict]

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Follow the language."""
        if event.type() == QEvent.Type.LanguageChange:
            self.show_case(self._overview)
            self.setAccessibleName(self.tr("Case"))
        super().changeEvent(event)


def _verdict(described: dict[str, Any] | None) -> str:
    """The best channel's: it is the one that will be compared."""
    if described is None:
        return ""
    verdicts = [q["suitability"]["verdict"] for q in described["quality"]]
    return next(v for v in ("suitable", "limited", "unsuitable") if v in verdicts)


def _dot(colour: str) -> QIcon:
    picture = QPixmap(24, 24)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(QColor(colour))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.drawEllipse(6, 6, 12, 12)
    painter.end()
    return QIcon(picture)
