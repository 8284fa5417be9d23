"""The gallery: real files, real SQLite, real crashes."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from sqlcipher3 import dbapi2 as sqlite

from engine.compare import gallery as module
from engine.compare import gallery_database as database
from engine.compare.gallery import STATISTICS, VECTORS, Gallery, NewEntry, Provenance
from engine.compare.gallery_database import DATABASE
from engine.errors import ErrorCode, SeongmunError
from engine.lr.false_hits import expected_false_hits, false_hit_rate
from engine.types import CalibrationModel, Embedding, Population

MODEL = "a" * 64
DIM = 32
CALIBRATION = CalibrationModel(0.4, -1.5, np.array([[0.4, -1.5]]), (-1.2, 1.6))


def embedding(seed: int, model: str = MODEL) -> Embedding:
    rng = np.random.default_rng(seed)
    vector = rng.standard_normal(DIM)
    mean, deviation = rng.uniform(0.1, 0.3), rng.uniform(0.03, 0.1)
    unit = np.asarray(vector / np.linalg.norm(vector), np.float32)
    return Embedding(unit, model, f"{seed:064d}", 12.0, mean, deviation)


def entry(seed: int, voice: str = "", **about: object) -> NewEntry:
    provenance = Provenance(f"통화 {seed}.wav", f"{seed:064d}", 0, "S1")
    return NewEntry(voice or f"voice {seed}", provenance, embedding(seed), **about)  # type: ignore[arg-type]


def score(a: Embedding, b: Embedding) -> float:
    """The normalised cosine by its formula, in float64."""
    cosine = float(a.vector.astype(float) @ b.vector.astype(float))
    sides = [(cosine - e.cohort_mean) / e.cohort_deviation for e in (a, b)]
    return sum(sides) / 2


@pytest.fixture
def gallery(tmp_path: Path) -> Iterator[Gallery]:
    with Gallery.create(tmp_path / "gallery", MODEL, DIM) as made:
        yield made


def code_of(error: pytest.ExceptionInfo[SeongmunError]) -> ErrorCode:
    return error.value.code


def test_search_is_exact(gallery: Gallery, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BLOCK_ROWS", 64)
    new = [entry(i) for i in range(300)]
    stored, double = gallery.enrol(new, "홍길동")
    assert (len(stored), double, len(gallery)) == (300, [], 300)
    query = embedding(1000)
    expected = np.array([score(query, e.embedding) for e in new])
    hits = gallery.search(query, CALIBRATION, 20)
    best = np.argsort(-expected)[:20]
    assert [hit.entry.voice for hit in hits] == [f"voice {i}" for i in best]
    np.testing.assert_allclose([hit.score for hit in hits], expected[best], atol=2e-5)
    bounded = np.clip(0.4 * expected[best] - 1.5, -1.2, 1.6)
    np.testing.assert_allclose([hit.log10_lr for hit in hits], bounded, atol=2e-5)
    assert len(gallery.search(query, CALIBRATION, 1000)) == 300


def test_what_is_stored_is_there_when_it_is_opened_again(gallery: Gallery) -> None:
    gallery.enrol([entry(1, watched=True), entry(2)], "홍길동")
    with Gallery.open(gallery.folder, MODEL) as again:
        first, second = again.entries()
        assert first.provenance == entry(1).provenance
        assert (first.enrolled_by, first.watched, second.watched) == ("홍길동", True, False)
        assert again.search(embedding(2), CALIBRATION)[0].entry.voice == "voice 2"


def test_the_same_speaker_of_the_same_recording_is_stored_once(gallery: Gallery) -> None:
    stored, double = gallery.enrol([entry(1), entry(1), entry(2)], "a")
    assert [e.voice for e in stored] == ["voice 1", "voice 2"]
    assert [e.provenance for e in double] == [entry(1).provenance]
    stored, double = gallery.enrol([entry(1, "other name")], "b")
    assert (stored, len(double), len(gallery)) == ([], 1, 2)


def test_removed_entries_are_never_found_and_can_come_again(gallery: Gallery) -> None:
    stored, _ = gallery.enrol([entry(i) for i in range(5)], "a")
    gallery.remove([stored[3].id], "b")
    assert "voice 3" not in [h.entry.voice for h in gallery.search(embedding(3), CALIBRATION, 9)]
    with closing(sqlite.connect(gallery.folder / DATABASE)) as database:
        told = database.execute("SELECT removed_by FROM entry WHERE voice = 'voice 3'").fetchall()
        assert told == [("b",)]
        with pytest.raises(sqlite.IntegrityError, match="never deleted"):
            database.execute("DELETE FROM entry")
    with pytest.raises(SeongmunError) as error:
        gallery.remove([stored[3].id], "b")
    assert code_of(error) is ErrorCode.GALLERY_NO_SUCH_ENTRY
    gallery.enrol([entry(3)], "c")
    assert gallery.search(embedding(3), CALIBRATION)[0].entry.voice == "voice 3"


def test_watched_entries_can_be_searched_alone(gallery: Gallery) -> None:
    stored, _ = gallery.enrol([entry(i, watched=i == 2) for i in range(6)], "a")
    gallery.update(stored[4].id, voice="the boss", watched=True)
    gallery.update(stored[2].id, watched=False)
    assert [e.voice for e in gallery.entries(watched_only=True)] == ["the boss"]
    hits = gallery.search(embedding(2), CALIBRATION, watched_only=True)
    assert [h.entry.voice for h in hits] == ["the boss"]
    gallery.remove([stored[4].id], "a")
    with pytest.raises(SeongmunError) as error:
        gallery.search(embedding(2), CALIBRATION, watched_only=True)
    assert code_of(error) is ErrorCode.GALLERY_EMPTY


def test_another_model_is_refused(gallery: Gallery) -> None:
    other = "b" * 64
    with pytest.raises(SeongmunError) as error:
        Gallery.open(gallery.folder, other)
    assert code_of(error) is ErrorCode.GALLERY_MODEL
    wrong = NewEntry("x", Provenance("x", "0" * 64, 0), embedding(1, other))
    for act in (
        lambda: gallery.enrol([wrong], "a"),
        lambda: gallery.search(embedding(1, other), CALIBRATION),
    ):
        with pytest.raises(SeongmunError) as error:
            act()
        assert code_of(error) is ErrorCode.GALLERY_MODEL
    assert len(gallery) == 0


def test_missing_empty_and_taken_folders(gallery: Gallery, tmp_path: Path) -> None:
    with pytest.raises(SeongmunError) as error:
        gallery.search(embedding(1), CALIBRATION)
    assert code_of(error) is ErrorCode.GALLERY_EMPTY
    with pytest.raises(SeongmunError) as error:
        Gallery.open(tmp_path / "nothing")
    assert code_of(error) is ErrorCode.GALLERY_MISSING
    with pytest.raises(SeongmunError) as error:
        Gallery.create(gallery.folder, MODEL, DIM)
    assert code_of(error) is ErrorCode.GALLERY_EXISTS


@pytest.mark.parametrize("damage", [VECTORS, STATISTICS, DATABASE, "version"])
def test_damage_is_told(gallery: Gallery, damage: str) -> None:
    gallery.enrol([entry(i) for i in range(50)], "a")
    gallery.close()
    if damage == "version":
        with closing(sqlite.connect(gallery.folder / DATABASE)) as database:
            database.execute("PRAGMA user_version = 99")
    else:
        path = gallery.folder / damage
        content = path.read_bytes()
        path.write_bytes(b"\0" * 4096 if damage == DATABASE else content[:-10])
    with pytest.raises(SeongmunError) as error:
        Gallery.open(gallery.folder, MODEL)
    assert code_of(error) is ErrorCode.GALLERY_INVALID


def test_one_writer_at_a_time(gallery: Gallery, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "BUSY_S", 0.1)
    with Gallery.open(gallery.folder) as second:
        with gallery._transaction(), pytest.raises(SeongmunError) as error:
            second.enrol([entry(1)], "a")
        assert code_of(error) is ErrorCode.GALLERY_LOCKED
        assert len(second.enrol([entry(1)], "a")[0]) == 1


def test_half_the_memory_finds_the_same(tmp_path: Path) -> None:
    """Voices about few people, so that there is something to confuse."""
    rng = np.random.default_rng(0)
    people = rng.standard_normal((40, 192))
    vectors = people[rng.integers(40, size=2000)] + rng.normal(0, 0.8, (2000, 192))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    entries = [
        NewEntry(
            str(i),
            Provenance("x", f"{i:064d}", 0),
            Embedding(v.astype(np.float32), MODEL, "", 9.0, 0.2, 0.05),
        )
        for i, v in enumerate(vectors)
    ]
    found = {}
    for precision in ("float32", "int16"):
        with Gallery.create(tmp_path / precision, MODEL, 192, precision) as made:  # type: ignore[arg-type]
            made.enrol(entries, "a")
            found[precision] = [
                {hit.entry.voice for hit in made.search(entries[i].embedding, CALIBRATION, 50)}
                for i in range(0, 2000, 100)
            ]
            size = (made.folder / VECTORS).stat().st_size
            assert size == 2000 * 192 * (4 if precision == "float32" else 2)
    pairs = zip(found["float32"], found["int16"], strict=True)
    assert np.mean([len(a & b) / 50 for a, b in pairs]) > 0.99


ENROL = """
import sys
sys.path.insert(0, sys.argv[2])
from pathlib import Path
from test_gallery import Gallery, entry
number = int(sys.argv[3])
with Gallery.open(Path(sys.argv[1])) as gallery:
    while True:
        gallery.enrol([entry(number + i) for i in range(5)], "a")
        number += 5
        print(number, flush=True)
