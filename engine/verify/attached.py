"""What is attached to a report beside its manifest: is it what the manifest says, and do the
recordings give the same voices again?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from engine.errors import SeongmunError
from engine.report.attachments import report_files
from engine.report.manifest import item_embedding
from engine.types import Check, FloatArray, ReportManifest
from engine.verify.extract import read_attachments
from engine.verify.outcomes import failed, not_checked, passed

LARGEST_DISTANCE = 1e-3
"""Between unit vectors: processors round differently."""


def check_attachments(pdf: bytes, manifest: ReportManifest | None) -> Check:
    """Are the attached files the very ones that the manifest gives, no more and no fewer?"""
    check_id = "attachments"
    if manifest is None:
        return not_checked(check_id, "no_manifest")
    try:
        attached, expected = read_attachments(pdf), report_files(manifest.content)
    except (SeongmunError, KeyError, TypeError, ValueError, ArithmeticError) as error:
        return failed(check_id, "unreadable", detail=type(error).__name__)
    if attached.keys() != expected.keys():
        others = ", ".join(sorted(attached.keys() ^ expected.keys()))
        return failed(check_id, "other_files", detail=others)
    changed = [name for name, content in expected.items() if attached[name] != content]
    if changed:
        return failed(check_id, "differ", detail=", ".join(changed))
    return passed(check_id, "follow", files=len(expected))


def check_embeddings(content: Mapping[str, Any], remade: Sequence[FloatArray]) -> Check:
    """Do the recordings give the attached embeddings again?

    Parameters
    ----------
    remade : float32 [shape=(dim,)] of unit length, one per item; empty where none was made
    """
    check_id = "embeddings.recomputed"
    if not remade:
        return not_checked(check_id, "not_recomputed")
    distances = [
        float(np.linalg.norm(item_embedding(item, "").vector - vector))
        for item, vector in zip(content["items"], remade, strict=True)
    ]
    largest = max(distances)
    if not largest <= LARGEST_DISTANCE:
        return failed(check_id, "differ", distance=largest)
    return passed(check_id, "reproduced", distance=largest)
