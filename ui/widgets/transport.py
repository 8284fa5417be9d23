"""The transport bar: what an examiner listens with. It plays nothing itself."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QFontDatabase, QIcon, QPainter, QPalette
from PySide6.QtWidgets import (
    QComboBox,
    QDoubleSpinBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QStyle,
    QToolButton,
    QWidget,
)

SPEEDS = (0.5, 0.75, 1.0, 1.25, 1.5, 2.0)
ALL_CHANNELS = -1
MOST_GAIN_DB = 40.0
ICON_PX = 20
DEVICE_LETTERS = 18
Icon = QStyle.StandardPixmap


class TransportBar(QWidget):
    """Signals say what was asked for; the methods `set_…` show what is so.

    `channel_changed` carries the channel's number from 0, or `ALL_CHANNELS`; `device_changed` an
    identifier given to `set_devices`, or None for the system's choice; `devices_wanted` asks to
    look for outputs again. `set_loop` and `set_speed` are heard of as if they were clicked;
    `set_gain` is not.
    """

    play_toggled = Signal()
    stop_requested = Signal()
    loop_changed = Signal(bool)
    speed_changed = Signal(float)
    gain_changed = Signal(float)
    channel_changed = Signal(int)
    device_changed = Signal(object)
    devices_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._is_playing = False
        self._play, self._stop, self._loop = QToolButton(), QToolButton(), QToolButton()
        self._clock, self._limited, self._unavailable = QLabel(), QLabel(), QLabel()
        self._speed, self._channel, self._device = QComboBox(), QComboBox(), QComboBox()
        self._gain = QDoubleSpinBox()
        self._again = QPushButton()
        self._prepare()
        self._lay_out()
        self._connect()
        self.set_channels(0)
        self.set_devices([])
        self.set_position(0.0)
        self.set_limited(False)
        self._retranslate()
        self._draw_icons()

    def _prepare(self) -> None:
        self._loop.setCheckable(True)
        for button in (self._play, self._stop, self._loop):
            button.setAutoRaise(True)
            button.setIconSize(QSize(ICON_PX, ICON_PX))
        self._clock.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self._clock.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        for speed in SPEEDS:
            self._speed.addItem(f"{speed:g}×", speed)
        self._speed.setCurrentIndex(SPEEDS.index(1.0))
        self._gain.setRange(-MOST_GAIN_DB, MOST_GAIN_DB)
        self._gain.setDecimals(1)
        self._gain.setSuffix(" dB")
        self._gain.setKeyboardTracking(False)
        self._device.setMinimumContentsLength(DEVICE_LETTERS)
        self._device.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self._unavailable.setWordWrap(True)
        kept = self._limited.sizePolicy()
        kept.setRetainSizeWhenHidden(True)  # nothing moves when it is shown
        self._limited.setSizePolicy(kept)

    def _lay_out(self) -> None:
        layout = QHBoxLayout(self)
        layout.setContentsMargins(8, 4, 8, 4)
        parts = (self._play, self._stop, self._loop, self._clock, self._speed, self._channel)
        for widget in (*parts, self._gain, self._limited):
            layout.addWidget(widget)
        layout.addWidget(self._unavailable, 20)
        layout.addStretch(1)
        layout.addWidget(self._again)
        layout.addWidget(self._device)

    def _connect(self) -> None:
        self._play.clicked.connect(self.play_toggled)
        self._stop.clicked.connect(self.stop_requested)
        self._loop.toggled.connect(self.loop_changed)
        self._speed.currentIndexChanged.connect(lambda at: self.speed_changed.emit(SPEEDS[at]))
        self._gain.valueChanged.connect(self.gain_changed)
        self._channel.currentIndexChanged.connect(
            lambda at: self.channel_changed.emit(at + ALL_CHANNELS)
        )
        self._device.currentIndexChanged.connect(self._choose_device)
        self._again.clicked.connect(self.devices_wanted)

    def _choose_device(self) -> None:
        self._show_available("")
        self.device_changed.emit(self._device.currentData())

    def set_channels(self, n: int) -> None:
        """The number of channels; the choice stays where there is such a channel."""
        before = self._channel.currentIndex()
        with QSignalBlocker(self._channel):
            self._channel.clear()
            self._channel.addItems([""] * (n + 1))
            self._channel.setCurrentIndex(before if 0 < before <= n else 0)
        self._channel.setEnabled(n > 1)
        self._retranslate()
        if before > n:
            self.channel_changed.emit(ALL_CHANNELS)

    def set_position(self, seconds: float) -> None:
        """The clock."""
        whole_s, milliseconds = divmod(max(0, round(seconds * 1000)), 1000)
        minutes, second = divmod(whole_s, 60)
        hour, minute = divmod(minutes, 60)
        self._clock.setText(f"{hour:02d}:{minute:02d}:{second:02d}.{milliseconds:03d}")

    def set_playing(self, playing: bool) -> None:
        """Whether sound goes out."""
        if playing != self._is_playing:
            self._is_playing = playing
            self._retranslate()
            self._draw_icons()

    def set_loop(self, loop: bool) -> None:
        """Loop or not, as if it were clicked."""
        self._loop.setChecked(loop)

    def set_speed(self, speed: float) -> None:
        """The nearest of `SPEEDS`, as if it were chosen."""
        self._speed.setCurrentIndex(SPEEDS.index(min(SPEEDS, key=lambda one: abs(one - speed))))

    def set_gain(self, gain_db: float) -> None:
        """The gain of the recording that is shown now."""
        with QSignalBlocker(self._gain):
            self._gain.setValue(gain_db)

    def set_limited(self, limited: bool) -> None:
        """Whether what is heard is softer than the gain says."""
        self._limited.setVisible(limited)

    def set_devices(self, devices: Sequence[tuple[object, str]]) -> None:
        """The outputs as (identifier, name); the choice stays where its name does."""
        before = self._device.currentText() if self._device.currentIndex() > 0 else None
        with QSignalBlocker(self._device):
            self._device.clear()
            self._device.addItem("", None)
            for identifier, name in devices:
                self._device.addItem(name, identifier)
            at = 0 if before is None else self._device.findText(before)
            self._device.setCurrentIndex(max(0, at))
        self._retranslate()
        self._show_available("")
        if before is not None:
            self.device_changed.emit(self._device.currentData())

    def set_unavailable(self, text: str) -> None:
        """Nothing can be heard, and why; until other devices are set or chosen."""
        self._show_available(text)

    def _show_available(self, reason: str) -> None:
        for widget in (self._play, self._stop, self._loop):
            widget.setEnabled(not reason)
        for field in (self._speed, self._channel, self._gain):
            field.setVisible(not reason)
        self._unavailable.setText(reason)
        self._unavailable.setVisible(bool(reason))
        self._again.setVisible(bool(reason))
        self._device.setVisible(self._device.count() > 1)

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Follow the language and the colours."""
        if event.type() == QEvent.Type.LanguageChange:
            self._retranslate()
        elif event.type() in (QEvent.Type.PaletteChange, QEvent.Type.StyleChange):
            self._draw_icons()
        super().changeEvent(event)

    def _retranslate(self) -> None:
        play = self.tr("Pause") if self._is_playing else self.tr("Play")
        _name(self._play, play, self.tr("Space"))
        _name(self._stop, self.tr("Stop"), self.tr("Esc"))
        _name(self._loop, self.tr("Play in a loop"), "L")
        _name(self._speed, self.tr("Speed, at the same pitch"))
        _name(self._channel, self.tr("Channel that is heard"))
        _name(self._gain, self.tr("Gain of this recording, for listening only"))
        _name(self._device, self.tr("Output device"))
        _name(self._clock, self.tr("Position in the recording"))
        self._limited.setText(self.tr("Limited"))
        _name(self._limited, self.tr("Softer than the gain says: it would go beyond full scale"))
        self._again.setText(self.tr("Look again"))
        _name(self._again, self.tr("Look for audio outputs again"))
        self._channel.setItemText(0, self.tr("All channels"))
        for number in range(1, self._channel.count()):
            self._channel.setItemText(number, self.tr("Channel {number}").format(number=number))
        self._device.setItemText(0, self.tr("System default"))

    def _draw_icons(self) -> None:
        play = Icon.SP_MediaPause if self._is_playing else Icon.SP_MediaPlay
        icons = {
            self._play: play,
            self._stop: Icon.SP_MediaStop,
            self._loop: Icon.SP_BrowserReload,
        }
        for button, icon in icons.items():
            button.setIcon(self._in_ink(icon))

    def _in_ink(self, icon: Icon) -> QIcon:
        """A standard icon in the colour of the text: the style's own is dark on dark."""
        size, ratio = QSize(ICON_PX, ICON_PX), self.devicePixelRatioF()
        pixmap = self.style().standardIcon(icon).pixmap(size, ratio)
        painter = QPainter(pixmap)
        painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceIn)
        painter.fillRect(pixmap.rect(), self.palette().color(QPalette.ColorRole.ButtonText))
        painter.end()
        return QIcon(pixmap)


def _name(widget: QWidget, name: str, shortcut: str = "") -> None:
    widget.setAccessibleName(name)
    widget.setToolTip(f"{name} ({shortcut})" if shortcut else name)
