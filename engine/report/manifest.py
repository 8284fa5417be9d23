"""The machine-readable content of a report: canonical JSON, attached to the PDF.

Every number in the printed report comes from here, and `verify` starts here. Format 3::

    format, report_id, created_utc, software {name, version}, language, demo,
    case {uuid, number, events, audit_head: the head of the case's audit trail when the report was
          made; empty without a case},
    propositions {same_source, different_source},
    items [{role, file_name, sha256, size_bytes, container, codec, sample_rate_hz, channels,
            channel, duration_s, warnings, steps [{name, params}], segments [[start_s, end_s]],
            quality, embedding (base64 of float32 little-endian), cohort_mean, cohort_deviation,
            synthetic}],
    model {id, version, sha256, manifest_sha256, licence, training_data, validated_conditions,
           provider},
    population {id, sha256, description, n_speakers, n_same, n_different, conditions, calibration
                {method, slope, intercept, bounds_log10}, validation},
    profile (AnalysisProfile),
    conditions [{condition, role, place, code, value, low, high, allowed}: ConditionCheck],
    result {score, log10_lr, interval_log10, bounds_log10, unbounded_log10_lr, verbal_scale,
            verbal_level, flags}

Format 2, which is still read, had fewer figures of quality, no `conditions`, and in the profile
only `minimum_net_speech_s` in place of `suitability`. Format 1 had no `case` and is not read.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from engine.canonical import canonical_bytes
from engine.errors import ErrorCode, SeongmunError
from engine.report.schema import require, schema_of
from engine.types import (
    ConditionCheck,
    Embedding,
    LikelihoodRatio,
    ModelPack,
    Population,
    ProcessingStep,
    QualityReport,
    Recording,
    ReportManifest,
    SpeechSegment,
)

FORMAT = 3
ATTACHMENT_NAME = "manifest.json"
ROLES = ("questioned", "known")
LANGUAGES = ("ko", "en")
SHA256 = re.compile(r"[0-9a-f]{64}")
NORM_TOLERANCE = 1e-4


def parse(content: bytes) -> ReportManifest:
    """Read a manifest, demanding canonical bytes and the very keys and types of its format.

    Raises
    ------
    SeongmunError
        REPORT_MANIFEST.
    """
    try:
        document = json.loads(content)
        if not isinstance(document, dict) or canonical_bytes(document) != content:
            raise ValueError("not canonical")
        _check(document)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise SeongmunError(ErrorCode.REPORT_MANIFEST, reason=str(error)) from error
    return ReportManifest(document)


def _check(document: dict[str, Any]) -> None:
    require(document, schema_of(document.get("format", 0)))
    model, population, profile = (document[key] for key in ("model", "population", "profile"))
    if document["language"] not in LANGUAGES:
        raise ValueError("unknown language")
    if not (model["id"].isprintable() and population["id"].isprintable()):
        raise ValueError("unprintable id")
    bound = (profile["model_sha256"], profile["population_sha256"])
    if bound != (model["sha256"], population["sha256"]):
        raise ValueError("the profile is of another model or population")
    if tuple(item["role"] for item in document["items"]) != ROLES:
        raise ValueError("items must be the questioned and the known recording")
    hashes = [item["sha256"] for item in document["items"]]
    if not all(map(SHA256.fullmatch, (*hashes, *bound))):
        raise ValueError("not a SHA-256")
    for item in document["items"]:
        item_embedding(item, model["sha256"])
        for segment in item["segments"]:
            _interval(segment)
    for interval in ("interval_log10", "bounds_log10"):
        _interval(document["result"][interval])


def _interval(values: list[float]) -> None:
    low, high = values
    if not low <= high:
        raise ValueError("not an interval")


def describe_item(
    role: str,
    recording: Recording,
    channel: int,
    steps: tuple[ProcessingStep, ...],
    segments: tuple[SpeechSegment, ...],
    quality: QualityReport,
    embedding: Embedding,
    synthetic: bool,
) -> dict[str, Any]:
    """The manifest's entry of one examined recording."""
    return {
        "role": role,
        "file_name": recording.path.name,
        "sha256": recording.sha256,
        "size_bytes": recording.size_bytes,
        "container": recording.container,
        "codec": recording.codec,
        "sample_rate_hz": recording.sample_rate_hz,
        "channels": recording.channels,
        "channel": channel,
        "duration_s": recording.duration_s,
        "warnings": list(recording.warnings),
        "steps": [{"name": step.name, "params": dict(step.params)} for step in steps],
        "segments": [[segment.start_s, segment.end_s] for segment in segments],
        "quality": asdict(quality),
        "embedding": base64.b64encode(embedding.vector.astype("<f4").tobytes()).decode("ascii"),
        "cohort_mean": embedding.cohort_mean,
        "cohort_deviation": embedding.cohort_deviation,
        "synthetic": synthetic,
    }


def item_embedding(item: dict[str, Any], model_sha256: str) -> Embedding:
    """The embedding stored in a manifest's item."""
    vector = np.frombuffer(base64.b64decode(item["embedding"], validate=True), "<f4")
    if not abs(float(np.linalg.norm(vector.astype(np.float64))) - 1) <= NORM_TOLERANCE:
        raise ValueError("embedding has not unit norm")
    if not item["cohort_deviation"] > 0:
        raise ValueError("deviation is not positive")
    return Embedding(
        np.asarray(vector, np.float32),
        model_sha256,
        item["sha256"],
        item["quality"]["net_speech_s"],
        item["cohort_mean"],
        item["cohort_deviation"],
    )


def describe_model(pack: ModelPack, provider: str) -> dict[str, Any]:
    """The manifest's entry of the model."""
    return {
        "id": pack.id,
        "version": pack.version,
        "sha256": pack.model_sha256,
        "manifest_sha256": pack.manifest_sha256,
        "licence": pack.licence,
        "training_data": pack.training_data,
        "validated_conditions": dict(pack.validated_conditions),
        "provider": provider,
    }


def describe_population(population: Population) -> dict[str, Any]:
    """The manifest's entry of the population and its calibration."""
    calibration = population.calibration
    return {
        "id": population.id,
        "sha256": population.file_sha256,
        "description": population.description,
        "n_speakers": population.n_speakers,
        "n_same": population.n_same,
        "n_different": population.n_different,
        "conditions": dict(population.conditions),
        "calibration": {
            "method": calibration.method,
            "slope": calibration.slope,
            "intercept": calibration.intercept,
            "bounds_log10": list(calibration.bounds_log10),
        },
        "validation": asdict(population.validation),
    }


def describe_conditions(checks: Sequence[ConditionCheck]) -> list[dict[str, Any]]:
    """The manifest's entry of the case's conditions against the population's."""
    return [asdict(check) for check in checks]


def describe_result(
    score: float, ratio: LikelihoodRatio, verbal_scale: str, verbal_level: str
) -> dict[str, Any]:
    """The manifest's result."""
    return {
        "score": score,
        "log10_lr": ratio.log10_lr,
        "interval_log10": list(ratio.interval_log10),
        "bounds_log10": list(ratio.bounds_log10),
        "unbounded_log10_lr": ratio.unbounded_log10_lr,
        "verbal_scale": verbal_scale,
        "verbal_level": verbal_level,
        "flags": list(ratio.flags),
    }
