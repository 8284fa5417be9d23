"""The examiner's work in a case: facts, segments, undo and redo; older formats."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.casefile import calls, work
from engine.casefile.archive import import_case
from engine.casefile.checks import check_case
from engine.casefile.database import DATABASE
from engine.casefile.store import CaseFile
from engine.casefile.tables import Edit, Media, Segment, Study
from engine.errors import ErrorCode, SeongmunError
from engine.types import CheckStatus

FIXTURES = Path(__file__).parent / "fixtures"


@pytest.fixture
def case(tmp_path: Path, demo_media: tuple[Path, Path]) -> Iterator[CaseFile]:
    with CaseFile.create(tmp_path / "case", "2026-2", "홍길동") as made:
        made.add(demo_media[0], "questioned", "홍길동")
        made.add(demo_media[1], "known", "홍길동")
        yield made


def sound(case: CaseFile) -> bool:
    return all(check.status is CheckStatus.PASS for check in check_case(case))


def segment(start_s: float, end_s: float, exhibit_id: int = 1, **about: str | int) -> Segment:
    return Segment(0, 0, exhibit_id, 0, start_s, end_s, **about)  # type: ignore[arg-type]


def spans(case: CaseFile, exhibit_id: int = 1) -> list[tuple[float, float]]:
    return [(s.start_s, s.end_s) for s in work.segments(case, exhibit_id)]


def test_facts_keep_their_history(case: CaseFile) -> None:
    work.set_fact(case, "홍길동", "agency", "서울경찰청")
    work.set_fact(case, "김감정", "agency", "국립과학수사연구원")
    work.set_fact(case, "김감정", "origin", "피해자 휴대전화", exhibit_id=1)
    assert work.facts(case) == {"agency": "국립과학수사연구원"}
    assert work.facts(case, 1) == {"origin": "피해자 휴대전화"}
    assert work.facts(case, 2) == {}
    history = case.connection.execute(
        "SELECT author, value FROM fact JOIN edit ON edit.id = edit_id ORDER BY fact.id"
    ).fetchall()
    assert history[:2] == [("홍길동", "서울경찰청"), ("김감정", "국립과학수사연구원")]
    work.set_fact(case, "김감정", "agency", "")
    assert work.facts(case) == {}
    assert sound(case)


def test_split_join_move_and_back(case: CaseFile) -> None:
    work.edit_segments(case, "x", [], [segment(0, 10, speaker="A")])
    whole = work.segments(case, 1)[0]
    work.edit_segments(
        case, "x", [whole.id], [replace(whole, end_s=4.0), replace(whole, start_s=4)]
    )
    assert spans(case) == [(0, 4), (4, 10)]
    first, second = work.segments(case, 1)
    work.edit_segments(case, "x", [first.id], [replace(first, end_s=3.5, remark="웃음")])
    assert spans(case) == [(0, 3.5), (4, 10)]
    assert {s.speaker for s in work.segments(case, 1)} == {"A"}
    for expected in ([(0, 4), (4, 10)], [(0, 10)], []):
        work.undo(case, "x")
        assert spans(case) == expected
    for expected in ([(0, 10)], [(0, 4), (4, 10)], [(0, 3.5), (4, 10)]):
        work.redo(case, "x")
        assert spans(case) == expected
    with pytest.raises(SeongmunError) as caught:
        work.edit_segments(case, "x", [second.id, whole.id], [])
    assert caught.value.code is ErrorCode.CASE_NO_SUCH_ROW
    assert sound(case)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(["add", "replace", "remove", "fact", "undo", "redo"]), max_size=14))
def test_undo_and_redo_follow_a_plain_history(case: CaseFile, steps: list[str]) -> None:
    """Against a list of states with a cursor, as every editor has it."""
    while work.undoable(case):
        work.undo(case, "x")
    work.set_fact(case, "x", "note", "start")

    def state() -> object:
        return work.facts(case), spans(case)

    history, cursor = [state()], 0
    for number, step in enumerate(steps):
        current = work.segments(case, 1)
        if step in ("undo", "redo"):
            moved = cursor + (-1 if step == "undo" else 1)
            if 0 <= moved < len(history):
                (work.undo if step == "undo" else work.redo)(case, "x")
                cursor = moved
            elif step == "redo":
                with pytest.raises(SeongmunError):
                    work.redo(case, "x")
        else:
            if step == "fact":
                work.set_fact(case, "x", "note", str(number))
            elif step == "add" or not current:
                work.edit_segments(case, "x", [], [segment(number, number + 1)])
            elif step == "replace":
                work.edit_segments(case, "x", [current[0].id], [segment(number, number + 2)])
            else:
                work.edit_segments(case, "x", [current[-1].id], [])
            history[cursor + 1 :] = [state()]
            cursor += 1
        assert state() == history[cursor]
    assert sound(case)


def test_what_cannot_be_edited_is_refused(case: CaseFile) -> None:
    for action, code in (
        (lambda: work.undo(case, "x"), ErrorCode.CASE_NOTHING_TO_UNDO),
        (lambda: work.redo(case, "x"), ErrorCode.CASE_NOTHING_TO_UNDO),
        (lambda: work.set_fact(case, "x", "verdict", "guilty"), ErrorCode.CASE_NO_SUCH_FACT),
        (lambda: work.set_fact(case, "x", "origin", "a", 9), ErrorCode.CASE_NO_SUCH_ROW),
        (lambda: work.edit_segments(case, "x", [], [segment(0, 1, 9)]), ErrorCode.CASE_NO_SUCH_ROW),
    ):
        with pytest.raises(SeongmunError) as caught:
            action()
        assert caught.value.code is code
    assert case.rows(Edit) == []
    assert work.undoable(case) is None
    assert work.redoable(case) is None


def test_case_of_format_1_is_migrated_after_a_backup(tmp_path: Path) -> None:
    """The fixture was written by 0.1.0."""
    folder = tmp_path / "case"
    import_case(FIXTURES / "case_v1.zip", folder)
    before = (folder / DATABASE).read_bytes()
    with CaseFile.open(folder) as reader:
        assert reader.info.number == "2026-형제-1"
        assert sound(reader)
    with CaseFile.open(folder, writable=True, actor="x") as case:
        assert [(e.role, e.note) for e in case.exhibits()] == [
            ("questioned", "첫 통화"),
            ("reference", ""),
        ]
        work.set_fact(case, "x", "agency", "서울경찰청")
        work.edit_segments(case, "x", [], [segment(0, 1)])
        assert sound(case)
    with closing(sqlite3.connect(folder / DATABASE)) as database:
        assert database.execute("PRAGMA user_version").fetchone() == (5,)
    backup = folder / f"{DATABASE}.before-0002"
    with closing(sqlite3.connect(backup)) as old, closing(sqlite3.connect(":memory:")) as first:
        first.deserialize(before)
        assert list(old.iterdump()) == list(first.iterdump())


def test_case_of_format_2_is_migrated_and_takes_studies(tmp_path: Path) -> None:
    """The fixture was written by 0.2.0's format: facts, a segment, something undone."""
    folder = tmp_path / "case"
    import_case(FIXTURES / "case_v2.zip", folder)
    with CaseFile.open(folder) as reader:
        assert reader.rows(Study) == []
        assert sound(reader)
    with CaseFile.open(folder, writable=True, actor="x") as case:
        assert work.facts(case) == {"requester": "서초경찰서"}
        assert work.facts(case, 1) == {}
        assert [s.speaker for s in work.segments(case, 1)] == ["A"]
        medium = case.rows(Media)[0].sha256
        study = Study(case.next_id(Study), "VS-1", medium, medium, 0, "x", "2026-01-01")
        case.record("x", "study.add", [study])
        assert case.rows(Study) == [study]
        assert sound(case)
    assert (folder / f"{DATABASE}.before-0003").is_file()


