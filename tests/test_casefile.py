"""The case file: nothing is lost, nothing changes quietly, whatever happens to the program."""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from app.services.case_analysis import in_case, record_analysis, report_in_case
from app.services.casework import add_recordings
from app.services.comparing import Comparison
from app.services.reporting import ReportRequest, finding_of
from engine.canonical import canonical_bytes
from engine.casefile import work
from engine.casefile.archive import export_case, import_case
from engine.casefile.audit import broken_link
from engine.casefile.checks import check_case
from engine.casefile.database import DATABASE
from engine.casefile.store import CaseFile
from engine.casefile.tables import (
    TABLES,
    Analysis,
    Edit,
    Exhibit,
    Media,
    Report,
    RingReport,
    Segment,
    Study,
)
from engine.errors import ErrorCode, SeongmunError
from engine.models.session import EmbeddingModel
from engine.progress import CancelToken
from engine.report.sign import Identity
from engine.types import CheckStatus, Population
from engine.verify.run import check_report_anchor, read_manifest

PROPOSITIONS = {
    "same_source": "두 통화의 수사관 역은 한 사람이다.",
    "different_source": "두 통화의 수사관 역은 서로 다른 사람이다.",
}
KILLS = int(os.environ.get("SEONGMUN_KILLS", "12"))


def code_of(action: Callable[[], object]) -> ErrorCode:
    with pytest.raises(SeongmunError) as caught:
        action()
    return caught.value.code


def failed(case: CaseFile) -> list[str]:
    return [check.id for check in check_case(case) if check.status is not CheckStatus.PASS]


@pytest.fixture
def case(tmp_path: Path, demo_media: tuple[Path, Path]) -> Iterator[CaseFile]:
    with CaseFile.create(tmp_path / "사건", "2026-1", "홍길동") as made:
        made.add(demo_media[0], "questioned", "홍길동")
        made.add(demo_media[1], "known", "홍길동")
        yield made


@pytest.fixture(scope="module")
def worked_folder(
    tmp_path_factory: pytest.TempPathFactory,
    comparison: Comparison,
    model: EmbeddingModel,
    population: Population,
    identity: Identity,
    demo_media: tuple[Path, Path],
) -> Path:
    """A case with something in every table."""
    folder = tmp_path_factory.mktemp("worked") / "case"
    with CaseFile.create(folder, "2026-1", "홍길동") as case:
        questioned, known = (
            case.add(path, role, "홍길동")[0]
            for path, role in zip(demo_media, ("questioned", "known"), strict=True)
        )
        for value in ("서울경찰청", "국립과학수사연구원"):
            work.set_fact(case, "홍길동", "agency", value)
        for name, value in PROPOSITIONS.items():
            work.set_fact(case, "홍길동", f"proposition_{name.removesuffix('_source')}", value)
        work.edit_segments(case, "홍길동", [], [Segment(0, 0, 1, 0, 0.5, 4.0)])
        work.edit_segments(case, "홍길동", [1], [Segment(0, 0, 1, 0, 0.5, 3.5)])
        work.undo(case, "홍길동")
        work.decide(case, "홍길동", "same_voice", "a/0/S1", "b/0/S1")
        work.decide(case, "홍길동", "different_voice", "a/0/S1", "b/0/S1")
        kept = case.rows(Media)[0].sha256
        case.record("홍길동", "study.add", [Study(1, "VS-1", kept, kept, 0, "홍길동", "2026")])
        rings = [RingReport(1, "SR-1", kept, 1, "홍길동", "2026")]
        case.record("홍길동", "ring_report.add", rings)
        analysis = record_analysis(case, questioned, known, comparison)
        request = ReportRequest("ko", identity)
        found = in_case(case, analysis, finding_of(comparison, request.scale))
        report_in_case(case, [analysis], [found], model.pack, population, request)
    return folder


