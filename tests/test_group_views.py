"""Matrix, rings and gallery in the window, driven as an examiner would."""

from __future__ import annotations

import csv
import os
import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

if "DISPLAY" not in os.environ:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QPoint, QPointF, QSettings, Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from app.resources import DEMO, DEMO_KNOWN, DEMO_QUESTIONED
from app.services.grouping import Grouping
from app.services.workroom import Workroom
from engine.casefile import work
from engine.groups.layout import lay_out
from ui.main_window import MainWindow


@pytest.fixture
def window(qtbot: QtBot, tmp_path: Path) -> Iterator[MainWindow]:
    """The window with the demo's case, in English, its voices grouped."""
    settings = QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat)
    settings.setValue("language", "en")
    opened = MainWindow(settings)
    qtbot.addWidget(opened)
    opened.show()
    opened.desk.open_demo(tmp_path / "demo")
    qtbot.waitUntil(lambda: len(opened.workspace.tracks) == 2, timeout=120_000)
    idle(qtbot, opened)
    opened.groups.group()
    idle(qtbot, opened)
    yield opened
    opened.board.cancel_all()
    opened.close()
    sys.excepthook = sys.__excepthook__


def idle(qtbot: QtBot, window: MainWindow) -> None:
    qtbot.waitUntil(lambda: not window.board.running, timeout=120_000)
    QApplication.processEvents()


def grouping_of(window: MainWindow) -> Grouping:
    assert window.groups.grouping is not None
    return window.groups.grouping


def room_of(window: MainWindow) -> Workroom:
    assert window.desk.room is not None
    return window.desk.room


def test_groups_are_seen_decided_and_listened_to(
    qtbot: QtBot, window: MainWindow, tmp_path: Path
) -> None:
    desk, grouping = window.groups, grouping_of(window)
    voices = [v.path.name for v in grouping.voices]
    assert set(voices) == {DEMO_QUESTIONED, DEMO_KNOWN}
    first = voices.index(DEMO_QUESTIONED)
    second = voices.index(DEMO_KNOWN)

    desk.tabs.setCurrentWidget(desk.matrix)
    QApplication.processEvents()
    heat = desk.matrix.map
    heat.show_all()
    place = {int(v): i for i, v in enumerate(heat._order)}
    at = heat._first() + QPointF(place[second] + 0.5, place[first] + 0.5) * heat._cell_px
    assert heat.cell_at(at) == (first, second)
    qtbot.mouseClick(heat, Qt.MouseButton.LeftButton, pos=at.toPoint())
    assert f"{grouping.pair(first, second):+.2f}" in desk.matrix._readout.text()

    desk.matrix._buttons["different_voice"].click()
    idle(qtbot, window)
    with room_of(window).case() as case:
        assert [d.kind for d in work.decisions(case)] == ["different_voice"]
    assert all(not {first, second} <= set(p.voices) for p in grouping_of(window).people)
    window.desk.undo()
    desk.group()
    idle(qtbot, window)
    assert not grouping_of(window).decisions.different_voice

    canvas = desk.rings.canvas
    desk.tabs.setCurrentWidget(desk.rings)
    QApplication.processEvents()
    canvas.show_all()
    assert canvas.picture is not None
    node = next(
        i
        for i, n in enumerate(canvas.picture.nodes)
        if n.kind == "call" and n.name == voices[first]
    )
    qtbot.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=canvas.place_of(node).toPoint())
    assert canvas.focus == node
    assert voices[first] in desk.rings._details.toPlainText()
    before = canvas.place_of(node)
    grab = QPoint(round(before.x()), round(before.y()))
    qtbot.mousePress(canvas, Qt.MouseButton.LeftButton, pos=grab)
    qtbot.mouseMove(canvas, grab + QPoint(30, 20))
    qtbot.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=grab + QPoint(30, 20))
    moved = canvas.place_of(node) - before
    assert moved.x() == pytest.approx(30, abs=2) and moved.y() == pytest.approx(20, abs=2)

    desk.rings.role_decided.emit(first, "victim")
    idle(qtbot, window)
    assert "victim" in grouping_of(window).rings.roles.values()
    desk.listen(first)
    idle(qtbot, window)
    assert desk.tabs.currentWidget() is window.workspace
    assert window.workspace.active is not None
    assert window.workspace.active.opened.name == voices[first]
    start_s = grouping.voices[first].segments[0].start_s
    assert window.workspace.active.cursor_s == pytest.approx(start_s, abs=0.01)


