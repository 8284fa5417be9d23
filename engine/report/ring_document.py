"""The document of a report on voices across calls, ``rings.json``: who is heard where and what that
rests on, with the voices' vectors, so that everything that was found can be found again.

Keys: ``format``, ``report_id``, ``created_utc``, ``language``, ``demo``, ``software``, ``case``
(anchor in the audit trail), ``model`` and ``population`` (as in a report's manifest), ``settings``
(the limits), ``calls`` (hash, size, name, case, times, direction), ``voices`` (key, number of the
call, channel, speaker, segments, quality, cautions, vector and cohort statistics), ``decisions``
(rows with author and time), ``skipped``, ``result`` (`engine.groups.findings`).
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

import numpy as np

from engine.groups.findings import findings
from engine.groups.matrix import VoiceVectors, log10_lr_matrix
from engine.groups.organise import GroupSettings, Heard, decisions_of
from engine.progress import CancelToken, Progress, no_progress
from engine.types import CalibrationModel, FloatArray

ATTACHMENT_NAME = "rings.json"
FORMAT = 1
Document = Mapping[str, Any]


def encoded(vector: FloatArray) -> str:
    """A vector as base64 of little-endian float32."""
    return base64.b64encode(vector.astype("<f4").tobytes()).decode("ascii")


def recomputed(
    document: Document, progress: Progress = no_progress, cancel: CancelToken | None = None
) -> dict[str, Any]:
    """What follows from a document's vectors, limits and decisions: its ``result`` anew.

    Raises
    ------
    KeyError, TypeError, ValueError
        The document is malformed.
    SeongmunError
        CANCELLED.
    """
    calibration = document["population"]["calibration"]
    low, high = map(float, calibration["bounds_log10"])
    model = CalibrationModel(
        slope=calibration["slope"],
        intercept=calibration["intercept"],
        replicates=np.zeros((0, 2)),
        bounds_log10=(low, high),
    )
    voices = document["voices"]
    vectors = np.stack(
        [np.frombuffer(base64.b64decode(v["vector"], validate=True), "<f4") for v in voices]
    )
    statistics = np.array([v["cohort"] for v in voices], np.float64)
    matrix = log10_lr_matrix(
        VoiceVectors(vectors, statistics), model, None, False, progress, cancel
    )
    limits = GroupSettings(**document["settings"])
    decisions = decisions_of(document["decisions"])
    return findings(
        matrix, heard_of(document), model.bounds_log10, limits, decisions, progress, cancel
    )


def heard_of(document: Document) -> list[Heard]:
    """The document's voices as what is organised."""
    calls = document["calls"]
    return [
        Heard(v["key"], c["sha256"], c["received_from"], c["direction"])
        for v in document["voices"]
        for c in [calls[v["call"]]]
    ]
