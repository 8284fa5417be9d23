"""The segments of a recording as a table that can be sorted, filtered and edited."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QSortFilterProxyModel,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor

from app.services.workroom import Segment
from ui.theme import voice_colour
from ui.widgets.time_view import clock

Index = QModelIndex | QPersistentModelIndex
NOWHERE = QModelIndex()
FIELDS = ("start_s", "end_s", "duration", "channel", "speaker", "state", "language", "remark")
EDITABLE = ("speaker", "language", "remark")


class SegmentTable(QAbstractTableModel):
    """`labelled` carries (segment, field, value) when a cell was edited."""

    labelled = Signal(object, str, str)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._segments: list[Segment] = []
        self._authors: dict[int, str] = {}
        self._speakers: list[str] = []

    def show_segments(self, segments: list[Segment], authors: dict[int, str]) -> None:
        """Show these; `authors` by edit."""
        self.beginResetModel()
        self._segments, self._authors = segments, authors
        self._speakers = list(dict.fromkeys(s.speaker for s in segments))
        self.endResetModel()

    @property
    def segments(self) -> list[Segment]:
        return self._segments

    def segment(self, row: int) -> Segment:
        """The segment of a row."""
        return self._segments[row]

    def rowCount(self, parent: Index = NOWHERE) -> int:  # noqa: N802 - Qt's name
        return 0 if parent.isValid() else len(self._segments)

    def columnCount(self, parent: Index = NOWHERE) -> int:  # noqa: N802 - Qt's name
        return 0 if parent.isValid() else len(FIELDS)

    def headerData(  # noqa: N802 - Qt's name
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if orientation != Qt.Orientation.Horizontal or role != Qt.ItemDataRole.DisplayRole:
            return None
        return {
            "start_s": self.tr("Start"),
            "end_s": self.tr("End"),
            "duration": self.tr("Length"),
            "channel": self.tr("Ch."),
            "speaker": self.tr("Speaker"),
            "language": self.tr("Lang."),
            "remark": self.tr("Remark"),
            "state": self.tr("State"),
        }[FIELDS[section]]

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        segment, field = self._segments[index.row()], FIELDS[index.column()]
        match role:
            case Qt.ItemDataRole.DisplayRole | Qt.ItemDataRole.EditRole:
                return self._text(segment, field)
            case Qt.ItemDataRole.UserRole:  # what the table is sorted by
                return self._value(segment, field)
            case Qt.ItemDataRole.DecorationRole if field == "speaker":
                return voice_colour(segment.speaker, self._speakers)
            case Qt.ItemDataRole.ForegroundRole if segment.excluded:
                return QColor("#8a8a8a")
            case Qt.ItemDataRole.TextAlignmentRole if field in ("start_s", "end_s", "duration"):
                return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            case Qt.ItemDataRole.ToolTipRole if field == "state":
                return self.tr("Entered by {author}").format(
                    author=self._authors.get(segment.edit_id, "?")
                )
        return None

    def _value(self, segment: Segment, field: str) -> Any:
        if field == "duration":
            return segment.end_s - segment.start_s
        return self._text(segment, field) if field == "state" else getattr(segment, field)

    def _text(self, segment: Segment, field: str) -> str:
        match field:
            case "start_s" | "end_s":
                return clock(getattr(segment, field), 0.01)
            case "duration":
                return f"{segment.end_s - segment.start_s:.2f} s"
            case "channel":
                return str(segment.channel + 1)
            case "state":
                return self._state(segment)
        return str(getattr(segment, field))

    def _state(self, segment: Segment) -> str:
        if segment.excluded:
            return self.tr("excluded")
        state = self.tr("proposal") if segment.origin == "auto" else self.tr("accepted")
        return state + (self.tr(", overlap") if segment.overlap else "")

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:  # noqa: N802 - Qt's name
        field = FIELDS[index.column()]
        if role != Qt.ItemDataRole.EditRole or field not in EDITABLE:
            return False
        segment = self._segments[index.row()]
        if getattr(segment, field) != str(value).strip():
            self.labelled.emit(segment, field, str(value).strip())
        return True

    def flags(self, index: Index) -> Qt.ItemFlag:
        flags = super().flags(index)
        editable = FIELDS[index.column()] in EDITABLE
        return flags | Qt.ItemFlag.ItemIsEditable if editable else flags


class SegmentFilter(QSortFilterProxyModel):
    """Rows in whose text every word of the filter stands."""

    def __init__(self, table: SegmentTable, parent: QObject) -> None:
        super().__init__(parent)
        self._words: list[str] = []
        self.setSourceModel(table)
        self.setSortRole(Qt.ItemDataRole.UserRole)

    def set_filter(self, text: str) -> None:
        """Show only what has these words."""
        self._words = text.casefold().split()
        self.invalidate()

    def filterAcceptsRow(self, row: int, parent: Index) -> bool:  # noqa: N802 - Qt's name
        model = self.sourceModel()
        cells = [str(model.index(row, c, parent).data()) for c in range(model.columnCount())]
        text = " ".join(cells).casefold()
        return all(word in text for word in self._words)
