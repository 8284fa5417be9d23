"""A tree of facts whose long texts wrap, and whose rows can be copied."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QColor, QKeyEvent, QKeySequence, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeWidget,
    QTreeWidgetItem,
)

ROOM_PX = 10
TALLEST_PX = 4000


@dataclass(frozen=True, slots=True)
class Fact:
    """A row: the texts of its columns, or one text across all of them; and what is behind it.

    `colour` is the ground of the column `coloured`.
    """

    texts: tuple[str, ...]
    children: tuple[Fact, ...] = field(default=())
    expanded: bool = False
    colour: str = ""
    coloured: int = 1


class FactTree(QTreeWidget):
    """Shows facts; Ctrl+C copies the chosen rows."""

    def __init__(self, columns: int) -> None:
        super().__init__()
        self.setColumnCount(columns)
        self.setWordWrap(True)
        self.setTextElideMode(Qt.TextElideMode.ElideNone)
        self.setAlternatingRowColors(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setItemDelegate(_Wrapping(self))
        self.header().sectionResized.connect(lambda *_: self.scheduleDelayedItemsLayout())

    def show_facts(self, facts: Sequence[Fact]) -> None:
        """Replace what is shown; what was open by its first text stays open."""
        was_open = {item.text(0) for item in self.top_items() if item.isExpanded()}
        self.clear()
        for fact in facts:
            self._add(self.invisibleRootItem(), fact)
        for item in self.top_items():
            item.setExpanded(item.isExpanded() or item.text(0) in was_open)

    def top_items(self) -> list[QTreeWidgetItem]:
        """The rows that are not behind another one."""
        items = (self.topLevelItem(i) for i in range(self.topLevelItemCount()))
        return [item for item in items if item is not None]

    def _add(self, parent: QTreeWidgetItem, fact: Fact) -> None:
        item = QTreeWidgetItem(parent, list(fact.texts))
        for column, text in enumerate(fact.texts):
            item.setToolTip(column, text)
        item.setFirstColumnSpanned(len(fact.texts) == 1)
        if fact.colour:
            item.setBackground(fact.coloured, QColor(fact.colour))
            item.setForeground(fact.coloured, QColor("white"))
        for child in fact.children:
            self._add(item, child)
        item.setExpanded(fact.expanded)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Copy the chosen rows."""
        if event.matches(QKeySequence.StandardKey.Copy):
            rows = [_row_text(item) for item in self.selectedItems()]
            QApplication.clipboard().setText("\n".join(rows))
            return
        super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Wrap anew."""
        super().resizeEvent(event)
        self.scheduleDelayedItemsLayout()

    def width_for(self, index: QModelIndex | QPersistentModelIndex) -> int:
        """Pixels for the text of a cell."""
        indent = 0
        if index.column() == 0:
            depth, above = 1, index.parent()
            while above.isValid():
                depth, above = depth + 1, above.parent()
            indent = depth * self.indentation()
        spanned = self.isFirstColumnSpanned(index.row(), index.parent())
        whole = self.viewport().width() if spanned else self.columnWidth(index.column())
        return max(1, whole - indent)


def _row_text(item: QTreeWidgetItem) -> str:
    return "\t".join(item.text(column) for column in range(item.columnCount()))


class _Wrapping(QStyledItemDelegate):
    """Rows as tall as their wrapped text."""

    def __init__(self, tree: FactTree) -> None:
        super().__init__(tree)
        self._tree = tree

    def sizeHint(  # noqa: N802 - Qt's name
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        """As tall as the text when it is wrapped to the cell's width."""
        room = QRect(0, 0, self._tree.width_for(index) - ROOM_PX, TALLEST_PX)
        flags = Qt.TextFlag.TextWordWrap
        text = str(index.data() or "")
        bounds = self._tree.fontMetrics().boundingRect(room, flags, text)
        return QSize(0, bounds.height() + ROOM_PX)
