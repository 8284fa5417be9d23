"""Populations from recordings: real recordings through the product, selection, cuts, refusals."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from app.services import populating
from app.services.comparing import embed_voice
from app.services.populating import Cut, Sample, Selection, cut_voice, population_from_recordings
from app.services.voices import Voice, load_voice
from engine.compare.score import score_value
from engine.errors import ErrorCode, SeongmunError
from engine.lr.population import load_population, trial_conditions
from engine.models.session import EmbeddingModel
from engine.types import Population, PopulationRecording


@pytest.fixture(scope="module")
def clips(shared_data: Path) -> list[dict[str, str]]:
    """Twelve speakers in two sessions, twelve in one; longer than six seconds each."""
    source = shared_data / "dev/common_voice/recordings.csv"
    with source.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if float(row["duration_s"]) > 6]
    by_speaker: dict[str, list[dict[str, str]]] = {}
    for row in rows:
        by_speaker.setdefault(row["speaker"], []).append(row)
    several = [found[:2] for found in by_speaker.values() if len(found) > 1][:12]
    single = [found[:1] for found in by_speaker.values() if len(found) == 1][:12]
    return [row for found in (*several, *single) for row in found]


@pytest.fixture(scope="module")
def table(clips: list[dict[str, str]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("모집단") / "녹음.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["path", "speaker", "session", "sex", "language"])
        for row in clips:
            writer.writerow(
                [row["recording"], row["speaker"], row["recording"], row["gender"], "EN"]
            )
    return path


@pytest.fixture(scope="module")
def made(
    table: Path, shared_data: Path, model: EmbeddingModel, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Population]:
    """Cut to three seconds below 3 kHz."""
    folder = tmp_path_factory.mktemp("out")
    yield population_from_recordings(
        table,
        shared_data / "dev/common_voice",
        "three",
        folder,
        model,
        "crowd",
        cut=Cut(duration_s=3.0, band_hz=3000.0),
    )
    again = load_population(folder / "three.json")
    assert again.recordings is not None
    assert json.loads((folder / "three.json").read_text(encoding="utf-8"))["format"] == 3


def test_recordings_make_a_population_that_tells_how(
    made: Population, clips: list[dict[str, str]], model: EmbeddingModel
) -> None:
    recordings = made.recordings
    assert recordings is not None
    assert made.model_sha256 == model.pack.model_sha256
    assert len(recordings.items) + sum(recordings.left_out.values()) == len(clips)
    assert {item.net_speech_s for item in recordings.items} == {3.0}
    assert max(item.bandwidth_hz for item in recordings.items) <= 3000
    assert recordings.choices["cut_duration_s"] == 3.0
    assert recordings.choices["cut_band_hz"] == 3000.0
    assert recordings.choices["normalisation"] == "cohort"
    assert made.conditions["languages"] == "en"
    assert made.conditions["minimum_net_speech_s"] == 2.4
    assert {item.sex for item in recordings.items} <= {"male", "female", "", "other"}
    found = trial_conditions(made)
    assert set(found["net_speech_s"]) == {3.0}
    assert len(found["snr_db"]) == made.n_same + made.n_different


def test_scores_are_those_of_a_comparison(
    made: Population, shared_data: Path, clips: list[dict[str, str]], model: EmbeddingModel
) -> None:
    recordings = made.recordings
    assert recordings is not None
    for at in (0, len(made.trials.scores) // 2):
        sides = [recordings.items[side[at]] for side in (recordings.first, recordings.second)]
        voices = [
            cut_voice(load_voice(shared_data / "dev/common_voice" / item.name), Cut(3.0, 3000.0))
            for item in sides
        ]
        expected = score_value(*(embed_voice(voice, model) for voice in voices))
        assert made.trials.scores[at] == pytest.approx(expected, abs=1e-5)
        speakers = [made.trials.speaker_a[at], made.trials.speaker_b[at]]
        assert [item.speaker for item in sides] == speakers


def test_a_cut_takes_away_what_it_says(shared_data: Path, clips: list[dict[str, str]]) -> None:
    name = f"{clips[0]['recording']}.ogg"
    voice: Voice = load_voice(shared_data / "dev/common_voice" / name)
    cut = cut_voice(voice, Cut(2.0, 2000.0))
    assert len(cut.speech) == 2 * 16000

    def power(speech: np.ndarray, low: float, high: float) -> float:
        spectrum = np.abs(np.fft.rfft(speech * np.hanning(len(speech)))) ** 2
        hz = np.fft.rfftfreq(len(speech), 1 / 16000)
        return float(spectrum[(hz >= low) & (hz < high)].sum())

    before = voice.speech[: 2 * 16000]
    assert power(cut.speech, 2200, 8000) < 1e-4 * power(before, 2200, 8000)
    assert power(cut.speech, 300, 1700) == pytest.approx(power(before, 300, 1700), rel=0.02)
    assert cut_voice(voice, Cut()).speech is voice.speech


@pytest.mark.parametrize(
    "selection", [Selection(sex="male", language="ko"), Selection(language="zz"), Selection("x")]
)
def test_too_few_speakers_are_refused_before_anything_is_decoded(
    table: Path, tmp_path: Path, model: EmbeddingModel, selection: Selection
) -> None:
    with pytest.raises(SeongmunError) as caught:
        population_from_recordings(
            table, tmp_path, "p", tmp_path, model, "described", selection=selection
        )
    assert caught.value.code is ErrorCode.POPULATION_TOO_SMALL
    assert not list(tmp_path.iterdir())


def test_a_description_and_whole_rows_are_mandatory(
    table: Path, tmp_path: Path, model: EmbeddingModel
) -> None:
    bad = tmp_path / "bad.csv"
    bad.write_text("path,speaker\na.wav,\n", encoding="utf-8")
    for source, description, code in (
        (table, " ", ErrorCode.POPULATION_INVALID),
        (bad, "x", ErrorCode.TABLE_INVALID),
        (tmp_path / "none.csv", "x", ErrorCode.FILE_MISSING),
    ):
        with pytest.raises(SeongmunError) as caught:
            population_from_recordings(source, tmp_path, "p", tmp_path, model, description)
        assert caught.value.code is code


def test_pairs_within_a_session_are_left_out(model: EmbeddingModel) -> None:
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(5, model.pack.embedding_dim)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    who = [("a", "1"), ("a", "1"), ("a", "2"), ("b", "1"), ("b", "")]
    samples = [
        Sample(
            PopulationRecording("n", "h", speaker, session, "", "", "", 9.0, None, 3400.0, ""),
            vector,
        )
        for (speaker, session), vector in zip(who, vectors, strict=True)
    ]
    trials, first, second = populating.score_pairs(samples, model.pack)
    pairs = set(zip(first.tolist(), second.tolist(), strict=True))
    assert (0, 1) not in pairs
    assert {(0, 2), (1, 2), (3, 4), (0, 3)} <= pairs
    assert len(pairs) == 9
    assert trials.same.sum() == 3


def test_a_man_is_not_compared_with_a_woman(model: EmbeddingModel) -> None:
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(4, model.pack.embedding_dim)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    samples = [
        Sample(PopulationRecording("n", "h", who, who, sex, "", "", 9.0, None, 3400.0, ""), vector)
        for (who, sex), vector in zip(
            (("a", "male"), ("b", "female"), ("c", "male"), ("d", "")), vectors, strict=True
        )
    ]
    _, first, second = populating.score_pairs(samples, model.pack)
    assert set(zip(first.tolist(), second.tolist(), strict=True)) == {
        (0, 2),
        (0, 3),
        (1, 3),
        (2, 3),
    }