@pytest.fixture
def full_case(worked_folder: Path, tmp_path: Path) -> Iterator[CaseFile]:
    shutil.copytree(worked_folder, tmp_path / "full")
    with CaseFile.open(tmp_path / "full", writable=True, actor="홍길동") as case:
        yield case


TAMPER = """
import sqlite3, sys
with sqlite3.connect(sys.argv[1]) as connection:
    triggers = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
    for (name,) in triggers.fetchall():
        connection.execute(f"DROP TRIGGER {name}")
    for statement in sys.argv[2:]:
        assert connection.execute(statement).rowcount > 0, statement
"""


def tamper(case: CaseFile, *statements: str) -> None:
    """Change the database as an intruder would, past the triggers and from another process: two
    SQLite libraries in one process break each other's locks."""
    subprocess.run([sys.executable, "-c", TAMPER, case.folder / DATABASE, *statements], check=True)


def test_originals_are_kept_byte_for_byte(case: CaseFile, demo_media: tuple[Path, Path]) -> None:
    for exhibit, source in zip(case.exhibits(), demo_media, strict=True):
        path = case.media_path(exhibit.media_sha256)
        assert path.read_bytes() == source.read_bytes()
        assert hashlib.sha256(source.read_bytes()).hexdigest() == exhibit.media_sha256
        assert path.stat().st_mode & 0o222 == 0
        assert exhibit.file_name == source.name
    assert failed(case) == []


def test_chain_follows_its_definition(case: CaseFile) -> None:
    previous = "0" * 64
    for number, event in enumerate(case.events(), start=1):
        parts = {
            "sequence": number,
            "utc": event.utc,
            "actor": event.actor,
            "action": event.action,
            "content": event.content,
            "previous_hash": previous,
        }
        previous = hashlib.sha256(canonical_bytes(parts)).hexdigest()
        assert event.hash == previous
    assert broken_link(case.events()) is None


def test_triggers_forbid_changes(full_case: CaseFile) -> None:
    with closing(sqlite3.connect(full_case.folder / DATABASE)) as connection:
        for table in ("event", *(kind.table for kind in TABLES)):
            count = connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
            assert count, f"{table} is empty: nothing was tried"
            for statement in (f"DELETE FROM {table}", f"UPDATE {table} SET rowid = rowid + 9"):
                with pytest.raises(sqlite3.IntegrityError, match="append-only"):
                    connection.execute(statement)


@pytest.mark.parametrize(
    ("statement", "check"),
    [
        ("UPDATE event SET actor = 'nobody' WHERE sequence = 2", "case.audit_chain"),
        ("DELETE FROM event WHERE sequence = 2", "case.audit_chain"),
        ("UPDATE exhibit SET role = 'known' WHERE id = 1", "case.rows"),
        ("DELETE FROM exhibit WHERE id = 2", "case.rows"),
        ("UPDATE case_info SET number = '2026-2'", "case.rows"),
        ("UPDATE media SET size_bytes = size_bytes + 1 WHERE rowid = 1", "case.rows"),
        ("UPDATE edit SET author = 'nobody' WHERE id = 1", "case.rows"),
        ("UPDATE fact SET value = 'other'", "case.rows"),
        ("UPDATE segment SET end_s = end_s + 0.001", "case.rows"),
        ("DELETE FROM retired_segment", "case.rows"),
        ("UPDATE decision SET kind = 'same_voice'", "case.rows"),
        ("DELETE FROM retired_decision", "case.rows"),
        ("INSERT INTO retired_fact VALUES (2, 1)", "case.rows"),
        ("UPDATE analysis SET result = replace(result, '0', '9')", "case.rows"),
        ("UPDATE report SET version = 2", "case.rows"),
        ("UPDATE ring_report SET signed = 0", "case.rows"),
    ],
)
def test_tampering_shows(full_case: CaseFile, statement: str, check: str) -> None:
    assert failed(full_case) == []
    tamper(full_case, statement)
    assert check in failed(full_case)


