"""Random input into the real window: `python -m benchmarks.soak [--minutes 30] [--seed N]`.

Fails on any exception in any thread, on any warning or worse from Qt, on an unexpected error that
is shown, and where the program at rest (no recording open, no job, garbage collected) holds more at
the end than after warming up: more widgets, more than one thread (the network's own start late), or
`TOLERANCE` more resident memory. What the C library keeps for itself is given back before that is
looked at; it is printed too.
"""

from __future__ import annotations

import argparse
import ctypes
import faulthandler
import gc
import math
import random
import shutil
import statistics
import sys
import tempfile
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import QPoint, QPointF, Qt, QtMsgType, qInstallMessageHandler
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QDialog, QMessageBox

from app.services.workroom import Workroom
from benchmarks.desk import (
    add,
    application,
    known_recording,
    let_work,
    make_call,
    open_window,
    settle,
    write_call,
)
from ui.dialogs.facts import FactsDialog
from ui.dialogs.label import LabelDialog

TOLERANCE = 0.08
WARM_UP_SHARE = 0.25
RESTS = 40
COMPARED = 3
NOT_TRIGGERED = {  # ask the system for a file, or end the program
    "open",
    "demo",
    "add_questioned",
    "add_known",
    "add_reference",
    "export",
    "verify",
    "quit",
}
WORDS = ("A", "B", "홍길동", "ko", "웃음", "<b>&", "0", "", "긴 설명 " * 20)


@dataclass(frozen=True, slots=True)
class Rest:
    """The program at rest; `kept_kb` is what was resident before the C library gave back."""

    resident_kb: int
    kept_kb: int
    widgets: int
    threads: int


def resident_kb() -> int:
    """Resident memory of this process."""
    return int(_status("VmRSS").split()[0])


def n_threads() -> int:
    """Threads of this process, whoever started them."""
    return int(_status("Threads"))


def _status(name: str) -> str:
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(line.split(":", 1)[1] for line in lines if line.startswith(name + ":"))


