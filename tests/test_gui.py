"""The window, driven as an examiner would; a real one where there is a display."""

from __future__ import annotations

import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

import pytest

if "DISPLAY" not in os.environ:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QMimeData, QPoint, QPointF, QSettings, Qt, QUrl
from PySide6.QtGui import QAction, QDropEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QCheckBox,
    QDialog,
    QGroupBox,
    QLabel,
    QMenu,
    QMessageBox,
    QWidget,
)
from pytestqt.qtbot import QtBot

from app.messages import message
from app.services import segment_edits
from app.services.workroom import Workroom
from engine.errors import ErrorCode, SeongmunError
from engine.types import CheckStatus
from ui.dialogs.label import LabelDialog
from ui.main_window import MainWindow
from ui.review_window import ReviewWindow

ROOT = Path(__file__).parent.parent
TRANSLATIONS = ROOT / "resources" / "i18n"
PASSPHRASE = "correct horse battery"


@pytest.fixture
def window(qtbot: QtBot, tmp_path: Path) -> Iterator[MainWindow]:
    settings = QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat)
    settings.setValue("language", "ko")
    settings.setValue("cases", str(tmp_path))
    opened = MainWindow(settings)
    qtbot.addWidget(opened)
    opened.show()
    yield opened
    opened.board.cancel_all()
    opened.close()
    sys.excepthook = sys.__excepthook__


