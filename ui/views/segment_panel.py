"""The segments of the active recording: table, filter, and everything that is done to them."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QItemSelection, QItemSelectionModel, Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QLabel,
    QLineEdit,
    QMenu,
    QStackedLayout,
    QTableView,
    QToolBar,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.services import segment_edits
from app.services.workroom import Segment
from ui.models.segment_table import FIELDS, SegmentFilter, SegmentTable

MARKING = ("split", "join", "exclude", "label", "one_voice", "new_voice", "delete")
ONLY_IN_THE_TABLE = ("label", "delete")
MOST_SPEAKERS = 8


class SegmentPanel(QWidget):
    """Tells what is to be edited, as (ids to retire, segments to add)."""

    edited = Signal(object)
    chosen = Signal(object)
    shown = Signal(object)
    propose_asked = Signal(object)
    import_asked = Signal()
    export_asked = Signal()
    label_asked = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._table = SegmentTable(self)
        self._filter = SegmentFilter(self._table, self)
        self._view = QTableView()
        self._words = QLineEdit(clearButtonEnabled=True)
        self._sum, self._empty = QLabel(), QLabel(alignment=Qt.AlignmentFlag.AlignCenter)
        self._bars = (QToolBar(), QToolBar())
        self._cursor: Callable[[], float] = lambda: 0.0
        self.actions_by_name: dict[str, QAction] = {}
        self._has_recording = self._writable = False
        self._make_actions()
        self._lay_out()
        self._table.labelled.connect(self._label)
        self._retranslate()
        self.show_segments([], {}, False, False)

    def _make_actions(self) -> None:
        entries: dict[str, tuple[str, Callable[[], None]]] = {
            "propose": ("Ctrl+P", lambda: self.propose_asked.emit(None)),
            "accept": ("A", lambda: self._edit(segment_edits.accept(self.chosen_segments()))),
            "accept_all": (
                "Shift+A",
                lambda: self._edit(segment_edits.accept(self._table.segments)),
            ),
            "split": ("S", self._split),
            "join": ("J", lambda: self._edit(segment_edits.joined(self.chosen_segments()))),
            "exclude": ("X", self._toggle_excluded),
            "label": ("Return", self._ask_label),
            "one_voice": ("M", lambda: self._edit_voices(segment_edits.one_voice)),
            "new_voice": ("N", lambda: self._edit_voices(segment_edits.new_voice)),
            "delete": (
                "Delete",
                lambda: self._edit(segment_edits.removed(self.chosen_segments())),
            ),
            "import": ("Ctrl+Shift+I", self.import_asked.emit),
            "export": ("Ctrl+Shift+E", self.export_asked.emit),
        }
        for name, (shortcut, slot) in entries.items():
            action = QAction(self)
            action.setShortcut(shortcut)
            if name in ONLY_IN_THE_TABLE:
                action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            action.triggered.connect(lambda _=False, slot=slot: slot())
            self.actions_by_name[name] = action
            self._bars[name in MARKING].addAction(action)
        self._make_numbers()

    def _make_numbers(self) -> None:
        """Propose a given number of speakers."""
        self._numbers = QMenu(self)
        for count in range(1, MOST_SPEAKERS + 1):
            action = self._numbers.addAction("")
            action.triggered.connect(lambda _=False, n=count: self.propose_asked.emit(n))
        button = self._bars[0].widgetForAction(self.actions_by_name["propose"])
        if isinstance(button, QToolButton):
            button.setMenu(self._numbers)
            button.setPopupMode(QToolButton.ToolButtonPopupMode.MenuButtonPopup)

    def _lay_out(self) -> None:
        self._view.setModel(self._filter)
        self._view.setSortingEnabled(True)
        self._view.sortByColumn(0, Qt.SortOrder.AscendingOrder)
        self._view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self._view.setAlternatingRowColors(True)
        self._view.verticalHeader().setVisible(False)
        self._view.verticalHeader().setDefaultSectionSize(24)
        header = self._view.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(FIELDS.index("remark"), QHeaderView.ResizeMode.Stretch)
        self._view.selectionModel().selectionChanged.connect(self._tell_chosen)
        self._words.textChanged.connect(self._filter.set_filter)
        self._empty.setWordWrap(True)
        holder = QWidget()
        self._stack = QStackedLayout(holder)
        self._stack.addWidget(self._view)
        self._stack.addWidget(self._empty)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 4, 4, 4)
        for widget in (*self._bars, self._words):
            layout.addWidget(widget)
        layout.addWidget(holder, 1)
        layout.addWidget(self._sum)

    def use_cursor(self, cursor: Callable[[], float]) -> None:
        """Where `split` cuts."""
        self._cursor = cursor

    def show_segments(
        self,
        segments: list[Segment],
        authors: dict[int, str],
        has_recording: bool,
        writable: bool,
    ) -> None:
        """Show the segments of the active recording; what was chosen and still stands stays so."""
        ids = {segment.id for segment in self.chosen_segments()}
        self._has_recording, self._writable = has_recording, writable
        self._table.show_segments(segments, authors)
        several = any(segment.channel for segment in segments)
        self._view.setColumnHidden(FIELDS.index("channel"), not several)
        self.choose(ids)
        self._stack.setCurrentIndex(0 if segments else 1)
        self._update()

    def chosen_segments(self) -> list[Segment]:
        """The segments of the chosen rows."""
        rows = self._view.selectionModel().selectedRows()
        return [self._table.segment(self._filter.mapToSource(row).row()) for row in rows]

    def choose(self, ids: set[int]) -> None:
        """Choose segments by their ids, as the waveform did."""
        selection = QItemSelection()
        for row, segment in enumerate(self._table.segments):
            if segment.id in ids:
                index = self._filter.mapFromSource(self._table.index(row, 0))
                if index.isValid():
                    selection.select(index, index)
        model = self._view.selectionModel()
        model.blockSignals(True)
        model.select(
            selection,
            QItemSelectionModel.SelectionFlag.ClearAndSelect
            | QItemSelectionModel.SelectionFlag.Rows,
        )
        model.blockSignals(False)
        self._view.viewport().update()
        if not selection.isEmpty():
            self._view.scrollTo(selection.indexes()[0])
        self._update()

    def _tell_chosen(self) -> None:
        segments = self.chosen_segments()
        self.chosen.emit({segment.id for segment in segments})
        if len(segments) == 1:
            self.shown.emit(segments[0])
        self._update()

    def _edit(self, edit: segment_edits.Edit) -> None:
        if edit[0] or edit[1]:
            self.edited.emit(edit)

    def _edit_voices(
        self, edit: Callable[[list[Segment], list[Segment]], segment_edits.Edit]
    ) -> None:
        if self.chosen_segments():
            self._edit(edit(self._table.segments, self.chosen_segments()))

    def _split(self) -> None:
        segments = self.chosen_segments() or self._table.segments
        self._edit(segment_edits.split(segments, self._cursor()))

    def _toggle_excluded(self) -> None:
        segments = self.chosen_segments()
        if segments:
            excluded = int(not all(s.excluded for s in segments))
            self._edit(segment_edits.changed(segments, excluded=excluded))

    def _ask_label(self) -> None:
        if self.chosen_segments():
            self.label_asked.emit(self.chosen_segments())

    def _label(self, segment: Segment, field: str, value: str) -> None:
        self._edit(segment_edits.changed([segment], **{field: value}))

    def _update(self) -> None:
        chosen = self.chosen_segments()
        can = {
            "propose": self._has_recording and self._writable,
            "import": self._has_recording and self._writable,
            "export": bool(self._table.segments),
            "accept_all": self._writable and any(s.origin == "auto" for s in self._table.segments),
            "split": self._writable and bool(self._table.segments),
            "join": self._writable and len(chosen) > 1,
            "one_voice": self._writable and len({s.speaker for s in chosen}) > 1,
        }
        for name, action in self.actions_by_name.items():
            action.setEnabled(can.get(name, self._writable and bool(chosen)))
        self._retranslate_sum()

    def _retranslate_sum(self) -> None:
        segments = self._table.segments
        chosen = self.chosen_segments()
        text = self.tr("%n segments, {seconds} s of speech", "", len(segments)).format(
            seconds=f"{segment_edits.net_duration_s(segments):.1f}"
        )
        if chosen:
            text += " · " + self.tr("chosen: {count}, {seconds} s").format(
                count=len(chosen), seconds=f"{segment_edits.net_duration_s(chosen):.1f}"
            )
        self._sum.setText(text if segments else "")
        self._empty.setText(
            self.tr(
                "No segments yet.\n\nCtrl+P proposes speech and speakers; or select a stretch "
                "in the waveform and press Insert."
            )
            if self._has_recording
            else self.tr("Open a recording to see its segments.")
        )

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Follow the language."""
        if event.type() == QEvent.Type.LanguageChange:
            self._retranslate()
        super().changeEvent(event)

    def _retranslate(self) -> None:
        texts = {
            "propose": (self.tr("Propose"), self.tr("Find speech and speakers")),
            "accept": (self.tr("Accept"), self.tr("Accept the chosen proposals")),
            "accept_all": (self.tr("Accept all"), self.tr("Accept every proposal")),
            "split": (self.tr("Split"), self.tr("Split at the cursor")),
            "join": (self.tr("Join"), self.tr("Join the chosen segments")),
            "exclude": (
                self.tr("Exclude"),
                self.tr("Exclude from comparison (laughter, overlap, tone), or take back in"),
            ),
            "label": (self.tr("Label…"), self.tr("Speaker, language, remark")),
            "one_voice": (
                self.tr("One voice"),
                self.tr("Treat the speakers of the chosen segments as one voice"),
            ),
            "new_voice": (
                self.tr("Other voice"),
                self.tr("Take the chosen segments for another speaker's"),
            ),
            "delete": (self.tr("Delete"), self.tr("Take the chosen segments away")),
            "import": (self.tr("Import…"), self.tr("TextGrid, Audacity, RTTM or CSV")),
            "export": (self.tr("Export…"), self.tr("TextGrid, Audacity, RTTM or CSV")),
        }
        for name, (text, tip) in texts.items():
            action = self.actions_by_name[name]
            action.setText(text)
            action.setToolTip(f"{tip} ({action.shortcut().toString()})")
        for count, action in enumerate(self._numbers.actions(), start=1):
            action.setText(self.tr("%n speakers", "", count))
        self._words.setPlaceholderText(self.tr("Filter: speaker, language, remark, state"))
        self._view.setAccessibleName(self.tr("Segments"))
        self._table.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(FIELDS) - 1)
        self._retranslate_sum()
