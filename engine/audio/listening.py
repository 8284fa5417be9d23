"""A stretch of one or two channels as it is heard: at the device's rate, faster or slower at the
same pitch, louder or softer. For listening only: no figure is ever taken from these samples.

Blocks are made one after another, so that the memory does not grow with the recording.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
import soxr

from engine.audio.peaks import SampleReader
from engine.types import FloatArray

if TYPE_CHECKING:
    from av.filter import Graph

BLOCK_S = 0.02
READ_S = 0.25
FADE_S = 0.004
TEMPO_REST_S = 0.2
SLOWEST, FASTEST = 0.5, 2.0
FULL_SCALE = 1.0
RELEASE_DB_PER_S = 12.0
RELEASE = 10 ** (RELEASE_DB_PER_S * BLOCK_S / 20)
LAYOUTS = {1: "mono", 2: "stereo"}


@dataclass(slots=True)
class Listening:
    """How a stretch is heard; what is changed is heard from the next block on.

    `speed` lies between `SLOWEST` and `FASTEST`. With `loop` the stretch begins again at its end.
    """

    speed: float = 1.0
    loop: bool = False
    gain_db: float = 0.0

    @property
    def gain(self) -> float:
        """The factor of the amplitude."""
        return float(10 ** (self.gain_db / 20))


@dataclass(frozen=True, slots=True)
class HeardBlock:
    """Samples for both ears, float32 [shape=(frames, 2)], and the time of the recording
    [start_s, end_s) that is heard in them; `limited` where they are softer than was asked for,
    because they would have gone beyond full scale."""

    samples: FloatArray
    start_s: float
    end_s: float
    limited: bool = False


def heard(
    channels: tuple[SampleReader, ...],
    start_s: float,
    end_s: float,
    listening: Listening,
    rate_hz: int,
) -> Generator[HeardBlock]:
    """The blocks of [start_s, end_s), cut to the longest channel; without end where it is a loop.

    At speed 1, gain 0 dB and the recording's own rate the samples are the recording's, but for a
    fade of `FADE_S` at either end. At another speed the times are right within about 30 ms of the
    recording, since FFmpeg's ``atempo`` (WSOLA, Verhelst and Roelands 1993) moves waves about
    in order to join them.

    Parameters
    ----------
    channels : one for both ears, or two for left and right; a shorter one ends in silence
    rate_hz : of the blocks

    Raises
    ------
    Whatever the channels' `read` raises.
    """
    longest_s = max(channel.n_samples / channel.sample_rate_hz for channel in channels)
    faded = _runs(channels, start_s, min(end_s, longest_s), listening, rate_hz)
    return _levelled(faded, listening)


def _runs(
    channels: tuple[SampleReader, ...],
    start_s: float,
    end_s: float,
    listening: Listening,
    rate_hz: int,
) -> Iterator[HeardBlock]:
    """Runs at one speed each, faded at both ends."""
    if round((end_s - start_s) * rate_hz) < 1:
        return
    at_s, fade = start_s, round(FADE_S * rate_hz)
    while at_s < end_s:
        speed, begins = listening.speed, True
        for block in _run(channels, at_s, end_s, speed, rate_hz):
            at_s = block.end_s
            ends = at_s >= end_s or listening.speed != speed
            _fade(block.samples, fade if begins else 0, fade if ends else 0)
            yield block
            begins = False
            if ends:
                break
        if at_s >= end_s and listening.loop:
            at_s = start_s


def _run(
    channels: tuple[SampleReader, ...], start_s: float, end_s: float, speed: float, rate_hz: int
) -> Iterator[HeardBlock]:
    if speed == 1.0:
        pieces = _together(channels, start_s, end_s, rate_hz)
    else:
        # atempo keeps back what it cannot join to what follows.
        longer = _together(channels, start_s, end_s + TEMPO_REST_S, rate_hz)
        pieces = _at_tempo(longer, len(channels), speed, rate_hz)
    total = max(1, round((end_s - start_s) / speed * rate_hz))
    done = 0
    for samples in _in_blocks(pieces, len(channels), total, rate_hz):
        block_start_s = start_s + done * speed / rate_hz
        done += len(samples)
        block_end_s = end_s if done == total else start_s + done * speed / rate_hz
        both_ears = np.repeat(samples, 2, axis=1) if samples.shape[1] == 1 else samples
        yield HeardBlock(both_ears, block_start_s, block_end_s)


def _together(
    channels: tuple[SampleReader, ...], start_s: float, end_s: float, rate_hz: int
) -> Iterator[FloatArray]:
    """The channels side by side at one rate; silence behind a recording."""
    total = round((end_s - start_s) * rate_hz)
    each = [
        _in_blocks(_at_rate(channel, start_s, end_s, rate_hz), 1, total, rate_hz)
        for channel in channels
    ]
    return (np.concatenate(columns, axis=1) for columns in zip(*each, strict=True))


def _at_rate(
    channel: SampleReader, start_s: float, end_s: float, rate_hz: int
) -> Iterator[FloatArray]:
    """A channel at the rate asked for, [shape=(frames, 1)]."""
    own_hz = channel.sample_rate_hz
    start, stop, step = round(start_s * own_hz), round(end_s * own_hz), round(READ_S * own_hz)
    resampler = None
    if own_hz != rate_hz:
        resampler = soxr.ResampleStream(own_hz, rate_hz, 1, dtype="float32", quality="HQ")
    for first in range(start, stop, step):
        last = min(first + step, stop)
        samples = channel.read(first, last)
        samples = np.pad(samples, (0, last - first - len(samples)))
        if resampler is not None:
            samples = resampler.resample_chunk(samples, last=last == stop)
        yield samples[:, np.newaxis]


def _in_blocks(
    pieces: Iterable[FloatArray], channels: int, total: int, rate_hz: int
) -> Iterator[FloatArray]:
    """Exactly `total` frames in blocks of `BLOCK_S`; silence where the pieces end before."""
    size, done = max(1, round(BLOCK_S * rate_hz)), 0
    source, waiting = iter(pieces), np.zeros((0, channels), np.float32)
    while done < total:
        wanted = min(size, total - done)
        while len(waiting) < wanted:
            piece = next(source, None)
            if piece is None:
                piece = np.zeros((wanted - len(waiting), channels), np.float32)
            waiting = np.concatenate([waiting, piece])
        yield waiting[:wanted].copy()
        waiting, done = waiting[wanted:], done + wanted


def _at_tempo(
    pieces: Iterable[FloatArray], channels: int, speed: float, rate_hz: int
) -> Iterator[FloatArray]:
    """Faster or slower at the same pitch, by FFmpeg's atempo."""
    import av
    import av.filter

    graph, layout = av.filter.Graph(), LAYOUTS[channels]
    graph.threads = 1
    source = graph.add_abuffer(
        sample_rate=rate_hz, format="flt", layout=layout, time_base=Fraction(1, rate_hz)
    )
    graph.link_nodes(source, graph.add("atempo", f"{speed:g}"), graph.add("abuffersink"))
    graph.configure()
    for piece in pieces:
        packed = np.ascontiguousarray(piece, np.float32).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(packed, format="flt", layout=layout)
        frame.sample_rate = rate_hz
        graph.push(frame)
        yield from _pulled(graph, channels)
    graph.push(None)
    yield from _pulled(graph, channels)


