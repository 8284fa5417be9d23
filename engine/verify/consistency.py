"""Does a report's result follow from what is attached to it?"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from engine.canonical import canonical_bytes
from engine.compare.score import cohort_statistics, score_value
from engine.lr.calibrate import apply
from engine.lr.conditions import check_conditions, check_result, condition_flags
from engine.lr.verbal import VerbalScale
from engine.report.manifest import (
    comparison_views,
    describe_conditions,
    describe_population,
    item_embedding,
)
from engine.types import (
    Check,
    CheckStatus,
    Embedding,
    LikelihoodRatio,
    ModelPack,
    Population,
    QualityReport,
    VoiceFacts,
)
from engine.verify.outcomes import failed, not_checked, passed

TOLERANCE_LOG10 = 1e-4
# The cautions about quality that a manifest of format 2 could have.
CAUTIONS_2 = {"speech.short", "bandwidth.outside", "snr.low", "snr.unknown", "clipping"}
SYNTHETIC, TRUNCATED = "recording.synthetic", "recording.truncated"


def close(a: float, b: float) -> bool:
    """Within the tolerance; what is not a number is close to nothing."""
    return abs(a - b) <= TOLERANCE_LOG10


def check_model(content: Mapping[str, Any], pack: ModelPack | None) -> Check:
    """Is it the installed model?"""
    printed = content["model"]
    if pack is None:
        return not_checked("model.hash", "not_installed", id=printed["id"])
    if printed["sha256"] != pack.model_sha256:
        return failed("model.hash", "hash_differs", id=printed["id"])
    return passed("model.hash", "hash_equal")


def check_population(content: Mapping[str, Any], population: Population | None) -> Check:
    """Is it the installed population, and are its figures printed as they are?"""
    check_id, printed = "population.hash", content["population"]
    if population is None:
        return not_checked(check_id, "not_installed", id=printed["id"])
    if printed["sha256"] != population.file_sha256:
        return failed(check_id, "hash_differs", id=printed["id"])
    if printed != json.loads(canonical_bytes(describe_population(population))):
        return failed(check_id, "figures_differ", id=printed["id"])
    return passed(check_id, "hash_equal")


def check_consistency(
    content: Mapping[str, Any],
    pack: ModelPack | None,
    population: Population | None,
    scale: VerbalScale | None,
) -> Check:
    """Compute every comparison's result again from the attached embeddings, the installed model's
    cohort and the installed population."""
    checks = [_check_one(view, pack, population, scale) for view in comparison_views(content)]
    return next((check for check in checks if check.status is not CheckStatus.PASS), checks[0])


def _check_one(
    content: Mapping[str, Any],
    pack: ModelPack | None,
    population: Population | None,
    scale: VerbalScale | None,
) -> Check:
    check_id, result = "result.consistent", content["result"]
    if pack is None or population is None or scale is None:
        return not_checked(check_id, "not_installed")
    if pack.model_sha256 != content["model"]["sha256"]:
        return not_checked(check_id, "model_differs")
    if population.file_sha256 != content["population"]["sha256"]:
        return not_checked(check_id, "population_differs")
    first, second = (item_embedding(item, pack.model_sha256) for item in content["items"])
    if not all(len(e.vector) == pack.embedding_dim and _normed(e, pack) for e in (first, second)):
        return failed(check_id, "embeddings")
    score = score_value(first, second)
    expected = apply(population, score)
    if not (close(score, result["score"]) and _same_numbers(expected, result)):
        return failed(check_id, "numbers_differ")
    if not _required_flags(content, expected, population) <= set(result["flags"]):
        return failed(check_id, "flags_missing")
    if content["format"] > 2 and content["conditions"] != _conditions(
        content, expected, population
    ):
        return failed(check_id, "conditions_differ")
    if content["demo"] != (SYNTHETIC in result["flags"]):
        return failed(check_id, "demo_label")
    if scale.id != result["verbal_scale"]:
        return not_checked(check_id, "scale_differs")
    if scale.level(result["log10_lr"]).key != result["verbal_level"]:
        return failed(check_id, "verbal_differs")
    return passed(check_id, "follows")


def _normed(embedding: Embedding, pack: ModelPack) -> bool:
    """Are an embedding's cohort statistics those of the model's cohort?"""
    mean, deviation = cohort_statistics(embedding.vector[None], pack.cohort)[0]
    return close(mean, embedding.cohort_mean) and close(deviation, embedding.cohort_deviation)


def _same_numbers(expected: LikelihoodRatio, result: Mapping[str, Any]) -> bool:
    pairs = [(getattr(expected, key), result[key]) for key in ("log10_lr", "unbounded_log10_lr")]
    pairs += zip(expected.interval_log10, result["interval_log10"], strict=True)
    pairs += zip(expected.bounds_log10, result["bounds_log10"], strict=True)
    return all(close(a, b) for a, b in pairs)


def _conditions(
    content: Mapping[str, Any], expected: LikelihoodRatio, population: Population
) -> list[dict[str, Any]]:
    """Where the manifest's own facts lie in the population's conditions."""
    stated = {(c["condition"], c["role"]): c["value"] for c in content["conditions"]}
    first, second = (QualityReport(**item["quality"]) for item in content["items"])
    facts = [
        VoiceFacts(*(stated.get((name, item["role"])) or "" for name in ("sex", "language")))
        for item in content["items"]
    ]
    printed = content["result"]
    low, high = printed["bounds_log10"]
    ratio = replace(
        expected, unbounded_log10_lr=printed["unbounded_log10_lr"], bounds_log10=(low, high)
    )
    checks = check_conditions(population.conditions, first, second, (facts[0], facts[1]))
    return describe_conditions((*checks, *check_result(ratio)))


def _required_flags(
    content: Mapping[str, Any], expected: LikelihoodRatio, population: Population
) -> set[str]:
    """Every caution that the manifest's own facts call for."""
    items = content["items"]
    qualities = [QualityReport(**item["quality"]) for item in items]
    cautions = set(condition_flags(population.conditions, qualities[0], qualities[1]))
    flags = {*expected.flags, *(cautions & CAUTIONS_2 if content["format"] == 2 else cautions)}
    if any(item["synthetic"] for item in items):
        flags.add(SYNTHETIC)
    if any("audio.truncated" in item["warnings"] for item in items):
        flags.add(TRUNCATED)
    return flags
