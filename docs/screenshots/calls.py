"""Pictures of matrix, rings and gallery, of calls that the demo's synthetic voices make: each voice
also at another speed, two in a call, in two cases."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import soundfile
import soxr
from PySide6.QtWidgets import QWidget

from app.resources import DEMO, DEMO_KNOWN, DEMO_QUESTIONED
from app.services.workroom import Workroom
from benchmarks.desk import OTHER, RATE_HZ, add, let_work, settle, wait
from engine.audio.decode import decode
from engine.types import FloatArray
from ui.main_window import MainWindow

SPEEDS = (1.0, 1.14)
TURN_S = 3.4
# When, which way, who calls, who is called; A to F are voices, small letters are heard once.
CALLS = (
    ("2026-04-01T09:10+09:00", "incoming", "A", "d"),
    ("2026-04-01T11:32+09:00", "incoming", "A", "e"),
    ("2026-04-03T15:02", "incoming", "A", "B"),
    ("", "", "B", "f"),
    ("2026-04-08T09:30+09:00", "incoming", "C", "d"),
    ("2026-04-09T14:05+09:00", "outgoing", "C", "e"),
)
FIRST_CASE = 4


def make_cases(folder: Path, numbers: tuple[str, str], name: str, examiner: str) -> list[Path]:
    """Two cases with the calls; `name` is how a recording is called, with a number in it."""
    voices, used = _voices(), dict.fromkeys("ABCDEF", 0)
    cases: list[Path] = []
    for number, calls in zip(numbers, (CALLS[:FIRST_CASE], CALLS[FIRST_CASE:]), strict=True):
        cases.append(folder / f"{number}-calls")
        room = Workroom.create(cases[-1], number, examiner)
        for at, (started, direction, *parties) in enumerate(calls, start=1):
            path = folder / name.format(number=f"{number[-2:]}-{at}")
            parts = [_next(voices, used, party.upper()) for party in parties]
            soundfile.write(path, _in_turn(parts).T, RATE_HZ, "PCM_16")
            exhibit_id = add(room, path, "questioned")
            for fact, value in (("call_started", started), ("call_direction", direction)):
                if value:
                    room.set_fact(fact, value, exhibit_id)
        room.close()
    return cases


def _voices() -> dict[str, FloatArray]:
    found = []
    for speed in SPEEDS:
        for name in (DEMO_QUESTIONED, DEMO_KNOWN, OTHER):
            audio = decode(DEMO / name)
            rate_hz = audio.sample_rate_hz
            samples = soxr.resample(audio.samples[0], rate_hz * speed, RATE_HZ)
            found.append(np.asarray(0.6 * samples / np.abs(samples).max(), np.float32))
    return dict(zip("ABCDEF", found, strict=True))


def _next(voices: dict[str, FloatArray], used: dict[str, int], voice: str) -> list[FloatArray]:
    """Two turns that were not heard before, or from the beginning again."""
    turn = round(TURN_S * RATE_HZ)
    turns = []
    for _ in range(2):
        if used[voice] + turn > len(voices[voice]):
            used[voice] = turn // 3
        turns.append(voices[voice][used[voice] : used[voice] + turn])
        used[voice] += turn
    return turns


def _in_turn(parts: list[list[FloatArray]]) -> FloatArray:
    """A channel for each party."""
    channels: list[list[FloatArray]] = [[], []]
    for first, second in zip(*parts, strict=True):
        channels[0] += [first, np.zeros_like(second)]
        channels[1] += [np.zeros_like(first), second]
    both = np.stack([np.concatenate(channel) for channel in channels])
    noise = np.random.default_rng(7).standard_normal(both.shape)
    return np.asarray(both + 0.001 * noise, np.float32)


def take_groups(
    window: MainWindow, cases: list[Path], gallery: Path, shoot: Callable[[QWidget, str], None]
) -> None:
    """Matrix, rings and gallery of the first case, the second one beside it."""
    window.desk.open(cases[0])
    wait(lambda: window.desk.room is not None and window.desk.room.folder == cases[0])
    settle(window)
    groups, view = window.groups, window.groups.gallery.view
    groups.add_case(cases[1])
    settle(window)
    assert groups.grouping is not None
    calls = list(dict.fromkeys(v.recording.sha256 for v in groups.grouping.voices))
    for other in calls[1 : FIRST_CASE - 1]:
        groups._decide("same_ring", calls[0], other)
        settle(window)
    groups.gallery.use(gallery)
    for exhibit_id in (1, 2, 4):
        view.enrol_asked.emit(exhibit_id, exhibit_id == 1)
        settle(window)
    view._least.setValue(-6.0)
    view._exhibit.setCurrentIndex(view._exhibit.findData(3))
    view._search.click()
    settle(window)
    view.show_folder("/galleries/laboratory")
    for name, widget in (("matrix", groups.matrix), ("rings", groups.rings), ("search", view)):
        groups.tabs.setCurrentWidget(widget)
        let_work(0.1)
        groups.matrix.map.show_all()
        groups.rings.canvas.show_all()
        shoot(window, name)
    dialog = groups.report()
    assert dialog is not None
    shoot(dialog, "dialog_ring_report")
    groups.tabs.setCurrentIndex(0)
    for _ in calls[1 : FIRST_CASE - 1]:
        window.desk.undo()
