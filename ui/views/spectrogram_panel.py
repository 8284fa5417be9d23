"""How spectrograms are computed and coloured."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSettings, Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QDoubleSpinBox,
    QFormLayout,
    QLabel,
    QSlider,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from app.services.workbench import SpectrogramSettings
from ui.widgets.spectrogram import COLOUR_MAPS

PRESETS_MS = {"narrow": 30.0, "wide": 5.0}
HIGHEST_DB_MARGIN = 10


class SpectrogramPanel(QWidget):
    """`changed` is emitted whenever something is set; the settings are remembered."""

    changed = Signal()

    def __init__(self, settings: QSettings) -> None:
        super().__init__()
        self._settings = settings
        self._preset, self._colours, self._axis = QComboBox(), QComboBox(), QComboBox()
        self._window, self._overlap = QDoubleSpinBox(), QSpinBox()
        self._low, self._high = QSpinBox(), QSpinBox()
        self._range, self._highest = (
            QSlider(Qt.Orientation.Horizontal),
            QSlider(Qt.Orientation.Horizontal),
        )
        self._labels = [QLabel() for _ in range(9)]
        self._fields = (
            self._preset,
            self._window,
            self._overlap,
            self._range,
            self._highest,
            self._low,
            self._high,
            self._axis,
            self._colours,
        )
        self._prepare()
        form = QFormLayout()
        for label, field in zip(self._labels, self._fields, strict=True):
            form.addRow(label, field)
            label.setBuddy(field)
        layout = QVBoxLayout(self)
        layout.addLayout(form)
        layout.addStretch(1)
        self._restore()
        self._retranslate()
        self._connect()

    def _prepare(self) -> None:
        self._preset.addItems([*PRESETS_MS, "own"])
        self._axis.addItems(["linear", "mel"])
        self._colours.addItems(COLOUR_MAPS)
        self._window.setRange(1.0, 200.0)
        self._window.setSuffix(" ms")
        self._window.setDecimals(1)
        self._overlap.setRange(0, 95)
        self._overlap.setSuffix(" %")
        for box in (self._low, self._high):
            box.setRange(0, 48000)
            box.setSingleStep(100)
            box.setSuffix(" Hz")
        self._range.setRange(20, 120)
        self._highest.setRange(-90, 0)

    def _connect(self) -> None:
        self._preset.activated.connect(self._take_preset)
        self._window.valueChanged.connect(self._window_changed)
        for box in (self._overlap, self._low, self._high):
            box.valueChanged.connect(self._tell)
        for slider in (self._range, self._highest):
            slider.valueChanged.connect(self._tell)
        for combo in (self._axis, self._colours):
            combo.activated.connect(self._tell)

    def _restore(self) -> None:
        def stored(key: str, default: float) -> float:
            return float(str(self._settings.value(f"spectrogram/{key}", default)))

        self._window.setValue(stored("window_ms", 30.0))
        self._overlap.setValue(int(stored("overlap", 50)))
        self._low.setValue(int(stored("low_hz", 0)))
        self._high.setValue(int(stored("high_hz", 8000)))
        self._range.setValue(int(stored("range_db", 70)))
        self._highest.setValue(int(stored("highest_db", -30)))
        self._axis.setCurrentIndex(int(stored("mel", 0)))
        self._colours.setCurrentIndex(
            max(0, self._colours.findText(str(self._settings.value("spectrogram/map", "magma"))))
        )
        self._show_preset()

    @property
    def settings(self) -> SpectrogramSettings:
        low_hz = float(self._low.value())
        return SpectrogramSettings(
            window_s=self._window.value() / 1000,
            overlap=self._overlap.value() / 100,
            low_hz=low_hz,
            high_hz=max(float(self._high.value()), low_hz + 100),
            mel=self._axis.currentIndex() == 1,
        )

    @property
    def colours(self) -> tuple[str, float, float]:
        """Colour map, highest level and dynamic range in dB."""
        name = COLOUR_MAPS[self._colours.currentIndex()]
        return name, float(self._highest.value()), float(self._range.value())

    def _take_preset(self) -> None:
        names = list(PRESETS_MS)
        if self._preset.currentIndex() < len(names):
            self._window.setValue(PRESETS_MS[names[self._preset.currentIndex()]])

    def _window_changed(self) -> None:
        self._show_preset()
        self._tell()

    def _show_preset(self) -> None:
        values = list(PRESETS_MS.values())
        at = self._window.value()
        self._preset.setCurrentIndex(values.index(at) if at in values else len(values))

    def _tell(self) -> None:
        chosen = self.settings
        for key, value in (
            ("window_ms", self._window.value()),
            ("overlap", self._overlap.value()),
            ("low_hz", self._low.value()),
            ("high_hz", self._high.value()),
            ("range_db", self._range.value()),
            ("highest_db", self._highest.value()),
            ("mel", int(chosen.mel)),
            ("map", COLOUR_MAPS[self._colours.currentIndex()]),
        ):
            self._settings.setValue(f"spectrogram/{key}", value)
        self._retranslate()
        self.changed.emit()

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Follow the language."""
        if event.type() == QEvent.Type.LanguageChange:
            self._retranslate()
        super().changeEvent(event)

    def _retranslate(self) -> None:
        texts = (
            self.tr("Preset"),
            self.tr("Window"),
            self.tr("Overlap, at least"),
            self.tr("Dynamic range: {db} dB").format(db=self._range.value()),
            self.tr("Brightest at {db} dB").format(db=self._highest.value()),
            self.tr("From"),
            self.tr("To"),
            self.tr("Frequency axis"),
            self.tr("Colours"),
        )
        for label, text in zip(self._labels, texts, strict=True):
            label.setText(text)
        names = (
            self.tr("narrow band: harmonics"),
            self.tr("wide band: formants, time"),
            self.tr("own window"),
        )
        for i, text in enumerate(names):
            self._preset.setItemText(i, text)
        for i, text in enumerate((self.tr("linear"), self.tr("mel"))):
            self._axis.setItemText(i, text)
        for i, text in enumerate(
            ("Magma", "Inferno", "Viridis", "Cividis", self.tr("Grey, dark on light"))
        ):
            self._colours.setItemText(i, text)
