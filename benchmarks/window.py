"""The window with recordings of an hour and of ten: `python -m benchmarks.window`.

Each recording has a process of its own: real telephone calls of two speakers, mixed, end to end.
The peer, in the same run, is what one would write first: `librosa.stft` of all into one image, and
all samples into a plot.
"""

from __future__ import annotations

import argparse
import csv
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyqtgraph as pg
import soundfile
from PySide6.QtCore import QEvent, QObject, QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication

from app.services.workbench import OpenedRecording, open_recording
from app.services.workroom import Workroom
from benchmarks.desk import add, application, let_work, open_window, quietly, wait
from benchmarks.soak import resident_kb
from engine.progress import CancelToken
from engine.types import FloatArray
from ui.main_window import MainWindow

RATE_HZ = 8000
FRAMES = 200
PEER_FRAMES = 20
PACE_S = 1 / 60
LONGEST_S = 60.0
ZOOMED_S = 20.0
WATCHED_S = 45.0
STARTS = 5


class Paints(QObject):
    """Counts what a widget is painted."""

    def __init__(self, widget: QObject) -> None:
        super().__init__()
        self.count = 0
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """See a paint event."""
        self.count += event.type() == QEvent.Type.Paint
        return False

    def wait(self) -> bool:
        """Let the window work until it has been painted once more; whether it was."""
        before, end = self.count, time.perf_counter() + LONGEST_S
        while self.count == before and time.perf_counter() < end:
            application().processEvents()
        return self.count > before


def main() -> None:
    """Print one line per figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--measure", type=Path, help="a recording, in this process")
    parser.add_argument("--peer", type=Path, help="a recording, in this process")
    arguments = parser.parse_args()
    if arguments.measure:
        print(json.dumps(measure(arguments.measure)))
    elif arguments.peer:
        print(json.dumps(peer(arguments.peer)))
    else:
        compare(arguments.data)


def compare(data: Path) -> None:
    """Everything, each in a process of its own."""
    starts = [started() for _ in range(STARTS)]
    seconds = sorted(start["seconds"] for start in starts)[STARTS // 2]
    print(f"{'window visible':38} {seconds:8.2f} s, heavy modules: {starts[0]['heavy'] or 'none'}")
    if not (data / "dev/wuw2").is_dir():
        print(f"no recordings at {data}: the rest is left out (see --data)")
        return
    with tempfile.TemporaryDirectory() as folder:
        for hours in (1, 10):
            path = Path(folder) / f"{hours}h.wav"
            write_calls(data, path, hours)
            print(f"{hours} h of telephone calls, {path.stat().st_size / 1e6:.0f} MB")
            show(in_a_process("--measure", path))
            if hours == 1:
                print("the same with librosa.stft, an image and a plot of all samples")
                show(in_a_process("--peer", path))
            path.unlink()


def show(figures: dict[str, float]) -> None:
    """A line per figure."""
    for name, value in figures.items():
        print(f"  {name:36} {value:8.3f}", flush=True)


def in_a_process(option: str, path: Path) -> dict[str, float]:
    """Measure in a new process."""
    command = [sys.executable, "-m", "benchmarks.window", option, path]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def write_calls(data: Path, path: Path, hours: float) -> None:
    """Calls of two speakers each, mixed, one after the other."""
    calls = list(_pairs(data))
    left = int(hours * 3600 * RATE_HZ)
    with soundfile.SoundFile(path, "w", RATE_HZ, 1, "PCM_16") as file:
        while left > 0:
            for call in calls:
                file.write(call[:left])
                left -= len(call[:left])


def _pairs(data: Path) -> Iterator[FloatArray]:
    with (data / "dev/wuw2/calls.csv").open(encoding="utf-8", newline="") as file:
        paths = [data / "dev" / row["path"] for row in csv.DictReader(file)]
    half = len(paths) // 2  # the two halves have other speakers
    for first, second in zip(paths[:half], paths[half:], strict=False):
        voices = [soundfile.read(path, dtype="float32")[0] for path in (first, second)]
        mixed = np.zeros(max(map(len, voices)), np.float32)
        for voice in voices:
            mixed[: len(voice)] += 0.5 * voice
        yield mixed


# The program's start


def started() -> dict[str, object]:
    """Start the program in a new process; seconds until its window was painted."""
    begin = time.perf_counter()
    command = [sys.executable, "-m", "benchmarks.start"]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    printed = dict(json.loads(done.stdout.splitlines()[-1]))
    return {"seconds": printed["visible"] - begin, "heavy": printed["heavy"]}


# The window


def measure(path: Path) -> dict[str, float]:
    """Seconds, milliseconds and MB of the window with one recording."""
    with tempfile.TemporaryDirectory() as folder:
        window = open_window(Path(folder))
        window.resize(1440, 900)
        window._pages.setCurrentIndex(1)
        for dock in (window._navigator_dock, window._inspector_dock):
            dock.setVisible(True)
        let_work(0.2)
        begin = time.perf_counter()
        opened = open_recording(path, 1, path.name, quietly, CancelToken())
        figures = {"decoding, s": time.perf_counter() - begin}
        figures |= paint(window, opened)
        figures |= move(window)
        window.workspace.close_all()
        figures |= in_a_case(window, Path(folder), path)
        window.board.cancel_all()
        wait(lambda: not window.board.running)
        window.close()
    return figures


def paint(window: MainWindow, opened: OpenedRecording) -> dict[str, float]:
    """From decoded audio to what is seen first, and to a part of it."""
    begin = time.perf_counter()
    track = window.workspace.add_track(opened)
    paints = Paints(track._plots.viewport())
    paints.wait()
    figures = {"first waveform, s": time.perf_counter() - begin}
    _drawn(window)
    figures["whole spectrogram, s"] = time.perf_counter() - begin
    middle_s = opened.duration_s / 2
    begin = time.perf_counter()
    track.show_range(middle_s, middle_s + ZOOMED_S)
    paints.wait()
    _drawn(window)
    figures["spectrogram of 20 s, s"] = time.perf_counter() - begin
    figures["resident, MB"] = resident_kb() / 1024
    return figures


def _drawn(window: MainWindow) -> None:
    wait(window.workspace.is_drawn)
    application().processEvents()


def move(window: MainWindow, note: str = "") -> dict[str, float]:
    """Times of frames while zooming and scrolling with the wheel, at most 60 in a second."""
    track = window.workspace.active
    assert track is not None
    viewport = track._plots.viewport()
    paints, chance = Paints(viewport), np.random.default_rng(3)
    track.show_range(0.0, track.opened.duration_s)
    let_work(0.2)
    times, number = list[float](), 0
    while len(times) < FRAMES:
        before, begin = track.visible_range, time.perf_counter()
        _turn(viewport, number, chance)
        number += 1
        if not np.allclose(track.visible_range, before, rtol=1e-9, atol=1e-5):  # else: at an end
            times.append(_frame(begin, paints))
    median, slow = 1000 * np.percentile(times, (50, 95))
    return {
        f"median frame{note}, ms": float(median),
        f"95 % of frames{note} below, ms": float(slow),
    }


def _turn(viewport: QObject, number: int, chance: np.random.Generator) -> None:
    """In, along, out, along, in stretches of 25 frames."""
    kind = number // 25 % 4
    at = QPointF(*chance.uniform((100, 60), (700, 300)))
    delta = (120, -120, -120, 120)[kind]
    shift, none = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.NoModifier
    event = QWheelEvent(
        at,
        at,
        QPoint(),
        QPoint(0, delta),
        Qt.MouseButton.NoButton,
        shift if kind % 2 else none,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(viewport, event)


def _frame(begin: float, paints: Paints) -> float:
    """From an input until its picture is painted; then what the window does until the next."""
    paints.wait()
    took = time.perf_counter() - begin
    while time.perf_counter() < begin + PACE_S:
        application().processEvents()
    return took


def in_a_case(window: MainWindow, folder: Path, path: Path) -> dict[str, float]:
    """The same while the case's jobs measure quality and find speakers."""
    room = Workroom.create(folder / "case", "1", "x")
    number = add(room, path, "questioned")
    room.close()
    window.desk.open(folder / "case")
    wait(lambda: bool(window.workspace.tracks))
    assert window.workspace.tracks[0].opened.exhibit_id == number
    busy = bool(window.board.running)
    figures = move(window, " with jobs" if busy else "")
    highest, end = 0, time.monotonic() + WATCHED_S
    while time.monotonic() < end and window.board.running:
        wait(lambda: True)
        application().processEvents()
        highest = max(highest, resident_kb())
        time.sleep(0.05)
    figures["highest resident with jobs, MB"] = highest / 1024
    return figures


