"""What a review still needs, asked for by name and hash."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from app.services.wording import item_name
from ui.language import current_language

if TYPE_CHECKING:
    from app.services.reviewing import ReviewedItem

MOST_ROWS = 4


class NeedsPanel(QFrame):
    """Rows for recordings, trusted certificates, the model and the population; each is there while
    it is needed. The signals ask for a choice."""

    files_asked = Signal()
    folder_asked = Signal()
    trust_asked = Signal()
    model_asked = Signal()
    population_asked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self.items: tuple[ReviewedItem, ...] = ()
        self._labels = {name: QLabel(wordWrap=True) for name in ("media", "trust", "model", "pop")}
        self.files, self.folder, self.trust = QPushButton(), QPushButton(), QPushButton()
        self.model, self.population = QPushButton(), QPushButton()
        self.list = QListWidget()
        self.list.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        self._rows: dict[str, QWidget] = {}
        self._lay_out()
        for button, signal in (
            (self.files, self.files_asked),
            (self.folder, self.folder_asked),
            (self.trust, self.trust_asked),
            (self.model, self.model_asked),
            (self.population, self.population_asked),
        ):
            button.clicked.connect(signal)
        self._retranslate()
        self.show_needs((), False, False, False)

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 6, 10, 6)
        buttons = {
            "media": (self.files, self.folder),
            "trust": (self.trust,),
            "model": (self.model,),
            "pop": (self.population,),
        }
        for name, row_buttons in buttons.items():
            row = QWidget()
            line = QHBoxLayout(row)
            line.setContentsMargins(0, 0, 0, 0)
            line.addWidget(self._labels[name], 1)
            for button in row_buttons:
                line.addWidget(button)
            self._rows[name] = row
            layout.addWidget(row)
            if name == "media":
                layout.addWidget(self.list)

    def show_needs(
        self, items: Sequence[ReviewedItem], trust: bool, model: bool, population: bool
    ) -> None:
        """Ask for these recordings, and for what else is missing."""
        self.items = tuple(items)
        needed = {"media": bool(items), "trust": trust, "model": model, "pop": population}
        for name, row in self._rows.items():
            row.setVisible(needed[name])
        self.list.setVisible(bool(items))
        self._fill()
        self.setVisible(any(needed.values()))

    def _fill(self) -> None:
        self.list.clear()
        for item in self.items:
            role = item_name(item.role, item.label, current_language())
            self.list.addItem(f"{role}: {item.file_name}\nSHA-256 {item.sha256}")
        row_px = self.list.sizeHintForRow(0) if self.items else 0
        rows = min(MOST_ROWS, len(self.items))
        self.list.setFixedHeight(rows * row_px + 2 * self.list.frameWidth() + 4)

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Follow the language."""
        if event.type() == QEvent.Type.LanguageChange:
            self._retranslate()
        super().changeEvent(event)

    def _retranslate(self) -> None:
        self._labels["media"].setText(
            self.tr("These recordings are needed. Drop them here or choose them:")
        )
        self._labels["trust"].setText(
            self.tr("No trusted certificates are chosen, so nobody knows yet who signed.")
        )
        self._labels["model"].setText(self.tr("The report's model is not on this computer."))
        self._labels["pop"].setText(self.tr("The report's population is not on this computer."))
        for button, text, tip in (
            (self.files, self.tr("Files…"), self.tr("Choose recordings; each is checked by hash")),
            (self.folder, self.tr("Folder…"), self.tr("Look for the recordings in a folder")),
            (
                self.trust,
                self.tr("Certificates…"),
                self.tr("Choose the certificates that your laboratory trusts"),
            ),
            (self.model, self.tr("Model folder…"), self.tr("Choose the folder of a model pack")),
            (
                self.population,
                self.tr("Population file…"),
                self.tr("Choose the file of the population"),
            ),
        ):
            button.setText(text)
            button.setToolTip(tip)
            button.setAccessibleName(tip)
        self.list.setAccessibleName(self.tr("Recordings that are needed"))
        self._fill()
