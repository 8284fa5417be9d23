"""A reviewed report: the verdict first, then every check, who signed, what was examined."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QSplitter,
    QStackedLayout,
    QTableWidget,
    QTableWidgetItem,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from app.services.wording import check_name, number_name
from engine.types import Check, CheckStatus
from ui.errors import error_text
from ui.language import current_language, text_of
from ui.theme import BAD
from ui.views.review_facts import COLOURS, OUTCOME_PX, SYMBOLS, ReviewFacts, check_tree
from ui.widgets.fact_tree import FactTree
from ui.widgets.needs_panel import NeedsPanel

if TYPE_CHECKING:
    from app.services.reviewing import Review, ReviewedNumber

PANES_PX = [620, 560]
EMPTY_PX, ROW_PX = 620, 24


class ReviewView(QWidget):
    """Empty until there is a report; then what was found. `open_asked`: the empty page's button."""

    open_asked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.review: Review | None = None
        self._report: Path | None = None
        self._error: Exception | None = None
        self._facts = ReviewFacts(self)
        self._title, self._empty = QLabel(), QLabel(wordWrap=True)
        self._choose = QPushButton()
        self.banner, self.verdict = QFrame(), QLabel(wordWrap=True)
        self.outcome, self.about = QLabel(wordWrap=True), QLabel(wordWrap=True)
        self.needs = NeedsPanel()
        self.checks, self.items = check_tree(), FactTree(2)
        self.signatures, self.contents = FactTree(1), FactTree(1)
        self.numbers = QTableWidget(0, 4)
        self.tabs = QTabWidget()
        self._lay_out()
        self._choose.clicked.connect(self.open_asked)
        self._retranslate()

    # Layout

    def _lay_out(self) -> None:
        self._stack = QStackedLayout(self)
        self._stack.addWidget(self._empty_page())
        self._stack.addWidget(self._report_page())

    def _empty_page(self) -> QWidget:
        self._title.setStyleSheet("font-size: 26px; font-weight: bold")
        self._choose.setMinimumHeight(40)
        inner = QWidget()
        inner.setMaximumWidth(EMPTY_PX)
        layout = QVBoxLayout(inner)
        layout.addStretch(1)
        for widget in (self._title, self._empty, self._choose):
            layout.addWidget(widget)
            layout.addSpacing(10)
        layout.addStretch(2)
        page = QWidget()
        whole = QHBoxLayout(page)
        whole.addStretch(1)
        whole.addWidget(inner, 6)
        whole.addStretch(1)
        return page

    def _report_page(self) -> QWidget:
        for label in (self.verdict, self.outcome, self.about):
            label.setTextInteractionFlags(
                Qt.TextInteractionFlag.TextSelectableByMouse
                | Qt.TextInteractionFlag.TextSelectableByKeyboard
            )
            label.setTextFormat(Qt.TextFormat.PlainText)
        banner = QVBoxLayout(self.banner)
        banner.setContentsMargins(14, 10, 14, 10)
        banner.addWidget(self.verdict)
        banner.addWidget(self.outcome)
        for tree in (self.items, self.signatures, self.contents):
            tree.setHeaderHidden(True)
        self._lay_out_columns()
        for widget in (self.numbers, self.items, self.signatures, self.contents):
            self.tabs.addTab(widget, "")
        panes = QSplitter(Qt.Orientation.Horizontal)
        panes.setChildrenCollapsible(False)
        panes.addWidget(self.checks)
        panes.addWidget(self.tabs)
        panes.setSizes(PANES_PX)
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.addWidget(self.banner)
        layout.addWidget(self.about)
        layout.addWidget(self.needs)
        layout.addWidget(panes, 1)
        return page

    def _lay_out_columns(self) -> None:
        items = self.items.header()
        items.setStretchLastSection(False)
        items.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        items.resizeSection(1, OUTCOME_PX)
        self.numbers.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.numbers.verticalHeader().setVisible(False)
        self.numbers.verticalHeader().setDefaultSectionSize(ROW_PX)
        header = self.numbers.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)

    # What is shown

    def show_waiting(self, report: Path) -> None:
        """The report is being read."""
        self.review, self._report, self._error = None, report, None
        self._fill()

    def show_error(self, report: Path, error: Exception) -> None:
        """There is no report to check: say so in place of a verdict."""
        self.review, self._report, self._error = None, report, error
        self._fill()

    def show_review(self, review: Review) -> None:
        """Show what was found; what is open and selected in the tabs stays so."""
        self.review, self._report, self._error = review, review.report, None
        self._fill()

    def _fill(self) -> None:
        if self._report is None:
            return
        self._stack.setCurrentIndex(1)
        self._fill_banner()
        self._fill_needs()
        review = self.review
        checks = review.verification.result.checks if review is not None else ()
        self.checks.show_facts(self._facts.checks(checks))
        self.items.show_facts(self._facts.items(review) if review is not None else [])
        self.signatures.show_facts(self._facts.signatures(review) if review is not None else [])
        self.contents.show_facts(self._facts.contents(review) if review is not None else [])
        self._fill_numbers(review.numbers if review is not None else ())

    def _fill_banner(self) -> None:
        colour, verdict, outcome = self._said()
        self.verdict.setText(verdict)
        self.outcome.setText(outcome)
        self.outcome.setVisible(bool(outcome))
        self.banner.setStyleSheet(
            f"QFrame {{ background: {colour}; border-radius: 4px }}" * bool(colour)
        )
        ink = "color: white; " if colour else ""
        self.verdict.setStyleSheet(f"{ink}font-size: 19px; font-weight: bold")
        self.outcome.setStyleSheet(ink)
        about = [str(self._report)]
        if self.review is not None:
            about.append(f"SHA-256 {self.review.sha256}")
            about += [
                self.tr("Signed by {signer}, {time}").format(signer=s.signer, time=s.signed_at)
                for s in self.review.signatures
            ]
        self.about.setText("\n".join(about))

    def _said(self) -> tuple[str, str, str]:
        """Colour, verdict, and what lies behind it."""
        if self._error is not None:
            return BAD, f"{SYMBOLS[CheckStatus.FAIL]} {error_text(self._error)}", ""
        if self.review is None:
            return "", self.tr("Checking…"), ""
        result = self.review.verification.result
        lines = [
            self._named(self.tr("Does not hold"), result.checks, CheckStatus.FAIL),
            self._named(self.tr("Not checked"), result.checks, CheckStatus.NOT_CHECKED),
        ]
        verdict = f"{SYMBOLS[result.verdict]} {text_of(f'review.verdict.{result.verdict.value}')}"
        return COLOURS[result.verdict], verdict, "\n".join(filter(None, lines))

    def _named(self, title: str, checks: Iterable[Check], status: CheckStatus) -> str:
        language = current_language()
        names = [check_name(check.id, language) for check in checks if check.status is status]
        return f"{title}: {' · '.join(names)}" if names else ""

    def _fill_needs(self) -> None:
        review = self.review
        if review is None:
            self.needs.show_needs((), False, False, False)
            return
        missing = review.not_installed
        self.needs.show_needs(
            review.missing_items,
            bool(review.signatures) and not review.inputs.trust,
            "model" in missing,
            "population" in missing,
        )

    def _fill_numbers(self, numbers: tuple[ReviewedNumber, ...]) -> None:
        table, language = self.numbers, current_language()
        table.setRowCount(len(numbers))
        fixed = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        for row, number in enumerate(numbers):
            figures = (number.reported, number.recomputed, number.difference)
            texts = [number_name(number.name, number.of, language), *map(self._figure, figures)]
            for column, text in enumerate(texts):
                cell = QTableWidgetItem(text)
                if column:
                    cell.setFont(fixed)
                    cell.setTextAlignment(
                        Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
                    )
                table.setItem(row, column, cell)

    def _figure(self, value: float | None) -> str:
        return "–" if value is None else f"{value:.6g}"

    # Language

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Follow the language."""
        if event.type() == QEvent.Type.LanguageChange:
            self._retranslate()
        super().changeEvent(event)

    def _retranslate(self) -> None:
        self._title.setText(self.tr("Review of a report"))
        self._empty.setText(
            self.tr(
                "1. Drop the report (PDF) here, or choose it. Signature, attachments and the "
                "result that follows from them are checked at once.\n"
                "2. Choose the certificates that you trust: they tell whether the signer is who "
                "they say they are.\n"
                "3. Drop the recordings: they are recognised by their hash, and the whole "
                "analysis is repeated.\n\n"
                "You need neither a case nor an account. Nothing is changed and nothing leaves "
                "this computer."
            )
        )
        self._choose.setText(self.tr("Choose a report…"))
        self.checks.setHeaderLabels(self._facts.head())
        self.numbers.setHorizontalHeaderLabels(
            [self.tr("Number"), self.tr("Report"), self.tr("Computed again"), self.tr("Difference")]
        )
        tabs = (
            (self.numbers, self.tr("Numbers")),
            (self.items, self.tr("Recordings")),
            (self.signatures, self.tr("Signatures")),
            (self.contents, self.tr("Report")),
        )
        for number, (widget, text) in enumerate(tabs):
            self.tabs.setTabText(number, text)
            widget.setAccessibleName(text)
        self.checks.setAccessibleName(self.tr("Checks"))
        self.verdict.setAccessibleName(self.tr("Verdict"))
        self._fill()
