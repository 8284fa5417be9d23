"""The open recordings, one above or beside the other, with playback below."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QLabel,
    QSizePolicy,
    QSplitter,
    QStackedLayout,
    QToolBar,
    QVBoxLayout,
    QWidget,
)

from app.services.workbench import OpenedRecording, SpectrogramSettings
from ui.widgets.track import TrackView

ZOOM = 0.5


class Workspace(QWidget):
    """Holds the tracks; one of them is active and gets keys, playback, segments."""

    active_changed = Signal(object)
    selection_changed = Signal(object)
    cursor_set = Signal(float)
    closed = Signal(object)
    edge_moved = Signal(object, float, float)
    segments_chosen = Signal(object)
    segment_opened = Signal(object)
    failed = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.tracks: list[TrackView] = []
        self.active: TrackView | None = None
        self._linking = False
        self._look: tuple[SpectrogramSettings, tuple[str, float, float]] | None = None
        self._splitter = QSplitter(Qt.Orientation.Vertical)
        self._splitter.setChildrenCollapsible(False)
        self._empty = QLabel(alignment=Qt.AlignmentFlag.AlignCenter)
        self._empty.setWordWrap(True)
        self._bar = QToolBar()
        self._readout = QLabel()
        self._actions: dict[str, QAction] = {}
        self._make_actions()
        holder = QWidget()
        self._stack = QStackedLayout(holder)
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self._splitter)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._bar)
        layout.addWidget(holder, 1)
        self._retranslate()

    def _make_actions(self) -> None:
        entries = {
            "zoom_in": ("+", self.zoom_in, False),
            "zoom_out": ("-", self.zoom_out, False),
            "zoom_all": ("Ctrl+0", self.zoom_all, False),
            "zoom_selection": ("Ctrl+E", self.zoom_selection, False),
            "decibels": ("D", self._set_decibels, True),
            "link": ("K", self._link_now, True),
            "beside": ("B", self._arrange, True),
        }
        for name, (shortcut, slot, checkable) in entries.items():
            action = QAction(self)
            action.setShortcut(shortcut)
            action.setCheckable(checkable)
            action.triggered.connect(lambda _=False, slot=slot: slot())
            self._actions[name] = action
            self._bar.addAction(action)
            self.addAction(action)
        self._actions["link"].setChecked(True)
        spacer = QWidget()
        spacer.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._bar.addWidget(spacer)
        self._bar.addWidget(self._readout)

    def add_track(self, opened: OpenedRecording) -> TrackView:
        """Put a recording on the desk, where its number belongs, and make it the active one."""
        track = TrackView(opened)
        at = sum(other.opened.exhibit_id < opened.exhibit_id for other in self.tracks)
        self.tracks.insert(at, track)
        self._splitter.insertWidget(at, track)
        track.activated.connect(self.activate)
        track.closed.connect(self.close_track)
        track.range_changed.connect(lambda a, b: self._follow_range(track, a, b))
        track.cursor_moved.connect(self.cursor_set)
        track.selection_changed.connect(self.selection_changed)
        track.edge_moved.connect(self.edge_moved)
        track.segments_chosen.connect(self.segments_chosen)
        track.segment_opened.connect(self.segment_opened)
        track.pointed_at.connect(self._readout.setText)
        track.failed.connect(self.failed)
        if self._look is not None:
            track.set_spectrogram(self._look[0], *self._look[1])
        track.set_decibels(self._actions["decibels"].isChecked())
        self._stack.setCurrentIndex(1)
        self.activate(track)
        return track

    def track_of(self, exhibit_id: int) -> TrackView | None:
        """The track of an exhibit that is open."""
        found = [t for t in self.tracks if t.opened.exhibit_id == exhibit_id]
        return found[0] if found else None

    def activate(self, track: TrackView | None) -> None:
        """Make a track the active one."""
        if track is self.active:
            return
        self.active = track
        for other in self.tracks:
            other.set_active(other is track and len(self.tracks) > 1)
        self.active_changed.emit(track)

    def activate_next(self) -> None:
        """Go round the tracks."""
        if self.tracks:
            at = self.tracks.index(self.active) if self.active in self.tracks else -1
            self.activate(self.tracks[(at + 1) % len(self.tracks)])

    def close_track(self, track: TrackView) -> None:
        """Take a recording off the desk."""
        self.tracks.remove(track)
        track.release()
        track.setParent(None)
        track.deleteLater()
        if self.active is track:
            self.active = None
            self.activate(self.tracks[-1] if self.tracks else None)
            if not self.tracks:
                self.active_changed.emit(None)
        self._stack.setCurrentIndex(1 if self.tracks else 0)
        self.closed.emit(track)

    def close_all(self) -> None:
        """Take everything off the desk."""
        for track in list(self.tracks):
            self.close_track(track)

    def set_look(self, settings: SpectrogramSettings, colours: tuple[str, float, float]) -> None:
        """How spectrograms are computed and coloured."""
        self._look = (settings, colours)
        for track in self.tracks:
            track.set_spectrogram(settings, *colours)

    def zoom_in(self) -> None:
        """Show half as much."""
        if self.active is not None:
            self.active.zoom(ZOOM)

    def zoom_out(self) -> None:
        """Show twice as much."""
        if self.active is not None:
            self.active.zoom(1 / ZOOM)

    def zoom_all(self) -> None:
        """Show the whole recording."""
        if self.active is not None:
            self.active.show_range(0.0, self.active.opened.duration_s)

    def zoom_selection(self) -> None:
        """Show the selection."""
        if self.active is not None and self.active.selection is not None:
            self.active.show_range(*self.active.selection)

    def _set_decibels(self) -> None:
        for track in self.tracks:
            track.set_decibels(self._actions["decibels"].isChecked())

    def _arrange(self) -> None:
        beside = self._actions["beside"].isChecked()
        self._splitter.setOrientation(
            Qt.Orientation.Horizontal if beside else Qt.Orientation.Vertical
        )

    def _link_now(self) -> None:
        if self.active is not None:
            self._follow_range(self.active, *self.active.visible_range)

    def _follow_range(self, leader: TrackView, first_s: float, last_s: float) -> None:
        """The other recordings show the same stretch, where axes are linked."""
        if self._linking or not self._actions["link"].isChecked():
            return
        self._linking = True
        try:
            for track in self.tracks:
                if track is not leader:
                    track.show_range(first_s, last_s)
        finally:
            self._linking = False

    def is_drawn(self) -> bool:
        """Whether every visible tile is there."""
        return all(track.is_drawn() for track in self.tracks)

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Follow the language."""
        if event.type() == QEvent.Type.LanguageChange:
            self._retranslate()
        super().changeEvent(event)

    @property
    def shortcuts(self) -> list[tuple[str, str]]:
        """Keys and what they do, for the sheet."""
        return [(a.shortcut().toString(), a.text()) for a in self._actions.values()]

    def _retranslate(self) -> None:
        texts = {
            "zoom_in": self.tr("Zoom in"),
            "zoom_out": self.tr("Zoom out"),
            "zoom_all": self.tr("Show all"),
            "zoom_selection": self.tr("Show selection"),
            "decibels": self.tr("dB scale"),
            "link": self.tr("Link time axes"),
            "beside": self.tr("Side by side"),
        }
        for name, text in texts.items():
            action = self._actions[name]
            action.setText(text)
            action.setToolTip(f"{text} ({action.shortcut().toString()})")
        self._empty.setText(
            self.tr(
                "Nothing is open.\n\nDouble-click a recording of the case on the left, or drop "
                "files here to add them."
            )
        )
