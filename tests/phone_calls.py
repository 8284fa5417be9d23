"""Two-channel calls of real speakers, for tests of what is heard across calls."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from engine.audio.resample import resample
from engine.types import FloatArray

RATE_HZ = 16000


@dataclass(frozen=True)
class Phone:
    """Two-channel calls, one party per channel, from the audiobooks of the shared recordings."""

    folder: Path
    calls: dict[str, str]

    def path(self, call: str) -> Path:
        return self.folder / f"통화 {call}.wav"

    @property
    def paths(self) -> list[Path]:
        return [self.path(call) for call in self.calls]


def write_calls(shared_data: Path, folder: Path) -> Phone:
    """A and B call in turn; everyone else is heard once; each time other sentences."""
    books = sorted((shared_data / "dev/librispeech_devclean_mp3").rglob("*.mp3"))
    by_speaker: dict[str, list[Path]] = {}
    for path in books:
        by_speaker.setdefault(path.stem.split("-")[0], []).append(path)
    names = dict(zip("ABVWXYZ", sorted(by_speaker), strict=False))
    calls = {"1": "AV", "2": "AW", "3": "AB", "4": "BX"}
    taken: dict[str, int] = {}
    speech: dict[str, FloatArray] = {}
    for call, (caller, other) in calls.items():
        parts = []
        for party in (caller, other):
            if party not in speech:
                speech[party] = _joined(by_speaker[names[party]])
            start = taken.get(party, 0)
            taken[party] = start + 8 * RATE_HZ
            parts.append(speech[party][start : taken[party]])
        silence = np.zeros_like(parts[0])
        left, right = np.concatenate([parts[0], silence]), np.concatenate([silence, parts[1]])
        stereo = np.stack([left, right], 1)
        soundfile.write(folder / f"통화 {call}.wav", stereo, RATE_HZ)
    return Phone(folder, calls)


def _joined(paths: list[Path]) -> FloatArray:
    """Half a minute of a speaker's chapters."""
    parts: list[FloatArray] = []
    while sum(map(len, parts)) < 30 * RATE_HZ:
        samples, rate_hz = soundfile.read(paths[len(parts)], 30 * RATE_HZ, dtype="float32")
        parts.append(resample(samples, rate_hz, RATE_HZ))
    return np.concatenate(parts)
