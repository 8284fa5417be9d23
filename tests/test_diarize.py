"""Who speaks when, against known turns; and what the command prints."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr

from app.cli import run
from app.services.segmenting import propose_segments
from benchmarks.diarization import errors
from engine.errors import ErrorCode, SeongmunError
from engine.models.session import EmbeddingModel
from engine.progress import CancelToken
from engine.speech.clustering import choose, follow_voices
from engine.speech.exchange import read_segments
from engine.types import FloatArray, SpeechSegment

RATE_HZ = 16000


@pytest.fixture(scope="module")
def parties(shared_data: Path) -> list[list[FloatArray]]:
    """Six utterances of about 6 s of each of two audiobook readers, man and woman."""
    folder = shared_data / "dev/librispeech_devclean_mp3"
    voices = []
    for reader in ("1272", "1673"):
        paths = sorted((folder / reader).rglob("*.mp3"))[:6]
        read = [soundfile.read(path, dtype="float32") for path in paths]
        resampled = [soxr.resample(x, rate, RATE_HZ)[: 6 * RATE_HZ] for x, rate in read]
        voices.append([np.asarray(0.1 * x / x.std(), np.float32) for x in resampled])
    return voices


@pytest.fixture(scope="module")
def call(parties: list[list[FloatArray]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The two in turn in one channel, half a second between them, by 8 kHz µ-law."""
    pause = np.zeros(RATE_HZ // 2, np.float32)
    parts = [x for pair in zip(*parties, strict=True) for y in pair for x in (y, pause)]
    path = tmp_path_factory.mktemp("call") / "통화 1.wav"
    narrow = soxr.resample(np.concatenate(parts), RATE_HZ, 8000)
    soundfile.write(path, 0.5 * narrow / np.abs(narrow).max(), 8000, subtype="ULAW")
    return path


def truth(parties: list[list[FloatArray]]) -> list[tuple[float, float, int]]:
    turns, at = [], 0.0
    for pair in zip(*parties, strict=True):
        for party, utterance in enumerate(pair):
            turns.append((at, at + len(utterance) / RATE_HZ, party))
            at += len(utterance) / RATE_HZ + 0.5
    return turns


@pytest.mark.parametrize("number", [None, 2])
def test_two_parties_in_one_channel(
    call: Path, parties: list[list[FloatArray]], model: EmbeddingModel, number: int | None
) -> None:
    found = propose_segments(call, model, number)
    assert [s.speaker for s in found[:1]] == ["S1"]
    assert {s.speaker for s in found} == {"S1", "S2"}
    assert all(a.end_s <= b.start_s for a, b in pairwise(found))
    turns = [(s.start_s, s.end_s, int(s.speaker[1]) - 1) for s in found]
    _, _, confused, total = errors(truth(parties), turns, 0.25)
    assert confused / total < 0.05


def test_one_party_per_channel_is_used_as_such(
    parties: list[list[FloatArray]], model: EmbeddingModel, tmp_path: Path
) -> None:
    length = 6 * RATE_HZ
    channels = np.zeros((2, 8 * length), np.float32)
    for i in range(8):
        utterance = parties[i % 2][i // 2]
        channels[i % 2, i * length : i * length + len(utterance)] = utterance
    soundfile.write(tmp_path / "stereo.wav", 0.3 * channels.T, RATE_HZ)
    found = propose_segments(tmp_path / "stereo.wav", model)
    assert {(s.channel, s.speaker) for s in found} == {(0, "S1"), (1, "S2")}
    for s in found:
        assert int(s.start_s // 6) % 2 == s.channel


def test_equal_channels_are_one(call: Path, model: EmbeddingModel, tmp_path: Path) -> None:
    samples, rate_hz = soundfile.read(call, dtype="float32")
    soundfile.write(tmp_path / "twice.wav", np.stack([samples, samples], axis=1), rate_hz)
    assert propose_segments(tmp_path / "twice.wav", model) == propose_segments(call, model)


def test_nobody_speaks(model: EmbeddingModel, tmp_path: Path) -> None:
    noise = 1e-3 * np.random.default_rng(0).standard_normal(5 * RATE_HZ)
    soundfile.write(tmp_path / "noise.wav", noise, RATE_HZ)
    assert propose_segments(tmp_path / "noise.wav", model) == ()


def test_cancelled(call: Path, model: EmbeddingModel) -> None:
    cancel = CancelToken()

    def stop(stage: str, done: float, total: float) -> None:
        if stage == "embed":
            cancel.cancel()

    with pytest.raises(SeongmunError) as caught:
        propose_segments(call, model, progress=stop, cancel=cancel)
    assert caught.value.code is ErrorCode.CANCELLED


def test_clusters_of_known_directions() -> None:
    """Three well-separated voices in turn, then one voice: as many as there are."""
    rng = np.random.default_rng(0)
    directions = np.eye(3, 32)
    order = np.repeat([0, 1, 2, 1, 0, 2], 10)
    noisy = directions[order] + 0.1 * rng.standard_normal((60, 32))
    vectors = np.asarray(noisy / np.linalg.norm(noisy, axis=1, keepdims=True), np.float32)
    spans = np.stack([np.arange(60) * 1.5, np.arange(60) * 1.5 + 1.5], axis=1)
    labels = choose(vectors, spans, None, 8, (0.6, 0.4))
    assert len(set(zip(labels.tolist(), order.tolist(), strict=True))) == 3
    alone = choose(vectors[order == 0], spans[order == 0], None, 8, (0.6, 0.4))
    assert set(alone.tolist()) == {0}
    assert len(np.unique(choose(vectors, spans, 2, 8, (0.6, 0.4)))) == 2


def test_one_stray_window_does_not_change_the_speaker() -> None:
    """Against the sequence that an exhaustive search over all sequences finds best."""
    rng = np.random.default_rng(1)
    voices = np.asarray(np.eye(2, 8), np.float32)
    vectors = voices[[0, 0, 1, 0, 0, 1, 1, 1]] * 0.2 + 0.1 * rng.standard_normal((8, 8))
    vectors = np.asarray(vectors, np.float32)
    spans = np.stack([np.arange(8.0), np.arange(8.0) + 1], axis=1)

    def value(sequence: list[int]) -> float:
        fit = sum(20 * float(vectors[i] @ voices[v]) for i, v in enumerate(sequence))
        return fit - 2 * sum(a != b for a, b in pairwise(sequence))

    best = max(([int(b) for b in f"{i:08b}"] for i in range(256)), key=value)
    assert follow_voices(vectors, spans, voices).tolist() == best


def test_error_rate_of_hand_counted_turns() -> None:
    """10 s of A, 10 s of B; found: 1 s of A missed, 2 s of B taken for A, 1 s too much."""
    real = [(0.0, 10.0, 0), (10.0, 20.0, 1)]
    found = [(1.0, 12.0, 1), (12.0, 21.0, 0)]
    assert errors(real, found, 0.0).tolist() == [100, 100, 200, 2000]
    assert errors(real, real, 0.25)[:3].tolist() == [0, 0, 0]


def test_command_prints_what_other_programs_read(
    call: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    common = ["segments", str(call), "--device", "cpu", "--speakers", "2"]
    assert run([*common, "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["n_speakers"] == 2
    assert set(document["segments"][0]) == {"start_s", "end_s", "speaker", "channel", "overlap"}
    assert run([*common, "--format", "textgrid"]) == 0
    read = read_segments(capsys.readouterr().out.encode(), "textgrid")
    expected = [SpeechSegment(**segment) for segment in document["segments"]]
    assert [(s.start_s, s.end_s, s.speaker) for s in read] == [
        (s.start_s, s.end_s, s.speaker) for s in expected
    ]


@pytest.mark.parametrize("number", ["0", "9", "two", "12"])
def test_impossible_numbers_are_usage_errors(number: str) -> None:
    assert run(["segments", "x.wav", "--speakers", number]) == 2