@pytest.fixture
def demo(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> MainWindow:
    """The window with the demo's case and its two recordings open."""
    window.desk.open_demo(tmp_path / "demo")
    qtbot.waitUntil(lambda: len(window.workspace.tracks) == 2, timeout=60_000)
    idle(qtbot, window)
    return window


def idle(qtbot: QtBot, window: MainWindow) -> None:
    qtbot.waitUntil(
        lambda: not window.board.running and window.workspace.is_drawn(), timeout=120_000
    )
    QApplication.processEvents()


def room_of(window: MainWindow) -> Workroom:
    assert window.desk.room is not None
    return window.desk.room


def drop(window: MainWindow, *paths: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    at = QPointF(window.rect().center())
    window.dropEvent(QDropEvent(at, Qt.DropAction.CopyAction, data, left, none))


def choose_in_menu(qtbot: QtBot, window: MainWindow, text: str) -> None:
    menus = [menu for menu in window.findChildren(QMenu) if menu.isVisible()]
    assert len(menus) == 1
    action = next(action for action in menus[0].actions() if action.text() == text)
    action.trigger()
    menus[0].close()


def visible_dialogs(window: MainWindow) -> list[QDialog]:
    return [d for d in window.findChildren(QDialog) if d.isVisible()]


def test_from_dropped_files_to_a_verified_report(
    qtbot: QtBot,
    window: MainWindow,
    demo_media: tuple[Path, Path],
    identity_files: tuple[Path, Path],
    tmp_path: Path,
) -> None:
    # Files on an empty window: a case is asked for, then what the files are.
    drop(window, demo_media[0])
    dialog = visible_dialogs(window)[0]
    dialog.number.setText("2026-77")
    dialog.examiner.setText("홍길동")
    dialog.accept()
    idle(qtbot, window)
    choose_in_menu(qtbot, window, "문제음성으로 추가")
    qtbot.waitUntil(lambda: len(window.workspace.tracks) == 1, timeout=60_000)
    idle(qtbot, window)
    drop(window, demo_media[1])
    choose_in_menu(qtbot, window, "대조음성으로 추가")
    qtbot.waitUntil(lambda: len(window.workspace.tracks) == 2, timeout=60_000)
    idle(qtbot, window)
    room = room_of(window)
    assert [e.role for e in room.overview().exhibits] == ["questioned", "known"]

    # Proposals came by themselves; the examiner labels those of the known recording.
    proposals = room.segments(2)
    assert proposals and {s.origin for s in proposals} == {"auto"}
    window.desk.edit(segment_edits.changed(proposals, speaker="김철수"))
    assert {s.origin for s in room.segments(2)} == {"manual"}

    # Compare all speech of the one with the labelled voice of the other.
    panel = window.comparison
    window.show_panel(panel)
    panel._sides["known"].voice.setCurrentIndex(1)
    panel._sides["known"].voice.activated.emit(1)
    idle(qtbot, window)
    choices = panel.choices()
    assert choices is not None and choices[0].segments is None
    assert choices[1].segments is not None and choices[1].segments[0].speaker == "김철수"
    assert panel._compare.isEnabled()
    qtbot.mouseClick(panel._compare, Qt.MouseButton.LeftButton)
    idle(qtbot, window)
    assert panel.finished is not None
    steps = [step.name for step in panel.finished.comparison.known.steps]
    assert "examiner_segments" in steps and "detect_speech" not in steps
    ratio = panel.finished.comparison.likelihood_ratio
    assert f"{ratio.log10_lr:.2f}" in panel._text.text()
    assert message("cli.comparison", "ko")[-20:] in panel._text.text()

    # The report is signed, kept in the case, verified with the case's recordings.
    target = tmp_path / "report.pdf"
    report = window.case_actions.report()
    assert report is not None
    report._target.setText(str(target))
    report._kind.setCurrentIndex(report._kind.findData("file"))
    report._paths["file"].setText(str(identity_files[0]))
    report._secret.setText("correct horse")
    report.accept()
    idle(qtbot, window)
    assert b"/ByteRange" in target.read_bytes()
    assert [r.signed for r in room.overview().reports] == [1]
    drop(window, target)
    (review,) = window.findChildren(ReviewWindow)
    qtbot.waitUntil(lambda: not review.board.running, timeout=120_000)
    assert review.view.review is not None
    checks = {c.id: c.status for c in review.view.review.verification.result.checks}
    for name in ("result.recomputed", "media.questioned", "case.anchor"):
        assert checks[name] is CheckStatus.PASS
    review.close()


def test_segments_are_edited_by_mouse_and_keyboard(qtbot: QtBot, demo: MainWindow) -> None:
    room, track = room_of(demo), demo.workspace.tracks[0]
    demo.workspace.activate(track)
    number = track.opened.exhibit_id
    demo.desk.edit(([s.id for s in room.segments(number)], []))
    assert room.segments(number) == []
    track.select(2.0, 6.0)
    demo._actions["mark"].trigger()
    (made,) = room.segments(number)
    assert (made.start_s, made.end_s, made.origin) == (2.0, 6.0, "manual")

    drag_edge(qtbot, demo, track, 6.0, 9.0)
    (moved,) = room.segments(number)
    assert moved.start_s == 2.0
    assert moved.end_s == pytest.approx(9.0, abs=0.1)

    panel = demo.segments
    panel.choose({moved.id})
    track.set_cursor(4.0)
    panel.actions_by_name["split"].trigger()
    assert [s.end_s for s in room.segments(number)] == [4.0, moved.end_s]
    panel.choose({s.id for s in room.segments(number)})
    panel.actions_by_name["join"].trigger()
    panel.choose({s.id for s in room.segments(number)})
    panel.actions_by_name["exclude"].trigger()
    (excluded,) = room.segments(number)
    assert (excluded.start_s, excluded.excluded) == (2.0, 1)

    # Every edit is a row with its author, and every one can be taken back.
    authors = room.authors()
    assert authors[excluded.edit_id]
    for expected in (0, 0):
        demo._actions["undo"].trigger()
        assert [s.excluded for s in room.segments(number)].count(1) == expected
    assert len(room.segments(number)) == 2
    demo._actions["redo"].trigger()
    assert len(room.segments(number)) == 1


def drag_edge(qtbot: QtBot, window: MainWindow, track: object, from_s: float, to_s: float) -> None:
    """Drag in the lane with real mouse events."""
    plots, box = track._plots, track._lane.box  # type: ignore[attr-defined]
    track.show_range(0.0, 12.0)  # type: ignore[attr-defined]
    idle(qtbot, window)

    def at(time_s: float) -> QPoint:
        return plots.mapFromScene(box.mapViewToScene(QPointF(time_s, 0.5)))

    port = plots.viewport()
    qtbot.mouseMove(port, at(from_s))
    qtbot.mousePress(port, Qt.MouseButton.LeftButton, pos=at(from_s))
    for share in (0.2, 0.5, 0.8, 1.0):
        qtbot.mouseMove(port, at(from_s + share * (to_s - from_s)))
        qtbot.wait(30)
    qtbot.mouseRelease(port, Qt.MouseButton.LeftButton, pos=at(to_s))
    QApplication.processEvents()


def test_table_sorts_filters_and_edits_in_place(qtbot: QtBot, demo: MainWindow) -> None:
    room, track = room_of(demo), demo.workspace.tracks[0]
    demo.workspace.activate(track)
    number = track.opened.exhibit_id
    new = [
        segment_edits.added(number, 0, start, start + 1, speaker)[1][0]
        for start, speaker in ((1.0, "나"), (3.0, "가"), (5.0, "나"))
    ]
    demo.desk.edit(([s.id for s in room.segments(number)], new))
    rows = demo.segments._filter
    demo.segments._words.setText("나")
    assert rows.rowCount() == 2
    demo.segments._words.clear()
    rows.sort(4, Qt.SortOrder.AscendingOrder)
    assert [rows.index(row, 4).data() for row in range(3)] == ["가", "나", "나"]
    rows.setData(rows.index(0, 4), "다")
    assert sorted(s.speaker for s in room.segments(number)) == ["나", "나", "다"]


def test_segments_go_out_and_come_back(qtbot: QtBot, demo: MainWindow, tmp_path: Path) -> None:
    room, track = room_of(demo), demo.workspace.tracks[0]
    demo.workspace.activate(track)
    number = track.opened.exhibit_id
    one = segment_edits.added(number, 0, 1.0, 2.5, "발신자")[1]
    demo.desk.edit(([s.id for s in room.segments(number)], one))
    for suffix in (".TextGrid", ".txt", ".rttm", ".csv"):
        target = tmp_path / f"구간{suffix}"
        demo.tracks.export_to(target)
        assert target.stat().st_size > 0
        demo.desk.edit(([s.id for s in room.segments(number)], []))
        demo.tracks.import_from(target)
        (back,) = room.segments(number)
        assert (back.start_s, back.end_s, back.speaker) == (1.0, 2.5, "발신자")


def test_selection_is_measured(qtbot: QtBot, demo: MainWindow) -> None:
    track = demo.workspace.active
    assert track is not None
    demo.show_panel(demo.quality)
    track.select(2.0, 4.0)
    demo.tracks.measure_selection()
    idle(qtbot, demo)
    text = demo.quality._text.text()
    assert "2.0 s" in text and message("suitability.unsuitable", "ko") in text


def test_language_switches_everything_and_loses_nothing(qtbot: QtBot, demo: MainWindow) -> None:
    sources = translations("ko")
    shown = shown_texts(demo)
    left_in_english = shown & {s for s, t in sources.items() if s != t}
    assert left_in_english == set()
    before = (len(demo.workspace.tracks), demo.comparison.choices())
    demo.set_language("en")
    QApplication.processEvents()
    left_in_korean = {text for text in shown_texts(demo) if is_korean(text)}
    allowed = {"한국어", *(t.opened.name for t in demo.workspace.tracks)}
    names = [t.opened.name for t in demo.workspace.tracks]
    assert {t for t in left_in_korean - allowed if not any(n in t for n in names)} == set()
    assert (len(demo.workspace.tracks), demo.comparison.choices()) == before


def shown_texts(window: QWidget) -> set[str]:
    texts: set[str] = {window.windowTitle()}
    for widget in window.findChildren(QWidget):
        if isinstance(widget, QLabel | QAbstractButton | QCheckBox):
            texts.add(widget.text())
        if isinstance(widget, QGroupBox | QMenu):
            texts.add(widget.title())
        texts.add(widget.toolTip())
    texts |= {action.text() for action in window.findChildren(QAction)}
    return texts - {""}


def is_korean(text: str) -> bool:
    return any("가" <= letter <= "힣" for letter in text)


def translations(language: str) -> dict[str, str]:
    tree = ET.parse(TRANSLATIONS / f"seongmun_{language}.ts")
    return {
        str(m.findtext("source")): "".join(m.find("translation").itertext())  # type: ignore[union-attr]
        for m in tree.iter("message")
    }


@pytest.mark.parametrize("language", ["ko", "en"])
def test_translations_are_complete_and_compiled(language: str, tmp_path: Path) -> None:
    name = f"seongmun_{language}"
    tree = ET.parse(TRANSLATIONS / f"{name}.ts")
    unfinished = [m.findtext("source") for m in tree.iter("message") if is_unfinished(m)]
    assert unfinished == []
    tools = Path(sys.executable).parent
    collected = tmp_path / f"{name}.ts"
    collected.write_bytes((TRANSLATIONS / f"{name}.ts").read_bytes())
    plural = ["-pluralonly"] if language == "en" else []
    files = sorted(str(p) for p in (ROOT / "ui").rglob("*.py"))
    run = [str(tools / "pyside6-lupdate"), *files, "-silent", "-no-obsolete", "-locations", "none"]
    languages = ["-source-language", "en", "-target-language", language]
    subprocess.run([*run, *languages, *plural, "-ts", str(collected)], check=True, cwd=ROOT)
    missing = [
        m.findtext("source") for m in ET.parse(collected).iter("message") if is_unfinished(m)
    ]
    assert missing == []
    compiled = tmp_path / f"{name}.qm"
    release = [str(tools / "pyside6-lrelease"), "-silent", str(TRANSLATIONS / f"{name}.ts")]
    subprocess.run([*release, "-qm", str(compiled)], check=True)
    assert compiled.read_bytes() == (TRANSLATIONS / f"{name}.qm").read_bytes()


def is_unfinished(entry: ET.Element) -> bool:
    translation = entry.find("translation")
    assert translation is not None
    return translation.get("type") == "unfinished" or not "".join(translation.itertext()).strip()


@pytest.mark.parametrize("language", ["ko", "en"])
def test_every_dialog_opens(qtbot: QtBot, demo: MainWindow, language: str, tmp_path: Path) -> None:
    demo.set_language("ko" if language == "ko" else "en")
    room, actions = room_of(demo), demo.case_actions
    segments = room.segments(1)
    locked = SeongmunError(ErrorCode.CASE_LOCKED, actor="a", computer="b", since_utc="c")
    openers = [
        actions.new,
        actions.edit_facts,
        lambda: actions.edit_exhibit_facts(1),
        lambda: actions._ask_passphrase(tmp_path, True),
        lambda: actions._ask_read_only(tmp_path, locked),
        lambda: demo.tracks.label(segments[:1]),
        demo.show_shortcuts,
        lambda: demo.show_error(locked),
        lambda: demo.show_error(ValueError("unexpected")),
    ]
    for opener in openers:
        opener()
        dialogs = visible_dialogs(demo)
        assert len(dialogs) == 1
        texts = shown_texts(dialogs[0])
        if language == "ko":
            assert texts & set(translations("ko")) <= {"Seongmun"}
        else:
            assert {t for t in texts if is_korean(t) and "_synthetic" not in t} <= {"한국어"}
        dialogs[0].close()
        QApplication.processEvents()


def test_label_dialog_changes_only_what_was_changed(qtbot: QtBot, demo: MainWindow) -> None:
    segments = (
        segment_edits.added(1, 0, 0.0, 1.0, "가")[1] + segment_edits.added(1, 0, 2.0, 3.0, "나")[1]
    )
    dialog = LabelDialog(segments, ["가", "나"], demo)
    dialog._remark.setText("웃음")
    assert [(s.speaker, s.remark) for s in dialog.edit()[1]] == [("가", "웃음"), ("나", "웃음")]


def test_error_is_shown_in_plain_words(qtbot: QtBot, demo: MainWindow, tmp_path: Path) -> None:
    demo.desk.open(tmp_path / "없는 사건")
    idle(qtbot, demo)
    boxes = [box for box in demo.findChildren(QMessageBox) if box.isVisible()]
    assert len(boxes) == 1
    assert "사건 폴더가 아닙니다" in boxes[0].text()
    assert boxes[0].informativeText() == "case.missing"
    boxes[0].close()
    assert room_of(demo).folder == tmp_path / "demo"


def test_unexpected_error_can_be_copied_and_loses_nothing(qtbot: QtBot, demo: MainWindow) -> None:
    try:
        raise RuntimeError("boom")
    except RuntimeError as error:
        sys.excepthook(RuntimeError, error, error.__traceback__)
    box = next(b for b in demo.findChildren(QMessageBox) if b.isVisible())
    next(b for b in box.buttons() if b.text() == "세부 내용 복사").click()
    assert "RuntimeError: boom" in QApplication.clipboard().text()
    assert box.isVisible()
    box.close()
    assert len(room_of(demo).overview().exhibits) == 2


def test_cancelled_jobs_leave_nothing(
    qtbot: QtBot, demo: MainWindow, demo_media: tuple[Path, Path]
) -> None:
    demo.show_panel(demo.comparison)
    idle(qtbot, demo)
    demo.case_actions.compare()
    demo.board.cancel_all()
    idle(qtbot, demo)
    assert demo.comparison.finished is None
    assert room_of(demo).overview().analyses == ()


def test_closing_with_jobs_running_asks(
    qtbot: QtBot, demo: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def keep_open(box: QMessageBox) -> int:
        asked.append(box.text())
        return 0

    monkeypatch.setattr(QMessageBox, "exec", keep_open)
    demo.board.start("오래 걸리는 일", lambda progress, cancel: wait_for(cancel))
    demo.close()
    assert demo.isVisible()
    assert "오래 걸리는 일" in asked[0]
    demo.board.cancel_all()


def wait_for(cancel: object) -> None:
    while True:
        cancel.check()  # type: ignore[attr-defined]


def test_encrypted_case_asks_for_its_passphrase(
    qtbot: QtBot, window: MainWindow, tmp_path: Path
) -> None:
    Workroom.create(tmp_path / "암호", "1", "홍", passphrase=PASSPHRASE).close()
    window.desk.open(tmp_path / "암호")
    idle(qtbot, window)
    (dialog,) = visible_dialogs(window)
    dialog.setTextValue("wrong horse battery")
    dialog.accept()
    idle(qtbot, window)
    (again,) = [d for d in visible_dialogs(window) if d is not dialog]
    assert "맞지 않습니다" in again.labelText()
    again.setTextValue(PASSPHRASE)
    again.accept()
    idle(qtbot, window)
    assert room_of(window).overview().encrypted


def test_case_in_use_opens_for_reading(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    writer = Workroom.create(tmp_path / "사용 중", "1", "홍")
    try:
        window.desk.open(tmp_path / "사용 중")
        idle(qtbot, window)
        (box,) = visible_dialogs(window)
        next(b for b in box.buttons() if b.text() == "읽기 전용으로 열기").click()
        idle(qtbot, window)
        assert not room_of(window).writable
        assert not window._actions["add_questioned"].isEnabled()
        assert "읽기 전용" in window.windowTitle()
    finally:
        writer.close()


def test_recent_cases_and_settings_are_remembered(
    qtbot: QtBot, demo: MainWindow, tmp_path: Path
) -> None:
    demo.set_language("en")
    demo.look._range.setValue(55)
    demo.close()
    again = MainWindow(demo.settings)
    qtbot.addWidget(again)
    assert again.desk.recent == [tmp_path / "demo"]
    assert again.look.colours[2] == 55.0
    assert again.welcome._recent.count() == 1
    assert again._menus["help"].title() == "&Help"


def test_nothing_heavy_is_loaded_before_the_window_shows() -> None:
    program = """
import sys
from PySide6.QtWidgets import QApplication
application = QApplication([])
from ui.main_window import MainWindow
window = MainWindow()
window.show()
application.processEvents()
heavy = {"librosa", "numba", "sklearn", "matplotlib", "torch"}
heavy |= {"onnxruntime", "reportlab", "pyhanko"}
print(sorted(heavy & set(sys.modules)))
"""
    environment = os.environ | {"QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"


def test_the_same_call_twice_is_noticed(
    qtbot: QtBot, demo: MainWindow, demo_media: tuple[Path, Path], tool: object, tmp_path: Path
) -> None:
    again = tmp_path / "again.mp3"
    tool("ffmpeg", "-v", "error", "-ss", "2", "-i", demo_media[1], again)  # type: ignore[operator]
    demo.desk.add([again], "reference")
    idle(qtbot, demo)
    (box,) = visible_dialogs(demo)
    assert demo_media[1].name in box.informativeText()
    assert "again.mp3" in box.informativeText()
    box.close()
