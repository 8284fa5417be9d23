"""Choose a questioned and a known voice, see whether they may be compared, compare, read."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QFormLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from app.services.wording import flag_text, verbal_text
from app.services.workroom import Exhibit, VoiceChoice, VoiceOption
from app.views import comparison_document, comparison_text
from ui.errors import error_text
from ui.language import current_language
from ui.theme import BAD, CAUTION, GOOD
from ui.widgets.ratio_scale import RatioScale

if TYPE_CHECKING:
    from app.services.analyst import Conditions, Finished

SIDES = ("questioned", "known")


@dataclass(slots=True)
class Side:
    """The two boxes of one side."""

    exhibit: QComboBox
    voice: QComboBox
    label: QLabel


class ComparisonPanel(QWidget):
    """Asks for voices (`voices_asked`), conditions, comparison and report; shows what came out."""

    voices_asked = Signal(str, int)
    choice_changed = Signal()
    compare_asked = Signal()
    report_asked = Signal()
    open_report_asked = Signal()
    result_changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.finished: Finished | None = None
        self._conditions: Conditions | None = None
        self._problem: Exception | None = None
        self._checking = self._writable = self._has_report = False
        self._sides = {side: Side(QComboBox(), QComboBox(), QLabel()) for side in SIDES}
        self._options: dict[str, list[VoiceOption]] = {side: [] for side in SIDES}
        self._compare, self._report, self._open = QPushButton(), QPushButton(), QPushButton()
        self._state, self._text = QLabel(wordWrap=True), QLabel(wordWrap=True)
        self._scale = RatioScale()
        self._lay_out()
        self._connect()
        self._retranslate()

    def _lay_out(self) -> None:
        form = QFormLayout()
        for side in self._sides.values():
            boxes = QVBoxLayout()
            boxes.setSpacing(2)
            for box in (side.exhibit, side.voice):
                box.setSizeAdjustPolicy(
                    QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
                )
                box.setMinimumContentsLength(12)
                boxes.addWidget(box)
            form.addRow(side.label, boxes)
        buttons = QHBoxLayout()
        for button in (self._compare, self._report, self._open):
            buttons.addWidget(button)
        for label in (self._state, self._text):
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        inner = QWidget()
        layout = QVBoxLayout(inner)
        layout.addLayout(form)
        layout.addWidget(self._state)
        layout.addLayout(buttons)
        layout.addWidget(self._scale)
        layout.addWidget(self._text)
        layout.addStretch(1)
        area = QScrollArea(widgetResizable=True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setWidget(inner)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(area)

    def _connect(self) -> None:
        for name, side in self._sides.items():
            side.exhibit.activated.connect(lambda _, name=name: self._ask_voices(name))
            side.voice.activated.connect(lambda _: self._forget())
        self._compare.clicked.connect(self.compare_asked)
        self._report.clicked.connect(self.report_asked)
        self._open.clicked.connect(self.open_report_asked)

    def show_exhibits(self, exhibits: tuple[Exhibit, ...], writable: bool) -> None:
        """Offer the case's exhibits; what was chosen and is still there stays chosen. A side that
        has only one candidate takes it."""
        self._writable = writable
        for name, side in self._sides.items():
            before = side.exhibit.currentData()
            offered = sorted(exhibits, key=lambda e: (e.role != name, e.id))
            side.exhibit.clear()
            for exhibit in offered:
                side.exhibit.addItem(f"{exhibit.id}. {exhibit.file_name}", exhibit.id)
            own = [e.id for e in exhibits if e.role == name]
            wanted = before if before in [e.id for e in exhibits] else own[0] if own else None
            side.exhibit.setCurrentIndex(side.exhibit.findData(wanted) if wanted else -1)
            if wanted is None:
                self.show_voices(name, [])
            elif wanted != before:
                self.voices_asked.emit(name, wanted)
        self._update()

    def set_exhibit(self, side: str, exhibit_id: int) -> None:
        """Choose an exhibit for a side."""
        box = self._sides[side].exhibit
        box.setCurrentIndex(box.findData(exhibit_id))
        self._ask_voices(side)

    def _ask_voices(self, side: str) -> None:
        exhibit_id = self._sides[side].exhibit.currentData()
        if exhibit_id is not None:
            self.voices_asked.emit(side, exhibit_id)

    def exhibit_of(self, side: str) -> int | None:
        """The exhibit chosen for a side."""
        chosen = self._sides[side].exhibit.currentData()
        return None if chosen is None else int(chosen)

    def show_voices(self, side: str, options: list[VoiceOption]) -> None:
        """Offer the voices of a side's exhibit; the same voice stays chosen."""
        box, before = self._sides[side].voice, self._chosen(side)
        self._options[side] = options
        self._fill_voices(side)
        same = [
            i for i, option in enumerate(options) if before and option.speaker == before.speaker
        ]
        box.setCurrentIndex(same[0] if same else 0 if options else -1)
        chosen = self._chosen(side)
        if (chosen and chosen.choice) != (before and before.choice):
            self._forget()
        self._update()

    def _fill_voices(self, side: str) -> None:
        box, index = self._sides[side].voice, self._sides[side].voice.currentIndex()
        box.clear()
        for option in self._options[side]:
            box.addItem(self._voice_text(option))
        box.setCurrentIndex(index)

    def _voice_text(self, option: VoiceOption) -> str:
        if option.speaker is None:
            return self.tr("all speech that is found")
        name = option.speaker or self.tr("segments without a speaker")
        return self.tr("{name}, channel {channel} ({seconds} s)").format(
            name=name,
            channel=(option.choice.channel or 0) + 1,
            seconds=f"{option.net_speech_s:.1f}",
        )

    def _chosen(self, side: str) -> VoiceOption | None:
        index = self._sides[side].voice.currentIndex()
        options = self._options[side]
        return options[index] if 0 <= index < len(options) else None

    def choices(self) -> tuple[VoiceChoice, VoiceChoice] | None:
        """What is to be compared; None while something is missing."""
        questioned, known = (self._chosen(side) for side in SIDES)
        if questioned is None or known is None:
            return None
        return questioned.choice, known.choice

    def _forget(self) -> None:
        """Other voices: what is shown no longer belongs to them."""
        self.finished, self._conditions, self._problem = None, None, None
        self._has_report = False
        self._update()
        self.choice_changed.emit()
        self.result_changed.emit()

    def set_checking(self) -> None:
        """The conditions are being looked at."""
        self._checking = True
        self._update()

    def show_conditions(self, conditions: Conditions) -> None:
        """Whether the voices may be compared."""
        self._checking, self._conditions = False, conditions
        self._update()

    def show_problem(self, error: Exception | None) -> None:
        """Why the conditions could not be looked at; None where that was only stopped."""
        self._checking, self._problem = False, error
        self._update()

    def show_result(self, finished: Finished) -> None:
        """Show a result."""
        self.finished, self._has_report = finished, False
        self._update()
        self.result_changed.emit()

    def set_report(self) -> None:
        """There is a report to open."""
        self._has_report = True
        self._update()

    def _update(self) -> None:
        refused = self._conditions is not None and self._conditions.refusal is not None
        ready = self.choices() is not None and not self._checking and not refused
        self._compare.setEnabled(ready and self._writable and self._problem is None)
        self._report.setEnabled(self.finished is not None and self._writable)
        self._open.setEnabled(self._has_report)
        self._state.setText(self._state_text())
        self._show_finished()

    def _state_text(self) -> str:
        if self.choices() is None:
            return self.tr(
                "Choose a questioned and a known recording. Files that are dropped on the window "
                "are added to the case."
            )
        if self._checking:
            return self.tr("Looking at the conditions…")
        if self._problem is not None:
            return _coloured(BAD, error_text(self._problem))
        if self._conditions is None:
            return ""
        if self._conditions.refusal is not None:
            return _coloured(BAD, error_text(self._conditions.refusal))
        lines = [
            _coloured(CAUTION, f"⚠ {flag_text(flag, current_language())}")
            for flag in self._conditions.flags
        ]
        if not lines:
            lines = [_coloured(GOOD, self.tr("✓ Within the conditions of the population"))]
        return "<br>".join(lines)

    def _show_finished(self) -> None:
        if self.finished is None:
            self._scale.show_ratio(None)
            self._scale.setVisible(False)
            self._text.setText("")
            return
        comparison = self.finished.comparison
        self._scale.setVisible(True)
        self._scale.show_ratio(comparison.likelihood_ratio)
        verbal = verbal_text(comparison.likelihood_ratio, current_language())
        text = comparison_text(comparison_document(comparison, verbal), current_language())
        self._text.setText(text.strip())

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Follow the language."""
        if event.type() == QEvent.Type.LanguageChange:
            self._retranslate()
        super().changeEvent(event)

    def _retranslate(self) -> None:
        self._sides["questioned"].label.setText(self.tr("Questioned"))
        self._sides["known"].label.setText(self.tr("Known"))
        for name, side in self._sides.items():
            side.exhibit.setPlaceholderText(self.tr("choose a recording"))
            side.exhibit.setAccessibleName(side.label.text())
            side.voice.setPlaceholderText(self.tr("voice"))
            side.voice.setAccessibleName(self.tr("voice"))
            self._fill_voices(name)
        self._compare.setText(self.tr("Compare"))
        self._compare.setToolTip(self.tr("Compare the two voices (Ctrl+Return)"))
        self._report.setText(self.tr("Report…"))
        self._report.setToolTip(self.tr("Write the report of this comparison (Ctrl+S)"))
        self._open.setText(self.tr("Open report"))
        self._update()


def _coloured(colour: str, text: str) -> str:
    return f'<span style="color:{colour}">{escape(text)}</span>'
