"""What the active recording, or the selection in it, is worth: figures and their consequences."""

from __future__ import annotations

from html import escape
from typing import Any

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtWidgets import QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from ui.language import text_of
from ui.theme import BAD, CAUTION, GOOD
from ui.widgets.time_view import clock

VERDICT_COLOURS = {"suitable": GOOD, "limited": CAUTION, "unsuitable": BAD}


class QualityPanel(QWidget):
    """Figures of the whole recording per channel, and of the selection when asked."""

    measure_asked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._described: dict[str, Any] | None = None
        self._selection: tuple[tuple[float, float], dict[str, Any]] | None = None
        self._has_recording = self._measuring = False
        self._text = QLabel(wordWrap=True, alignment=Qt.AlignmentFlag.AlignTop)
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._text.setTextFormat(Qt.TextFormat.RichText)
        self._button = QPushButton()
        self._button.clicked.connect(self.measure_asked)
        area = QScrollArea(widgetResizable=True)
        area.setFrameShape(QScrollArea.Shape.NoFrame)
        area.setWidget(self._text)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 4, 6, 4)
        layout.addWidget(area, 1)
        layout.addWidget(self._button)
        self._retranslate()

    def show_recording(self, has_recording: bool, described: dict[str, Any] | None) -> None:
        """Show what is known of the active recording; None while it is being measured."""
        self._has_recording, self._described = has_recording, described
        self._selection, self._measuring = None, False
        self._retranslate()

    def set_measuring(self, measuring: bool) -> None:
        """The selection is being measured."""
        self._measuring = measuring
        self._retranslate()

    def show_selection(self, ends_s: tuple[float, float], quality: dict[str, Any]) -> None:
        """Show what was measured of a selection."""
        self._selection, self._measuring = (ends_s, quality), False
        self._retranslate()

    def set_can_measure(self, can: bool) -> None:
        """Whether there is a selection to measure."""
        self._button.setEnabled(can)

    def _html(self) -> str:
        if not self._has_recording:
            return escape(self.tr("Open a recording to see its quality."))
        parts = []
        if self._selection is not None:
            (start_s, end_s), quality = self._selection
            title = self.tr("Selection {start} – {end}").format(
                start=clock(start_s, 0.01), end=clock(end_s, 0.01)
            )
            parts.append(self._block(title, quality))
        if self._described is None:
            parts.append(escape(self.tr("The quality is being measured…")))
            return "".join(parts)
        several = len(self._described["quality"]) > 1
        for quality in self._described["quality"]:
            title = self.tr("Whole recording")
            if several:
                title = self.tr("Channel {number}").format(number=quality["channel"] + 1)
            parts.append(self._block(title, quality))
        parts.append(self._file_block(self._described))
        return "".join(parts)

    def _block(self, title: str, quality: dict[str, Any]) -> str:
        suitability = quality["suitability"]
        verdict = suitability["verdict"]
        lines = [f"<h4 style='margin-bottom:2px'>{escape(title)}</h4>"]
        lines.append(_coloured(VERDICT_COLOURS[verdict], text_of(f"suitability.{verdict}")))
        for reason in suitability["reasons"]:
            text = text_of(f"suitability.{reason['code']}", reason)
            lines.append(_coloured(VERDICT_COLOURS[verdict], f"• {text}"))
        return "".join(lines) + self._table(quality)

    def _table(self, q: dict[str, Any]) -> str:
        rows: list[tuple[str, str]] = [
            (self.tr("Net speech"), f"{q['net_speech_s']:.1f} s / {q['duration_s']:.1f} s"),
            (self.tr("Signal-to-noise ratio"), self._value(q["snr_db"], "{:.0f} dB")),
            (self.tr("Bandwidth"), f"{q['bandwidth_hz']:.0f} Hz"),
            (self.tr("Sounds like"), self._codec(q)),
            (self.tr("Speech level"), f"{q['level_dbfs']:.1f} dBFS"),
            (self.tr("Peak"), f"{q['peak_dbfs']:.1f} dBFS"),
            (self.tr("Clipping"), f"{100 * q['clipped_share']:.2f} %"),
            (self.tr("Dropouts"), self._value(q["dropout_share"], "{:.1%}")),
            (self.tr("Reverberation"), self._value(q["reverberation_s"], "{:.1f} s")),
            (self.tr("Mains hum"), self._hum(q)),
            (self.tr("Offset"), f"{q['dc_offset']:+.4f}"),
        ]
        return _rows(rows)

    def _value(self, value: float | None, how: str) -> str:
        return self.tr("not measurable") if value is None else how.format(value)

    def _codec(self, q: dict[str, Any]) -> str:
        if q["codec_guess"] is None:
            return self.tr("not measurable")
        text = text_of(f"codec.{q['codec_guess']}")
        share = q["codec_probability"]
        unsure = share is None or q["codec_guess"] == "unknown"
        return text if unsure else f"{text} ({share:.0%})"

    def _hum(self, q: dict[str, Any]) -> str:
        if q["hum_hz"] is None:
            return self.tr("not measurable")
        if not q["hum_hz"]:
            return self.tr("none")
        return f"{q['hum_hz']:.0f} Hz, {q['hum_dbfs']:.0f} dBFS"

    def _file_block(self, d: dict[str, Any]) -> str:
        rows = [
            (self.tr("File"), d["file_name"]),
            (self.tr("Format"), f"{d['container']} / {d['codec']}"),
            (self.tr("Rate"), f"{d['sample_rate_hz']} Hz × {d['channels']}"),
            (self.tr("Length"), clock(d["duration_s"], 0.01)),
            (self.tr("Size"), f"{d['size_bytes']:,} B"),
            ("SHA-256", " ".join(d["sha256"][i : i + 16] for i in range(0, 64, 16))),
        ]
        rows += [("!", text_of(f"warning.{warning}")) for warning in d["warnings"]]
        return f"<h4 style='margin-bottom:2px'>{escape(self.tr('File'))}</h4>" + _rows(rows)

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Follow the language."""
        if event.type() == QEvent.Type.LanguageChange:
            self._retranslate()
        super().changeEvent(event)

    def _retranslate(self) -> None:
        self._text.setText(self._html())
        busy, idle = self.tr("Measuring…"), self.tr("Measure the selection")
        self._button.setText(busy if self._measuring else idle)


def _coloured(colour: str, text: str) -> str:
    return f"<div style='color:{colour}'>{escape(text)}</div>"


def _rows(rows: list[tuple[str, str]]) -> str:
    cells = "".join(
        f"<tr><td style='padding-right:10px'>{escape(name)}</td><td>{escape(value)}</td></tr>"
        for name, value in rows
    )
    return f"<table cellspacing='1'>{cells}</table>"
