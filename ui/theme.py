"""Colours of the signal views; everything else follows Qt's palette, which follows the system."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication, QWidget

SCHEMES = ("system", "light", "dark")
# Window, base, alternate base, ink, faint ink, accent.
LIGHT = ("#f2f3f5", "#ffffff", "#f6f8fa", "#1f2328", "#8b949e", "#2f6db5")
DARK = ("#2b2f37", "#1a1c21", "#1f2228", "#dfe3ea", "#7c8594", "#4a8fd6")
# Okabe and Ito's colours: told apart by colour-blind examiners too.
VOICES = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#f0e442", "#999999")
GOOD, CAUTION, BAD = "#2e8b57", "#d08700", "#c0392b"


@dataclass(frozen=True, slots=True)
class SignalColours:
    """Of waveforms and what lies over them."""

    background: str
    ink: str
    wave: str
    clipped: str
    selection: QColor
    cursor: str


def set_scheme(application: QApplication, name: str) -> None:
    """Follow the system, or be light or dark."""
    system = application.styleHints().colorScheme()
    dark = name == "dark" or (name != "light" and system == Qt.ColorScheme.Dark)
    application.setStyle("Fusion")
    application.setPalette(_palette(DARK if dark else LIGHT))


def _palette(colours: tuple[str, ...]) -> QPalette:
    window, base, other, ink, faint, accent = (QColor(c) for c in colours)
    palette = QPalette(ink, window)
    role = QPalette.ColorRole
    for which, colour in (
        (role.Window, window),
        (role.Button, window),
        (role.Base, base),
        (role.AlternateBase, other),
        (role.ToolTipBase, base),
        (role.WindowText, ink),
        (role.Text, ink),
        (role.ButtonText, ink),
        (role.ToolTipText, ink),
        (role.PlaceholderText, faint),
        (role.Highlight, accent),
        (role.HighlightedText, QColor("white")),
        (role.Link, accent),
        (role.Accent, accent),
    ):
        palette.setColor(which, colour)
    for which in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, which, faint)
    return palette


def is_dark(widget: QWidget) -> bool:
    """Whether the widget is shown on a dark ground."""
    palette = widget.palette()
    window, ink = (palette.color(r) for r in (QPalette.ColorRole.Window, QPalette.ColorRole.Text))
    return window.lightness() < ink.lightness()


def signal_colours(widget: QWidget) -> SignalColours:
    """The colours for the widget's ground."""
    if is_dark(widget):
        return SignalColours(
            "#16181d", "#c8ccd4", "#6cb1f0", "#ff5c4d", QColor(255, 255, 255, 38), "#ffb454"
        )
    return SignalColours(
        "#ffffff", "#30343b", "#2f6db5", "#d62f1f", QColor(47, 109, 181, 48), "#c2410c"
    )


def chart_colours(widget: QWidget) -> dict[str, str]:
    """Colours of a chart's lines by their role, for the widget's ground."""
    if is_dark(widget):
        return {"same": "#6cb1f0", "different": "#ff8a75", "neutral": "#8d97a6", "case": "#ffd166"}
    return {"same": "#1f77b4", "different": "#c0392b", "neutral": "#7f8c8d", "case": "#1a1a1a"}


def voice_colour(speaker: str, known: list[str]) -> QColor:
    """A colour per speaker, by the order in which they are heard."""
    number = known.index(speaker) if speaker in known else len(known)
    return QColor(VOICES[number % len(VOICES)])
