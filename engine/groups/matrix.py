"""Calibrated likelihood ratios of every pair of voices, in blocks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.progress import CancelToken, Progress, no_progress
from engine.types import CalibrationModel, FloatArray

BLOCK_ROWS = 128


@dataclass(frozen=True, slots=True)
class VoiceVectors:
    """Embedded voices of one model.

    `vectors` is float32 [shape=(n, dim)], L2-normalised; `statistics` is float64 [shape=(n, 2)],
    mean and deviation of the cosines with the nearest voices of the cohort.
    """

    vectors: FloatArray
    statistics: NDArray[np.float64]

    def __post_init__(self) -> None:
        if self.vectors.ndim != 2 or self.statistics.shape != (len(self.vectors), 2):
            raise ValueError("vectors must be [n, dim], statistics [n, 2]")

    def __len__(self) -> int:
        return len(self.vectors)


def log10_lr_rows(
    voices: VoiceVectors, rows: slice, calibration: CalibrationModel, bounded: bool = True
) -> FloatArray:
    """log10 LR of some voices with all, float32 [shape=(rows, n)]; within the supported range, or
    as the calibration gives it."""
    mean, deviation = voices.statistics.T
    # slope * ((c - m_a) / d_a + (c - m_b) / d_b) / 2 + intercept, see engine.compare.score
    factor = (calibration.slope / 2 / deviation).astype(np.float32)
    offset = (calibration.slope / 2 * mean / deviation - calibration.intercept / 2).astype(
        np.float32
    )
    scores = voices.vectors[rows] @ voices.vectors.T
    scores *= factor[rows, None] + factor[None]
    scores -= offset[rows, None] + offset[None]
    if bounded:
        np.clip(scores, *map(np.float32, calibration.bounds_log10), out=scores)
    return np.asarray(scores, np.float32)


def log10_lr_matrix(
    voices: VoiceVectors,
    calibration: CalibrationModel,
    out: FloatArray | None = None,
    bounded: bool = True,
    progress: Progress = no_progress,
    cancel: CancelToken | None = None,
) -> FloatArray:
    """log10 LR of every pair, float32 [shape=(n, n)], symmetric; into `out`, which may be a memory
    map where the matrix is larger than memory (raises CANCELLED)."""
    n = len(voices)
    result = np.empty((n, n), np.float32) if out is None else out
    for start in range(0, n, BLOCK_ROWS):
        if cancel is not None:
            cancel.check()
        progress("matrix", start, n)
        rows = slice(start, min(n, start + BLOCK_ROWS))
        result[rows] = log10_lr_rows(voices, rows, calibration, bounded)
    return result
