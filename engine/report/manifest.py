"""The machine-readable content of a report: canonical JSON, attached to the PDF.

Every number in the printed report comes from here, and `verify` starts here. Format 4::

    format, report_id, created_utc, software {name, version}, language (ko, en or both), demo,
    version, supersedes {report_id, sha256, reason}: empty where the report corrects none,
    template {id, version, sha256, laboratory},
    case {uuid, number, events, audit_head: the head of the case's audit trail when the report was
          made; empty without a case},
    audit [{sequence, utc, actor, action, hash}]: that trail up to its head,
    request {agency, requester, examiners, text, received_utc, deviations, note},
    propositions {same_source, different_source}, each by language,
    items [{label (Q1, Q2… questioned, K1, K2… known), role, exhibit (0 without a case),
            custody {origin, received_utc, received_from, description, added_utc},
            file_name, sha256, size_bytes, container, codec, sample_rate_hz, channels,
            channel, duration_s, warnings, steps [{name, params}], segments [[start_s, end_s]],
            quality, embedding (base64 of float32 little-endian), cohort_mean, cohort_deviation,
            synthetic}], the questioned ones first,
    comparisons [{questioned (label), known (label), analysed_utc, author,
                  conditions [{condition, role, place, code, value, low, high, allowed}],
                  result {score, log10_lr, interval_log10, bounds_log10, unbounded_log10_lr,
                          verbal_scale, verbal_level, flags}}],
    model {id, version, sha256, manifest_sha256, licence, training_data, validated_conditions,
           provider},
    population {id, sha256, description, n_speakers, n_same, n_different, conditions, calibration
                {method, slope, intercept, bounds_log10}, validation},
    profile (AnalysisProfile).

Formats 2 and 3, which are still read, had one comparison: `items` without label, exhibit and
custody, `conditions` and `result` beside them, propositions as plain texts; no version, template,
request or audit trail. Format 2 had fewer figures of quality, no `conditions`, and in the profile
only `minimum_net_speech_s` in place of `suitability`. Format 1 had no `case` and is not read.
"""

from __future__ import annotations

import base64
import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
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

FORMAT = 4
ATTACHMENT_NAME = "manifest.json"
ROLES = ("questioned", "known")
LANGUAGES = {"ko": ("ko",), "en": ("en",), "both": ("ko", "en")}
MOST_ITEMS = 12
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


def languages(content: Mapping[str, Any]) -> tuple[str, ...]:
    """The languages in which a report is written, in order."""
    return LANGUAGES[content["language"]]


def comparison_views(content: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Each comparison of a manifest as a manifest of its own with two items, `conditions`,
    `result`, and whether it is a demonstration, whatever the format."""
    if content["format"] < 4:
        return [dict(content)]
    items = {item["label"]: item for item in content["items"]}
    views = []
    for compared in content["comparisons"]:
        pair = [items[compared[role]] for role in ROLES]
        part = {name: compared[name] for name in ("conditions", "result")}
        demo = content["demo"] and any(item["synthetic"] for item in pair)
        views.append({**content, **part, "items": pair, "demo": demo})
    return views


def item_keys(content: Mapping[str, Any]) -> list[str]:
    """What checks call each item: its role, from the second of a role on with its number."""
    seen: Counter[str] = Counter()
    keys = []
    for item in content["items"]:
        seen[item["role"]] += 1
        number = seen[item["role"]]
        keys.append(item["role"] if number == 1 else f"{item['role']}.{number}")
    return keys


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
    hashes = [item["sha256"] for item in document["items"]]
    if not all(map(SHA256.fullmatch, (*hashes, *bound))):
        raise ValueError("not a SHA-256")
    if document["format"] < 4:
        if document["language"] == "both":
            raise ValueError("unknown language")
        if tuple(item["role"] for item in document["items"]) != ROLES:
            raise ValueError("items must be the questioned and the known recording")
    else:
        _check_labels(document)
        _check_report(document)
    for item in document["items"]:
        item_embedding(item, model["sha256"])
        for segment in item["segments"]:
            _interval(segment)
    for view in comparison_views(document):
        for interval in ("interval_log10", "bounds_log10"):
            _interval(view["result"][interval])


def _check_labels(document: dict[str, Any]) -> None:
    """Items are labelled in order, and every comparison is of two of them."""
    items, compared = document["items"], document["comparisons"]
    roles = [item["role"] for item in items]
    numbers = {role: iter(range(1, MOST_ITEMS + 1)) for role in ROLES}
    if not 2 <= len(items) <= MOST_ITEMS or roles != sorted(roles, key=ROLES.index):
        raise ValueError("2 to 12 items, the questioned ones first")
    if any(i["label"] != f"{i['role'][0].upper()}{next(numbers[i['role']])}" for i in items):
        raise ValueError("items are not labelled in order")
    pairs = [(c["questioned"], c["known"]) for c in compared]
    labels = {i["label"] for i in items}
    if len(set(pairs)) != len(pairs) or {label for pair in pairs for label in pair} != labels:
        raise ValueError("comparisons must be of every item and differ")
    if any(pair[0][0] != "Q" or pair[1][0] != "K" for pair in pairs):
        raise ValueError("a comparison is of a questioned and a known recording")
    if len({c["result"]["verbal_scale"] for c in compared}) != 1:
        raise ValueError("one verbal scale")


def _check_report(document: dict[str, Any]) -> None:
    """Version, propositions, audit trail and the demonstration's label hang together."""
    if document["demo"] and not any(item["synthetic"] for item in document["items"]):
        raise ValueError("a demonstration without a synthetic voice")
    older, case, audit = (document[key] for key in ("supersedes", "case", "audit"))
    if document["version"] < 1 or (document["version"] > 1) != bool(older["report_id"]):
        raise ValueError("a version after the first names what it supersedes")
    if any(
        tuple(words) != tuple(sorted(languages(document)))
        for words in document["propositions"].values()
    ):
        raise ValueError("propositions in other languages than the report")
    if [event["sequence"] for event in audit] != list(range(1, case["events"] + 1)):
        raise ValueError("the audit trail has gaps")
    if (audit[-1]["hash"] if audit else "") != case["audit_head"]:
        raise ValueError("the audit trail does not end at its head")


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


def item_embedding(item: Mapping[str, Any], model_sha256: str) -> Embedding:
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
