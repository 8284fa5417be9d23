"""Is the same sound in two recordings? A call must not be compared with itself.

Landmarks (pairs of spectral peaks; Wang 2003) find the time offsets at which two recordings could
share sound, also among a thousand recordings; at each, the signs of band-energy differences
(Haitsma and Kalker 2002) decide. Both withstand another codec, rate, gain, band or cut; neither
withstands another speed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter

from engine.audio.blocks import blocks
from engine.audio.peaks import SampleReader
from engine.audio.resample import resample
from engine.audio.spectra import frame_powers, hann
from engine.progress import CancelToken
from engine.types import FloatArray, SpeechSegment, read_only

RATE_HZ = 8000
WINDOW, HOP = 512, 128
HOP_S = HOP / RATE_HZ
# Peaks and bands keep within what every telephone passes.
LOWEST_BIN, HIGHEST_BIN = 20, 200
PEAK_TIME, PEAK_BINS = 15, 13
PEAK_DEPTH = QUIETEST = 1e-4
COARSE_BINS = 2
PARTNERS, NEAREST, FARTHEST = 6, 3, 50
BAND_EDGES = np.unique(np.geomspace(LOWEST_BIN, HIGHEST_BIN, 18).round().astype(int))
WORD_BITS = len(BAND_EDGES) - 2
MINIMUM_VOTES = 4
CANDIDATES = 5
OFFSET_ORIGIN = 1 << 31
WINDOW_FRAMES = int(2.0 / HOP_S)
SAME_ERROR_RATE = 0.36


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What identifies a recording's speech.

    `hashes` and `times` are uint32 and int32 [shape=(landmarks,)], sorted by hash; `words` is
    uint32 [shape=(frames,)] with `WORD_BITS` bits each, `heard` bool [shape=(frames,)] tells the
    frames of speech. A frame is `HOP_S` long.
    """

    hashes: NDArray[np.uint32]
    times: NDArray[np.int32]
    words: NDArray[np.uint32]
    heard: NDArray[np.bool_]

    def __post_init__(self) -> None:
        for name in ("hashes", "times", "words", "heard"):
            object.__setattr__(self, name, read_only(getattr(self, name)))


@dataclass(frozen=True, slots=True)
class SharedSound:
    """The same sound from `first_start_s` in one recording and `second_start_s` in the other, for
    `duration_s`; `error_rate` is the share of differing bits (0.5 for different sounds)."""

    first_start_s: float
    second_start_s: float
    duration_s: float
    error_rate: float


def fingerprint(
    reader: SampleReader,
    segments: Sequence[SpeechSegment],
    cancel: CancelToken | None = None,
) -> Fingerprint:
    """The fingerprint of one channel's speech.

    Only sound within `segments` counts: ring tones and announcements, which different calls do
    share, are no reason to refuse a comparison of what is spoken.
    """
    nothing = (np.zeros((0, HIGHEST_BIN + 1), np.float32), np.zeros(0, np.bool_))
    parts: list[tuple[FloatArray, NDArray[np.bool_]]] = [nothing]
    for block in blocks(reader, segments, 0.0, None):
        if cancel is not None:
            cancel.check()
        parts.append(_frames(block.samples, block.speech, block.sample_rate_hz))
    power = np.concatenate([part[0] for part in parts])
    heard = _audible(power, np.concatenate([part[1] for part in parts]))
    hashes, times = _landmarks(power, heard)
    order = np.argsort(hashes, kind="stable")
    return Fingerprint(hashes[order], times[order], _words(power), heard)


