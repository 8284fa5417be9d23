"""What the samples themselves tell: level, peak, offset, clipping, dropouts."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.audio.blocks import Block
from engine.audio.peaks import CLIPPED_RUN, CLIPPING_FLOOR
from engine.types import FloatArray

SILENCE = 1e-12
HOLE_FRAME_S = 0.005
SHORTEST_HOLE_S, LONGEST_HOLE_S = 0.01, 0.4
HOLE_DROP_DB = 30.0
EDGE_DROP_DB = 15.0
REPEAT_PERIODS_S = (0.01, 0.02, 0.03)


def decibels(power: float) -> float:
    """10 log10, with a floor of -120 dB."""
    return float(10 * np.log10(max(power, SILENCE)))


class Levels:
    """Collects levels, peak, offset and clipping of blocks."""

    def __init__(self) -> None:
        self._sum = self._square = self._speech_square = 0.0
        self._n = self._n_speech = 0
        self._extremes = {1: _Extreme(), -1: _Extreme()}

    def add(self, block: Block) -> None:
        """Take a block."""
        samples = block.samples.astype(np.float64)
        speech = samples[block.speech]
        self._sum += float(samples.sum())
        self._square += float(samples @ samples)
        self._speech_square += float(speech @ speech)
        self._n += len(samples)
        self._n_speech += len(speech)
        for sign, extreme in self._extremes.items():
            extreme.add(sign * block.samples)

    @property
    def n_speech(self) -> int:
        """Samples within speech."""
        return self._n_speech

    @property
    def level_dbfs(self) -> float:
        """Mean power of the speech, or of everything where there is none."""
        if self._n_speech:
            return decibels(self._speech_square / self._n_speech)
        return decibels(self._square / max(1, self._n))

    @property
    def peak_dbfs(self) -> float:
        """The highest absolute value."""
        return 2 * decibels(max(0.0, *(e.value for e in self._extremes.values())))

    @property
    def dc_offset(self) -> float:
        """The mean."""
        return self._sum / max(1, self._n)

    @property
    def clipped_share(self) -> float:
        """See `clipped_share`."""
        clipped = sum(e.clipped for e in self._extremes.values() if e.value >= CLIPPING_FLOOR)
        return clipped / max(1, self._n)


class _Extreme:
    """The highest value so far, and how many samples stay at it in runs of at least three."""

    def __init__(self) -> None:
        self.value = -np.inf
        self.clipped = 0
        self._run = 0

    def add(self, samples: FloatArray) -> None:
        highest = float(samples.max(initial=-np.inf))
        if highest > self.value:
            self.value, self.clipped, self._run = highest, 0, 0
        at = np.concatenate([np.ones(self._run, np.bool_), samples == self.value, [False]])
        edges = np.flatnonzero(np.diff(np.concatenate([[False], at]).astype(np.int8)))
        lengths = edges[1::2] - edges[::2]
        counted = self._run if self._run >= CLIPPED_RUN else 0
        self.clipped += int(lengths[lengths >= CLIPPED_RUN].sum()) - counted
        self._run = int(lengths[-1]) if len(edges) and edges[-1] == len(at) - 1 else 0


def clipped_share(samples: FloatArray, sample_rate_hz: int = 1) -> float:
    """Share of samples in runs of at least three equal values at the recording's extremes.

    Clipping before a lower gain leaves its plateaus below full scale, so the extremes are the
    recording's own; recordings that peak under -20 dBFS are not called clipped.
    """
    levels = Levels()
    nothing = np.zeros(len(samples), np.bool_)
    levels.add(Block(samples, sample_rate_hz, nothing, nothing))
    return levels.clipped_share


class Dropouts:
    """Collects stretches of speech that are missing (silent holes with steep edges) or repeated."""

    def __init__(self) -> None:
        self._lost_s = self._speech_s = 0.0

    def add(self, block: Block) -> None:
        """Take a block."""
        self._speech_s += float(block.speech.sum()) / block.sample_rate_hz
        if block.speech.any():
            lost = _holes(block) | _repeats(block)
            self._lost_s += float((lost & block.speech).sum()) / block.sample_rate_hz

    @property
    def share(self) -> float | None:
        """Lost share of the speech time; None without speech."""
        return self._lost_s / self._speech_s if self._speech_s else None


def _holes(block: Block) -> NDArray[np.bool_]:
    """Frames far below the speech's level, between frames near it: speech fades, losses do not."""
    length = max(1, int(HOLE_FRAME_S * block.sample_rate_hz))
    whole = len(block.samples) // length * length
    frames = block.samples[:whole].reshape(-1, length).astype(np.float64)
    power = np.mean(np.square(frames), axis=1)
    level = float(np.mean(np.square(block.samples[block.speech], dtype=np.float64)))
    empty = power < max(level * 10 ** (-HOLE_DROP_DB / 10), SILENCE)
    loud = power > level * 10 ** (-EDGE_DROP_DB / 10)
    lost = np.zeros(len(block.samples), np.bool_)
    for start, stop in _runs(empty):
        inside = start > 0 and stop < len(power)
        if not SHORTEST_HOLE_S <= (stop - start) * HOLE_FRAME_S <= LONGEST_HOLE_S or not inside:
            continue
        # The frames at the edges are partly silent themselves.
        if loud[max(0, start - 2) : start].any() and loud[stop : stop + 2].any():
            lost[start * length : stop * length] = True
    return lost


def _repeats(block: Block) -> NDArray[np.bool_]:
    """Samples that repeat those of one frame earlier exactly, for at least a frame."""
    lost = np.zeros(len(block.samples), np.bool_)
    changing = np.concatenate([[False], np.diff(block.samples) != 0])
    for period_s in REPEAT_PERIODS_S:
        period = int(period_s * block.sample_rate_hz)
        equal = block.samples[period:] == block.samples[:-period]
        runs = _runs(equal)
        for start, stop in runs[runs[:, 1] - runs[:, 0] >= period - 1]:
            if changing[start + period : stop + period].mean() > 0.5:
                lost[start + period : stop + period] = True
    return lost


def _runs(mask: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Starts and ends of stretches of True, [shape=(n, 2)]."""
    padded = np.concatenate([[False], mask, [False]]).astype(np.int8)
    return np.flatnonzero(np.diff(padded)).reshape(-1, 2)
