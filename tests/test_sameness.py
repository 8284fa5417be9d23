"""The same sound in two recordings, through codecs made by ffmpeg, and different sound."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from app.services.comparing import compare
from app.services.sharing import fingerprints_of, overlaps_among, overlaps_in_case
from engine.audio.blocks import HeldSamples
from engine.audio.sameness import Fingerprint, fingerprint, shared_sound
from engine.casefile.store import CaseFile
from engine.errors import ErrorCode, SeongmunError
from engine.models.session import EmbeddingModel
from engine.types import Population, SpeechSegment

Tool = Callable[..., bytes]
CALLS = ("00001_speaker", "00004_landline", "00009_landline", "00092_cell")
CODECS = [
    ("b.wav", ["-c:a", "libgsm_ms", "-ar", "8000"]),
    ("b.m4a", ["-c:a", "aac", "-b:a", "32k", "-ar", "44100"]),
    ("b.mp3", ["-c:a", "libmp3lame", "-b:a", "16k", "-ar", "16000"]),
    ("b.ogg", ["-c:a", "libopus", "-b:a", "12k"]),
    ("b.wav", ["-c:a", "pcm_alaw"]),
]


def printed(path: Path) -> Fingerprint:
    """The fingerprint of all of a file."""
    samples, rate_hz = soundfile.read(path, dtype="float32")
    whole = [SpeechSegment(0, len(samples) / rate_hz)]
    return fingerprint(HeldSamples(samples, rate_hz), whole)


@pytest.fixture(scope="module")
def calls(shared_data: Path) -> dict[str, Path]:
    return {name: shared_data / f"dev/wuw2/{name}.wav" for name in CALLS}


@pytest.mark.parametrize(("name", "options"), CODECS)
def test_a_piece_of_the_same_call_is_found_where_it_is(
    calls: dict[str, Path], tool: Tool, tmp_path: Path, name: str, options: list[str]
) -> None:
    original, piece, plain = calls["00092_cell"], tmp_path / name, tmp_path / "plain.wav"
    cut = ["-ss", "7.3", "-t", "6", "-i", original, "-filter:a", "volume=-9dB"]
    tool("ffmpeg", "-v", "error", *cut, *options, piece)
    tool("ffmpeg", "-v", "error", "-i", piece, "-c:a", "pcm_s16le", plain)
    shared = shared_sound(printed(original), printed(plain))
    assert shared is not None
    assert shared.first_start_s - shared.second_start_s == pytest.approx(7.3, abs=0.1)
    assert 2 <= shared.duration_s <= 6.2


def test_different_calls_share_nothing(calls: dict[str, Path]) -> None:
    prints = [printed(path) for path in calls.values()]
    for first, second in itertools.combinations(prints, 2):
        assert shared_sound(first, second) is None


def test_other_words_of_the_same_speaker_share_nothing(shared_data: Path) -> None:
    chapter = sorted((shared_data / "dev/librispeech_devclean_mp3/1272").rglob("*.mp3"))
    prints = [printed(path) for path in chapter[:6]]
    for first, second in itertools.combinations(prints, 2):
        assert shared_sound(first, second) is None


def test_only_sound_within_the_segments_counts(calls: dict[str, Path]) -> None:
    """A ring tone or an announcement in both calls is excluded by excluding its segment."""
    samples, rate_hz = soundfile.read(calls["00092_cell"], dtype="float32")
    shared = samples[: 8 * rate_hz]
    others = [soundfile.read(calls[name], dtype="float32")[0] for name in CALLS[:2]]
    prints = []
    for first_s in (0.0, 8.0):
        pair = [np.concatenate([shared, other]) for other in others]
        whole = [[SpeechSegment(first_s, len(both) / rate_hz)] for both in pair]
        prints.append(
            [fingerprint(HeldSamples(b, rate_hz), s) for b, s in zip(pair, whole, strict=True)]
        )
    assert shared_sound(*prints[0]) is not None
    assert shared_sound(*prints[1]) is None


def test_a_call_is_not_compared_with_itself(
    demo_media: tuple[Path, Path],
    tool: Tool,
    tmp_path: Path,
    model: EmbeddingModel,
    population: Population,
) -> None:
    again = tmp_path / "again.mp3"
    options = ["-ss", "3", "-filter:a", "volume=-6dB", "-b:a", "24k", "-ar", "16000"]
    tool("ffmpeg", "-v", "error", "-i", demo_media[1], *options, again)
    with pytest.raises(SeongmunError) as caught:
        compare(demo_media[1], again, model, population)
    assert caught.value.code is ErrorCode.COMPARE_SAME_CONTENT
    start = caught.value.params["questioned_start_s"] - caught.value.params["known_start_s"]
    assert start == pytest.approx(3.0, abs=0.1)
    assert caught.value.params["duration_s"] > 15


def test_all_recordings_of_a_case_are_checked_against_each_other(
    demo_media: tuple[Path, Path], tool: Tool, tmp_path: Path
) -> None:
    again, noise = tmp_path / "again.wav", tmp_path / "noise.txt"
    tool("ffmpeg", "-v", "error", "-i", demo_media[0], "-c:a", "pcm_mulaw", again)
    noise.write_text("no recording")
    with CaseFile.create(tmp_path / "case", "1", "examiner") as case:
        hashes = [
            case.add(path, "questioned", "examiner")[0].media_sha256
            for path in (*demo_media, again, noise)
        ]
        overlaps, unread = overlaps_in_case(case)
    assert [(o.first, o.second) for o in overlaps] == [(hashes[0], hashes[2])]
    assert list(unread) == [hashes[3]]


def test_new_recordings_are_checked_against_those_that_are_there(
    demo_media: tuple[Path, Path],
) -> None:
    old, other = (fingerprints_of(path) for path in demo_media)
    recordings = {"old": old, "other": other, "new": old}
    assert [(o.first, o.second) for o in overlaps_among(recordings, ["new"])] == [("new", "old")]
    assert overlaps_among(recordings, ["other"]) == []
    assert overlaps_among({}) == []


def test_silence_and_shreds_have_a_fingerprint() -> None:
    for n_samples in (0, 1, 4000, 80000):
        samples = np.zeros(n_samples, np.float32)
        segments = [SpeechSegment(0, 1)]
        empty = fingerprint(HeldSamples(samples, 8000), segments)
        assert shared_sound(empty, empty) is None
