"""Change of sample rate and choice of a channel; both are processing steps to be recorded."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import soxr
from numpy.typing import NDArray

from engine.audio.peaks import SampleReader
from engine.errors import ErrorCode, SeongmunError
from engine.types import Audio, FloatArray

BLOCK_SAMPLES = 1 << 20
SAME_CHANNEL_CORRELATION = 0.999


def resample(samples: FloatArray, from_hz: int, to_hz: int) -> FloatArray:
    """Band-limited resampling (soxr HQ); the same array at equal rates.

    Parameters
    ----------
    samples : float32 [shape=(n,) or (channels, n)]
    """
    if from_hz == to_hz:
        return samples
    resampled = soxr.resample(samples.T, from_hz, to_hz, quality="HQ")
    return np.ascontiguousarray(resampled.T, np.float32)


def resampled_blocks(reader: SampleReader, to_hz: int) -> Iterator[FloatArray]:
    """A channel of any length at another rate, block by block; the blocks together are what
    `resample` makes of the whole."""
    stream = soxr.ResampleStream(reader.sample_rate_hz, to_hz, 1, "float32", quality="HQ")
    for start in range(0, reader.n_samples, BLOCK_SAMPLES):
        block = reader.read(start, start + BLOCK_SAMPLES)
        last = start + BLOCK_SAMPLES >= reader.n_samples
        yield block if reader.sample_rate_hz == to_hz else stream.resample_chunk(block, last)


def pick_channel(audio: Audio, channel: int | None) -> int:
    """The channel to analyse: the one asked for, or the first of practically equal channels.

    Raises
    ------
    SeongmunError
        AUDIO_CHANNEL where the channels differ and none is asked for, or where there is no such
        channel.
    """
    channels = audio.samples.shape[0]
    if channel is not None:
        if not 0 <= channel < channels:
            raise _choose(audio)
        return channel
    first = _centred(audio.samples[0])
    for other in map(_centred, audio.samples[1:]):
        scale = np.linalg.norm(first) * np.linalg.norm(other)
        if scale == 0 or first @ other < SAME_CHANNEL_CORRELATION * scale:
            raise _choose(audio)
    return 0


def alike(first: SampleReader, second: SampleReader) -> bool:
    """Whether two channels of one recording practically carry the same, as `pick_channel` asks;
    in bounded memory."""
    moments = np.zeros(5)
    for start in range(0, first.n_samples, BLOCK_SAMPLES):
        a, b = (r.read(start, start + BLOCK_SAMPLES).astype(np.float64) for r in (first, second))
        moments += [a.sum(), b.sum(), a @ a, b @ b, a @ b]
    sum_a, sum_b, power_a, power_b, both = moments / first.n_samples
    scale = np.sqrt((power_a - sum_a**2) * (power_b - sum_b**2))
    return bool(scale > 0 and both - sum_a * sum_b >= SAME_CHANNEL_CORRELATION * scale)


def _centred(samples: FloatArray) -> NDArray[np.float64]:
    """Without its offset, which would make any two channels look alike."""
    return samples - np.mean(samples, dtype=np.float64)


def _choose(audio: Audio) -> SeongmunError:
    path, channels = str(audio.recording.path), audio.samples.shape[0]
    return SeongmunError(ErrorCode.AUDIO_CHANNEL, path=path, channels=channels)
