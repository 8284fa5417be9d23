"""Verify a report on voices across calls: does what it tells follow from what is attached to it?"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from engine.canonical import canonical_bytes
from engine.errors import SeongmunError
from engine.files import Source, path_of
from engine.progress import CancelToken
from engine.report.ring_document import ATTACHMENT_NAME, FORMAT, recomputed
from engine.types import Check, ModelPack, Population
from engine.verify.consistency import check_model, check_population, close
from engine.verify.extract import read_attachments
from engine.verify.outcomes import failed, not_checked, passed

AFTER_DOCUMENT = ("rings.media", "model.hash", "population.hash", "rings.result")
Hashes = Callable[[Sequence[Mapping[str, Any]]], Mapping[Source, str] | None]


def attached_rings(pdf: bytes) -> bytes | None:
    """The document of a report on voices across calls; None where this is another report."""
    try:
        files = read_attachments(pdf)
    except SeongmunError:
        return None
    return files[ATTACHMENT_NAME] if list(files) == [ATTACHMENT_NAME] else None


def rings_content(document: bytes) -> dict[str, Any] | None:
    """What a document holds, if it is canonical and of this format."""
    try:
        content = json.loads(document)
        if content["format"] == FORMAT and canonical_bytes(content) == document:
            return dict(content)
    except (ValueError, KeyError, TypeError, RecursionError):
        pass
    return None


def check_rings(
    document: bytes,
    pack: ModelPack | None,
    population: Population | None,
    hashes: Hashes,
    cancel: CancelToken | None = None,
) -> list[Check]:
    """Every check but those of the signature; `hashes` gives the hashes of the recordings that
    may be the calls, or None where there are none to look at (raises CANCELLED)."""
    content = rings_content(document)
    if content is None:
        checks = [not_checked(i, "no_manifest") for i in AFTER_DOCUMENT]
        return [failed("rings.document", "invalid"), *checks, _voices()]
    checks = [passed("rings.document", "canonical")]
    try:
        checks += [
            _media(content["calls"], hashes(content["calls"])),
            check_model(content, pack),
            check_population(content, population),
            _result(content, cancel),
        ]
    except (KeyError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
        known = {check.id for check in checks}
        detail = type(error).__name__
        checks += [failed(i, "malformed", detail=detail) for i in AFTER_DOCUMENT if i not in known]
    return [*checks, _voices()]


def _media(calls: Sequence[Mapping[str, Any]], hashes: Mapping[Source, str] | None) -> Check:
    if hashes is None:
        return not_checked("rings.media", "no_media_given")
    found, names = set(hashes.values()), {path_of(source).name for source in hashes}
    missing = [call for call in calls if call["sha256"] not in found]
    for call in missing:
        if names & {call["file_name"], call["sha256"]}:
            return failed("rings.media", "hash_differs", file_name=call["file_name"])
    if missing:
        return not_checked("rings.media", "not_found", n=len(calls), missing=len(missing))
    return passed("rings.media", "hash_equal", n=len(calls))


def _result(content: Mapping[str, Any], cancel: CancelToken | None) -> Check:
    """Group the attached vectors again."""
    where = difference(recomputed(content, cancel=cancel), content["result"])
    if where is not None:
        return failed("rings.result", "differs", where=where)
    return passed("rings.result", "reproduced")


def _voices() -> Check:
    return not_checked("rings.voices", "not_repeated")


def difference(found: Any, told: Any, where: str = "result") -> str | None:
    """The first place where two documents differ by more than rounding.

    >>> difference({"a": [1.0, None]}, {"a": [1.00001, 2]})
    'result.a.1'
    """
    if isinstance(found, dict) and isinstance(told, dict) and found.keys() == told.keys():
        pairs = [(key, found[key], told[key]) for key in found]
    elif isinstance(found, list) and isinstance(told, list) and len(found) == len(told):
        pairs = list(zip(range(len(found)), found, told, strict=True))
    elif isinstance(found, float) and isinstance(told, int | float):
        return None if close(found, told) else where
    else:
        return None if found == told and type(found) is type(told) else where
    places = (difference(a, b, f"{where}.{key}") for key, a, b in pairs)
    return next((place for place in places if place is not None), None)
