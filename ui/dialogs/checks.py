"""The outcome of a verification: the verdict first, then every check with its reason."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHeaderView,
    QLabel,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from engine.types import CheckStatus, VerificationResult
from ui.language import text_of
from ui.theme import BAD, CAUTION, GOOD

COLOURS = {CheckStatus.PASS: GOOD, CheckStatus.FAIL: BAD, CheckStatus.NOT_CHECKED: CAUTION}


class ChecksDialog(QDialog):
    """`kind` is the prefix of the verdict's text."""

    def __init__(
        self,
        title: str,
        kind: str,
        result: VerificationResult,
        about: str,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.resize(720, 460)
        verdict = QLabel(text_of(f"{kind}.{result.verdict.value}"), wordWrap=True)
        verdict.setStyleSheet(
            f"font-size: 16px; font-weight: bold; color: {COLOURS[result.verdict]}"
        )
        details = QLabel(about, wordWrap=True)
        details.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        layout = QVBoxLayout(self)
        layout.addWidget(verdict)
        layout.addWidget(details)
        self._table_view = self._table(result)
        layout.addWidget(self._table_view, 1)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        layout.addWidget(buttons)

    def _table(self, result: VerificationResult) -> QTableWidget:
        table = QTableWidget(len(result.checks), 3)
        table.setHorizontalHeaderLabels([self.tr("Check"), self.tr("Outcome"), self.tr("Reason")])
        table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        table.verticalHeader().setVisible(False)
        outcomes = {
            CheckStatus.PASS: self.tr("passed"),
            CheckStatus.FAIL: self.tr("failed"),
            CheckStatus.NOT_CHECKED: self.tr("not checked"),
        }
        for row, check in enumerate(result.checks):
            facts = ", ".join(f"{key}={value}" for key, value in check.params.items())
            cells = (
                text_of(f"check.{check.id}"),
                outcomes[check.status],
                f"{check.reason} {facts}".strip(),
            )
            for column, text in enumerate(cells):
                item = QTableWidgetItem(text)
                item.setToolTip(text)
                if column == 1:
                    item.setForeground(Qt.GlobalColor.white)
                    item.setBackground(QColor(COLOURS[check.status]))
                table.setItem(row, column, item)
        header = table.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(2, QHeaderView.ResizeMode.Stretch)
        return table
