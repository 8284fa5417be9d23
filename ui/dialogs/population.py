"""What a population of the laboratory's own recordings needs."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QDoubleSpinBox,
    QFileDialog,
    QFormLayout,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QWidget,
)

from ui.dialogs.buttons import beside, ok_cancel

if TYPE_CHECKING:
    from app.services.populating import Cut, Selection

LONG_HEIGHT_PX = 70
LONGEST_S, HIGHEST_HZ = 600.0, 8000.0
FORBIDDEN = '<>:"/\\|?*'


class PopulationDialog(QDialog):
    """Table, folder, id and description are mandatory; filters select, cuts match a case."""

    def __init__(self, table: Path | None, out: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Build a population"))
        self.setMinimumWidth(600)
        self._table = QLineEdit(str(table or ""))
        self._root = QLineEdit(str(table.parent if table else ""))
        self._out = QLineEdit(str(out))
        self.id, self.licence = QLineEdit(table.stem if table else ""), QLineEdit()
        self.description = QPlainTextEdit()
        self.description.setFixedHeight(LONG_HEIGHT_PX)
        self.description.setTabChangesFocus(True)
        self._sex = QComboBox()
        for name, text in (
            ("", self.tr("all")),
            ("female", self.tr("female")),
            ("male", self.tr("male")),
        ):
            self._sex.addItem(text, name)
        self._language, self._channel = QLineEdit(), QLineEdit()
        self._least_s, self._duration_s = self._number(LONGEST_S), self._number(LONGEST_S)
        self._band_hz = self._number(HIGHEST_HZ)
        self._why = QLabel(wordWrap=True)
        self._buttons = ok_cancel(self)
        self._lay_out()
        for line in (self._table, self._root, self._out, self.id):
            line.textChanged.connect(self._check)
        self.description.textChanged.connect(self._check)
        self._check()

    def _number(self, highest: float) -> QDoubleSpinBox:
        box = QDoubleSpinBox(decimals=0 if highest > LONGEST_S else 1, maximum=highest)
        box.setSpecialValueText(self.tr("as it is"))
        return box

    def _lay_out(self) -> None:
        hint = QLabel(
            self.tr(
                "The table has the columns path and speaker, and if known session, sex, language, "
                "channel. At least 20 speakers, 8 of them in several sessions."
            ),
            wordWrap=True,
        )
        table, root, out = (
            beside(line, partial(self._browse, line))
            for line in (self._table, self._root, self._out)
        )
        form = QFormLayout(self)
        form.addRow(hint)
        form.addRow(self.tr("Table (CSV)"), table)
        form.addRow(self.tr("Folder of recordings"), root)
        form.addRow(self.tr("Name of the population"), self.id)
        form.addRow(self.tr("Description"), self.description)
        form.addRow(self.tr("Licence"), self.licence)
        form.addRow(self.tr("Sex"), self._sex)
        form.addRow(self.tr("Language"), self._language)
        form.addRow(self.tr("Channel"), self._channel)
        form.addRow(self.tr("Least net speech (s)"), self._least_s)
        form.addRow(self.tr("Cut speech to (s)"), self._duration_s)
        form.addRow(self.tr("Cut the band at (Hz)"), self._band_hz)
        form.addRow(self.tr("Save in"), out)
        form.addRow(self._why)
        form.addRow(self._buttons)
        self.description.setPlaceholderText(
            self.tr("Who speaks, over what, where the recordings come from")
        )
        for line in (self._language, self._channel):
            line.setPlaceholderText(self.tr("all"))

    def _browse(self, line: QLineEdit) -> None:
        title = self.windowTitle()
        if line is self._table:
            name, _ = QFileDialog.getOpenFileName(self, title, line.text(), "CSV (*.csv)")
        else:
            name = QFileDialog.getExistingDirectory(self, title, line.text())
        if name:
            line.setText(name)

    def _check(self) -> None:
        problem = ""
        if not self.table.is_file():
            problem = self.tr("There is no such table.")
        elif not self.root.is_dir() or not self.out.is_dir():
            problem = self.tr("There is no such folder.")
        elif not self.name or set(self.name) & set(FORBIDDEN):
            problem = self.tr("The population needs a name that can be a file's.")
        elif not self.description.toPlainText().strip():
            problem = self.tr("The population needs a description: a court will read it.")
        self._why.setText(problem)
        self._buttons.button(QDialogButtonBox.StandardButton.Ok).setEnabled(not problem)

    @property
    def table(self) -> Path:
        return Path(self._table.text().strip())

    @property
    def root(self) -> Path:
        return Path(self._root.text().strip())

    @property
    def out(self) -> Path:
        return Path(self._out.text().strip())

    @property
    def name(self) -> str:
        return self.id.text().strip()

    @property
    def selection(self) -> Selection:
        """Which recordings are relevant."""
        from app.services.populating import Selection

        return Selection(
            str(self._sex.currentData()),
            self._language.text().strip(),
            self._channel.text().strip(),
            self._least_s.value(),
        )

    @property
    def cut(self) -> Cut:
        """What matches the recordings to a case."""
        from app.services.populating import Cut

        return Cut(self._duration_s.value() or None, self._band_hz.value() or None)
