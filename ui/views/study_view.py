"""A validation study: figures, charts with their reading, and the case's conditions beside them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QAction, QDragEnterEvent, QDropEvent, QKeySequence
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFrame,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QSplitter,
    QStackedWidget,
    QTabBar,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from engine.types import Place
from ui.theme import BAD, CAUTION
from ui.widgets.chart import ChartPlot
from ui.widgets.fact_tree import Fact, FactTree

if TYPE_CHECKING:
    from app.services.studies import ShownStudy

TABLES = (".csv", ".json")
KEYS = {
    "run": "F5",
    "open": "Ctrl+Shift+O",
    "build": "Ctrl+Shift+B",
    "print": "Ctrl+P",
    "export": "Ctrl+E",
    "previous": "Alt+Left",
    "next": "Alt+Right",
}
BUTTONS = ("run", "open", "build", "print", "export")
NEED_A_STUDY = ("print", "export", "previous", "next")
PLACES = {
    Place.INSIDE: "",
    Place.EDGE: CAUTION,
    Place.OUTSIDE: BAD,
    Place.NOT_CHECKED: "#7c8594",
}
SIDE_PX, CHART_PX, LAST_COLUMN_PX = 450, 600, 122


class StudyView(QWidget):
    """Chooses what to study (`run_asked`); `asked` names the other actions, `dropped` has tables
    and populations that were dropped here."""

    run_asked = Signal(object)
    asked = Signal(str)
    dropped = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._study: ShownStudy | None = None
        self._comparison = ""
        self._source = QComboBox()
        self.keep = QCheckBox()
        self._actions = {name: QAction(self) for name in KEYS}
        self._size, self._case = QLabel(wordWrap=True), QLabel(wordWrap=True)
        self.figures, self.conditions = FactTree(2), FactTree(3)
        self.charts, self.chart = QTabBar(), ChartPlot()
        self._legend, self._readout, self._reading = QLabel(), QLabel(), QLabel(wordWrap=True)
        self._empty, self._pages = QLabel(wordWrap=True), QStackedWidget()
        self._lay_out()
        self._connect()
        self.setAcceptDrops(True)
        self._retranslate()

    def _lay_out(self) -> None:
        bar = QHBoxLayout()
        bar.setContentsMargins(6, 4, 6, 4)
        self._source.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self._source.setMinimumContentsLength(20)
        bar.addWidget(self._source)
        for name in BUTTONS:
            button = QToolButton()
            button.setDefaultAction(self._actions[name])
            bar.addWidget(button)
        bar.addWidget(self.keep)
        bar.addStretch(1)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setMargin(60)
        self._pages.addWidget(self._empty)
        self._pages.addWidget(self._study_page())
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(bar)
        layout.addWidget(self._pages, 1)

    def _study_page(self) -> QWidget:
        for label in (self._size, self._case, self._reading, self._readout):
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            label.setContentsMargins(8, 4, 8, 4)
        for tree in (self.figures, self.conditions):
            tree.setFrameShape(QFrame.Shape.NoFrame)
            tree.setIndentation(12)
            tree.setRootIsDecorated(tree is self.figures)
            tree.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
            header, mode = tree.header(), QHeaderView.ResizeMode
            header.setStretchLastSection(False)
            header.setSectionResizeMode(mode.Stretch)
            header.setSectionResizeMode(tree.columnCount() - 1, mode.Interactive)
            header.resizeSection(tree.columnCount() - 1, LAST_COLUMN_PX)
        self._legend.setContentsMargins(8, 6, 8, 2)
        self.charts.setDrawBase(False)
        self.charts.setExpanding(False)
        self.charts.setUsesScrollButtons(True)
        side, charts = QWidget(), QWidget()
        for widget, parts in (
            (side, (self._size, self.figures, self._case, self.conditions)),
            (charts, (self.charts, self._legend, self.chart, self._readout, self._reading)),
        ):
            column = QVBoxLayout(widget)
            column.setContentsMargins(0, 0, 0, 0)
            column.setSpacing(0)
            for part in parts:
                column.addWidget(part, int(isinstance(part, FactTree | ChartPlot)))
        splitter = QSplitter()
        splitter.addWidget(side)
        splitter.addWidget(charts)
        splitter.setSizes([SIDE_PX, CHART_PX])
        splitter.setChildrenCollapsible(False)
        return splitter

    def _connect(self) -> None:
        steps: dict[str, Callable[[], object]] = {
            "run": self._ask_to_run,
            "previous": lambda: self._step(-1),
            "next": lambda: self._step(1),
        }
        for name, action in self._actions.items():
            slot = steps.get(name, lambda name=name: self.asked.emit(name))
            action.triggered.connect(lambda _=False, slot=slot: slot())
            action.setShortcut(QKeySequence(KEYS[name]))
            action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            self.addAction(action)
        self.charts.currentChanged.connect(lambda _: self._show_chart())
        self.chart.pointed_at.connect(self._readout.setText)
        self.chart.legend_changed.connect(self._legend.setText)

    def _ask_to_run(self) -> None:
        if self._source.currentData() is not None:
            self.run_asked.emit(Path(self._source.currentData()))

    def _step(self, by: int) -> None:
        if self.charts.count():
            self.charts.setCurrentIndex((self.charts.currentIndex() + by) % self.charts.count())

    def show_sources(self, sources: Sequence[Path], chosen: Path | None = None) -> None:
        """Offer populations and tables; the same one stays chosen unless another is."""
        before = str(chosen) if chosen else self._source.currentData()
        self._source.clear()
        for path in sources:
            self._source.addItem(path.stem, str(path))
            self._source.setItemData(
                self._source.count() - 1, str(path), Qt.ItemDataRole.ToolTipRole
            )
        self._source.setCurrentIndex(max(0, self._source.findData(before)))
        self._actions["run"].setEnabled(bool(sources))

    def set_writable(self, writable: bool) -> None:
        """Whether there is a case that can keep studies."""
        self.keep.setEnabled(writable)
        self.keep.setChecked(writable)

    def show_study(self, study: ShownStudy | None, comparison: str = "") -> None:
        """Show a study with the comparison that is beside it, or none."""
        self._study, self._comparison = study, comparison
        at = self.charts.tabData(self.charts.currentIndex()) if self.charts.count() else None
        self.charts.blockSignals(True)
        while self.charts.count():
            self.charts.removeTab(0)
        for name in study.charts if study else ():
            self.charts.setTabData(self.charts.addTab(self._chart_name(name)), name)
        names = list(study.charts) if study else []
        self.charts.setCurrentIndex(names.index(at) if at in names else 0)
        self.charts.blockSignals(False)
        self._fill()

    def _fill(self) -> None:
        study = self._study
        self._pages.setCurrentIndex(int(study is not None))
        for name in NEED_A_STUDY:
            self._actions[name].setEnabled(study is not None)
        self._show_chart()
        if study is None:
            return
        self._size.setText(study.size)
        groups = (
            (self.tr("Figures, 95 % interval"), study.figures),
            (self.tr("Misleading evidence, 95 % interval"), study.misleading),
        )
        about = Fact(
            (self.tr("What was studied, and how"),), tuple(Fact((t,)) for t in study.about)
        )
        found = [Fact((name,), tuple(Fact(row) for row in rows), True) for name, rows in groups]
        self.figures.show_facts([*found, about])
        self.conditions.show_facts(
            [Fact(texts, colour=PLACES[place], coloured=2) for texts, place in study.conditions]
        )
        self.conditions.setVisible(bool(study.conditions))
        self._case.setText(self._case_text(bool(study.conditions)))

    def _case_text(self, has_conditions: bool) -> str:
        if not self._comparison:
            return self.tr(
                "Compare two voices of the case to see here where its conditions lie in what the "
                "population covers, and its likelihood ratio in the Tippett plot."
            )
        if not has_conditions:
            return self.tr(
                "{comparison}: these scores state no conditions; whether the case lies within them "
                "was not checked."
            ).format(comparison=self._comparison)
        return self.tr("{comparison}: where the case lies in what the population covers").format(
            comparison=self._comparison
        )

    def _show_chart(self) -> None:
        name = self.charts.tabData(self.charts.currentIndex()) if self._study else None
        self._readout.setText("")
        self.chart.show_chart(self._study.charts[name] if self._study and name else None)
        self._reading.setText(self._study.readings[name] if self._study and name else "")

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802 - Qt's name
        """Accept tables and populations; all else is the window's."""
        if _tables(event):
            event.acceptProposedAction()
        else:
            event.ignore()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802 - Qt's name
        """Study what was dropped, or build a population of it."""
        event.acceptProposedAction()
        self.dropped.emit(_tables(event))

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Follow the language."""
        if event.type() == QEvent.Type.LanguageChange:
            self._retranslate()
        super().changeEvent(event)

    @property
    def shortcuts(self) -> list[tuple[str, str]]:
        """Keys and what they do."""
        return [(KEYS[name], action.text()) for name, action in self._actions.items()]

    def _chart_name(self, name: str) -> str:
        names = {
            "tippett": self.tr("Tippett"),
            "det": self.tr("DET"),
            "pav": self.tr("PAV"),
            "ece": self.tr("ECE"),
            "histogram": self.tr("Scores"),
            "by_net_speech_s": self.tr("By duration"),
            "by_snr_db": self.tr("By SNR"),
        }
        return names.get(name, name)

    def _retranslate(self) -> None:
        texts = {
            "run": (self.tr("Run the study"), self.tr("Validate the chosen population or scores")),
            "open": (self.tr("Open…"), self.tr("Open a population or a table of labelled scores")),
            "build": (
                self.tr("Build a population…"),
                self.tr("Build a population from the laboratory's own recordings and a table"),
            ),
            "print": (self.tr("Print…"), self.tr("Write the study's report, signed or as a draft")),
            "export": (self.tr("Export…"), self.tr("Save plots, figures and report in a folder")),
            "previous": (self.tr("Previous chart"), ""),
            "next": (self.tr("Next chart"), ""),
        }
        for name, (text, tip) in texts.items():
            self._actions[name].setText(text)
            self._actions[name].setIconText(text)
            self._actions[name].setToolTip(f"{tip} ({KEYS[name]})")
        self._source.setAccessibleName(self.tr("What to study"))
        self._source.setPlaceholderText(self.tr("choose a population"))
        self.keep.setText(self.tr("Keep in the case"))
        self.keep.setToolTip(self.tr("A printed study is kept among the case's files"))
        self.figures.setHeaderLabels([self.tr("Figure"), self.tr("Value")])
        self.conditions.setHeaderLabels(
            [self.tr("Condition"), self.tr("Found (covered)"), self.tr("Place")]
        )
        self._empty.setText(
            self.tr(
                "A validation study shows how well likelihood ratios work on voices whose truth is "
                "known.\n\nChoose a population and run the study (F5). Drop a population, a table "
                "of labelled scores (score, same, spk_a, spk_b) or a table of recordings (path, "
                "speaker) here."
            )
        )
        for i in range(self.charts.count()):
            self.charts.setTabText(i, self._chart_name(self.charts.tabData(i)))
        self._fill()


def _tables(event: QDropEvent) -> list[Path]:
    paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
    return [path for path in paths if path.suffix.lower() in TABLES]
