"""What long-term spectra tell: effective bandwidth and mains hum."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from scipy.fft import rfft

from engine.audio.blocks import Block
from engine.audio.levels import SILENCE, decibels
from engine.types import FloatArray

SPECTRUM_POINTS = 1024
BANDWIDTH_DROP_DB = 40.0
BANDWIDTH_FLOOR_DB = 8.0
HUM_WINDOW_S = 2.0
HUM_HARMONICS = 8
HUM_PROMINENCE_DB = 10.0
HUM_HIGHEST_HZ = 520.0
LINE_HZ, FLOOR_FROM_HZ, FLOOR_TO_HZ = 1.0, 2.5, 10.0


def frame_powers(samples: FloatArray, window: FloatArray, hop: int) -> FloatArray:
    """Power per bin of Hann-like windowed frames, scaled so that a frame's sum is its mean power.

    Returns
    -------
    float32 [shape=(frames, len(window) // 2 + 1)]
    """
    if len(samples) < len(window):
        samples = np.pad(samples, (0, len(window) - len(samples)))
    frames = sliding_window_view(samples, len(window))[::hop] * window
    spectrum = rfft(frames, axis=1)
    power = spectrum.real**2 + spectrum.imag**2
    return np.asarray(power * (2 / (len(window) * float(window @ window))), np.float32)


def hann(length: int) -> FloatArray:
    """The periodic Hann window, float32."""
    return np.asarray(np.hanning(length + 1)[:-1], np.float32)


class LongTermSpectrum:
    """Collects the mean spectrum of speech and that of everything, for where there is no speech."""

    def __init__(self) -> None:
        self._speech: NDArray[np.float64] = np.zeros(1)
        self._all: NDArray[np.float64] = np.zeros(1)
        self._sample_rate_hz = 0

    def add(self, block: Block) -> None:
        """Take a block."""
        points = _points(block.sample_rate_hz)
        power = frame_powers(block.samples, hann(points), points // 2)
        centres = np.minimum((np.arange(len(power)) + 1) * (points // 2), len(block.speech) - 1)
        self._speech = self._speech + power[block.speech[centres]].sum(axis=0, dtype=np.float64)
        self._all = self._all + power.sum(axis=0, dtype=np.float64)
        self._sample_rate_hz = block.sample_rate_hz

    @property
    def bandwidth_hz(self) -> float:
        """Highest frequency of the long-term spectrum within 40 dB of its peak and above its floor.

        The floor is the lowest tenth of the spectrum: what a band-limited channel leaves empty.
        """
        return _bandwidth_hz(
            self._speech if self._speech.any() else self._all, self._sample_rate_hz
        )


def _points(sample_rate_hz: int) -> int:
    """Bins of no more than 16 Hz at any rate: wider ones would smear a telephone's upper edge."""
    return SPECTRUM_POINTS * max(1, round(sample_rate_hz / 16000))


def bandwidth_hz(samples: FloatArray, sample_rate_hz: int) -> float:
    """See `LongTermSpectrum.bandwidth_hz`; of samples in memory, float32 [shape=(n,)]."""
    spectrum = LongTermSpectrum()
    everything = np.ones(len(samples), np.bool_)
    spectrum.add(Block(samples, sample_rate_hz, everything, ~everything))
    return spectrum.bandwidth_hz


def _bandwidth_hz(power: NDArray[np.float64], sample_rate_hz: int) -> float:
    smooth = np.convolve(power / max(float(power.sum()), SILENCE), np.ones(5) / 5, "same")
    spectrum_db = 10 * np.log10(smooth + 1e-15)
    ceiling = float(np.percentile(spectrum_db, 98))
    floor = float(np.percentile(spectrum_db, 5))
    threshold = max(ceiling - BANDWIDTH_DROP_DB, min(floor + BANDWIDTH_FLOOR_DB, ceiling - 3))
    above = np.flatnonzero(spectrum_db > threshold)
    step_hz = sample_rate_hz / 2 / max(1, len(power) - 1)
    return float((above[-1] + 1) * step_hz) if len(above) else 0.0


class Hum:
    """Collects the steady part of the low spectrum: each block's median over windows of 2 s."""

    def __init__(self) -> None:
        self._medians: list[FloatArray] = []
        self._step_hz = 1 / HUM_WINDOW_S

    def add(self, block: Block) -> None:
        """Take a block; one shorter than a window is passed over."""
        length = int(HUM_WINDOW_S * block.sample_rate_hz)
        if len(block.samples) < length:
            return
        power = frame_powers(block.samples, hann(length), length // 2)
        self._step_hz = block.sample_rate_hz / length
        self._medians.append(np.median(power[:, : int(HUM_HIGHEST_HZ / self._step_hz)], axis=0))

    @property
    def found(self) -> tuple[float, float] | None:
        """(50, 60 or 0 Hz; power in dBFS of the family's lines, or of what they could be at most).

        Lines stand 10 dB or more above their surroundings; a family has two, one of them among
        its first three. None where nothing was long enough to measure.
        """
        if not self._medians:
            return None
        spectrum = np.mean(self._medians, axis=0)
        families = {mains: self._family(spectrum, mains) for mains in (60.0, 50.0)}
        heard = {mains: power for mains, (power, is_hum) in families.items() if is_hum}
        if heard:
            mains = max(heard, key=lambda m: heard[m])
            return mains, decibels(heard[mains])
        return 0.0, decibels(max(power for power, _ in families.values()))

    def _family(self, spectrum: FloatArray, mains_hz: float) -> tuple[float, bool]:
        total, prominent = 0.0, []
        frequency = np.arange(len(spectrum)) * self._step_hz
        for harmonic in range(1, HUM_HARMONICS + 1):
            distance = np.abs(frequency - harmonic * mains_hz)
            line = spectrum[distance <= LINE_HZ]
            around = spectrum[(distance >= FLOOR_FROM_HZ) & (distance <= FLOOR_TO_HZ)]
            floor = float(np.median(around)) + SILENCE**2
            total += max(float(line.sum()) - floor * len(line), 0.0)
            if 10 * np.log10((float(line.max()) + SILENCE**2) / floor) >= HUM_PROMINENCE_DB:
                prominent.append(harmonic)
        return total, len(prominent) >= 2 and min(prominent) <= 3
