"""Verify a report: signature, manifest, media, model, population, and the number itself."""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pikepdf

from engine.casefile.checks import check_anchor
from engine.casefile.store import CaseFile
from engine.errors import ErrorCode, SeongmunError
from engine.files import Source, file_error, hash_file, path_of
from engine.lr.verbal import VerbalScale
from engine.progress import CancelToken
from engine.report.manifest import ATTACHMENT_NAME, FORMAT, item_keys, parse
from engine.types import (
    Check,
    CheckStatus,
    FloatArray,
    LikelihoodRatio,
    ModelPack,
    Population,
    ReportManifest,
    VerificationResult,
)
from engine.verify.attached import check_attachments, check_embeddings
from engine.verify.consistency import check_consistency, check_model, check_population, close
from engine.verify.documents import check_document
from engine.verify.outcomes import failed, not_checked, passed
from engine.verify.rings import attached_rings, check_rings, rings_content
from engine.verify.signature import SignatureFacts, check_signature

MAXIMUM_MANIFEST_BYTES = 64 << 20
MAXIMUM_REPORT_BYTES = 256 << 20


@dataclass(frozen=True, slots=True)
class Remade:
    """What a comparison gave when it was made again, and on what the network ran; `embeddings` are
    float32 [shape=(dim,)] of its two items."""

    score: float
    ratio: LikelihoodRatio
    provider: str
    embeddings: tuple[FloatArray, FloatArray]


StatedManifest = tuple[ReportManifest | None, Check]
Recompute = Callable[[Mapping[str, Any], Sequence[Source]], Sequence[Remade]]


@dataclass(frozen=True, slots=True)
class VerificationInputs:
    """What the verifier brings along; what is not there is reported as not checked.

    The recordings are looked for among the files and in the folders of `media` and in `case`,
    whose audit trail must contain the report's anchor. `trust` are certificates, `revocation` CRLs
    and OCSP responses. `recompute` takes the manifest's content and the media of its items, and
    makes every comparison again.
    """

    media: tuple[Path, ...] = ()
    case: CaseFile | None = None
    trust: tuple[Path, ...] = ()
    revocation: tuple[Path, ...] = ()
    pack: ModelPack | None = None
    population: Population | None = None
    scale: VerbalScale | None = None
    recompute: Recompute | None = None


@dataclass(frozen=True, slots=True)
class Verification:
    """The checks with what the report says of itself."""

    result: VerificationResult
    manifest: ReportManifest | None
    signatures: tuple[SignatureFacts, ...]
    recomputed: tuple[Remade, ...] = ()

    @property
    def signature(self) -> SignatureFacts | None:
        """The examiner's."""
        return self.signatures[0] if self.signatures else None

    @property
    def recomputed_log10_lr(self) -> float | None:
        """Of the first comparison; None where nothing was computed again."""
        return self.recomputed[0].ratio.log10_lr if self.recomputed else None


def read_report(path: Path) -> bytes:
    """The bytes of a file that may be a report.

    Raises
    ------
    SeongmunError
        FILE_*, REPORT_NOT_PDF, REPORT_TOO_LARGE.
    """
    try:
        size_bytes = path.stat().st_size
        if size_bytes > MAXIMUM_REPORT_BYTES:
            size_mb = size_bytes >> 20
            raise SeongmunError(ErrorCode.REPORT_TOO_LARGE, path=str(path), size_mb=size_mb)
        pdf = path.read_bytes()
    except OSError as error:
        raise file_error(error, path) from error
    if not pdf:
        raise SeongmunError(ErrorCode.FILE_EMPTY, path=str(path))
    if b"%PDF-" not in pdf[:1024]:
        raise SeongmunError(ErrorCode.REPORT_NOT_PDF, path=str(path))
    return pdf


