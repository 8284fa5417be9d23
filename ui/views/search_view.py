"""The laboratory's gallery: search for voices of the case, enrol, see the watch-list's hits."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app.messages import message
from app.services.workroom import Exhibit
from ui.language import current_language

COLUMNS = 7
MOST_LINES = 8


def message_of(entry: dict[str, Any]) -> str:
    """Why an entry could not be made anew."""
    return message(entry["code"], current_language(), {"path": entry["path"]})


class SearchView(QWidget):
    """Chooses a gallery (`folder_asked`), a recording to search for (`search_asked`) or to enrol
    (`enrol_asked`: exhibit, watched); shows the hits of each speaker."""

    folder_asked = Signal()
    search_asked = Signal(int)
    enrol_asked = Signal(int, bool)
    reembed_asked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._documents: list[dict[str, Any]] = []
        self._is_watch = False
        self._folder = ""
        self._folder_label, self._choose = QLabel(), QPushButton()
        self._state: dict[str, Any] | None = None
        self._state_label, self._reembed = QLabel(), QPushButton()
        self._failed: list[dict[str, Any]] = []
        self._exhibit, self._watched = QComboBox(), QCheckBox()
        self._search, self._enrol = QPushButton(), QPushButton()
        self._least, self._least_label = QDoubleSpinBox(), QLabel()
        self._summary, self.table = QLabel(wordWrap=True), QTableWidget(0, COLUMNS)
        self._lay_out()
        self._connect()
        self._retranslate()

    def _lay_out(self) -> None:
        self._least.setRange(-6.0, 6.0)
        self._least.setSingleStep(0.1)
        self._least.setValue(0.0)
        self._exhibit.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self._exhibit.setMinimumContentsLength(24)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.verticalHeader().setVisible(False)
        self.table.setWordWrap(False)
        self.table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        self.table.horizontalHeader().setStretchLastSection(True)
        rows = (
            (self._choose, self._folder_label),
            (self._state_label, self._reembed),
            (
                self._exhibit,
                self._search,
                self._least_label,
                self._least,
                self._enrol,
                self._watched,
            ),
        )
        layout = QVBoxLayout(self)
        for widgets in rows:
            row = QHBoxLayout()
            for widget in widgets:
                row.addWidget(widget)
            row.addStretch(1)
            layout.addLayout(row)
        layout.addWidget(self._summary)
        layout.addWidget(self.table, 1)

    def _connect(self) -> None:
        self._choose.clicked.connect(self.folder_asked)
        self._reembed.clicked.connect(self.reembed_asked)
        self._search.clicked.connect(lambda: self._ask(self.search_asked.emit))
        self._enrol.clicked.connect(
            lambda: self._ask(lambda e: self.enrol_asked.emit(e, self._watched.isChecked()))
        )
        self._least.valueChanged.connect(lambda _: self._fill())

    def _ask(self, emit: Any) -> None:
        if self._exhibit.currentData() is not None:
            emit(self._exhibit.currentData())

    @property
    def least_log10_lr(self) -> float:
        """From which ratio on hits are listed."""
        return float(self._least.value())

    def show_folder(self, folder: str) -> None:
        """The gallery that is searched."""
        self._folder = folder
        self._retranslate()

    def show_state(self, state: dict[str, Any] | None) -> None:
        """What the gallery holds, and whether it is of the model in use; None where there is none
        yet."""
        self._state, self._failed = state, []
        self._retranslate()

    def show_failed(self, failed: list[dict[str, Any]]) -> None:
        """What could not be made anew for the model in use, and why."""
        self._failed = failed
        self._summarise(0)

    def _state_text(self) -> str:
        if self._state is None:
            return self.tr("Nothing is stored here yet.") if self._folder else ""
        text = self.tr("{n_entries} voices, {n_watched} of them watched").format(**self._state)
        if self._state["is_current"]:
            return text
        other = self.tr("made by another model: it must be made anew before it can be searched")
        return f"{text} — {other}"

    def show_exhibits(self, exhibits: tuple[Exhibit, ...]) -> None:
        """Offer the case's recordings."""
        before = self._exhibit.currentData()
        self._exhibit.clear()
        for exhibit in exhibits:
            self._exhibit.addItem(f"{exhibit.id}. {exhibit.file_name}", exhibit.id)
        at = self._exhibit.findData(before)
        self._exhibit.setCurrentIndex(max(0, at) if exhibits else -1)

    def show_hits(self, documents: list[dict[str, Any]], is_watch: bool) -> None:
        """Show hits by speaker, of a search or of the watch-list."""
        self._documents, self._is_watch = documents, is_watch
        self._fill()

    def _fill(self) -> None:
        rows = [
            (document, hit)
            for document in self._documents
            for hit in document["hits"]
            if hit["log10_lr"] is None or hit["log10_lr"] >= self.least_log10_lr
        ]
        self.table.setRowCount(len(rows))
        for number, (document, hit) in enumerate(rows):
            ratio, expected = hit["log10_lr"], hit["expected_false_hits"]
            cells = (
                f"{document['path']} {document['speaker']}",
                f"{hit['rank']}",
                self.tr("same recording") if ratio is None else f"{ratio:+.2f}",
                "—" if expected is None else f"{expected:.2g}",
                hit["voice"],
                hit["file_name"],
                " ".join(part for part in (hit["case_number"], hit["enrolled_utc"][:10]) if part),
            )
            for column, text in enumerate(cells):
                item = QTableWidgetItem(text)
                if column in (1, 2, 3):
                    item.setTextAlignment(
                        Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
                    )
                self.table.setItem(number, column, item)
        self.table.resizeColumnsToContents()
        self._summarise(len(rows))

    def _summarise(self, n_rows: int) -> None:
        if self._failed:
            lines = [
                f"{entry['voice']}: {message_of(entry)}" for entry in self._failed[:MOST_LINES]
            ]
            first = self.tr("Not made anew: %n", "", len(self._failed))
            text = "\n".join([first, *lines])
        elif not self._documents:
            text = self.tr(
                "Choose a gallery and a recording. Every hit tells how many voices of other people "
                "are to be expected at its ratio or above in a gallery of this size."
            )
        else:
            first = self.tr("Watch-list") if self._is_watch else self.tr("Search")
            searched = max(document["n_searched"] for document in self._documents)
            text = self.tr(
                "{what}: {speakers} speakers compared with {n} stored voices, {hits} hits from "
                "log10 LR {least} on"
            ).format(
                what=first,
                speakers=len(self._documents),
                n=searched,
                hits=n_rows,
                least=f"{self.least_log10_lr:+.1f}",
            )
        self._summary.setText(text)

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Follow the language."""
        if event.type() == QEvent.Type.LanguageChange:
            self._retranslate()
        super().changeEvent(event)

    def _retranslate(self) -> None:
        self._choose.setText(self.tr("Gallery…"))
        self._folder_label.setText(self._folder or self.tr("no gallery chosen"))
        self._search.setText(self.tr("Search"))
        self._enrol.setText(self.tr("Enrol"))
        self._watched.setText(self.tr("Watch"))
        self._least_label.setText(self.tr("log10 LR from"))
        is_current = self._state is None or bool(self._state["is_current"])
        for button in (self._search, self._enrol):
            button.setEnabled(bool(self._folder) and is_current)
        self._state_label.setText(self._state_text())
        self._reembed.setText(self.tr("Make anew for this model…"))
        self._reembed.setVisible(not is_current)
        self.table.setHorizontalHeaderLabels(
            [
                self.tr("Speaker"),
                self.tr("Rank"),
                self.tr("log10 LR"),
                self.tr("Expected false hits"),
                self.tr("Voice"),
                self.tr("Recording"),
                self.tr("Case, enrolled"),
            ]
        )
        self._fill()
