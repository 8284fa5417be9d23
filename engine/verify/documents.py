"""Validation studies and review records: who signed them is checked, and that what they carry is
whole; what they say is not made again, and that is said."""

from __future__ import annotations

import json

from engine.canonical import canonical_bytes
from engine.errors import SeongmunError
from engine.report.documents import REVIEW, STUDY
from engine.types import Check
from engine.verify.extract import read_attachments
from engine.verify.outcomes import failed, not_checked, passed

KINDS = {STUDY: "study", REVIEW: "review"}


def check_document(pdf: bytes) -> list[Check] | None:
    """Every check but those of the signature; None where this is neither of the two."""
    try:
        files = read_attachments(pdf)
    except SeongmunError:
        return None
    (name, content), *others = [*files.items()] or [("", b"")]
    if others or name not in KINDS:
        return None
    kind = KINDS[name]
    check_id = f"{kind}.document"
    is_whole = _is_canonical(content)
    return [
        passed(check_id, "canonical") if is_whole else failed(check_id, "invalid"),
        not_checked(f"{kind}.content", "not_repeated"),
    ]


def _is_canonical(content: bytes) -> bool:
    try:
        return canonical_bytes(json.loads(content)) == content
    except (ValueError, TypeError, RecursionError):
        return False
