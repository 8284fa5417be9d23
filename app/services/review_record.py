"""The record of a review: made from what was found, signed by the reviewer, checked, saved."""

from __future__ import annotations

import datetime
import platform
import tomllib
import uuid
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from app.messages import Language, message
from app.resources import FONTS, REVIEW_TEXTS
from app.services.comparing import software_version
from app.services.reviewing import Review
from app.services.wording import check_name, check_reason, item_name, number_name
from engine.files import hash_file, write_atomic
from engine.report.fonts import font_folders, register_fonts
from engine.report.review import FORMAT, ReviewTexts, render_review
from engine.report.sign import Identity, sign_report
from engine.types import CheckStatus
from engine.verify.outcomes import SIGNATURE_HOLDS, require_passed
from engine.verify.signature import check_signature

SIGNING_REASON = {"ko": "감정서 검토 기록", "en": "Record of a review"}


@dataclass(frozen=True, slots=True)
class Reviewer:
    """Who reviewed, and what they have to say."""

    name: str
    agency: str = ""
    remarks: str = ""


def write_record(
    found: Review, reviewer: Reviewer, language: Language, identity: Identity | None, target: Path
) -> dict[str, Any]:
    """Make a record, sign it, check its signature, and only then put it in its place; returns its
    content. Without an identity the record says that nobody signed it.

    Raises
    ------
    SeongmunError
        REPORT_FONT, REPORT_SELF_CHECK, SIGN_FAILED, FILE_*.
    """
    register_fonts(font_folders(FONTS))
    document = record_document(found, reviewer, language)
    pdf = render_review(document, _texts(found, language), identity is None)
    if identity is not None:
        pdf = sign_report(pdf, identity, SIGNING_REASON[language])
        require_passed(check_signature(pdf)[0], SIGNATURE_HOLDS)
    write_atomic(target, pdf)
    return document


def _texts(found: Review, language: Language) -> ReviewTexts:
    result = found.verification.result
    return ReviewTexts(
        tomllib.loads(REVIEW_TEXTS.read_text(encoding="utf-8"))[language],
        message(f"review.verdict.{result.verdict.value}", language),
        [check_name(check.id, language) for check in result.checks],
        [check_reason(check, language) for check in result.checks],
        [number_name(number.name, number.of, language) for number in found.numbers],
        [item_name(item.role, item.label, language) for item in found.items],
        [message(f"signer.{signature.role}", language) for signature in found.signatures],
    )


def record_document(found: Review, reviewer: Reviewer, language: Language) -> dict[str, Any]:
    """The content of a review record; see `engine.report.review`."""
    now = datetime.datetime.now(datetime.UTC)
    checks, content = found.verification.result.checks, found.content or {}
    return {
        "format": FORMAT,
        "review_id": f"RV-{now:%Y%m%d}-{uuid.uuid4().hex[:8].upper()}",
        "created_utc": f"{now:%Y-%m-%dT%H:%M:%SZ}",
        "language": language,
        "software": {"name": "Seongmun", "version": software_version()},
        "reviewer": asdict(reviewer),
        "machine": {
            "system": f"{platform.system()} {platform.release()}",
            "processor": platform.machine(),
            "provider": found.provider,
        },
        "report": {
            "file_name": found.report.name,
            "sha256": found.sha256,
            "size_bytes": found.size_bytes,
            "report_id": content.get("report_id", ""),
            "created_utc": content.get("created_utc", ""),
        },
        "signatures": [asdict(signature) for signature in found.signatures],
        "trust": [
            {"file_name": path.name, "sha256": hash_file(path)[0]} for path in found.inputs.trust
        ],
        "items": [asdict(item) for item in found.items],
        "verdict": found.verification.result.verdict.value,
        "checks": [
            {"id": c.id, "status": c.status.value, "reason": c.reason, "params": dict(c.params)}
            for c in checks
        ],
        "not_checked": [c.id for c in checks if c.status is CheckStatus.NOT_CHECKED],
        "numbers": [{**asdict(n), "difference": n.difference} for n in found.numbers],
    }
