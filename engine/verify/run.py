"""Verify a report: signature, manifest, media, model, population, and the number itself."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pikepdf

from engine.compare.score import cosine
from engine.errors import ErrorCode, SeongmunError
from engine.files import file_error, hash_file
from engine.lr.calibrate import apply
from engine.lr.conditions import condition_flags
from engine.lr.verbal import VerbalScale
from engine.progress import CancelToken
from engine.report.manifest import ATTACHMENT_NAME, item_embedding, parse
from engine.types import (
    Check,
    CheckStatus,
    Population,
    QualityReport,
    ReportManifest,
    VerificationResult,
)
from engine.verify.signature import SignatureFacts, check_signature

TOLERANCE_LOG10 = 1e-4
MAXIMUM_MANIFEST_BYTES = 64 << 20
RESULT_KEYS = ("log10_lr", "unbounded_log10_lr")

Recompute = Callable[[Mapping[str, Any], Mapping[str, Path]], float]


@dataclass(frozen=True, slots=True)
class VerificationInputs:
    """What the verifier brings along; what is None is reported as not checked.

    `recompute` takes the manifest's content and the media by role, and returns a log10 LR.
    """

    media: Path | None = None
    trust: Path | None = None
    model_sha256: str | None = None
    population: Population | None = None
    scale: VerbalScale | None = None
    recompute: Recompute | None = None


@dataclass(frozen=True, slots=True)
class Verification:
    """The checks with what the report says of itself."""

    result: VerificationResult
    manifest: ReportManifest | None
    signature: SignatureFacts | None
    recomputed_log10_lr: float | None = None


def verify_report(
    path: Path, inputs: VerificationInputs, cancel: CancelToken | None = None
) -> Verification:
    """Check a report.

    Raises
    ------
    SeongmunError
        FILE_* or REPORT_NOT_PDF where there is no report to check; CANCELLED. Whatever is wrong
        with the report itself is a failed check.
    """
    try:
        pdf = path.read_bytes()
    except OSError as error:
        raise file_error(error, path) from error
    if not pdf:
        raise SeongmunError(ErrorCode.FILE_EMPTY, path=str(path))
    if b"%PDF-" not in pdf[:1024]:
        raise SeongmunError(ErrorCode.REPORT_NOT_PDF, path=str(path))
    return verify_pdf(pdf, inputs, cancel)


def verify_pdf(
    pdf: bytes, inputs: VerificationInputs, cancel: CancelToken | None = None
) -> Verification:
    """Check a report's bytes; as `verify_report`."""
    checks, facts = check_signature(pdf, inputs.trust)
    manifest, manifest_check = read_manifest(pdf)
    checks.append(manifest_check)
    if manifest is None:
        checks += [_open(i, "no_manifest") for i in _AFTER_MANIFEST]
        return Verification(VerificationResult(tuple(checks)), None, facts)
    try:
        checked, recomputed = _check_content(manifest.content, inputs, cancel)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        checked = [_fail(i, "malformed", detail=type(error).__name__) for i in _AFTER_MANIFEST]
        recomputed = None
    result = VerificationResult((*checks, *checked))
    return Verification(result, manifest, facts, recomputed)


def _check_content(
    content: Mapping[str, Any], inputs: VerificationInputs, cancel: CancelToken | None
) -> tuple[list[Check], float | None]:
    media, checks = _check_media(content, inputs.media, cancel)
    checks.append(_check_model(content, inputs.model_sha256))
    checks.append(_check_population(content, inputs.population))
    checks.append(_check_consistency(content, inputs))
    recomputed, recompute_check = _recompute(content, media, checks, inputs)
    return [*checks, recompute_check], recomputed


_AFTER_MANIFEST = (
    "media.questioned",
    "media.known",
    "model.hash",
    "population.hash",
    "result.consistent",
    "result.recomputed",
)


def read_manifest(pdf: bytes) -> tuple[ReportManifest | None, Check]:
    """The attached manifest, or the reason why there is none."""
    try:
        with pikepdf.open(io.BytesIO(pdf)) as document:
            names = [name for name in document.attachments if name == ATTACHMENT_NAME]
            if len(names) != 1 or len(document.attachments) != 1:
                return None, _fail("manifest", "not_attached")
            content = document.attachments[ATTACHMENT_NAME].get_file().read_bytes()
        if len(content) > MAXIMUM_MANIFEST_BYTES:
            return None, _fail("manifest", "too_large")
        manifest = parse(content)
    except SeongmunError as error:
        return None, _fail("manifest", "invalid", detail=str(error.params["reason"]))
    except Exception as error:  # whatever a hostile PDF provokes in the parser
        return None, _fail("manifest", "unreadable", detail=type(error).__name__)
    return manifest, _pass("manifest", "canonical")


