"""The case file: nothing is lost, nothing changes quietly, whatever happens to the program."""

from __future__ import annotations

import hashlib
import os
import random
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

from app.services.casework import add_recordings
from engine.canonical import canonical_bytes
from engine.casefile.archive import export_case, import_case
from engine.casefile.audit import broken_link
from engine.casefile.store import DATABASE, CaseFile
from engine.errors import ErrorCode, SeongmunError
from engine.progress import CancelToken
from engine.types import CheckStatus

KILLS = int(os.environ.get("SEONGMUN_KILLS", "12"))


def code_of(action: Callable[[], object]) -> ErrorCode:
    with pytest.raises(SeongmunError) as caught:
        action()
    return caught.value.code


def failed(case: CaseFile) -> list[str]:
    return [check.id for check in case.check() if check.status is not CheckStatus.PASS]


@pytest.fixture
def case(tmp_path: Path, demo_media: tuple[Path, Path]) -> Iterator[CaseFile]:
    with CaseFile.create(tmp_path / "사건", "2026-1", "홍길동") as made:
        made.add(demo_media[0], "questioned", "홍길동")
        made.add(demo_media[1], "known", "홍길동")
        yield made


def tamper(case: CaseFile, *statements: str) -> None:
    """Change the database as an intruder would, past the triggers."""
    with closing(sqlite3.connect(case.folder / DATABASE)) as connection:
        triggers = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        for (name,) in triggers.fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            assert connection.execute(statement).rowcount > 0
        connection.commit()


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


def test_triggers_forbid_changes(case: CaseFile) -> None:
    with closing(sqlite3.connect(case.folder / DATABASE)) as connection:
        for table in ("event", "exhibit", "media"):
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
    ],
)
def test_tampering_shows(case: CaseFile, statement: str, check: str) -> None:
    tamper(case, statement)
    assert check in failed(case)


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


WRITER = """
import sys
from pathlib import Path
from engine.casefile.store import CaseFile

folder, sources = Path(sys.argv[1]), sorted(Path(sys.argv[2]).iterdir())
with CaseFile.open(folder, writable=True, actor="writer") as case:
    print("ready", flush=True)
    for source in sources:
        exhibit, is_new = case.add(source, "known", "writer")
        if is_new:
            print(exhibit.media_sha256, flush=True)
"""


@pytest.mark.skipif(os.name == "nt", reason="kill -9")
def test_killed_at_random_moments(tmp_path: Path) -> None:
    """What was reported as done is there afterwards; the case opens and no orphan stays."""
    folder, sources = tmp_path / "case", tmp_path / "sources"
    sources.mkdir()
    rng = random.Random(20261124)
    with CaseFile.create(folder, "1", "x"):
        pass
    reported: set[str] = set()
    for turn in range(KILLS):
        for i in range(12):
            (sources / f"{turn:04d}-{i:02d}").write_bytes(rng.randbytes(rng.randrange(1, 200_000)))
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, folder, sources], stdout=subprocess.PIPE, text=True
        )
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
        time.sleep(rng.random() * 0.12)
        writer.send_signal(signal.SIGKILL)
        reported |= set(writer.communicate()[0].split())
        with CaseFile.open(folder, writable=True, actor="x") as case:
            kept = {exhibit.media_sha256 for exhibit in case.exhibits()}
            assert reported <= kept
            assert {path.name for path in (folder / "media").iterdir()} == kept
            assert failed(case) == []
        for path in sources.iterdir():
            if rng.random() < 0.7:
                path.unlink()
    assert reported
