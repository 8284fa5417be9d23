"""A channel in blocks: recordings of many hours are measured in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from engine.audio.peaks import SampleReader
from engine.audio.resample import resample
from engine.types import FloatArray, SpeechSegment

BLOCK_S = 30.0
COMMON_RATE_HZ = 16000
PAUSE_GUARD_S = 0.1


@dataclass(frozen=True, slots=True)
class HeldSamples:
    """A `SampleReader` of samples that are in memory, float32 [shape=(n,)]."""

    samples: FloatArray
    sample_rate_hz: int

    @property
    def n_samples(self) -> int:
        return len(self.samples)

    def read(self, start: int, stop: int) -> FloatArray:
        """Samples [start, stop), cut to the recording."""
        return self.samples[max(0, start) : max(0, stop)]


@dataclass(frozen=True)
class Block:
    """Consecutive samples of one channel.

    `samples` is float32 [shape=(n,)]; `speech` and `pause` are masks of the same shape: within a
    speech segment, and at least `PAUSE_GUARD_S` away from any where all speech is known.
    """

    samples: FloatArray
    sample_rate_hz: int
    speech: NDArray[np.bool_]
    pause: NDArray[np.bool_]

    @cached_property
    def common(self) -> FloatArray:
        """The samples at 16 kHz."""
        return resample(self.samples, self.sample_rate_hz, COMMON_RATE_HZ)

    @cached_property
    def common_speech(self) -> NDArray[np.bool_]:
        """Mask of speech at 16 kHz."""
        ratio = self.sample_rate_hz / COMMON_RATE_HZ
        at = (np.arange(len(self.common)) * ratio).astype(np.int64)
        return self.speech[np.minimum(at, len(self.speech) - 1)]


def blocks(
    reader: SampleReader,
    segments: Sequence[SpeechSegment],
    start_s: float,
    end_s: float | None,
    all_speech: bool = True,
) -> Iterator[Block]:
    """The blocks of a selection, in order; together they are the selection. Unless the segments are
    `all_speech`, what lies between them is no pause: others may speak there."""
    rate_hz = reader.sample_rate_hz
    first = max(0, round(start_s * rate_hz))
    last = reader.n_samples if end_s is None else min(reader.n_samples, round(end_s * rate_hz))
    step = int(BLOCK_S * rate_hz)
    for start in range(first, last, step):
        samples = reader.read(start, min(start + step, last))
        near = _mask(segments, start, len(samples), rate_hz, PAUSE_GUARD_S)
        speech = _mask(segments, start, len(samples), rate_hz, 0.0)
        yield Block(samples, rate_hz, speech, ~near & all_speech)


def _mask(
    segments: Sequence[SpeechSegment], start: int, length: int, rate_hz: int, guard_s: float
) -> NDArray[np.bool_]:
    mask = np.zeros(length, np.bool_)
    for segment in segments:
        low = round((segment.start_s - guard_s) * rate_hz) - start
        high = round((segment.end_s + guard_s) * rate_hz) - start
        mask[max(0, low) : max(0, high)] = True
    return mask