def _check_media(
    content: Mapping[str, Any], folder: Path | None, cancel: CancelToken | None
) -> tuple[dict[str, Path], list[Check]]:
    """Find each item by its hash; a file of its name with other bytes is a failure."""
    found: dict[str, Path] = {}
    checks: list[Check] = []
    items = content["items"]
    if folder is None:
        return found, [_open(f"media.{item['role']}", "no_media_given") for item in items]
    sizes = {item["size_bytes"] for item in items}
    names = {item["file_name"] for item in items}
    hashes: dict[Path, str] = {}
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        if path.stat().st_size in sizes or path.name in names:
            hashes[path] = hash_file(path, cancel=cancel)[0]
    for item in items:
        check_id = f"media.{item['role']}"
        about = {"file_name": item["file_name"], "sha256": item["sha256"]}
        same_bytes = [path for path, sha256 in hashes.items() if sha256 == item["sha256"]]
        if same_bytes:
            found[item["role"]] = same_bytes[0]
            checks.append(_pass(check_id, "hash_equal", **about))
        elif any(path.name == item["file_name"] for path in hashes):
            checks.append(_fail(check_id, "hash_differs", **about))
        else:
            checks.append(_open(check_id, "not_found", **about))
    return found, checks


def _check_model(content: Mapping[str, Any], model_sha256: str | None) -> Check:
    if model_sha256 is None:
        return _open("model.hash", "not_installed", id=content["model"]["id"])
    if content["model"]["sha256"] != model_sha256:
        return _fail("model.hash", "hash_differs", id=content["model"]["id"])
    return _pass("model.hash", "hash_equal")


def _check_population(content: Mapping[str, Any], population: Population | None) -> Check:
    identity = str(content["population"]["id"])
    if population is None:
        return _open("population.hash", "not_installed", id=identity)
    if content["population"]["sha256"] != population.file_sha256:
        return _fail("population.hash", "hash_differs", id=identity)
    return _pass("population.hash", "hash_equal")


def _check_consistency(content: Mapping[str, Any], inputs: VerificationInputs) -> Check:
    """Does the result follow from the attached embeddings and the population?"""
    population, scale = inputs.population, inputs.scale
    if population is None or scale is None:
        return _open("result.consistent", "not_installed")
    if population.file_sha256 != content["population"]["sha256"]:
        return _open("result.consistent", "population_differs")
    result = content["result"]
    first, second = (item_embedding(item) for item in content["items"])
    if first.shape != second.shape:
        return _fail("result.consistent", "embeddings")
    score = cosine(first, second)
    expected = apply(population, score)
    pairs = [(score, result["score"])]
    pairs += [(getattr(expected, key), result[key]) for key in RESULT_KEYS]
    pairs += zip(expected.interval_log10, result["interval_log10"], strict=True)
    pairs += zip(expected.bounds_log10, result["bounds_log10"], strict=True)
    if any(abs(a - b) > TOLERANCE_LOG10 for a, b in pairs):
        return _fail("result.consistent", "numbers_differ")
    qualities = [QualityReport(**item["quality"]) for item in content["items"]]
    flags = (*expected.flags, *condition_flags(population.conditions, *qualities))
    if not set(flags) <= set(result["flags"]):
        return _fail("result.consistent", "flags_missing")
    if scale.id != result["verbal_scale"]:
        return _open("result.consistent", "scale_differs")
    if scale.level(result["log10_lr"]).key != result["verbal_level"]:
        return _fail("result.consistent", "verbal_differs")
    return _pass("result.consistent", "follows")


def _recompute(
    content: Mapping[str, Any],
    media: Mapping[str, Path],
    checks: list[Check],
    inputs: VerificationInputs,
) -> tuple[float | None, Check]:
    """Do the whole analysis again from the media."""
    check_id = "result.recomputed"
    if inputs.recompute is None:
        return None, _open(check_id, "not_asked")
    if len(media) < len(content["items"]):
        return None, _open(check_id, "media_missing")
    needed = {"model.hash", "population.hash"}
    if any(c.id in needed and c.status is not CheckStatus.PASS for c in checks):
        return None, _open(check_id, "model_or_population_missing")
    try:
        log10_lr = inputs.recompute(content, media)
    except SeongmunError as error:
        if error.code is ErrorCode.CANCELLED:
            raise
        return None, _fail(check_id, "error", code=error.code.value)
    reported = content["result"]["log10_lr"]
    about = {"reported": reported, "recomputed": log10_lr}
    if abs(log10_lr - reported) > TOLERANCE_LOG10:
        return log10_lr, _fail(check_id, "numbers_differ", **about)
    return log10_lr, _pass(check_id, "reproduced", **about)


def _pass(check_id: str, reason: str, **params: str | float) -> Check:
    return Check(check_id, CheckStatus.PASS, reason, params)


def _fail(check_id: str, reason: str, **params: str | float) -> Check:
    return Check(check_id, CheckStatus.FAIL, reason, params)


def _open(check_id: str, reason: str, **params: str | float) -> Check:
    return Check(check_id, CheckStatus.NOT_CHECKED, reason, params)
