"""What to do first: a new case, an existing one, the demo."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

WIDTH_PX = 620


class WelcomePage(QWidget):
    """Shown while no case is open."""

    new_asked = Signal()
    open_asked = Signal()
    demo_asked = Signal()
    verify_asked = Signal()
    recent_asked = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._title, self._about, self._hint = (
            QLabel(),
            QLabel(wordWrap=True),
            QLabel(wordWrap=True),
        )
        self._recent_title = QLabel()
        self._buttons = [QPushButton() for _ in range(4)]
        self._recent = QListWidget()
        self._lay_out()
        signals = (self.new_asked, self.open_asked, self.demo_asked, self.verify_asked)
        for button, signal in zip(self._buttons, signals, strict=True):
            button.clicked.connect(signal)
        self._recent.itemActivated.connect(
            lambda item: self.recent_asked.emit(Path(item.data(Qt.ItemDataRole.UserRole)))
        )
        self._retranslate()

    def _lay_out(self) -> None:
        self._title.setStyleSheet("font-size: 30px; font-weight: bold")
        self._recent_title.setStyleSheet("font-weight: bold")
        self._recent.setSpacing(3)
        row = QHBoxLayout()
        for button in self._buttons:
            button.setMinimumHeight(40)
            row.addWidget(button)
        inner = QWidget()
        inner.setMaximumWidth(WIDTH_PX)
        layout = QVBoxLayout(inner)
        layout.addStretch(1)
        layout.addWidget(self._title)
        layout.addWidget(self._about)
        layout.addSpacing(12)
        layout.addLayout(row)
        layout.addSpacing(12)
        layout.addWidget(self._recent_title)
        layout.addWidget(self._recent, 3)
        layout.addWidget(self._hint)
        layout.addStretch(1)
        whole = QHBoxLayout(self)
        whole.addStretch(1)
        whole.addWidget(inner, 6)
        whole.addStretch(1)

    def show_recent(self, folders: list[Path]) -> None:
        """The cases that were open before, the latest first."""
        self._recent.clear()
        for folder in folders:
            item = QListWidgetItem(f"{folder.name}\n{folder.parent}")
            item.setData(Qt.ItemDataRole.UserRole, str(folder))
            self._recent.addItem(item)
        self._recent.setVisible(bool(folders))
        self._recent_title.setVisible(bool(folders))

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Follow the language."""
        if event.type() == QEvent.Type.LanguageChange:
            self._retranslate()
        super().changeEvent(event)

    def _retranslate(self) -> None:
        self._title.setText(self.tr("Seongmun"))
        self._about.setText(
            self.tr(
                "Forensic voice comparison: calibrated likelihood ratios with their limits, in "
                "reports that anyone can verify. Works offline; nothing leaves this computer."
            )
        )
        texts = (
            self.tr("New case…"),
            self.tr("Open case…"),
            self.tr("Open the demo"),
            self.tr("Verify a report…"),
        )
        for button, text in zip(self._buttons, texts, strict=True):
            button.setText(text)
        self._recent_title.setText(self.tr("Recent cases"))
        self._recent.setAccessibleName(self._recent_title.text())
        self._hint.setText(
            self.tr(
                "Or drop something here: a case folder to open it, a report (PDF) to verify it, "
                "recordings to begin a case with them. F1 shows the keys."
            )
        )
