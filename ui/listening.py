"""Playing the active recording: the transport bar, the player, and the cursor that moves along."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer

from app.services.playback import Player, PlayRequest
from app.services.workbench import StoredChannel
from engine.errors import SeongmunError
from ui.errors import error_text
from ui.widgets.track import TrackView

if TYPE_CHECKING:
    from ui.main_window import MainWindow

TICK_MS = 33
SPEEDS = (0.5, 0.75, 1.0, 1.25, 1.5, 2.0)
BOTH_EARS = 2


class Listening(QObject):
    """One recording is heard at a time. A machine without sound works, and the bar says so."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window, self._bar = window, window.transport
        self._player = Player()
        self._track: TrackView | None = None
        self._loop, self._speed, self._channel = False, 1.0, -1
        self._device: int | None = None
        self._gains_db: dict[int, float] = {}
        self._problem: SeongmunError | None = None
        self._timer = QTimer(self, interval=TICK_MS)
        self._timer.timeout.connect(self._tick)

    def connect_views(self) -> None:
        """Once the window has all its parts."""
        bar, workspace = self._bar, self._window.workspace
        bar.play_toggled.connect(self.toggle)
        bar.stop_requested.connect(self.stop)
        bar.loop_changed.connect(self._set_loop)
        bar.speed_changed.connect(self._set_speed)
        bar.gain_changed.connect(self._set_gain)
        bar.channel_changed.connect(self._set_channel)
        bar.device_changed.connect(self._set_device)
        bar.devices_wanted.connect(self._find_devices)
        workspace.active_changed.connect(self._show_active)
        workspace.cursor_set.connect(self._go_on_from)
        workspace.closed.connect(self._closed)
        QTimer.singleShot(0, self._find_devices)

    def _find_devices(self) -> None:
        try:
            devices = self._player.devices()
        except SeongmunError as error:
            self._show_problem(error)
        else:
            self._problem = None
            self._bar.set_devices([(device.index, device.name) for device in devices])

    def _show_problem(self, error: SeongmunError) -> None:
        self._problem = error
        self._bar.set_unavailable(error_text(error))

    def retranslate(self) -> None:
        """Say again, in another language, why nothing can be heard."""
        if self._problem is not None:
            self._show_problem(self._problem)

    def toggle(self) -> None:
        """Play from the cursor (the selection, where there is one), pause, or go on."""
        if self._player.is_playing:
            self._player.pause()
        elif self._player.is_paused and self._track is self._window.workspace.active:
            self._player.resume()
        else:
            self._play(None)
        self._bar.set_playing(self._player.is_playing)

    def _play(self, from_s: float | None) -> None:
        track = self._window.workspace.active
        if track is None:
            return
        start_s, end_s = track.selection or (track.cursor_s, track.opened.duration_s)
        if from_s is not None:
            start_s, end_s = from_s, track.opened.duration_s
        if end_s - start_s <= 1 / track.opened.recording.sample_rate_hz:
            start_s = 0.0
        try:
            self._player.play(
                PlayRequest(
                    self._heard(track),
                    start_s,
                    end_s,
                    self._loop,
                    self._speed,
                    self._gains_db.get(track.opened.exhibit_id, 0.0),
                    self._device,
                )
            )
        except SeongmunError as error:
            self._show_problem(error)
            return
        self._track = track
        self._timer.start()

    def _heard(self, track: TrackView) -> tuple[StoredChannel, ...]:
        channels = track.opened.channels
        if 0 <= self._channel < len(channels):
            return (channels[self._channel],)
        return channels[:BOTH_EARS]

    def stop(self) -> None:
        """Stop; the cursor goes back to where it began."""
        self._player.stop()
        self._timer.stop()
        if self._track is not None and self._track.selection is not None:
            self._track.set_cursor(self._track.selection[0])
        self._bar.set_playing(False)

    def _tick(self) -> None:
        track = self._track
        if track is not None and (self._player.is_playing or self._player.is_paused):
            position_s = self._player.position_s
            track.set_cursor(position_s, follow=True)
            self._bar.set_position(position_s)
            self._bar.set_limited(self._player.is_limited)
            return
        failure = self._player.failure
        self._timer.stop()
        self._player.stop()
        self._bar.set_playing(False)
        self._bar.set_limited(False)
        if failure is not None:
            self._window.show_error(failure)

    def _go_on_from(self, time_s: float) -> None:
        """A click while something plays: it goes on from there."""
        self._bar.set_position(time_s)
        if self._player.is_playing:
            self._play(time_s)

    def _show_active(self, track: TrackView | None) -> None:
        if track is not None:
            self._bar.set_position(track.cursor_s)
            self._bar.set_gain(self._gains_db.get(track.opened.exhibit_id, 0.0))

    def _closed(self, track: TrackView) -> None:
        if track is self._track:
            self.stop()
            self._track = None

    def toggle_loop(self) -> None:
        """Loop or not."""
        self._bar.set_loop(not self._loop)

    def _set_loop(self, loop: bool) -> None:
        self._loop = loop
        self._player.set_loop(loop)

    def change_speed(self, direction: int) -> None:
        """The next slower or faster speed."""
        at = min(range(len(SPEEDS)), key=lambda i: abs(SPEEDS[i] - self._speed))
        self._bar.set_speed(SPEEDS[max(0, min(len(SPEEDS) - 1, at + direction))])

    def _set_speed(self, speed: float) -> None:
        self._speed = speed
        self._player.set_speed(speed)

    def _set_gain(self, gain_db: float) -> None:
        track = self._window.workspace.active
        if track is not None:
            self._gains_db[track.opened.exhibit_id] = gain_db
            if track is self._track:
                self._player.set_gain_db(gain_db)

    def _set_channel(self, channel: int) -> None:
        self._channel = channel
        if self._player.is_playing:
            self._play(self._player.position_s)

    def _set_device(self, device: object) -> None:
        self._device = device if isinstance(device, int) else None
        if self._player.is_playing:
            self._play(self._player.position_s)

    def close(self) -> None:
        """Let go of the device."""
        self._timer.stop()
        self._player.stop()
