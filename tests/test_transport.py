"""The transport bar, clicked and typed in."""

from __future__ import annotations

import os
from typing import TypeVar

import pytest

if "DISPLAY" not in os.environ:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QCoreApplication, QEvent, Qt, QTranslator
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QDoubleSpinBox,
    QLabel,
    QToolButton,
    QWidget,
)
from pytestqt.qtbot import QtBot

from ui.language import set_language
from ui.theme import set_scheme
from ui.widgets.transport import TransportBar

LEFT = Qt.MouseButton.LeftButton
W = TypeVar("W", bound=QWidget)


@pytest.fixture
def bar(qtbot: QtBot, qapp: QApplication) -> TransportBar:
    set_language(qapp, "en")
    set_scheme(qapp, "light")
    made = TransportBar()
    qtbot.addWidget(made)
    made.show()
    return made


def named(bar: TransportBar, kind: type[W], name: str) -> W:
    found = [widget for widget in bar.findChildren(kind) if widget.accessibleName() == name]
    assert len(found) == 1, name
    return found[0]


def heard(signal: object) -> list[object]:
    values: list[object] = []
    signal.connect(lambda *given: values.append(given[0] if given else None))  # type: ignore[attr-defined]
    return values


def shown(bar: TransportBar) -> list[str]:
    return [label.text() for label in bar.findChildren(QLabel) if label.isVisible()]


def test_buttons_say_what_was_asked_for(qtbot: QtBot, bar: TransportBar) -> None:
    played, stopped, loops = (
        heard(bar.play_toggled),
        heard(bar.stop_requested),
        heard(bar.loop_changed),
    )
    for name in ("Play", "Stop", "Play in a loop", "Play in a loop"):
        qtbot.mouseClick(named(bar, QToolButton, name), LEFT)
    assert (len(played), len(stopped), loops) == (1, 1, [True, False])
    bar.set_loop(True)
    assert loops[-1] is True


def test_play_becomes_pause_and_is_only_asked_for(qtbot: QtBot, bar: TransportBar) -> None:
    button = named(bar, QToolButton, "Play")
    qtbot.mouseClick(button, LEFT)
    assert button.accessibleName() == "Play"
    icon = button.icon().cacheKey()
    bar.set_playing(True)
    assert (button.accessibleName(), button.toolTip()) == ("Pause", "Pause (Space)")
    assert button.icon().cacheKey() != icon
    bar.set_playing(False)
    assert button.toolTip() == "Play (Space)"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "00:00:00.000"),
        (-1.0, "00:00:00.000"),
        (59.9996, "00:01:00.000"),
        (3723.4567, "01:02:03.457"),
        (36000.001, "10:00:00.001"),
    ],
)
def test_clock(bar: TransportBar, seconds: float, text: str) -> None:
    bar.set_position(seconds)
    assert named(bar, QLabel, "Position in the recording").text() == text


def test_speed(qtbot: QtBot, bar: TransportBar) -> None:
    speeds, combo = heard(bar.speed_changed), named(bar, QComboBox, "Speed, at the same pitch")
    assert combo.currentText() == "1×"
    qtbot.keyClick(combo, Qt.Key.Key_Down)
    bar.set_speed(0.5)
    bar.set_speed(0.5)
    bar.set_speed(1.9)
    assert speeds == [1.25, 0.5, 2.0]


def test_gain_is_the_recordings(qtbot: QtBot, bar: TransportBar) -> None:
    gains = heard(bar.gain_changed)
    spin = named(bar, QDoubleSpinBox, "Gain of this recording, for listening only")
    bar.set_gain(12.0)
    assert (spin.value(), gains) == (12.0, [])
    qtbot.keyClick(spin, Qt.Key.Key_Up)
    assert gains == [13.0]


def test_channels(bar: TransportBar) -> None:
    chosen, combo = heard(bar.channel_changed), named(bar, QComboBox, "Channel that is heard")
    bar.set_channels(2)
    assert [combo.itemText(at) for at in range(3)] == ["All channels", "Channel 1", "Channel 2"]
    combo.setCurrentIndex(2)
    bar.set_channels(2)
    assert chosen == [1]
    bar.set_channels(1)
    assert chosen == [1, -1]
    assert not combo.isEnabled()
    assert combo.currentText() == "All channels"


