"""One embedding from the speech of one voice, from half a second to many hours."""

from __future__ import annotations

import math

import numpy as np

from engine.errors import ErrorCode, SeongmunError
from engine.models.frontend import compute_features, normalise
from engine.models.session import EmbeddingModel
from engine.progress import CancelToken, Progress, no_progress
from engine.types import FloatArray

MINIMUM_SPEECH_S = 0.5
WINDOW_S = 60.0


def embed_speech(
    model: EmbeddingModel,
    speech: FloatArray,
    progress: Progress = no_progress,
    cancel: CancelToken | None = None,
) -> FloatArray:
    """Embed speech.

    Up to `WINDOW_S` the network sees everything at once. Longer speech is cut into the fewest equal
    windows of at most `WINDOW_S`, each with its own mean subtraction, and their unit vectors are
    averaged: memory stays bounded and every second weighs the same.

    Parameters
    ----------
    speech : float32 [shape=(n,)], full scale ±1, at the model's sample rate

    Returns
    -------
    float32 [shape=(dim,)], L2-normalised.

    Raises
    ------
    SeongmunError
        SPEECH_TOO_SHORT under `MINIMUM_SPEECH_S`; MODEL_OUTPUT; CANCELLED.
    """
    rate_hz = model.pack.front_end.sample_rate_hz
    duration_s = len(speech) / rate_hz
    if duration_s < MINIMUM_SPEECH_S:
        raise SeongmunError(
            ErrorCode.SPEECH_TOO_SHORT,
            path="",
            net_speech_s=round(duration_s, 2),
            minimum_s=MINIMUM_SPEECH_S,
        )
    windows = np.array_split(speech, math.ceil(duration_s / WINDOW_S))
    total = np.zeros(model.pack.embedding_dim)
    for done, window in enumerate(windows):
        if cancel is not None:
            cancel.check()
        features = normalise(compute_features(window, model.pack.front_end), model.pack.front_end)
        total += model.embed_features(features[None])[0]
        progress("embed", done + 1, len(windows))
    length = float(np.linalg.norm(total))
    if length < 1e-6:
        raise SeongmunError(ErrorCode.MODEL_OUTPUT)
    return np.asarray(total / length, np.float32)
