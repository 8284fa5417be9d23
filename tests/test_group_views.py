"""Matrix, rings and gallery in the window, driven as an examiner would."""

from __future__ import annotations

import csv
import os
import sys
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

if "DISPLAY" not in os.environ:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QPoint, QPointF, QRectF, QSettings, Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from sqlcipher3 import dbapi2 as sqlite

from app.resources import DEMO, DEMO_KNOWN, DEMO_QUESTIONED
from app.services.grouping import Grouping
from app.services.verifying import verify
from app.services.workroom import Workroom
from engine.casefile import work
from engine.casefile.tables import RingReport
from engine.compare.gallery import Gallery
from engine.compare.gallery_database import DATABASE
from engine.files import hash_file
from engine.groups.layout import lay_out
from engine.progress import CancelToken, no_progress
from engine.report.sign import make_demo_identity
from engine.types import CheckStatus
from ui.main_window import MainWindow
from ui.views.ring_view import RingView
from ui.widgets.graph_canvas import LABEL_PX, GraphCanvas


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

    desk.matrix._buttons["compare"].click()
    idle(qtbot, window)
    compared = window.comparison.finished
    assert compared is not None
    ratio = compared.comparison.likelihood_ratio.log10_lr
    assert ratio == pytest.approx(grouping.pair(first, second), abs=0.05)

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
    for width in (1300, 1700):
        window.resize(width, 900)
        QApplication.processEvents()
        assert_whole(canvas)
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