def _pulled(graph: Graph, channels: int) -> Iterator[FloatArray]:
    import av.error

    while True:
        try:
            frame = graph.pull()
        except (av.error.BlockingIOError, av.error.EOFError):
            return
        yield np.asarray(frame.to_ndarray(), np.float32).reshape(-1, channels)


def _fade(samples: FloatArray, in_frames: int, out_frames: int) -> None:
    """Fade in and out, in place."""
    longest = len(samples) // 2
    for part, frames in ((samples, in_frames), (samples[::-1], out_frames)):
        length = min(frames, longest)
        part[:length] *= np.linspace(0, 1, length, endpoint=False, dtype=np.float32)[:, np.newaxis]


def _levelled(blocks: Iterator[HeardBlock], listening: Listening) -> Generator[HeardBlock]:
    """Amplify, and reduce the gain where a block would go beyond full scale.

    Each block has one gain that it bears, and the gain runs in a straight line from the lower of
    the gains on the left to the lower of those on the right: it never exceeds the block's own, and
    has no jumps. After a reduction it rises by `RELEASE_DB_PER_S`.
    """
    last: tuple[HeardBlock, float, bool] | None = None
    left = np.inf
    for block in blocks:
        asked, bearable = listening.gain, FULL_SCALE / max(_peak(block.samples), 1e-9)
        recovering = last[1] * RELEASE if last is not None and last[2] else np.inf
        gain = min(asked, bearable, recovering)
        if last is not None:
            right = min(last[1], gain)
            yield _amplified(last[0], min(left, last[1]), right, last[2])
            left = right
        last = block, gain, gain < asked
    if last is not None:
        yield _amplified(last[0], min(left, last[1]), last[1], last[2])


def _peak(samples: FloatArray) -> float:
    return float(np.max(np.abs(samples), initial=0.0))


def _amplified(block: HeardBlock, left: float, right: float, limited: bool) -> HeardBlock:
    if left == right == 1.0:
        return block
    gains = np.linspace(left, right, len(block.samples), endpoint=False, dtype=np.float32)
    samples = np.clip(block.samples * gains[:, np.newaxis], -FULL_SCALE, FULL_SCALE)
    return HeardBlock(samples, block.start_s, block.end_s, limited)