def test_dropped_events_show_by_a_report(full_case: CaseFile, tmp_path: Path) -> None:
    """Chain and rows are whole again once the last events go together with what they tell of; only
    a report, which lies outside, shows it."""
    report = full_case.rows(Report)[0]
    outside = tmp_path / "report.pdf"
    outside.write_bytes(full_case.media_path(report.media_sha256).read_bytes())
    assert check_report_anchor(outside, full_case).status is CheckStatus.PASS
    head = full_case.head().sequence
    tamper(full_case, f"DELETE FROM event WHERE sequence > {head - 2}")
    assert failed(full_case) == ["case.rows"]
    tamper(full_case, "DELETE FROM report", "DELETE FROM analysis")
    tamper(full_case, f"DELETE FROM media WHERE sha256 = '{report.media_sha256}'")
    assert failed(full_case) == []
    assert check_report_anchor(outside, full_case).status is CheckStatus.FAIL


def test_report_carries_the_cases_own_propositions(full_case: CaseFile) -> None:
    report = full_case.rows(Report)[0]
    manifest, _ = read_manifest(full_case.media_path(report.media_sha256).read_bytes())
    assert manifest is not None
    told = {name: {"ko": value} for name, value in PROPOSITIONS.items()}
    assert manifest.content["propositions"] == told
    assert manifest.content["report_id"] == report.report_id


def test_swapped_originals_show(case: CaseFile) -> None:
    first, second = (case.media_path(e.media_sha256) for e in case.exhibits())
    first.rename(case.folder / "aside")
    second.rename(first)
    (case.folder / "aside").rename(second)
    assert failed(case) == ["case.media"]


def test_changed_and_missing_originals_show(case: CaseFile) -> None:
    path = case.media_path(case.exhibits()[0].media_sha256)
    content = bytearray(path.read_bytes())
    content[100] ^= 1
    path.chmod(0o644)
    path.write_bytes(content)
    assert failed(case) == ["case.media"]
    path.unlink()
    assert failed(case) == ["case.media"]


def test_duplicates_are_known_by_their_bytes(
    case: CaseFile, demo_media: tuple[Path, Path], tmp_path: Path
) -> None:
    renamed = tmp_path / "renamed.amr"
    renamed.write_bytes(demo_media[0].read_bytes())
    exhibit, is_new = case.add(renamed, "questioned", "x")
    assert not is_new
    assert exhibit.id == 1
    assert case.add(renamed, "reference", "x")[1]
    assert len(list((case.folder / "media").iterdir())) == 2
    assert failed(case) == []


def test_one_writer_many_readers(case: CaseFile) -> None:
    with pytest.raises(SeongmunError) as caught:
        CaseFile.open(case.folder, writable=True, actor="other")
    assert caught.value.code is ErrorCode.CASE_LOCKED
    assert caught.value.params["actor"] == "홍길동"
    assert caught.value.params["process"] == str(os.getpid())
    with CaseFile.open(case.folder) as reader:
        assert len(reader.exhibits()) == 2
        assert code_of(lambda: reader.add(Path(__file__), "known", "x")) is ErrorCode.CASE_READ_ONLY


def test_folders_are_added_with_cancel_and_resume(case: CaseFile, tmp_path: Path) -> None:
    folder = tmp_path / "calls"
    folder.mkdir()
    for i in range(20):
        (folder / f"{i:02d}.bin").write_bytes(os.urandom(100))
    case.close()
    token = CancelToken()

    def stop_at_ten(stage: str, done: float, total: float) -> None:
        if stage == "case_add" and done == 10:
            token.cancel()

    stopped = code_of(lambda: add_recordings(case.folder, [folder], "known", stop_at_ten, token))
    assert stopped is ErrorCode.CANCELLED
    result = add_recordings(case.folder, [folder], "known")
    assert (len(result["added"]), len(result["already_there"])) == (10, 10)