# The peer


def peer(path: Path) -> dict[str, float]:
    """What librosa and pyqtgraph cost without tiles and pyramids."""
    import librosa

    application()
    samples, rate_hz = soundfile.read(path, dtype="float32")
    window = pg.GraphicsLayoutWidget()
    window.resize(1000, 500)
    window.show()
    begin = time.perf_counter()
    plot = window.addPlot(row=0, col=0)
    plot.plot(np.arange(len(samples)) / rate_hz, samples)
    paints = Paints(window.viewport())
    paints.wait()
    figures = {"first waveform, s": time.perf_counter() - begin}
    begin = time.perf_counter()
    power = np.abs(librosa.stft(samples, n_fft=512, win_length=240, hop_length=128))
    image = pg.ImageItem(librosa.amplitude_to_db(power).T)
    image.setRect(0, 0, len(samples) / rate_hz, rate_hz / 2)
    below = window.addPlot(row=1, col=0)
    below.addItem(image)
    below.setXLink(plot)
    paints.wait()
    figures["whole spectrogram, s"] = time.perf_counter() - begin
    chance = np.random.default_rng(3)
    times = []
    for _ in range(PEER_FRAMES):
        start_s = chance.uniform(0, 0.5 * len(samples) / rate_hz)
        begin = time.perf_counter()
        plot.setXRange(start_s, start_s + len(samples) / rate_hz / 3)
        times.append(_frame(begin, paints))
    median, slow = 1000 * np.percentile(times, (50, 95))
    figures["median frame, ms"] = float(median)
    figures["95 % of frames below, ms"] = float(slow)
    figures["resident, MB"] = resident_kb() / 1024
    return figures


if __name__ == "__main__":
    main()
