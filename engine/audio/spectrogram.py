"""Short-time spectra for the eye."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.fft import rfft

from engine.audio.peaks import SampleReader
from engine.types import FloatArray

HIGHEST_HZ = 8000.0
FLOOR = 1e-12

TILE_COLUMNS = 256
TILE_ROWS = 256
FINEST_COLUMN_S = 0.00025
LEVEL_STEP_DB = 0.6
LOWEST_DB = -150.0
MOST_SPECTRA_PER_COLUMN = 4
MOST_WHERE_SPARSE = 2
SPARSE_WINDOWS = 16


@dataclass(frozen=True, slots=True)
class SpectrogramSettings:
    """How a spectrogram is computed. It is for the eye only; no number depends on it.

    `window_s`: 0.005 shows time (wide band), 0.03 shows harmonics (narrow band). `overlap` is the
    least share by which successive windows overlap as far as four spectra per column allow it.
    """

    window_s: float = 0.03
    overlap: float = 0.5
    low_hz: float = 0.0
    high_hz: float = 4000.0
    mel: bool = False


def column_s(zoom: int) -> float:
    """Duration of a tile's column at a zoom level; 0 is the finest."""
    return float(FINEST_COLUMN_S * 2**zoom)


def row_frequencies_hz(settings: SpectrogramSettings) -> NDArray[np.float64]:
    """Frequency of every row of a tile [shape=(TILE_ROWS,)], low ones first."""
    ends = np.array([settings.low_hz, settings.high_hz])
    if not settings.mel:
        return np.linspace(settings.low_hz, settings.high_hz, TILE_ROWS)
    low, high = mel_of_hz(ends)
    return hz_of_mel(np.linspace(low, high, TILE_ROWS))


def mel_of_hz(frequency_hz: NDArray[np.float64]) -> NDArray[np.float64]:
    """O'Shaughnessy 1987, as Kaldi has it."""
    return np.asarray(1127.0 * np.log1p(frequency_hz / 700.0))


def hz_of_mel(mel: NDArray[np.float64]) -> NDArray[np.float64]:
    """Inverse of `mel_of_hz`."""
    return np.asarray(700.0 * np.expm1(mel / 1127.0))


def tile(
    samples: SampleReader, settings: SpectrogramSettings, zoom: int, index: int
) -> NDArray[np.uint8]:
    """Levels of tile `index`: columns ``index * TILE_COLUMNS`` and on.

    Returns
    -------
    uint8 [shape=(TILE_ROWS, TILE_COLUMNS)], low frequencies first: steps of `LEVEL_STEP_DB` above
    `LOWEST_DB`, a full-scale sine at 0 dB. Each column is the mean power of up to four
    Hann-windowed spectra, of two where it is longer than `SPARSE_WINDOWS` windows.
    """
    rate_hz = samples.sample_rate_hz
    window = max(32, round(settings.window_s * rate_hz))
    width_s = column_s(zoom)
    hop_s = max(window / rate_hz * (1 - settings.overlap), 1 / rate_hz)
    sparse = width_s * rate_hz > SPARSE_WINDOWS * window
    most = MOST_WHERE_SPARSE if sparse else MOST_SPECTRA_PER_COLUMN
    spectra = int(np.clip(np.ceil(width_s / hop_s), 1, most))
    first_s = index * TILE_COLUMNS * width_s
    centre_s = first_s + (np.arange(TILE_COLUMNS * spectra) + 0.5) * width_s / spectra
    starts = np.round(centre_s * rate_hz).astype(np.int64) - window // 2
    if sparse:  # what lies on the disk in chunks of a power of two is not read across their edges
        starts += window // 2
    frames = _frames(samples, starts, window, sparse)
    shape = np.hanning(window).astype(np.float32)
    points = max(512, 1 << (2 * window - 1).bit_length())
    power = np.square(np.abs(rfft(frames * shape, points)), dtype=np.float32)
    power = power.reshape(TILE_COLUMNS, spectra, -1).mean(axis=1)
    level_db = 10 * np.log10(_at_rows(power, settings, rate_hz) * (2 / shape.sum()) ** 2 + 1e-15)
    steps = np.clip(np.round((level_db - LOWEST_DB) / LEVEL_STEP_DB), 0, 255)
    return np.ascontiguousarray(steps.T.astype(np.uint8))


def _frames(
    samples: SampleReader, starts: NDArray[np.int64], window: int, sparse: bool
) -> FloatArray:
    """Stretches [shape=(n, window)]; silence beyond the recording's ends."""
    if sparse:
        return np.stack([_padded(samples, int(start), int(start) + window) for start in starts])
    first, last = int(starts[0]), int(starts[-1]) + window
    block = _padded(samples, first, last)
    return np.asarray(block[(starts - first)[:, None] + np.arange(window)], np.float32)


def _padded(samples: SampleReader, start: int, stop: int) -> FloatArray:
    inside = samples.read(start, stop)
    if len(inside) == stop - start:
        return inside
    before = min(max(0, -start), stop - start)
    after = stop - start - before - len(inside)
    return np.asarray(np.pad(inside, (before, after)), np.float32)


def _at_rows(power: FloatArray, settings: SpectrogramSettings, rate_hz: int) -> FloatArray:
    """Power [shape=(columns, bins)] at the rows' frequencies; nothing above half the rate."""
    position = row_frequencies_hz(settings) / (rate_hz / 2) * (power.shape[1] - 1)
    below = np.clip(position.astype(np.int64), 0, power.shape[1] - 2)
    share = (position - below).astype(np.float32)
    between = power[:, below] * (1 - share) + power[:, below + 1] * share
    return np.asarray(np.where(position <= power.shape[1] - 1, between, 0), np.float32)


def spectrogram_db(
    samples: FloatArray, sample_rate_hz: int, columns: int, rows: int, window_s: float
) -> tuple[NDArray[np.float32], float]:
    """Levels of evenly spread Hann-windowed spectra.

    Parameters
    ----------
    samples : float32 [shape=(n,)]
    columns, rows : at most so many spectra, exactly so many frequencies
    window_s : 0.005 shows time (wide band), 0.03 shows harmonics (narrow band)

    Returns
    -------
    (float32 [shape=(rows, columns)] in dB, low frequencies first; the highest frequency in Hz)
    """
    window = max(64, int(window_s * sample_rate_hz))
    padded = np.pad(samples, (0, max(0, window - len(samples))))
    n_columns = min(columns, max(1, 4 * len(padded) // window))
    starts = np.linspace(0, len(padded) - window, n_columns).astype(int)
    frames = padded[starts[:, None] + np.arange(window)] * np.hanning(window)
    power = np.abs(np.fft.rfft(frames, max(512, 2 * window))) ** 2
    top_hz = min(HIGHEST_HZ, sample_rate_hz / 2)
    kept = max(1, int(power.shape[1] * top_hz / (sample_rate_hz / 2)))
    chosen = np.linspace(0, kept - 1, rows).astype(int)
    return np.asarray(10 * np.log10(power[:, chosen].T + FLOOR), np.float32), top_hz
