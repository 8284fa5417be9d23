"""What the window leaves behind: nothing."""

from __future__ import annotations

import gc
import os
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import shiboken6

if "DISPLAY" not in os.environ:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QObject, QRunnable, QSettings, QTimer
from pytestqt.qtbot import QtBot

from app.services.workroom import Workroom
from engine.progress import CancelToken
from ui.main_window import MainWindow
from ui.qt_jobs import Job
from ui.widgets.spectrogram import TileLoader
from ui.widgets.track import TrackView

TIMES = 5
LEFT_BEHIND = (TrackView, Job, TileLoader)


@pytest.fixture
def window(qtbot: QtBot, tmp_path: Path) -> MainWindow:
    settings = QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat)
    opened = MainWindow(settings)
    qtbot.addWidget(opened)
    opened.show()
    return opened


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where this test's temporary folders lie, and no others."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield folder


@pytest.fixture
def case(tmp_path: Path, demo_media: tuple[Path, Path]) -> Path:
    folder = tmp_path / "case"
    room = Workroom.create(folder, "1", "x")
    for path, role in zip(demo_media, ("questioned", "known"), strict=True):
        room.add([path], role, lambda *_: None, CancelToken())
    room.close()
    return folder


def recordings_first(window: MainWindow) -> None:
    for track in list(window.workspace.tracks):
        window.workspace.close_track(track)
    window.case_actions.close()


def case_first(window: MainWindow) -> None:
    window.case_actions.close()


def in_the_middle_of_it(window: MainWindow) -> None:
    """While the spectrogram is computed and jobs run."""
    window.workspace.tracks[0].show_range(1.0, 2.0)
    window.tracks.propose()
    window.case_actions.close()


@pytest.mark.parametrize("close", [recordings_first, case_first, in_the_middle_of_it])
def test_a_closed_case_leaves_nothing(
    qtbot: QtBot,
    window: MainWindow,
    case: Path,
    temporary: Path,
    close: Callable[[MainWindow], None],
) -> None:
    held: list[tuple[int, int]] = []
    others = left_behind()  # those of other tests, kept for as long as this one runs
    before = {id(o) for o in others}

    def holds_no_more() -> bool:
        now = n_threads(), len(window.findChildren(QObject))
        held.append(now)
        return all(a <= b for a, b in zip(now, held[0], strict=True))

    for _ in range(TIMES):
        window.desk.open(case)
        qtbot.waitUntil(lambda: len(window.workspace.tracks) == 2, timeout=60_000)
        qtbot.waitUntil(
            lambda: not window.board.running and window.workspace.is_drawn(), timeout=60_000
        )
        assert any(temporary.glob("seongmun-*")), "samples lie elsewhere: nothing is checked"
        assert not stale_wrappers()
        close(window)
        qtbot.waitUntil(lambda: not window.board.running, timeout=60_000)
        qtbot.wait(20)
        gc.collect()
        assert not list(temporary.iterdir())
        assert not [o for o in left_behind() if id(o) not in before]
        assert not [t for t in window.findChildren(QTimer) if t.isActive()]
        qtbot.waitUntil(holds_no_more)
    window.close()
    assert not list(temporary.iterdir())


def left_behind() -> list[object]:
    """Everything there is of the kinds that belong to an open recording or a job."""
    return [o for o in gc.get_objects() if isinstance(o, LEFT_BEHIND)]


def stale_wrappers() -> list[object]:
    """Python objects of work that Qt has deleted: whatever Qt makes at the same address would be
    taken for them."""
    return [o for o in shiboken6.getAllValidWrappers() if isinstance(o, QRunnable)]


def n_threads() -> int:
    """Threads of this process, whoever started them; those of Python's own elsewhere."""
    tasks = Path("/proc/self/task")
    return len(list(tasks.iterdir())) if tasks.is_dir() else threading.active_count()