def test_archive_round_trip_and_tampering(case: CaseFile, tmp_path: Path) -> None:
    archive = tmp_path / "case.zip"
    head = export_case(case, archive)
    with zipfile.ZipFile(archive) as content:
        assert content.testzip() is None
        assert {i.compress_type for i in content.infolist()} == {zipfile.ZIP_STORED}
    assert import_case(archive, tmp_path / "imported") == head
    with CaseFile.open(tmp_path / "imported") as imported:
        assert imported.exhibits() == case.exhibits()
        assert failed(imported) == []
    data = archive.read_bytes()
    rng = random.Random(0)
    for i in range(40):
        changed = bytearray(data)
        changed[rng.randrange(len(data))] ^= rng.randrange(1, 256)
        (tmp_path / "bad.zip").write_bytes(changed)
        target = tmp_path / f"bad{i}"
        try:
            import_case(tmp_path / "bad.zip", target)
        except SeongmunError as error:
            assert error.code is ErrorCode.CASE_ARCHIVE
            assert not target.exists()
        else:
            with CaseFile.open(target) as unharmed:
                assert unharmed.exhibits() == case.exhibits()
                assert failed(unharmed) == []
    assert not list(tmp_path.glob(".seongmun-*"))


def test_archive_cannot_write_elsewhere(case: CaseFile, tmp_path: Path) -> None:
    evil = tmp_path / "evil.zip"
    content = b"x"
    about = {"sha256": hashlib.sha256(content).hexdigest(), "size_bytes": 1}
    manifest = {"format": 1, "audit_head": "", "files": {"../outside": about}}
    with zipfile.ZipFile(evil, "w") as archive:
        archive.writestr("../outside", content)
        archive.writestr("manifest.json", canonical_bytes(manifest))
    assert code_of(lambda: import_case(evil, tmp_path / "new")) is ErrorCode.CASE_ARCHIVE
    assert not (tmp_path / "outside").exists()


def test_what_is_no_case_is_refused(tmp_path: Path) -> None:
    assert code_of(lambda: CaseFile.open(tmp_path)) is ErrorCode.CASE_MISSING
    (tmp_path / DATABASE).write_bytes(os.urandom(5000))
    assert code_of(lambda: CaseFile.open(tmp_path)) is ErrorCode.CASE_INVALID
    assert code_of(lambda: CaseFile.create(tmp_path, "1", "x")) is ErrorCode.CASE_EXISTS
    (tmp_path / DATABASE).unlink()
    with closing(sqlite3.connect(tmp_path / DATABASE)) as other:
        other.execute("CREATE TABLE t (x)")
    assert code_of(lambda: CaseFile.open(tmp_path)) is ErrorCode.CASE_INVALID


def test_newer_format_is_refused(case: CaseFile) -> None:
    case.close()
    with closing(sqlite3.connect(case.folder / DATABASE)) as connection:
        connection.execute("PRAGMA user_version = 99")
    assert code_of(lambda: CaseFile.open(case.folder)) is ErrorCode.CASE_NEWER


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    if os.name == "nt" or os.geteuid() != 0:
        pytest.skip("mounting a small file system needs root")
    folder = tmp_path / "small"
    folder.mkdir()
    options = ("mount", "-t", "tmpfs", "-o", "size=600k", "tmpfs", str(folder))
    if subprocess.run(options, check=False).returncode != 0:
        pytest.skip("mounting is not allowed here")
    yield folder
    if os.path.ismount(folder):
        subprocess.run(["umount", folder], check=True)


def test_full_disk_leaves_the_case_intact(small_disk: Path, tmp_path: Path) -> None:
    large = tmp_path / "large.wav"
    large.write_bytes(os.urandom(700_000))
    small = tmp_path / "small.wav"
    small.write_bytes(os.urandom(50_000))
    with CaseFile.create(small_disk / "case", "1", "x") as case:
        case.add(small, "known", "x")
        assert code_of(lambda: case.add(large, "known", "x")) is ErrorCode.FILE_DISK_FULL
        assert len(case.exhibits()) == 1
        assert failed(case) == []
        assert len(list((case.folder / "media").iterdir())) == 1


