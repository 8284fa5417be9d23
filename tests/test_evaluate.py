"""The development sets and the conditions they are heard under, on a few of the real recordings."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from app.services.scoring import score_trials
from engine.models.session import EmbeddingModel
from engine.training.evaluate import (
    SAMPLE_RATE_HZ,
    SNRS_DB,
    DevSet,
    conditions,
    joined_sessions,
    load_sets,
    score,
)

N_FILES = 4
TABLES = {
    "wuw2/calls.csv": ("path", lambda row: row["speaker"]),
    "common_voice/recordings.csv": ("recording", lambda row: row["speaker"]),
    "librispeech_devclean_mp3/manifest.csv": ("path", lambda row: row["speaker"] + row["chapter"]),
}


@pytest.fixture(scope="module")
def some(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the tables with two recordings of each of the first speakers, and their trials."""
    data = tmp_path_factory.mktemp("data")
    (data / "noise").symlink_to(shared_data / "noise")
    for table, (key, group) in TABLES.items():
        source = shared_data / "dev" / table
        rows = read(source)
        kept: dict[str, list[dict[str, str]]] = {}
        for row in rows:
            kept.setdefault(group(row), []).append(row)
        pairs = [part[:2] for part in kept.values() if len(part) > 1][: N_FILES // 2]
        chosen = [row for pair in pairs for row in pair]
        write(data / "dev" / table, chosen)
        for file in source.parent.iterdir():
            if file.suffix != ".csv":
                (data / "dev" / table).with_name(file.name).symlink_to(file)
        names = {Path(row[key]).stem for row in chosen}
        if (trials := source.with_name("trials.csv")).exists():
            some = [row for row in read(trials) if {row["a"], row["b"]} <= names]
            write((data / "dev" / table).with_name("trials.csv"), some)
    return data


@pytest.fixture(scope="module")
def sets(some: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, DevSet]:
    work = tmp_path_factory.mktemp("work")
    first = load_sets(some, work)
    again = load_sets(some, work)
    assert all(
        np.array_equal(a.speech, b.speech)
        for name in first
        for a, b in zip(first[name].voices, again[name].voices, strict=True)
    )
    return first


def read(table: Path) -> list[dict[str, str]]:
    with table.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def write(table: Path, rows: list[dict[str, str]]) -> None:
    table.parent.mkdir(parents=True, exist_ok=True)
    with table.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)


def test_scores_are_those_of_the_program(
    sets: dict[str, DevSet], some: Path, model: EmbeddingModel
) -> None:
    given = sets["telephone"]
    labelled = score(model, given)
    rows = read(some / "dev/wuw2/trials.csv")
    assert [str(int(same)) for same in labelled.same] == [row["same"] for row in rows]
    table, _, _ = score_trials(some / "dev/wuw2/trials.csv", some / "dev/wuw2", model, None)
    by_program = [float(row["score"]) for row in csv.DictReader(table.decode().splitlines())]
    assert labelled.scores == pytest.approx(by_program, abs=1e-6)


def test_books_are_compared_across_chapters_only(sets: dict[str, DevSet]) -> None:
    given = sets["audiobook"]
    assert len(given.voices) == N_FILES
    sessions = [voice.session for voice in given.voices]
    assert all(sessions[a] != sessions[b] for a, b in given.trials)
    joined = joined_sessions(given)
    assert len(joined.voices) == len(set(sessions))
    assert sum(len(v.speech) for v in joined.voices) == sum(len(v.speech) for v in given.voices)


def test_conditions_are_what_they_say(sets: dict[str, DevSet], some: Path) -> None:
    heard = list(conditions(sets, some / "noise"))
    for condition in heard:
        used = [condition.given.voices[i] for i in np.unique(condition.given.trials)]
        if condition.key == "duration":
            assert all(len(v.speech) == condition.value * SAMPLE_RATE_HZ for v in used)
    noisy = [c for c in heard if c.key == "noise"][: len(SNRS_DB)]
    for condition, snr_db in zip(noisy, SNRS_DB, strict=True):
        for clean, loud in zip(sets["telephone"].voices, condition.given.voices, strict=True):
            noise = loud.speech - clean.speech
            found_db = 10 * np.log10(np.mean(clean.speech**2) / np.mean(noise**2))
            assert found_db == pytest.approx(snr_db, abs=0.1)
    phones = {c.key: set(c.given.phones) for c in heard if c.key.endswith("handset")}
    assert all(len(set(p.split("-"))) == 1 for p in phones["same_handset"])
    assert all(len(set(p.split("-"))) == 2 for p in phones["cross_handset"])


def test_no_speaker_is_in_training_and_in_development(shared_data: Path) -> None:
    trained = {row["speaker"].split(":")[-1] for row in read(shared_data / "train/manifest.csv")}
    for table in TABLES:
        tested = {row["speaker"] for row in read(shared_data / "dev" / table)}
        assert len(tested) > 5
        assert not trained & tested
