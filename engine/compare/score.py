"""Scores: cosines of embeddings, normalised against the model's cohort, with their provenance."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.errors import ErrorCode, SeongmunError
from engine.types import Cohort, Embedding, FloatArray, Score

SMALLEST_DEVIATION = 1e-3
Floats = NDArray[np.float64]


def cosine(a: FloatArray, b: FloatArray) -> float:
    """Cosine of the angle between two vectors [shape=(dim,)], computed in float64."""
    first, second = a.astype(np.float64), b.astype(np.float64)
    return float(first @ second / (np.linalg.norm(first) * np.linalg.norm(second)))


def cosine_matrix(a: FloatArray, b: FloatArray) -> FloatArray:
    """Cosines [shape=(n, m)] of every row of `a` [shape=(n, dim)] with every row of `b`
    [shape=(m, dim)], all rows of unit length; float32, for searching and grouping."""
    return np.asarray(a @ b.T, np.float32)


def cohort_statistics(vectors: FloatArray, cohort: Cohort | None) -> Floats:
    """How close each voice is to its nearest strangers.

    Parameters
    ----------
    vectors : float32 [shape=(n, dim)], L2-normalised
    cohort : Cohort, optional

    Returns
    -------
    float64 [shape=(n, 2)]: mean and standard deviation of the cosines with the `cohort.top` nearest
    cohort voices; 0 and 1 without a cohort.
    """
    if cohort is None:
        return np.tile([0.0, 1.0], (len(vectors), 1))
    cosines = vectors.astype(np.float64) @ cohort.vectors.T.astype(np.float64)
    nearest = np.partition(cosines, -cohort.top, axis=1)[:, -cohort.top :]
    deviation = np.maximum(nearest.std(axis=1), SMALLEST_DEVIATION)
    return np.stack([nearest.mean(axis=1), deviation], axis=1)


def normalised(cosines: Floats, first: Floats, second: Floats) -> Floats:
    """Adaptive symmetric normalisation (Matejka et al. 2017, AS-norm1) of cosines [shape=(n,)];
    `first` and `second` are the `cohort_statistics` [shape=(n, 2)] of the two sides."""
    one = (cosines - first[:, 0]) / first[:, 1]
    other = (cosines - second[:, 0]) / second[:, 1]
    return np.asarray((one + other) / 2, np.float64)


def score_value(questioned: Embedding, known: Embedding) -> float:
    """The normalised cosine of two voices."""
    sides = [np.array([[e.cohort_mean, e.cohort_deviation]]) for e in (questioned, known)]
    cosines = np.array([cosine(questioned.vector, known.vector)])
    return float(normalised(cosines, *sides)[0])


def make_score(questioned: Embedding, known: Embedding) -> Score:
    """Score two voices.

    Raises
    ------
    SeongmunError
        MODEL_HASH where the embeddings come from different models: their cosine means nothing.
    """
    if questioned.model_sha256 != known.model_sha256:
        raise SeongmunError(ErrorCode.MODEL_HASH, path=known.model_sha256)
    return Score(
        score_value(questioned, known),
        questioned.model_sha256,
        questioned.recording_sha256,
        known.recording_sha256,
    )
