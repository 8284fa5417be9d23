"""Scores: cosines of embeddings, with their provenance."""

from __future__ import annotations

import numpy as np

from engine.errors import ErrorCode, SeongmunError
from engine.types import Embedding, FloatArray, Score


def cosine(a: FloatArray, b: FloatArray) -> float:
    """Cosine of the angle between two vectors [shape=(dim,)], computed in float64."""
    first, second = a.astype(np.float64), b.astype(np.float64)
    return float(first @ second / (np.linalg.norm(first) * np.linalg.norm(second)))


def cosine_matrix(a: FloatArray, b: FloatArray) -> FloatArray:
    """Cosines [shape=(n, m)] of every row of `a` [shape=(n, dim)] with every row of `b`
    [shape=(m, dim)], all rows of unit length; float32, for searching and grouping."""
    return np.asarray(a @ b.T, np.float32)


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
        cosine(questioned.vector, known.vector),
        questioned.model_sha256,
        questioned.recording_sha256,
        known.recording_sha256,
    )