def assert_whole(canvas: GraphCanvas) -> None:
    """The graph lies in the middle of the view, beside the room for names, all of it visible."""
    assert canvas.picture is not None
    places = np.array([canvas.place_of(i).toTuple() for i in range(len(canvas.picture.nodes))])
    middle = (places.min(axis=0) + places.max(axis=0)) / 2
    assert middle == pytest.approx([(canvas.width() - LABEL_PX) / 2, canvas.height() / 2], abs=1)
    assert all(QRectF(canvas.rect()).contains(*place) for place in places.tolist())


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
    kinds = [
        data.text
        for node in graph.iter(f"{space}node")
        for data in node
        if data.get("key") == "kind"
    ]
    assert Counter(kinds) == {"person": len(grouping.people), "call": len(calls), "case": 1}
    assert len(list(graph.iter(f"{space}edge"))) == len(grouping.voices) + len(calls)
    with (tmp_path / "graph.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["call"] for row in rows} == calls and len(rows) == len(grouping.voices)
    assert {row["case"] for row in rows} == {"DEMO"}
    assert "<text" in (tmp_path / "graph.svg").read_text(encoding="utf-8")


def test_calls_stand_in_the_order_of_time_and_boxes_hide_nodes(
    qtbot: QtBot, window: MainWindow
) -> None:
    """The known recording was received first but the questioned call was made before it."""
    room, view = room_of(window), window.groups.rings
    room.set_fact("received_utc", "2026-04-02", 2)
    room.set_fact("received_utc", "2026-04-05", 1)
    window.groups.group()
    idle(qtbot, window)
    assert [line(view, i) for i in (0, 1)] == [
        f"received 2026-04-02 · {DEMO_KNOWN}",
        f"received 2026-04-05 · {DEMO_QUESTIONED}",
    ]
    room.set_fact("call_started", "2026-04-01T23:30+09:00", 1)
    room.set_fact("call_direction", "incoming", 1)
    window.groups.group()
    idle(qtbot, window)
    assert [line(view, i) for i in (0, 1)] == [
        f"2026-04-01 23:30+09:00 · incoming · {DEMO_QUESTIONED}",
        f"received 2026-04-02 · {DEMO_KNOWN}",
    ]
    canvas = view.canvas
    assert canvas.picture is not None
    kinds = [node.kind for node in canvas.picture.nodes]
    case = kinds.index("case")
    window.groups.tabs.setCurrentWidget(view)
    QApplication.processEvents()
    canvas.show_all()
    assert canvas.node_at(canvas.place_of(case)) == case
    view._choose(case)
    assert DEMO_KNOWN in view._details.toPlainText()
    view._cases.setChecked(False)
    assert canvas.node_at(canvas.place_of(case)) != case
    view._once.setChecked(False)
    hidden = [i for i, kept in enumerate(canvas._kept) if not kept]
    assert {kinds[i] for i in hidden} <= {"case", "person"} and case in hidden


def line(view: RingView, row: int) -> str:
    return view._times.item(row).text()


def test_facts_of_a_call_are_chosen_and_suggested_but_never_taken_over(
    qtbot: QtBot, window: MainWindow, tmp_path: Path
) -> None:
    source = next(p for p in DEMO.glob("*_synthetic.wav"))
    named = tmp_path / "통화녹음_20260417_140300.wav"
    named.write_bytes(source.read_bytes() + b"\0\0")
    window.desk.add([named], "questioned")
    idle(qtbot, window)
    dialog = window.case_actions.edit_exhibit_facts(3)
    assert dialog is not None
    assert "2026-04-17T14:03:00" in dialog._fields["call_started"].placeholderText()
    assert "call_started" not in dialog.changed()
    dialog._fields["call_direction"].setCurrentIndex(1)
    assert dialog.changed() == {"call_direction": "incoming"}
    dialog.accept()
    idle(qtbot, window)
    assert room_of(window).overview().exhibit_facts[3] == {"call_direction": "incoming"}


def test_report_on_the_rings_is_written_and_kept(
    qtbot: QtBot, window: MainWindow, tmp_path: Path
) -> None:
    make_demo_identity(tmp_path / "id.p12", tmp_path / "id.pem", b"secret")
    dialog = window.groups.report()
    assert dialog is not None
    dialog._target.setText(str(tmp_path / "rings.pdf"))
    dialog._kind.setCurrentIndex(dialog._kind.findData("file"))
    dialog._paths["file"].setText(str(tmp_path / "id.p12"))
    dialog._secret.setText("secret")
    dialog.accept()
    idle(qtbot, window)
    with room_of(window).case() as case:
        (kept,) = case.rows(RingReport)
        found = verify(tmp_path / "rings.pdf", None, None, True, case=case)
    assert kept.signed == 1 and kept.media_sha256 == hash_file(tmp_path / "rings.pdf")[0]
    status = {check.id: check.status for check in found.result.checks}
    for name in ("signature.integrity", "rings.result", "rings.media", "case.anchor"):
        assert status[name] is CheckStatus.PASS, name
    assert found.result.verdict is CheckStatus.NOT_CHECKED


def test_calls_of_another_case_are_grouped_too(
    qtbot: QtBot, window: MainWindow, tmp_path: Path
) -> None:
    """The other case is only read; its calls cannot be listened to here, and that is said."""
    other = Workroom.create(tmp_path / "other", "2026-7", "x")
    source = next(p for p in DEMO.glob("*_synthetic.wav"))
    other.add([source], "questioned", no_progress, CancelToken())
    other.close()
    window.groups.add_case(tmp_path / "other")
    idle(qtbot, window)
    grouping = grouping_of(window)
    assert {v.facts.case_number for v in grouping.voices} == {"DEMO", "2026-7"}
    foreign = next(i for i, v in enumerate(grouping.voices) if v.facts.case_number == "2026-7")
    with qtbot.waitSignal(window.desk.message) as told:
        window.groups.listen(foreign)
    assert "another case" in told.args[0]


def test_gallery_is_filled_searched_and_watched(
    qtbot: QtBot, window: MainWindow, tmp_path: Path
) -> None:
    desk = window.groups
    desk.gallery.use(tmp_path / "gallery")
    desk.gallery.view.enrol_asked.emit(2, True)
    idle(qtbot, window)
    desk.gallery.view.search_asked.emit(1)
    idle(qtbot, window)
    table = desk.gallery.view.table
    desk.gallery.view._least.setValue(-6.0)
    assert table.rowCount() >= 1
    texts = [table.item(0, column).text() for column in range(table.columnCount())]
    assert DEMO_KNOWN in texts and float(texts[2]) and float(texts[3]) > 0
    desk.tabs.setCurrentIndex(0)
    desk.gallery.watch([1])
    idle(qtbot, window)
    assert desk.tabs.currentWidget() is desk.gallery.view
    assert "Watch-list" in desk.gallery.view._summary.text()
    window.set_language("ko")
    QApplication.processEvents()
    assert "감시 목록" in desk.gallery.view._summary.text()
    assert [desk.tabs.tabText(i) for i in range(4)] == ["녹음", "행렬", "조직", "음성 보관함"]
    window.desk.close()
    QApplication.processEvents()
    assert desk.grouping is None and desk.gallery.view.table.rowCount() == 0


def test_gallery_of_another_model_is_made_anew(
    qtbot: QtBot, window: MainWindow, tmp_path: Path
) -> None:
    desk, old = window.groups.gallery, tmp_path / "old"
    desk.use(old)
    desk.view.enrol_asked.emit(2, True)
    idle(qtbot, window)
    with closing(sqlite.connect(old / DATABASE)) as database:
        database.execute("UPDATE gallery SET model_sha256 = ?", ("0" * 64,))
        database.commit()
    desk.use(old)
    idle(qtbot, window)
    assert "another model" in desk.view._state_label.text()
    assert not desk.view._search.isEnabled() and not desk.view._reembed.isHidden()
    desk.reembed(tmp_path / "new")
    idle(qtbot, window)
    assert window.settings.value("gallery") == str(tmp_path / "new")
    assert desk.view._search.isEnabled() and desk.view._reembed.isHidden()
    with Gallery.open(old) as before, Gallery.open(tmp_path / "new") as after:
        assert len(after) == len(before) and after.count(watched_only=True) == len(after)


def test_new_recordings_are_compared_with_the_watch_list(
    qtbot: QtBot, window: MainWindow, tmp_path: Path
) -> None:
    desk = window.groups
    desk.gallery.use(tmp_path / "gallery")
    desk.gallery.view.enrol_asked.emit(2, True)
    idle(qtbot, window)
    desk.gallery.view._least.setValue(-6.0)
    other = next(p for p in DEMO.glob("*_synthetic.wav"))
    window.desk.add([other], "questioned")
    qtbot.waitUntil(lambda: desk.gallery.view._is_watch, timeout=120_000)
    idle(qtbot, window)
    assert other.name in desk.gallery.view.table.item(0, 0).text()


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
