"""Use case: listen to recordings. The window asks a `Player` 30 times a second where it is.

A thread makes the blocks (`engine.audio.listening`) and puts them in a short queue; PortAudio's
callback copies them out and notes when which time of the recording will be heard.
"""

from __future__ import annotations

import math
import threading
from dataclasses import dataclass
from typing import Any

from engine.audio.feed import Feed
from engine.audio.listening import FASTEST, SLOWEST, Listening, heard
from engine.audio.peaks import SampleReader
from engine.errors import ErrorCode, SeongmunError
from engine.types import FloatArray

LATENCY_S = 0.1
STOP_LIMIT_S = 1.0


@dataclass(frozen=True, slots=True)
class OutputDevice:
    """Where sound can go; `index` holds until the next `Player.devices`."""

    index: int
    name: str


@dataclass(frozen=True, slots=True)
class PlayRequest:
    """The stretch [start_s, end_s) of one channel (for both ears) or two (left and right), at a
    speed of 0.5 to 2; `device` is an `OutputDevice.index`, or None for the system's choice."""

    channels: tuple[SampleReader, ...]
    start_s: float
    end_s: float
    loop: bool = False
    speed: float = 1.0
    gain_db: float = 0.0
    device: int | None = None

    def __post_init__(self) -> None:
        if len(self.channels) not in (1, 2):
            raise ValueError(f"one or two channels can be heard, not {len(self.channels)}")
        if not 0 <= self.start_s < self.end_s:
            raise ValueError(f"no stretch to hear: {self.start_s} to {self.end_s} s")
        _check_speed(self.speed)


class Player:
    """Plays one stretch at a time, for one thread of the program; there is one for all recordings,
    since looking for devices closes every stream of the program."""

    def __init__(self) -> None:
        self._listening = Listening()
        self._feed: Feed | None = None
        self._stream: Any = None
        self._producer: threading.Thread | None = None
        self._ended = threading.Event()
        self._stopped_at_s = 0.0

    def devices(self) -> tuple[OutputDevice, ...]:
        """The outputs there are now; while something plays, those there were when it began.

        Raises
        ------
        SeongmunError
            PLAYBACK_NO_PORTAUDIO, PLAYBACK_NO_DEVICE.
        """
        sound = _portaudio()
        try:
            if self._stream is None:
                sound._terminate()  # PortAudio looks for devices as it starts, and only then
                sound._initialize()
            found = _outputs(sound)
        except sound.PortAudioError as error:
            raise SeongmunError(ErrorCode.PLAYBACK_NO_DEVICE) from error
        if not found:
            raise SeongmunError(ErrorCode.PLAYBACK_NO_DEVICE)
        return found

    def play(self, request: PlayRequest) -> None:
        """Stop what plays, and begin.

        Raises
        ------
        SeongmunError
            PLAYBACK_NO_PORTAUDIO, PLAYBACK_NO_DEVICE; PLAYBACK_FAILED where the device cannot be
            used or the recording cannot be read.
        """
        self.stop()
        self._stopped_at_s = request.start_s
        sound = _portaudio()
        if request.device is None and _default(sound) < 0:
            raise SeongmunError(ErrorCode.PLAYBACK_NO_DEVICE)
        try:
            self._begin(sound, request)
        except (sound.PortAudioError, OSError) as error:
            self.stop()
            raise SeongmunError(ErrorCode.PLAYBACK_FAILED, reason=str(error)) from error

    def _begin(self, sound: Any, request: PlayRequest) -> None:
        rate_hz, ears = _format(sound, request)
        self._listening = Listening(request.speed, request.loop, request.gain_db)
        span = request.start_s, request.end_s
        blocks = heard(request.channels, *span, self._listening, rate_hz)
        feed = Feed(blocks, request.start_s, rate_hz)
        feed.prepare()
        self._ended.clear()
        self._stream = _open(sound, request.device, rate_hz, ears, feed, self._ended)
        self._feed = feed
        self._producer = threading.Thread(target=feed.produce, name="playback", daemon=True)
        self._producer.start()
        self._stream.start()

    def stop(self) -> None:
        """Fade out and let go of the device and of every thread; the position stays."""
        self._stopped_at_s = self.position_s
        feed, stream, producer = self._feed, self._stream, self._producer
        if feed is not None:
            feed.leave()
        if stream is not None:
            if stream.active:
                self._ended.wait(STOP_LIMIT_S)
            stream.close()
        if feed is not None and producer is not None:
            feed.drain()
            producer.join()
        self._feed = self._stream = self._producer = None

    def pause(self) -> None:
        """Fade out and stay where it is."""
        if self._feed is not None:
            self._feed.is_open = False

    def resume(self) -> None:
        """Go on after a pause."""
        if self._feed is not None:
            self._feed.is_open = True

    def set_gain_db(self, gain_db: float) -> None:
        """Louder or softer, heard within half a second."""
        self._listening.gain_db = gain_db

    def set_speed(self, speed: float) -> None:
        """Faster or slower from here on (0.5 to 2), heard within half a second."""
        _check_speed(speed)
        self._listening.speed = speed

    def set_loop(self, loop: bool) -> None:
        """Whether the stretch begins again at its end."""
        self._listening.loop = loop

    @property
    def position_s(self) -> float:
        """The time of the recording that is heard now, or was heard last."""
        return self._stopped_at_s if self._feed is None else self._feed.position_s(self._now_s)

    @property
    def is_playing(self) -> bool:
        """Whether sound goes out: not in a pause, nor once the end was heard."""
        return self._is_running and self._feed is not None and self._feed.is_open

    @property
    def is_paused(self) -> bool:
        """Whether `resume` would go on."""
        return self._is_running and self._feed is not None and not self._feed.is_open

    @property
    def _now_s(self) -> float:
        """By the device's clock; once all was heard, later than everything."""
        return float(self._stream.time) if self._is_running else math.inf

    @property
    def _is_running(self) -> bool:
        return self._stream is not None and not self._ended.is_set()

    @property
    def is_limited(self) -> bool:
        """Whether what is heard now is softer than the gain says, since it would be beyond full
        scale."""
        if self._feed is None or not self._is_running:
            return False
        return self._feed.is_limited(self._now_s)

    @property
    def underruns(self) -> int:
        """How often the device had to wait for sound since `play`."""
        return 0 if self._feed is None else self._feed.underruns

    @property
    def failure(self) -> SeongmunError | None:
        """Why it ended before its end, until the next `play` or `stop`: the recording could not be
        read, or the device went away."""
        if self._feed is None or self._is_running:
            return None
        if self._feed.failure is None and not self._feed.is_finished:
            return SeongmunError(ErrorCode.PLAYBACK_DEVICE_LOST)
        return self._feed.failure