def test_devices(bar: TransportBar) -> None:
    chosen, combo = heard(bar.device_changed), named(bar, QComboBox, "Output device")
    bar.set_devices([(4, "Speakers"), (7, "Headset")])
    combo.setCurrentIndex(2)
    assert chosen == [7]
    bar.set_devices([(1, "Headset")])
    assert (combo.currentText(), chosen) == ("Headset", [7, 1])
    bar.set_devices([(1, "Speakers")])
    assert (combo.currentIndex(), chosen) == (0, [7, 1, None])


def test_without_output_it_says_so_and_can_look_again(qtbot: QtBot, bar: TransportBar) -> None:
    play, wanted = named(bar, QToolButton, "Play"), heard(bar.devices_wanted)
    again = named(bar, QAbstractButton, "Look for audio outputs again")
    assert not again.isVisible()
    bar.set_unavailable("no audio output")
    assert "no audio output" in shown(bar)
    assert not play.isEnabled()
    qtbot.mouseClick(again, LEFT)
    assert len(wanted) == 1
    bar.set_devices([(0, "Speakers"), (1, "Headset")])
    assert "no audio output" not in shown(bar)
    assert play.isEnabled()
    assert not again.isVisible()
    bar.set_unavailable("the device is gone")
    named(bar, QComboBox, "Output device").setCurrentIndex(2)
    assert play.isEnabled()


def test_limiting_is_shown_without_moving_anything(bar: TransportBar) -> None:
    before = bar.sizeHint()
    assert "Limited" not in shown(bar)
    bar.set_limited(True)
    assert "Limited" in shown(bar)
    assert bar.sizeHint() == before


class Quoted(QTranslator):
    """Another language: every text in quotation marks."""

    def isEmpty(self) -> bool:  # noqa: N802 - Qt's name
        return False

    def translate(self, context: str, source: str, *_: object) -> str:  # type: ignore[override]
        return f"«{source}»" if context == "TransportBar" else ""


def test_language_changes_every_text_and_nothing_else(qtbot: QtBot, bar: TransportBar) -> None:
    bar.set_channels(2)
    bar.set_devices([(0, "Speakers")])
    bar.set_gain(3.0)
    named(bar, QComboBox, "Channel that is heard").setCurrentIndex(1)

    def texts() -> list[str]:
        widgets = [w for w in bar.findChildren(QWidget) if w.parent() is bar]
        combos = [w for w in widgets if isinstance(w, QComboBox)]
        return [
            *(w.accessibleName() for w in widgets if w.accessibleName()),
            *(combo.itemText(0) for combo in combos[1:]),
            *(b.text() for b in bar.findChildren(QAbstractButton) if b.text()),
        ]

    english, changed = texts(), heard(bar.channel_changed)
    translator = Quoted()
    QCoreApplication.installTranslator(translator)
    try:
        qtbot.waitUntil(lambda: texts() != english)
        assert texts() == [f"«{text}»" for text in english]
        assert named(bar, QToolButton, "«Play»").toolTip() == "«Play» («Space»)"
        assert changed == []
    finally:
        QCoreApplication.removeTranslator(translator)
    qtbot.waitUntil(lambda: texts() == english)


def test_icons_are_seen_on_any_ground(bar: TransportBar) -> None:
    def ink() -> QColor:
        image = named(bar, QToolButton, "Stop").icon().pixmap(20, 20).toImage()
        return image.pixelColor(image.width() // 2, image.height() // 2)

    palette = QPalette(QColor("#2b2d33"), QColor("#22242a"))
    bar.setPalette(palette)
    QCoreApplication.sendEvent(bar, QEvent(QEvent.Type.PaletteChange))
    assert ink() == palette.color(QPalette.ColorRole.ButtonText)


def test_nothing_is_left_behind(qtbot: QtBot) -> None:
    gone: list[bool] = []
    made = TransportBar()
    made.destroyed.connect(lambda: gone.append(True))
    made.deleteLater()
    del made
    qtbot.waitUntil(lambda: bool(gone))
    assert gone == [True]