def test_case_on_a_drive_that_cannot_be_written(full_case: CaseFile, tmp_path: Path) -> None:
    if os.name == "nt" or os.geteuid() != 0:
        pytest.skip("mounting needs root")
    full_case.close()
    folder = full_case.folder
    if subprocess.run(["mount", "--bind", folder, folder], check=False).returncode != 0:
        pytest.skip("mounting is not allowed here")
    try:
        subprocess.run(["mount", "-o", "remount,ro,bind", folder], check=True)
        with CaseFile.open(folder) as reader:
            assert len(reader.exhibits()) == 2
            assert failed(reader) == []
        write = lambda: CaseFile.open(folder, writable=True, actor="x")  # noqa: E731
        assert code_of(write) is ErrorCode.CASE_READ_ONLY
        new = lambda: CaseFile.create(folder / "new", "1", "x")  # noqa: E731
        assert code_of(new) is ErrorCode.CASE_READ_ONLY
    finally:
        subprocess.run(["umount", folder], check=True)


def test_drive_removed_in_mid_copy(small_disk: Path, tmp_path: Path) -> None:
    """The drive of the case goes while a recording is copied into it; plugged in again, the case is
    as it was before."""
    source = tmp_path / "recording.wav"
    source.write_bytes(os.urandom(300_000))
    kept = small_disk.with_name("kept")
    kept.mkdir()
    subprocess.run(["mount", "--bind", small_disk, kept], check=True)
    try:
        case = CaseFile.create(small_disk / "case", "1", "x")
        token = CancelToken()
        token.check = lambda: unplug(small_disk)  # type: ignore[method-assign]
        with pytest.raises(SeongmunError) as caught:
            case.add(source, "known", "x", cancel=token)
        assert caught.value.code in (ErrorCode.FILE_WRITE_FAILED, ErrorCode.CASE_READ_ONLY)
        case.close()
        with CaseFile.open(kept / "case", writable=True, actor="x") as again:
            assert again.exhibits() == []
            assert failed(again) == []
            assert list((kept / "case/media").iterdir()) == []
            assert again.add(source, "known", "x")[1]
    finally:
        subprocess.run(["umount", kept], check=True)


def unplug(folder: Path) -> None:
    if os.path.ismount(folder):
        subprocess.run(["umount", "--lazy", folder], check=True)


def test_source_that_fails_or_changes_in_mid_copy(case: CaseFile, tmp_path: Path) -> None:
    unreadable = Path("/proc/self/mem")  # a regular file whose first page cannot be read
    if unreadable.exists():
        assert code_of(lambda: case.add(unreadable, "known", "x")) is ErrorCode.FILE_UNREADABLE
    growing = tmp_path / "growing.wav"
    growing.write_bytes(os.urandom(3_000_000))
    token = CancelToken()
    calls = []

    def change() -> None:
        calls.append(1)
        if len(calls) == 4:  # the file was hashed, its copy has begun
            growing.write_bytes(os.urandom(3_000_000))

    token.check = change  # type: ignore[method-assign]
    add = lambda: case.add(growing, "known", "x", cancel=token)  # noqa: E731
    assert code_of(add) is ErrorCode.FILE_CHANGED
    assert len(case.exhibits()) == 2
    assert failed(case) == []
    assert len(list((case.folder / "media").iterdir())) == 2


