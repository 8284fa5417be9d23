"""A part of a dialog that is folded away until it is wanted."""

from __future__ import annotations

from PySide6.QtCore import QMargins, Signal
from PySide6.QtWidgets import QFormLayout, QGroupBox, QSizePolicy, QStyle, QVBoxLayout, QWidget

ANY_PX, ROOM_PX = (1 << 24) - 1, 6


class OptionalGroup(QGroupBox):
    """What is in `form` counts, and shows, only while the box is checked; `changed` when that or
    anything in it changes."""

    changed = Signal()

    def __init__(self, checked: bool = False) -> None:
        super().__init__(checkable=True, checked=checked)
        self._body = QWidget()
        self.form = QFormLayout(self._body)
        self.form.setContentsMargins(0, 0, 0, 0)
        self._around = QVBoxLayout(self)
        self._around.addWidget(self._body)
        self._margins = self._around.contentsMargins()
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self.toggled.connect(self._fold)
        self._fold(checked)

    def _fold(self, checked: bool) -> None:
        self._body.setVisible(checked)
        self._around.setContentsMargins(self._margins if checked else QMargins())
        title = self.style().pixelMetric(QStyle.PixelMetric.PM_IndicatorHeight)
        self.setMaximumHeight(ANY_PX if checked else title + ROOM_PX)
        self.changed.emit()