def test_graph_is_exported(window: MainWindow, tmp_path: Path) -> None:
    view, grouping = window.groups.rings, grouping_of(window)
    window.groups.tabs.setCurrentWidget(view)
    QApplication.processEvents()
    for suffix in ("png", "svg", "graphml", "csv"):
        view.export_to(tmp_path / f"graph.{suffix}")
    assert not QImage(str(tmp_path / "graph.png")).isNull()
    assert ET.parse(tmp_path / "graph.svg").getroot().tag.endswith("svg")
    graph = ET.parse(tmp_path / "graph.graphml").getroot()
    space = "{http://graphml.graphdrawing.org/xmlns}"
    calls = {v.path.name for v in grouping.voices}
    assert len(list(graph.iter(f"{space}node"))) == len(grouping.people) + len(calls)
    assert len(list(graph.iter(f"{space}edge"))) == len(grouping.voices)
    with (tmp_path / "graph.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["call"] for row in rows} == calls and len(rows) == len(grouping.voices)


def test_gallery_is_filled_searched_and_watched(
    qtbot: QtBot, window: MainWindow, tmp_path: Path
) -> None:
    desk = window.groups
    desk.use_gallery(tmp_path / "gallery")
    desk.search.enrol_asked.emit(2, True)
    idle(qtbot, window)
    desk.search.search_asked.emit(1)
    idle(qtbot, window)
    table = desk.search.table
    desk.search._least.setValue(-6.0)
    assert table.rowCount() >= 1
    texts = [table.item(0, column).text() for column in range(table.columnCount())]
    assert DEMO_KNOWN in texts and float(texts[2]) and float(texts[3]) > 0
    desk.tabs.setCurrentIndex(0)
    desk.watch([1])
    idle(qtbot, window)
    assert desk.tabs.currentWidget() is desk.search
    assert "Watch-list" in desk.search._summary.text()
    window.set_language("ko")
    QApplication.processEvents()
    assert "감시 목록" in desk.search._summary.text()
    assert [desk.tabs.tabText(i) for i in range(4)] == ["녹음", "행렬", "조직", "음성 보관함"]
    window.desk.close()
    QApplication.processEvents()
    assert desk.grouping is None and desk.search.table.rowCount() == 0


def test_new_recordings_are_compared_with_the_watch_list(
    qtbot: QtBot, window: MainWindow, tmp_path: Path
) -> None:
    desk = window.groups
    desk.use_gallery(tmp_path / "gallery")
    desk.search.enrol_asked.emit(2, True)
    idle(qtbot, window)
    desk.search._least.setValue(-6.0)
    other = next(p for p in DEMO.glob("*_synthetic.wav"))
    window.desk.add([other], "questioned")
    qtbot.waitUntil(lambda: desk.search._is_watch, timeout=120_000)
    idle(qtbot, window)
    assert other.name in desk.search.table.item(0, 0).text()


def test_layout_keeps_parts_apart_and_neighbours_near() -> None:
    rng = np.random.default_rng(0)
    edges = np.array([(i, (i + 1) % 30) for i in range(30)] + [(30 + i, 60) for i in range(30)])
    edges = edges[rng.permutation(len(edges))]
    places = lay_out(70, edges)
    assert places.shape == (70, 2) and np.isfinite(places).all()
    graph = coo_matrix((np.ones(len(edges)), edges.T), shape=(70, 70))
    _, part = connected_components(graph, directed=False)
    boxes = [(places[part == p].min(axis=0), places[part == p].max(axis=0)) for p in set(part)]
    for i, (low, high) in enumerate(boxes):
        for other_low, other_high in boxes[i + 1 :]:
            assert (high < other_low).any() or (other_high < low).any()
    near = np.linalg.norm(places[edges[:, 0]] - places[edges[:, 1]], axis=1).mean()
    ring = places[:30]
    assert near < np.linalg.norm(ring[:, None] - ring[None], axis=2).mean()