def work_at_random(
    folder: Path,
    sources: Path,
    seed: int,
    tell: Callable[[str], None],
    comparison: Comparison,
    model: EmbeddingModel,
    population: Population,
) -> None:
    """Add, edit, undo, analyse and report, telling of everything that is done."""
    rng = random.Random(seed)
    request = ReportRequest("en", None)
    with CaseFile.open(folder, writable=True, actor="writer") as case:
        tell("ready")
        for source in sorted(sources.iterdir()):
            exhibit, is_new = case.add(source, "known", "writer")
            if is_new:
                tell(f"exhibit {exhibit.id}")
            start_s = rng.randrange(100)
            segment = Segment(0, 0, exhibit.id, 0, start_s, start_s + 1)
            tell(f"edit {work.edit_segments(case, 'writer', [], [segment]).id}")
            tell(f"edit {work.set_fact(case, 'writer', 'note', str(start_s)).id}")
            if rng.random() < 0.5:
                tell(f"edit {work.undo(case, 'writer').id}")
            if rng.random() < 0.3:
                analysis = record_analysis(case, exhibit, exhibit, comparison)
                tell(f"analysis {analysis.id}")
                told = finding_of(comparison, request.scale)
                found = in_case(case, analysis, told)
                report, _ = report_in_case(
                    case, [analysis], [found], model.pack, population, request
                )
                tell(f"report {report.id}")


@pytest.mark.skipif(os.name == "nt", reason="kill -9")
def test_killed_at_random_moments(
    tmp_path: Path,
    comparison: Comparison,
    model: EmbeddingModel,
    population: Population,
) -> None:
    """What was told of as done is there afterwards; the case opens and no orphan stays."""
    folder, sources = tmp_path / "case", tmp_path / "sources"
    sources.mkdir()
    rng = random.Random(20261124)
    with CaseFile.create(folder, "1", "x"):
        pass
    reported: set[str] = set()
    for turn in range(KILLS):
        if turn % 50 == 0:  # a case of many hundred exhibits would only slow the checks down
            shutil.rmtree(folder)
            CaseFile.create(folder, "1", "x").close()
            reported.clear()
        for i in range(6):
            (sources / f"{turn:04d}-{i:02d}").write_bytes(rng.randbytes(rng.randrange(1, 200_000)))
        reported |= killed(
            rng.random() * 0.35,
            lambda tell, turn=turn: work_at_random(
                folder, sources, turn, tell, comparison, model, population
            ),
        )
        with CaseFile.open(folder, writable=True, actor="x") as case:
            kept = {f"{kind.table} {row.id}" for kind in (Exhibit, Edit, Analysis, Report)
                    for row in case.rows(kind)}  # fmt: skip
            assert reported <= kept
            media = {medium.sha256 for medium in case.rows(Media)}
            assert {path.name for path in (folder / "media").iterdir()} == media
            assert not list(folder.glob(".seongmun-*"))
            assert failed(case) == []
        for path in sources.iterdir():
            path.unlink()
    assert {name.split()[0] for name in reported} >= {"exhibit", "edit"}


def killed(delay_s: float, action: Callable[[Callable[[str], None]], None]) -> set[str]:
    """Run `action` in a forked process, kill it `delay_s` after it is ready; what it told."""
    reader, writer = os.pipe()
    process = os.fork()
    if process == 0:
        status = 1
        try:
            os.close(reader)
            action(lambda line: os.write(writer, f"{line}\n".encode()) and None)
            status = 0
        finally:
            os._exit(status)
    os.close(writer)
    with os.fdopen(reader) as told:
        assert told.readline() == "ready\n"
        time.sleep(delay_s)
        os.kill(process, signal.SIGKILL)
        lines = set(told.read().splitlines())
    os.waitpid(process, 0)
    return lines


def test_damaged_database_is_named_and_not_written_into(full_case: CaseFile) -> None:
    roots = full_case.connection.execute(
        "SELECT rootpage FROM sqlite_master WHERE type = 'table' AND name IN ('fact', 'segment')"
    ).fetchall()
    full_case.close()
    path = full_case.folder / DATABASE
    content = bytearray(path.read_bytes())
    for (root,) in roots:
        content[(root - 1) * 4096 : (root - 1) * 4096 + 8] = b"\xff" * 8
    path.write_bytes(content)
    write = lambda: CaseFile.open(full_case.folder, writable=True, actor="x")  # noqa: E731
    assert code_of(write) is ErrorCode.CASE_INVALID
    assert path.read_bytes() == content
    with CaseFile.open(full_case.folder) as reader:
        assert "case.database" in failed(reader)
