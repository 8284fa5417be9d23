"""Short-time spectra for the eye."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.types import FloatArray

HIGHEST_HZ = 8000.0
FLOOR = 1e-12


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