def _check_speed(speed: float) -> None:
    if not SLOWEST <= speed <= FASTEST:
        raise ValueError(f"speed {speed} is not within {SLOWEST} to {FASTEST}")


def _portaudio() -> Any:
    try:
        import sounddevice
    except OSError as error:  # there is no PortAudio library
        raise SeongmunError(ErrorCode.PLAYBACK_NO_PORTAUDIO) from error
    return sounddevice


def _default(sound: Any) -> int:
    """Index of the system's choice of output; negative where there is none."""
    return int(sound.default.device[1])


def _outputs(sound: Any) -> tuple[OutputDevice, ...]:
    """Each device once: by the system's preferred sound interface."""
    return tuple(
        OutputDevice(device["index"], device["name"])
        for device in sound.query_devices()
        if device["max_output_channels"] and device["hostapi"] == sound.default.hostapi
    )


def _format(sound: Any, request: PlayRequest) -> tuple[int, int]:
    """Rate and number of channels: the recording's rate where the device takes it."""
    device = sound.query_devices(request.device, "output")
    ears = min(2, device["max_output_channels"])
    rate_hz = max(channel.sample_rate_hz for channel in request.channels)
    try:
        sound.check_output_settings(request.device, ears, "float32", samplerate=rate_hz)
    except sound.PortAudioError:
        rate_hz = round(device["default_samplerate"])
    return rate_hz, ears


def _open(
    sound: Any, device: int | None, rate_hz: int, ears: int, feed: Feed, ended: threading.Event
) -> Any:
    def fill(out: FloatArray, _frames: int, time: Any, _status: Any) -> None:
        heard_s = max(time.outputBufferDacTime, time.currentTime)
        if not feed.fill(out, heard_s, time.currentTime):
            raise sound.CallbackStop

    return sound.OutputStream(
        samplerate=rate_hz,
        device=device,
        channels=ears,
        dtype="float32",
        latency=LATENCY_S,
        callback=fill,
        finished_callback=ended.set,
    )
