"""Encryption at rest: nothing in plain on the disk, nothing opens without the passphrase."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_casefile import code_of, failed

from app.services.case_analysis import compare_in_case
from app.services.comparing import Comparison
from app.services.reporting import ReportRequest
from app.services.verifying import verify
from engine.audio.decode import decode
from engine.casefile import work
from engine.casefile.archive import export_case, import_case
from engine.casefile.database import DATABASE
from engine.casefile.keys import KEY_FILE, open_key, wrap_key
from engine.casefile.store import CaseFile
from engine.errors import ErrorCode
from engine.files import copy_atomic, hash_file
from engine.models.session import EmbeddingModel
from engine.report.sign import Identity
from engine.sealed import CHUNK_BYTES, HEADER_BYTES, TAG_BYTES, BrokenSealError, SealedFile
from engine.types import CheckStatus, Population

PASSPHRASE = "붉은 노을 아래 7마리"
SECRET = "피해자는 김아무개이며 계좌는 110-555-123456"


@pytest.fixture
def sealed_case(tmp_path: Path, demo_media: tuple[Path, Path]) -> Iterator[CaseFile]:
    folder = tmp_path / "sealed"
    with CaseFile.create(folder, "2026-3", "홍길동", passphrase=PASSPHRASE) as case:
        case.add(demo_media[0], "questioned", "홍길동", SECRET)
        case.add(demo_media[1], "known", "홍길동")
        work.set_fact(case, "홍길동", "note", SECRET)
        yield case


def test_nothing_is_on_the_disk_in_plain(
    sealed_case: CaseFile, demo_media: tuple[Path, Path]
) -> None:
    """Looked for while the write-ahead log is there, and after it is gone."""
    needles = [SECRET.encode(), SECRET.encode("utf-16-le"), b"exhibit.add", b"SQLite format 3"]
    for path in demo_media:
        content = path.read_bytes()
        needles += [content[i : i + 16] for i in range(0, len(content) - 16, 4096)]
        needles.append(path.name.encode())
    for _ in range(2):
        files = [path for path in sealed_case.folder.rglob("*") if path.is_file()]
        assert len(files) >= 5
        for path in files:
            content = path.read_bytes()
            assert not [needle for needle in needles if needle in content], path.name
        sealed_case.close()
    with CaseFile.open(sealed_case.folder, passphrase=PASSPHRASE) as again:
        assert work.facts(again) == {"note": SECRET}
        assert failed(again) == []


def test_no_passphrase_no_case(sealed_case: CaseFile, tmp_path: Path) -> None:
    folder = sealed_case.folder
    sealed_case.close()
    wrong = {"": ErrorCode.CASE_PASSPHRASE_MISSING, "붉은 노을": ErrorCode.CASE_PASSPHRASE}
    for passphrase, code in wrong.items():
        for writable in (False, True):
            action = lambda p=passphrase, w=writable: CaseFile.open(  # noqa: E731
                folder, writable=w, actor="x", passphrase=p
            )
            assert code_of(action) is code
    with closing(sqlite3.connect(folder / DATABASE)) as database:  # noqa: SIM117
        with pytest.raises(sqlite3.DatabaseError, match="not a database"):
            database.execute("SELECT * FROM event")
    make = lambda: CaseFile.create(tmp_path / "weak", "1", "x", passphrase="short")  # noqa: E731
    assert code_of(make) is ErrorCode.CASE_PASSPHRASE_WEAK
    assert not (tmp_path / "weak").exists()
    with CaseFile.open(folder, writable=True, actor="x", passphrase=PASSPHRASE) as case:
        assert failed(case) == []


@pytest.mark.parametrize("damage", ["missing", "empty", "wrapped", "costs", "text"])
def test_damaged_key_file_is_told_from_a_wrong_passphrase(
    sealed_case: CaseFile, damage: str
) -> None:
    sealed_case.close()
    path = sealed_case.folder / KEY_FILE
    document = json.loads(path.read_bytes())
    if damage == "missing":
        path.unlink()
    elif damage == "empty":
        path.write_bytes(b"")
    elif damage == "text":
        path.write_bytes(b"\xff{}")
    else:
        changed = {"wrapped": {"wrapped": "AAAA"}, "costs": {"memory_kib": 1 << 40}}[damage]
        path.write_text(json.dumps(document | changed))
    found = code_of(lambda: CaseFile.open(sealed_case.folder, passphrase=PASSPHRASE))
    wrapped = damage == "wrapped"
    assert found is (ErrorCode.CASE_PASSPHRASE if wrapped else ErrorCode.CASE_KEY_DAMAGED)


def test_passphrase_can_be_changed_without_sealing_anew(sealed_case: CaseFile) -> None:
    folder = sealed_case.folder
    sealed_case.close()
    wrap_key(folder, open_key(folder, PASSPHRASE), "새로운 암호입니다")
    assert code_of(lambda: CaseFile.open(folder, passphrase=PASSPHRASE)) is (
        ErrorCode.CASE_PASSPHRASE
    )
    with CaseFile.open(folder, passphrase="새로운 암호입니다") as case:
        assert failed(case) == []


def test_sealed_recordings_are_analysed_without_a_plain_copy(
    sealed_case: CaseFile,
    comparison: Comparison,
    demo_media: tuple[Path, Path],
    model: EmbeddingModel,
    population: Population,
    identity: Identity,
    identity_files: tuple[Path, Path],
    tmp_path: Path,
) -> None:
    sealed_case.close()
    report = tmp_path / "report.pdf"
    compared = compare_in_case(
        sealed_case.folder,
        demo_media,
        model,
        population,
        request=ReportRequest("ko", identity),
        target=report,
        passphrase=PASSPHRASE,
    )
    assert compared.comparison.score == comparison.score
    assert compared.comparison.likelihood_ratio == comparison.likelihood_ratio
    names = [compared.comparison.questioned.recording.path.name, demo_media[0].name]
    assert names[0] == names[1]
    with CaseFile.open(sealed_case.folder, passphrase=PASSPHRASE) as case:
        verification = verify(report, None, identity_files[1], recompute=True, case=case)
        assert verification.result.verdict is CheckStatus.PASS
        assert "case.anchor" in {check.id for check in verification.result.checks}
        audio = [decode(case.media(e.media_sha256)) for e in case.exhibits()]
        assert [a.recording.sha256 for a in audio] == [hash_file(p)[0] for p in demo_media]


def test_sealed_archive_stays_sealed(sealed_case: CaseFile, tmp_path: Path) -> None:
    archive = tmp_path / "case.zip"
    export_case(sealed_case, archive)
    assert SECRET.encode() not in archive.read_bytes()
    target = tmp_path / "imported"
    assert code_of(lambda: import_case(archive, target)) is ErrorCode.CASE_PASSPHRASE_MISSING
    assert code_of(lambda: import_case(archive, target, passphrase="falsch falsch")) is (
        ErrorCode.CASE_PASSPHRASE
    )
    assert not target.exists()
    import_case(archive, target, passphrase=PASSPHRASE)
    with CaseFile.open(target, passphrase=PASSPHRASE) as case:
        assert failed(case) == []


def test_tampered_media_of_a_sealed_case_show(sealed_case: CaseFile) -> None:
    first, second = (sealed_case.media_path(e.media_sha256) for e in sealed_case.exhibits())
    contents = first.read_bytes(), second.read_bytes()
    flipped = bytearray(contents[0])
    flipped[len(flipped) // 2] ^= 1
    for one, two in ((contents[1], contents[0]), (bytes(flipped), contents[1])):
        for path, content in ((first, one), (second, two)):
            path.chmod(0o644)
            path.write_bytes(content)
        assert failed(sealed_case) == ["case.media"]


@pytest.fixture(scope="module")
def sealed_file(tmp_path_factory: pytest.TempPathFactory) -> tuple[SealedFile, bytes]:
    folder = tmp_path_factory.mktemp("sealed")
    content, key = os.urandom(3 * CHUNK_BYTES + 777), os.urandom(32)
    (folder / "plain").write_bytes(content)
    copy_atomic(folder / "plain", folder / "sealed", key=key)
    return SealedFile(folder / "sealed", key), content


@given(st.lists(st.tuples(st.integers(0, 3 * CHUNK_BYTES + 900), st.integers(0, 99_999))))
def test_any_stretch_reads_as_it_was(
    sealed_file: tuple[SealedFile, bytes], reads: list[tuple[int, int]]
) -> None:
    source, content = sealed_file
    with source.open() as file:
        for start, length in reads:
            assert file.seek(start) == start
            assert file.read(length) == content[start : start + length]
        assert file.seek(0, os.SEEK_END) == len(content)


@pytest.mark.parametrize("size", [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1])
def test_every_size_comes_back(tmp_path: Path, size: int) -> None:
    content, key = os.urandom(size), os.urandom(32)
    (tmp_path / "plain").write_bytes(content)
    copy_atomic(tmp_path / "plain", tmp_path / "sealed", key=key)
    with SealedFile(tmp_path / "sealed", key).open() as file:
        assert file.read() == content
    with pytest.raises(BrokenSealError), SealedFile(tmp_path / "sealed", bytes(32)).open() as file:
        file.read()


def test_chunks_cannot_be_moved_cut_or_repeated(
    sealed_file: tuple[SealedFile, bytes], tmp_path: Path
) -> None:
    source, _ = sealed_file
    sealed = source.path.read_bytes()
    step = CHUNK_BYTES + TAG_BYTES
    head, rest = sealed[:HEADER_BYTES], sealed[HEADER_BYTES:]
    chunks = [rest[i : i + step] for i in range(0, len(rest), step)]
    swapped = [chunks[1], chunks[0], *chunks[2:]]
    for parts in (swapped, chunks[:-1], chunks[1:], [*chunks, chunks[-1]], chunks[:2] * 2, []):
        path = tmp_path / "changed"
        path.write_bytes(head + b"".join(parts))
        with pytest.raises(BrokenSealError), SealedFile(path, source.key).open() as file:
            file.read()
