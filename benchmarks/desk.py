"""The real window with a case from the bundled recordings, for who drives it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import soxr
from PySide6.QtCore import QEventLoop, QSettings, QTimer
from PySide6.QtWidgets import QApplication

from app.resources import DEMO, DEMO_KNOWN, DEMO_QUESTIONED
from app.services.workroom import Segment, Workroom
from engine.audio.decode import decode
from engine.types import FloatArray
from ui.main_window import MainWindow

OTHER = "대조음성2_synthetic.wav"
RATE_HZ = 8000
TURNS_S = (6.2, 4.1, 8.3, 5.4, 7.0, 4.6, 5.9, 4.4)
PAUSE_S = 0.35
IDLE_S = 1200.0


@dataclass(frozen=True, slots=True)
class Call:
    """Two voices in turn: float32 [shape=(2, n)], a channel each; segments in order of time."""

    channels: FloatArray
    segments: tuple[Segment, ...]


def application() -> QApplication:
    """The one that there is, or a new one."""
    there = QApplication.instance()
    return there if isinstance(there, QApplication) else QApplication(["seongmun"])


def open_window(folder: Path, language: str = "en", scheme: str = "light") -> MainWindow:
    """A window whose settings lie in `folder`."""
    application()
    settings = QSettings(str(folder / "settings.ini"), QSettings.Format.IniFormat)
    settings.setValue("language", language)
    settings.setValue("scheme", scheme)
    window = MainWindow(settings)
    window.show()
    return window


def wait(condition: Callable[[], bool], limit_s: float = IDLE_S) -> None:
    """Let the window work until something is so (raises TimeoutError)."""
    end = time.monotonic() + limit_s
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError
        let_work(0.002)


def let_work(seconds: float) -> None:
    """Let the window work for a while, in a loop of events as the program has it: what is to be
    deleted later is deleted in one alone."""
    loop = QEventLoop()
    QTimer.singleShot(round(1000 * seconds), loop.quit)
    loop.exec()


def settle(window: MainWindow) -> None:
    """Wait until no job runs and everything is drawn."""
    let_work(0.05)
    wait(lambda: not window.board.running and window.workspace.is_drawn())
    let_work(0.05)


def make_call() -> Call:
    """The demo's questioned voice and another one in turn."""
    voices = [_narrow(DEMO_QUESTIONED), _narrow(OTHER)]
    used, at_s, segments = [0.0, 0.0], 0.8, []
    placed: list[tuple[float, int, FloatArray]] = []
    for number, length_s in enumerate(TURNS_S):
        party = number % 2
        first = int(used[party] * RATE_HZ)
        part = voices[party][first : first + int(length_s * RATE_HZ)]
        used[party] += length_s
        placed.append((at_s, party, part))
        end_s = at_s + len(part) / RATE_HZ
        segments.append(Segment(0, 0, 1, party, at_s, end_s, f"S{party + 1}", origin="auto"))
        at_s = end_s + PAUSE_S
    channels = np.zeros((2, int((at_s + 0.5) * RATE_HZ)), np.float32)
    for start_s, party, part in placed:
        start = int(start_s * RATE_HZ)
        channels[party, start : start + len(part)] = part
    channels += 0.001 * np.random.default_rng(5).standard_normal(channels.shape).astype(np.float32)
    return Call(channels, tuple(segments))


def _narrow(name: str) -> FloatArray:
    audio = decode(DEMO / name)
    samples = soxr.resample(audio.samples[0], audio.sample_rate_hz, RATE_HZ)
    return np.asarray(0.6 * samples / np.abs(samples).max(), np.float32)


def write_call(call: Call, path: Path, *, stereo: bool) -> Path:
    """A call as a file: both channels, or their sum."""
    samples = call.channels if stereo else call.channels.sum(axis=0, keepdims=True)
    soundfile.write(path, samples.T, RATE_HZ, "PCM_16")
    return path


def quietly(stage: str, done: float, total: float) -> None:
    """Progress that nobody watches."""


def add(room: Workroom, path: Path, role: str) -> int:
    """Add a recording to a case; returns its number."""
    from engine.progress import CancelToken

    return int(room.add([path], role, quietly, CancelToken())["added"][0]["id"])


def known_recording() -> Path:
    """The demo's known recording."""
    return DEMO / DEMO_KNOWN
