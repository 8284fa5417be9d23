"""The files attached to a report beside its manifest: what the manifest says, for other programs.

They are made from the manifest alone, so that none of them can say anything else.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from engine.canonical import canonical_bytes
from engine.report.manifest import ATTACHMENT_NAME, comparison_views, item_embedding

SEGMENTS, EMBEDDINGS, SCORES = "segments.csv", "embeddings.json", "scores.csv"
DESCRIPTIONS = {
    ATTACHMENT_NAME: "attached.manifest",
    SEGMENTS: "attached.segments",
    EMBEDDINGS: "attached.embeddings",
    SCORES: "attached.scores",
}
SCORE_COLUMNS = (
    "questioned",
    "known",
    "cosine",
    "score",
    "unbounded_log10_lr",
    "log10_lr",
    "interval_low_log10",
    "interval_high_log10",
    "bound_low_log10",
    "bound_high_log10",
    "verbal_level",
)


def report_files(content: Mapping[str, Any]) -> dict[str, bytes]:
    """Every file that is attached to a report, by name; a report of a format before 4 has its
    manifest alone."""
    files = {ATTACHMENT_NAME: canonical_bytes(content)}
    if content["format"] < 4:
        return files
    return files | {
        SEGMENTS: _segments(content),
        EMBEDDINGS: _embeddings(content),
        SCORES: _scores(content),
    }


def cosine(first: Mapping[str, Any], second: Mapping[str, Any]) -> float:
    """Cosine of two items' embeddings; exact but for the last rounding, on every machine alike."""
    vectors = [item_embedding(i, "").vector.astype(np.float64) for i in (first, second)]
    return math.fsum((vectors[0] * vectors[1]).tolist())


def score_rows(content: Mapping[str, Any]) -> list[tuple[str | float, ...]]:
    """A row of `SCORE_COLUMNS` per comparison, nothing rounded."""
    rows: list[tuple[str | float, ...]] = []
    for view in comparison_views(content):
        (first, second), result = view["items"], view["result"]
        numbers = (result["score"], result["unbounded_log10_lr"], result["log10_lr"])
        ends = (*result["interval_log10"], *result["bounds_log10"])
        named = (first["label"], second["label"], cosine(first, second))
        rows.append((*named, *numbers, *ends, result["verbal_level"]))
    return rows


def _segments(content: Mapping[str, Any]) -> bytes:
    rows = [
        (item["label"], item["sha256"], item["channel"], start_s, end_s)
        for item in content["items"]
        for start_s, end_s in item["segments"]
    ]
    return _csv(("item", "sha256", "channel", "start_s", "end_s"), rows)


def _scores(content: Mapping[str, Any]) -> bytes:
    return _csv(SCORE_COLUMNS, score_rows(content))


def _embeddings(content: Mapping[str, Any]) -> bytes:
    """A double holds a float32 exactly, so that the numbers are those that the network gave."""
    items = [
        {
            "item": item["label"],
            "sha256": item["sha256"],
            "channel": item["channel"],
            "embedding": item_embedding(item, "").vector.astype(np.float64).tolist(),
            "cohort_mean": item["cohort_mean"],
            "cohort_deviation": item["cohort_deviation"],
        }
        for item in content["items"]
    ]
    return canonical_bytes({"model_sha256": content["model"]["sha256"], "items": items})


def _csv(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    """UTF-8, numbers in shortest round-trip form."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(rows)
    return text.getvalue().encode("utf-8")