class Soak:
    """One window, and everything that is done to it."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.random = random.Random(seed)
        self.folder, self.problems = folder, list[str]()
        self.untouched = folder / "untouched"
        self.done: Counter[str] = Counter()
        self.case = self._make_case()
        self.window = open_window(folder)
        self._listen()
        self.window.desk.open(self.case)
        settle(self.window)
        self.steps: list[tuple[int, Callable[[], object]]] = [
            (30, self.wheel),
            (20, self.drag),
            (10, self.click),
            (20, self.trigger),
            (20, self.edit),
            (8, self.panel_action),
            (6, self.choose_segments),
            (5, self.open_recording),
            (3, self.close_recording),
            (4, self.look),
            (4, self.dialog),
            (3, self.switch_panel),
            (2, self.language),
            (2, self.scheme),
            (2, self.resize),
            (2, self.measure),
            (2, self.exchange),
            (2, self.listen),
            (2, self.channel),
            (1, self.compare),
            (1, self.check_case),
            (1, self.reopen),
            (1, self.stop_jobs),
        ]

    def _make_case(self) -> Path:
        call, case = make_call(), self.folder / "case"
        room = Workroom.create(case, "SOAK", "x")
        add(room, write_call(call, self.folder / "call.wav", stereo=False), "questioned")
        add(room, known_recording(), "known")
        add(room, write_call(call, self.folder / "stereo.wav", stereo=True), "reference")
        room.close()
        shutil.copytree(case, self.untouched)
        return case

    # What counts as a problem

    def _listen(self) -> None:
        def hook(kind: type[BaseException], error: BaseException, at: TracebackType | None) -> None:
            self.problem("".join(traceback.format_exception(kind, error, at)))

        sys.excepthook = hook
        threading.excepthook = lambda a: hook(
            a.exc_type, a.exc_value or a.exc_type(), a.exc_traceback
        )
        sys.unraisablehook = lambda a: hook(
            a.exc_type, a.exc_value or a.exc_type(), a.exc_traceback
        )
        qInstallMessageHandler(self._qt_message)

    def _qt_message(self, kind: QtMsgType, context: object, text: str) -> None:
        if kind in (QtMsgType.QtCriticalMsg, QtMsgType.QtFatalMsg, QtMsgType.QtWarningMsg):
            self.problem(f"Qt: {text}")

    def problem(self, text: str) -> None:
        """Remember a problem and say it at once."""
        if text not in self.problems:
            self.problems.append(text)
            print(text, flush=True)

    def close_popups(self) -> None:
        """Close menus and dialogs; an unexpected error in one of them is a problem."""
        for widget in QApplication.topLevelWidgets():
            if isinstance(widget, QMessageBox) and widget.icon() == QMessageBox.Icon.Critical:
                self.problem(widget.detailedText())
            if widget is not self.window and widget.isVisible():
                widget.close()

    # What is done

    def run(self, minutes: float) -> None:
        """Do it, with a rest now and then."""
        start, end = time.monotonic(), time.monotonic() + 60 * minutes
        every = max(10.0, (end - start) / RESTS)
        rests: list[Rest] = []
        next_rest = start + WARM_UP_SHARE * (end - start)
        weights, steps = zip(*self.steps, strict=True)
        while time.monotonic() < end:
            step = self.random.choices(steps, weights)[0]
            self.done[step.__name__] += 1
            step()
            let_work(self.random.choice((0.0, 0.0, 0.01, 0.05)))
            self.close_popups()
            if time.monotonic() >= next_rest:
                next_rest += every
                rests.append(self.rest())
                print(f"{time.monotonic() - start:6.0f} s  {rests[-1]}", flush=True)
        rests.append(self.rest())
        self.judge(rests)
        self.window.close()

    def rest(self) -> Rest:
        """Look at the program with no recording open."""
        self.close_popups()
        self.window.board.cancel_all()
        self.window.workspace.close_all()
        settle(self.window)
        for _ in range(3):
            gc.collect()
            let_work(0.05)
        kept_kb = resident_kb()
        ctypes.CDLL(None).malloc_trim(0)
        return Rest(resident_kb(), kept_kb, len(QApplication.allWidgets()), n_threads())

    def judge(self, rests: list[Rest]) -> None:
        """Compare the end with the state after warming up."""
        allowed = {"resident_kb": TOLERANCE, "widgets": 0.0}
        for name in ("resident_kb", "kept_kb", "widgets", "threads"):
            values = [getattr(rest, name) for rest in rests]
            first, last = (statistics.median(v) for v in (values[:COMPARED], values[-COMPARED:]))
            print(f"{name:12} {first:10.0f} {last:10.0f}")
            limit = first + 1 if name == "threads" else first * (1 + allowed.get(name, math.inf))
            if last > limit:
                self.problem(f"{name} grew from {first:.0f} to {last:.0f}")

    def _point(self) -> QPoint | None:
        track = self.window.workspace.active
        if track is None:
            return None
        area = track._plots.viewport().rect()
        return QPoint(self.random.randint(0, area.width()), self.random.randint(0, area.height()))

    def wheel(self) -> None:
        """Zoom or scroll with the wheel."""
        track, at = self.window.workspace.active, self._point()
        if track is None or at is None:
            return
        shift = Qt.KeyboardModifier.ShiftModifier
        keys = self.random.choice((Qt.KeyboardModifier.NoModifier, shift))
        turned = QPoint(0, self.random.choice((-360, -120, 120, 120, 360)))
        viewport = track._plots.viewport()
        event = QWheelEvent(
            QPointF(at),
            QPointF(viewport.mapToGlobal(at)),
            QPoint(),
            turned,
            Qt.MouseButton.NoButton,
            keys,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(viewport, event)

    def drag(self) -> None:
        """Select, pull, or move an edge."""
        track, start, end = self.window.workspace.active, self._point(), self._point()
        if track is None or start is None or end is None:
            return
        viewport = track._plots.viewport()
        button = self.random.choice(
            (Qt.MouseButton.LeftButton,) * 3 + (Qt.MouseButton.MiddleButton,)
        )
        if self.random.random() < 0.4:
            start.setY(8)
        QTest.mousePress(viewport, button, pos=start)
        for part in (0.3, 0.6, 1.0):
            QTest.mouseMove(viewport, start + (end - start) * part)
            let_work(0.005)
        QTest.mouseRelease(viewport, button, pos=end)

    def click(self) -> None:
        """Click or double-click somewhere."""
        track, at = self.window.workspace.active, self._point()
        if track is not None and at is not None:
            click = self.random.choice((QTest.mouseClick, QTest.mouseDClick))
            keys = self.random.choice(
                (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ControlModifier)
            )
            button = self.random.choice((Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton))
            if self.random.random() < 0.4:
                at.setY(8)
            click(track._plots.viewport(), button, keys, at)

    def trigger(self) -> None:
        """Whatever a menu or a key can do without the system's file dialogs."""
        names = [n for n in self.window._actions if n not in NOT_TRIGGERED | {"close_case"}]
        actions = [self.window._actions[n] for n in names]
        actions += self.window.workspace._actions.values()
        self.random.choice(actions).trigger()

    def edit(self) -> None:
        """Edit segments."""
        names = ("accept", "accept_all", "split", "join", "exclude", "label", "delete")
        weights = (4, 1, 8, 2, 4, 3, 2)
        self.window.segments.actions_by_name[self.random.choices(names, weights)[0]].trigger()
        for dialog in self.window.findChildren(LabelDialog):
            if dialog.isVisible():
                dialog._speaker.setCurrentText(self.random.choice(WORDS))
                dialog._remark.setText(self.random.choice(WORDS))
                (dialog.accept if self.random.random() < 0.8 else dialog.reject)()

    def panel_action(self) -> None:
        """Mark, undo, redo, filter, sort."""
        window, panel = self.window, self.window.segments
        self.random.choice(
            (
                window.tracks.mark_selection,
                window.desk.undo,
                window.desk.redo,
                lambda: panel._words.setText(self.random.choice(WORDS)),
                lambda: panel._words.clear(),
                lambda: panel._view.sortByColumn(
                    self.random.randrange(8), self.random.choice(list(Qt.SortOrder))
                ),
            )
        )()

    def choose_segments(self) -> None:
        """Choose rows of the table."""
        view = self.window.segments._view
        rows = view.model().rowCount()
        if rows:
            view.selectRow(self.random.randrange(rows))
            if self.random.random() < 0.3:
                view.selectAll()

    def open_recording(self) -> None:
        """Open one of the case's recordings."""
        self.window.tracks.open_exhibit(self.random.choice((1, 2, 3)))

    def close_recording(self) -> None:
        """Close the active one."""
        self.window.tracks.close_active()

    def look(self) -> None:
        """Another spectrogram."""
        panel = self.window.look
        box = self.random.choice(
            (panel._window, panel._overlap, panel._low, panel._high, panel._range, panel._highest)
        )
        value = self.random.uniform(box.minimum(), box.maximum())
        box.setValue(value if box is panel._window else int(value))
        combo = self.random.choice((panel._preset, panel._axis, panel._colours))
        _choose(combo, self.random)

    def dialog(self) -> None:
        """Open a dialog and close it, facts with what was written."""
        window = self.window
        dialog: QDialog | None = self.random.choice(
            (
                window.case_actions.new,
                window.case_actions.edit_facts,
                lambda: window.case_actions.edit_exhibit_facts(self.random.choice((1, 2, 3))),
                window.show_shortcuts,
                window.case_actions.report,
            )
        )()
        if dialog is None:
            return
        let_work(0.02)
        if isinstance(dialog, FactsDialog) and self.random.random() < 0.5:
            field = self.random.choice(list(dialog._fields.values()))
            word = self.random.choice(WORDS)
            field.setText(word) if hasattr(field, "setText") else field.setPlainText(word)
            dialog.accept()
        else:
            dialog.reject()

    def switch_panel(self) -> None:
        """Another panel, or none."""
        window = self.window
        window._tabs.setCurrentIndex(self.random.randrange(window._tabs.count()))
        dock = self.random.choice((window._navigator_dock, window._inspector_dock))
        dock.setVisible(self.random.random() < 0.8)

    def language(self) -> None:
        """Switch the language."""
        self.window.set_language(self.random.choice(("ko", "en")))

    def scheme(self) -> None:
        """Switch the theme."""
        self.window.set_scheme(self.random.choice(("light", "dark", "system")))

    def resize(self) -> None:
        """Another size."""
        self.window.resize(self.random.randint(700, 1600), self.random.randint(480, 1000))

    def measure(self) -> None:
        """Measure the selection."""
        self.window.tracks.measure_selection()

    def exchange(self) -> None:
        """Export the segments and read them again."""
        kind = self.random.choice((".TextGrid", ".txt", ".rttm", ".csv"))
        path = self.folder / f"segments{kind}"
        self.window.tracks.export_to(path)
        if path.exists() and self.random.random() < 0.2:
            self.window.tracks.import_from(path)

    def listen(self) -> None:
        """Play, pause, loop, gain, speed."""
        listening, bar = self.window.listening, self.window.transport
        self.random.choice(
            (
                listening.toggle,
                listening.stop,
                listening.toggle_loop,
                lambda: listening.change_speed(self.random.choice((-1, 1))),
                lambda: bar._gain.setValue(self.random.uniform(-40, 40)),
            )
        )()

    def channel(self) -> None:
        """Another channel's spectrogram."""
        track = self.window.workspace.active
        if track is not None:
            _choose(track._channel, self.random)
        _choose(self.window.transport._channel, self.random)

    def compare(self) -> None:
        """Choose voices and compare them."""
        panel = self.window.comparison
        side = self.random.choice(("questioned", "known"))
        panel.set_exhibit(side, self.random.choice((1, 2, 3)))
        _choose(panel._sides[side].voice, self.random)
        self.window.case_actions.compare()

    def check_case(self) -> None:
        """Check the case."""
        self.window.case_actions.check()

    def reopen(self) -> None:
        """Close the case; open it again, or another that nobody has worked in: what a case holds
        must not grow for ever, else memory does."""
        self.window.case_actions.close()
        let_work(0.05)
        if self.random.random() < 0.7:
            shutil.rmtree(self.case)
            shutil.copytree(self.untouched, self.case)
        self.window.desk.open(self.case)
        settle(self.window)

    def stop_jobs(self) -> None:
        """Stop every job."""
        self.window.board.cancel_all()


def _choose(combo: QComboBox, chance: random.Random) -> None:
    if combo.count():
        index = chance.randrange(combo.count())
        combo.setCurrentIndex(index)
        combo.activated.emit(index)


def main() -> int:
    """Print a line per rest, the counts, and every problem."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    faulthandler.enable()
    application()
    with tempfile.TemporaryDirectory() as folder:
        soak = Soak(Path(folder), arguments.seed)
        soak.run(arguments.minutes)
    print(sum(soak.done.values()), "steps:", dict(soak.done))
    print(len(soak.problems), "problems")
    return 1 if soak.problems else 0


if __name__ == "__main__":
    sys.exit(main())