"""


def test_kill_9_loses_nothing_that_was_reported(gallery: Gallery) -> None:
    rng = np.random.default_rng(1)
    number = 0
    for _ in range(4):
        done = subprocess.Popen(
            [sys.executable, "-c", ENROL, gallery.folder, Path(__file__).parent, str(number)],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert done.stdout is not None
        for _ in range(int(rng.integers(1, 12))):
            number = int(done.stdout.readline())
        done.send_signal(signal.SIGKILL)
        rest = done.stdout.read().split("\n")
        number = max([number, *(int(line) for line in rest[:-1] if line)])
        done.wait()
        done.stdout.close()
        with Gallery.open(gallery.folder, MODEL) as again:
            voices = [e.voice for e in again.entries()]
            assert voices == [f"voice {i}" for i in range(len(voices))]
            assert len(voices) >= number and len(voices) % 5 == 0
            number = len(voices)
            for i in (0, number - 1):
                assert again.search(embedding(i), CALIBRATION, 1)[0].entry.voice == f"voice {i}"


def test_rows_of_a_crash_are_written_over(gallery: Gallery) -> None:
    gallery.enrol([entry(0)], "a")
    for name, size in ((VECTORS, 4 * DIM), (STATISTICS, 8)):
        with (gallery.folder / name).open("ab") as file:
            file.write(b"\xff" * (2 * size + 3))
    gallery.enrol([entry(1), entry(2)], "a")
    with Gallery.open(gallery.folder) as again:
        for i in range(3):
            assert again.search(embedding(i), CALIBRATION)[0].entry.voice == f"voice {i}"


def test_expected_false_hits_count_every_pair_of_speakers_once(population: Population) -> None:
    trials, calibration = population.trials, population.calibration
    values = calibration.slope * trials.scores + calibration.intercept
    pairs: dict[frozenset[str], list[float]] = {}
    for value, same, a, b in zip(
        values, trials.same, trials.speaker_a, trials.speaker_b, strict=True
    ):
        if not same:
            pairs.setdefault(frozenset((str(a), str(b))), []).append(float(value))
    for limit in (-1.0, 0.0, 1.0, 1.5):
        shares = [np.mean(np.array(v) >= limit) for v in pairs.values()]
        expected = (sum(shares) + 1) / (len(shares) + 1)
        assert false_hit_rate(population, limit) == pytest.approx(expected)
        assert expected_false_hits(population, limit, 13_000) == pytest.approx(13_000 * expected)
    assert false_hit_rate(population, 99.0) == pytest.approx(1 / (len(pairs) + 1))