@pytest.mark.parametrize(
    ("name", "time"),
    [
        ("통화 녹음 홍길동_260417_140300.m4a", "2026-04-17T14:03:00"),
        ("20260417-1403_incoming.wav", "2026-04-17T14:03:00"),
        ("Call 2026-04-17 14.03.05.amr", "2026-04-17T14:03:05"),
        ("call_01012345678_20261317_250000.wav", ""),
        ("20260417_140300_20260418_090000.wav", ""),
        ("voice 12.wav", ""),
    ],
)
def test_time_in_a_files_name(name: str, time: str) -> None:
    assert calls.time_in_name(name) == time


def test_facts_of_a_call_are_times_and_directions(case: CaseFile) -> None:
    for value in ("2026-04-17T14:03+09:00", "2026-04-17 14:03:59", "2026-04-17T05:03Z", ""):
        work.set_fact(case, "x", "call_started", value, 1)
    for value in (*calls.DIRECTIONS, ""):
        work.set_fact(case, "x", "call_direction", value, 1)
    for name, value in (
        ("call_started", "2026-04-17"),
        ("call_started", "2026-13-17T14:03"),
        ("call_started", "14:03"),
        ("call_direction", "in"),
    ):
        with pytest.raises(SeongmunError) as caught:
            work.set_fact(case, "x", name, value, 1)
        assert caught.value.code is ErrorCode.CASE_FACT_INVALID
    early, late = calls.instant("2026-04-17T14:03+09:00"), calls.instant("2026-04-17T14:03")
    assert early is not None and late is not None and early < late