def verify_pdf(
    pdf: bytes,
    inputs: VerificationInputs,
    cancel: CancelToken | None = None,
    stated: StatedManifest | None = None,
) -> Verification:
    """Check a report's bytes; `stated` is what `read_manifest` found in them, where that was asked
    before.

    Raises
    ------
    SeongmunError
        CANCELLED. Whatever is wrong with the report itself is a failed check.
    """
    checks, facts = check_signature(pdf, inputs.trust, inputs.revocation)
    if (rings := attached_rings(pdf)) is not None:
        checks += check_rings(
            rings,
            inputs.pack,
            inputs.population,
            lambda calls: _hashes(calls, inputs, cancel),
            cancel,
        )
        content = rings_content(rings)
        if inputs.case is not None and content is not None:
            checks.append(_check_case(content["case"], inputs.case))
        return Verification(VerificationResult(tuple(checks)), None, facts)
    if (other := check_document(pdf)) is not None:
        return Verification(VerificationResult((*checks, *other)), None, facts)
    manifest, manifest_check = stated or read_manifest(pdf)
    checks.append(manifest_check)
    checks.append(check_attachments(pdf, manifest))
    if manifest is None:
        checks += [not_checked(i, "no_manifest") for i in _AFTER_MANIFEST]
        return Verification(VerificationResult(tuple(checks)), None, facts)
    try:
        checked, recomputed = _check_content(manifest.content, inputs, cancel)
    except (KeyError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
        checked = [failed(i, "malformed", detail=type(error).__name__) for i in _AFTER_MANIFEST]
        recomputed = ()
    result = VerificationResult((*checks, *checked))
    return Verification(result, manifest, facts, recomputed)


def _check_content(
    content: Mapping[str, Any], inputs: VerificationInputs, cancel: CancelToken | None
) -> tuple[list[Check], tuple[Remade, ...]]:
    media, checks = _check_media(content, inputs, cancel)
    if inputs.case is not None:
        checks.append(_check_case(content["case"], inputs.case))
    checks.append(check_model(content, inputs.pack))
    checks.append(check_population(content, inputs.population))
    checks.append(check_consistency(content, inputs.pack, inputs.population, inputs.scale))
    recomputed, recompute_check = _recompute(content, media, checks, inputs)
    return [*checks, _check_embeddings(content, recomputed), recompute_check], recomputed


def _check_embeddings(content: Mapping[str, Any], remade: Sequence[Remade]) -> Check:
    """The voices of every item, as they came out again."""
    vectors: dict[int, FloatArray] = {}
    for (first, second, _), again in zip(compared(content), remade, strict=bool(remade)):
        vectors |= dict(zip((first, second), again.embeddings, strict=True))
    return check_embeddings(content, [vectors[number] for number in sorted(vectors)])


_AFTER_MANIFEST = (
    "media.questioned",
    "media.known",
    "model.hash",
    "population.hash",
    "result.consistent",
    "embeddings.recomputed",
    "result.recomputed",
)


def read_manifest(pdf: bytes) -> StatedManifest:
    """The attached manifest, or the reason why there is none."""
    try:
        with pikepdf.open(io.BytesIO(pdf)) as document:
            if not set(document.attachments) >= {ATTACHMENT_NAME}:
                return None, failed("manifest", "not_attached")
            content = _unpack(document.attachments[ATTACHMENT_NAME].get_file().obj)
        if len(content) > MAXIMUM_MANIFEST_BYTES:
            return None, failed("manifest", "too_large")
        manifest = parse(content)
    except SeongmunError as error:
        return None, failed("manifest", "invalid", detail=str(error.params["reason"]))
    except Exception as error:  # whatever a hostile PDF provokes in the parser
        return None, failed("manifest", "unreadable", detail=type(error).__name__)
    return manifest, passed("manifest", "canonical")


def _unpack(stream: pikepdf.Object) -> bytes:
    """A stream's content, or its beginning where it would grow beyond any manifest."""
    if "/Filter" not in stream:
        return bytes(stream.read_raw_bytes())
    if stream.Filter != pikepdf.Name.FlateDecode or "/DecodeParms" in stream:
        raise ValueError("filter")
    return zlib.decompressobj().decompress(stream.read_raw_bytes(), MAXIMUM_MANIFEST_BYTES + 1)


def check_report_anchor(report: Path, case: CaseFile) -> Check:
    """Does a case's audit trail contain the anchor of a report of its own?

    Raises
    ------
    SeongmunError
        What `read_report` raises, REPORT_MANIFEST.
    """
    pdf = read_report(report)
    rings = attached_rings(pdf)
    if rings is not None and (content := rings_content(rings)) is not None:
        return _check_case(content["case"], case)
    manifest, check = read_manifest(pdf)
    if manifest is None:
        raise SeongmunError(ErrorCode.REPORT_MANIFEST, reason=check.reason)
    return _check_case(manifest.content["case"], case)


def _check_case(anchor: Mapping[str, Any], case: CaseFile) -> Check:
    if not anchor["audit_head"]:
        return not_checked("case.anchor", "report_without_case")
    if anchor["uuid"] != case.info.case_uuid:
        return failed("case.anchor", "other_case", number=case.info.number)
    return check_anchor(case, anchor["events"], anchor["audit_head"])


def _check_media(
    content: Mapping[str, Any], inputs: VerificationInputs, cancel: CancelToken | None
) -> tuple[dict[str, Source], list[Check]]:
    """Find each item by its hash; a file of its name with other bytes is a failure."""
    found: dict[str, Source] = {}
    checks: list[Check] = []
    items = content["items"]
    hashes = _hashes(items, inputs, cancel)
    if hashes is None:
        return found, [not_checked(f"media.{k}", "no_media_given") for k in item_keys(content)]
    for key, item in zip(item_keys(content), items, strict=True):
        check_id = f"media.{key}"
        about = {"file_name": item["file_name"], "sha256": item["sha256"]}
        same_bytes = [path for path, sha256 in hashes.items() if sha256 == item["sha256"]]
        if same_bytes:
            found[key] = same_bytes[0]
            checks.append(passed(check_id, "hash_equal", **about))
        elif any(path_of(s).name in (item["file_name"], item["sha256"]) for s in hashes):
            checks.append(failed(check_id, "hash_differs", **about))
        else:
            checks.append(not_checked(check_id, "not_found", **about))
    return found, checks


def _hashes(
    items: Sequence[Mapping[str, Any]], inputs: VerificationInputs, cancel: CancelToken | None
) -> dict[Source, str] | None:
    """SHA-256 of everything that may be an item; None where there is nothing to look at."""
    hashes = _hash_candidates(items, inputs.media, cancel)
    if inputs.case is not None:
        return hashes | _hash_case_media(items, inputs.case, cancel)
    return hashes if inputs.media else None


def _hash_case_media(
    items: Sequence[Mapping[str, Any]], case: CaseFile, cancel: CancelToken | None
) -> dict[Source, str]:
    """SHA-256 of the media that a case keeps under the items' hashes."""
    hashes: dict[Source, str] = {}
    for source in (case.media(item["sha256"]) for item in items):
        try:
            hashes[source] = hash_file(source, cancel=cancel)[0]
        except SeongmunError as error:
            if error.code is ErrorCode.FILE_UNREADABLE:  # a broken seal
                hashes[source] = ""
            elif error.code is not ErrorCode.FILE_MISSING:
                raise
    return hashes


def _hash_candidates(
    items: Sequence[Mapping[str, Any]], media: Sequence[Path], cancel: CancelToken | None
) -> dict[Source, str]:
    """SHA-256 of every file that may be an item."""
    found = (path for given in media for path in candidates(given, items))
    return {path: hash_file(path, cancel=cancel)[0] for path in dict.fromkeys(found)}


def candidates(given: Path, items: Sequence[Mapping[str, Any]]) -> list[Path]:
    """The file that was given, or the files in a folder that have an item's size or name.

    Raises
    ------
    SeongmunError
        FILE_*.
    """
    if not given.is_dir():
        return [given]
    sizes = {item["size_bytes"] for item in items}
    names = {item["file_name"] for item in items}
    try:
        files = sorted(path for path in given.rglob("*") if path.is_file())
        return [path for path in files if path.name in names or path.stat().st_size in sizes]
    except OSError as error:
        raise file_error(error, given) from error


def _recompute(
    content: Mapping[str, Any],
    media: Mapping[str, Source],
    checks: list[Check],
    inputs: VerificationInputs,
) -> tuple[tuple[Remade, ...], Check]:
    """Do the whole analysis again from the media."""
    check_id = "result.recomputed"
    if inputs.recompute is None:
        return (), not_checked(check_id, "not_asked")
    if len(media) < len(content["items"]):
        return (), not_checked(check_id, "media_missing")
    needed = {"model.hash", "population.hash"}
    if any(c.id in needed and c.status is not CheckStatus.PASS for c in checks):
        return (), not_checked(check_id, "model_or_population_missing")
    try:
        remade = tuple(inputs.recompute(content, tuple(media.values())))
    except SeongmunError as error:
        if error.code is ErrorCode.CANCELLED:
            raise
        return (), failed(check_id, "error", code=error.code.value)
    return remade, _reproduced(content, remade)


def _reproduced(content: Mapping[str, Any], remade: Sequence[Remade]) -> Check:
    """Is every comparison's number the report's? Told of the one that differs most."""
    check_id = "result.recomputed"
    pairs = [
        (result, again.ratio)
        for (_, _, result), again in zip(compared(content), remade, strict=True)
    ]
    worst, anew = max(pairs, key=lambda pair: abs(pair[0]["log10_lr"] - pair[1].log10_lr))
    about = {"reported": worst["log10_lr"], "recomputed": anew.log10_lr}
    if not close(anew.log10_lr, worst["log10_lr"]):
        return failed(check_id, "numbers_differ", **about)
    if any(not set(ratio.flags) <= set(result["flags"]) for result, ratio in pairs):
        if content["format"] < FORMAT:  # cautions and quality of an older program were others
            return not_checked(check_id, "cautions_of_older_format", **about)
        return failed(check_id, "flags_missing", **about)
    return passed(check_id, "reproduced", **about)


def compared(content: Mapping[str, Any]) -> list[tuple[int, int, Mapping[str, Any]]]:
    """Each comparison of a manifest: the positions of its two items, and its result."""
    if "comparisons" not in content:
        return [(0, 1, content["result"])]
    at = {item["label"]: number for number, item in enumerate(content["items"])}
    return [(at[c["questioned"]], at[c["known"]], c["result"]) for c in content["comparisons"]]