def _audible(power: FloatArray, speech: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Frames of speech no more than 40 dB below its loudest: all silence is the same silence."""
    if not speech.any():
        return speech
    total = power[:, LOWEST_BIN:].sum(axis=1)
    return np.asarray(speech & (total > QUIETEST * np.quantile(total[speech], 0.99)))


def _frames(
    samples: FloatArray, speech: NDArray[np.bool_], rate_hz: int
) -> tuple[FloatArray, NDArray[np.bool_]]:
    """Powers of the bins up to the highest, and which frames lie in speech; blocks are padded, so
    that every one has its whole number of frames."""
    narrow = resample(samples, rate_hz, RATE_HZ)
    count = round(len(samples) / rate_hz / HOP_S)
    padded = np.pad(narrow, (0, max(0, count * HOP + WINDOW - len(narrow))))
    power = frame_powers(padded, hann(WINDOW), HOP)[:count, : HIGHEST_BIN + 1]
    centres = ((np.arange(len(power)) * HOP + WINDOW // 2) * rate_hz / RATE_HZ).astype(np.int64)
    return power, speech[np.minimum(centres, len(speech) - 1)]


def _landmarks(
    power: FloatArray, heard: NDArray[np.bool_]
) -> tuple[NDArray[np.uint32], NDArray[np.int32]]:
    """Hashes of pairs of neighbouring peaks: first frequency, second frequency, distance."""
    if not heard.any():
        return np.zeros(0, np.uint32), np.zeros(0, np.int32)
    inner = power[:, LOWEST_BIN:]
    top = maximum_filter(inner, (PEAK_TIME, PEAK_BINS), mode="constant")
    loud = PEAK_DEPTH * np.quantile(inner[heard], 0.99)
    time, frequency = np.nonzero((inner == top) & (inner > loud) & heard[:, None])
    coarse = (frequency // COARSE_BINS).astype(np.uint32)
    hashes, times = [], []
    for ahead in range(1, PARTNERS + 1):
        distance = time[ahead:] - time[: len(time) - ahead]
        near = (distance >= NEAREST) & (distance <= FARTHEST)
        first, second = coarse[: len(time) - ahead][near], coarse[ahead:][near]
        hashes.append(first | second << 7 | distance[near].astype(np.uint32) << 14)
        times.append(time[: len(time) - ahead][near].astype(np.int32))
    return np.concatenate(hashes), np.concatenate(times)


def _words(power: FloatArray) -> NDArray[np.uint32]:
    """A bit per pair of neighbouring bands: did their difference rise since two frames before?"""
    bands = np.log(np.add.reduceat(power, BAND_EDGES[:-1], axis=1) + 1e-12)
    slope = np.diff(bands, axis=1)
    rise = np.zeros(slope.shape, np.bool_)
    rise[2:] = slope[2:] > slope[:-2]
    weights = (1 << np.arange(WORD_BITS)).astype(np.uint32)
    return np.asarray(rise @ weights, np.uint32)


class SoundIndex:
    """Fingerprints of many recordings, searched together.

    A search costs what the landmarks in common cost, not the number of recordings.
    """

    def __init__(self, fingerprints: Sequence[Fingerprint]) -> None:
        self._fingerprints = tuple(fingerprints)
        sizes = [len(each.hashes) for each in fingerprints]
        hashes = np.concatenate([each.hashes for each in fingerprints])
        order = np.argsort(hashes, kind="stable")
        self._hashes = hashes[order]
        self._times = np.concatenate([each.times for each in fingerprints])[order]
        self._owners = np.repeat(np.arange(len(sizes), dtype=np.int32), sizes)[order]

    def shared_with(self, query: Fingerprint) -> dict[int, SharedSound]:
        """The longest stretch of sound that each recording shares with `query`, by its position
        among the index's recordings; those that share none are absent."""
        longest: dict[int, SharedSound] = {}
        for owner, offset in self._candidates(query):
            shared = _verify(query, self._fingerprints[owner], offset)
            if shared and (owner not in longest or shared.duration_s > longest[owner].duration_s):
                longest[owner] = shared
        return longest

    def _candidates(self, query: Fingerprint) -> Iterator[tuple[int, int]]:
        """Recordings and offsets (theirs less the query's, in frames) that landmarks vote for."""
        low = np.searchsorted(self._hashes, query.hashes, "left")
        counts = np.searchsorted(self._hashes, query.hashes, "right") - low
        asked = np.repeat(np.arange(len(low)), counts)
        found = low[asked] + np.arange(len(asked)) - np.repeat(np.cumsum(counts) - counts, counts)
        offsets = self._times[found].astype(np.int64) - query.times[asked]
        keys = (self._owners[found].astype(np.int64) << 32) + offsets + OFFSET_ORIGIN
        keys, votes = np.unique(keys, return_counts=True)
        enough = votes >= MINIMUM_VOTES
        keys, votes = keys[enough], votes[enough]
        owners = keys >> 32
        order = np.lexsort((-votes, owners))
        rank = np.arange(len(order)) - np.searchsorted(owners[order], owners[order])
        for i in order[rank < CANDIDATES]:
            yield int(owners[i]), int((keys[i] & 0xFFFFFFFF) - OFFSET_ORIGIN)


def shared_sound(first: Fingerprint, second: Fingerprint) -> SharedSound | None:
    """The longest stretch of sound that both recordings hold, or None.

    Detected are two seconds or more of speech; docs/measurements.md tells how surely.
    """
    return SoundIndex([second]).shared_with(first).get(0)


def _verify(first: Fingerprint, second: Fingerprint, offset: int) -> SharedSound | None:
    """Do the recordings differ in few bits at this offset, or one frame beside it?"""
    found = [
        shared
        for beside in (-1, 0, 1)
        if (shared := _agreement(first, second, offset + beside)) is not None
    ]
    return min(found, key=lambda shared: shared.error_rate, default=None)


def _agreement(first: Fingerprint, second: Fingerprint, offset: int) -> SharedSound | None:
    start = max(0, -offset)
    length = min(len(first.words) - start, len(second.words) - start - offset)
    if length < WINDOW_FRAMES:
        return None
    a, b = slice(start, start + length), slice(start + offset, start + offset + length)
    heard = first.heard[a] & second.heard[b]
    wrong = np.where(heard, np.bitwise_count(first.words[a] ^ second.words[b]), 0)
    at = np.flatnonzero(heard)
    if len(at) < WINDOW_FRAMES:
        return None
    total = np.concatenate([[0], np.cumsum(wrong[at])])
    rates = (total[WINDOW_FRAMES:] - total[:-WINDOW_FRAMES]) / (WINDOW_FRAMES * WORD_BITS)
    same = np.flatnonzero(rates <= SAME_ERROR_RATE)
    if not len(same):
        return None
    begin, end = int(at[same[0]]), int(at[same[-1] + WINDOW_FRAMES - 1]) + 1
    return SharedSound(
        (start + begin) * HOP_S,
        (start + offset + begin) * HOP_S,
        (end - begin) * HOP_S,
        float(rates[same].min()),
    )
