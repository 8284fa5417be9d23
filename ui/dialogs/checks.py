"""The outcome of a check of the case: the verdict first, then every check with its reason."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QVBoxLayout, QWidget

from engine.types import VerificationResult
from ui.language import text_of
from ui.views.review_facts import COLOURS, ReviewFacts, check_tree


class ChecksDialog(QDialog):
    """`about` says what was checked."""

    def __init__(
        self, result: VerificationResult, about: str, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Check of the case"))
        self.resize(760, 460)
        verdict = QLabel(text_of(f"verdict.case.{result.verdict.value}"), wordWrap=True)
        verdict.setStyleSheet(
            f"font-size: 16px; font-weight: bold; color: {COLOURS[result.verdict]}"
        )
        details = QLabel(about, wordWrap=True)
        details.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        facts = ReviewFacts(self)
        self.checks = check_tree()
        self.checks.setHeaderLabels(facts.head())
        self.checks.show_facts(facts.checks(result.checks))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        for widget in (verdict, details, self.checks, buttons):
            layout.addWidget(widget)
