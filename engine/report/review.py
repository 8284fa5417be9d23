"""A review record: what a reviewer found on checking a report, as a PDF with its content attached.

The attachment ``review.json`` is canonical JSON. Format 1::

    format, review_id, created_utc, language, software {name, version},
    reviewer {name, agency, remarks},
    machine {system, processor, provider: what computed the result again, empty where nothing did},
    report {file_name, sha256, size_bytes, report_id, created_utc: empty where unreadable},
    signatures [{signer, role, signed_at, timestamp, certificates [subject, the signer's first]}],
    trust [{file_name, sha256}]: the certificates that the reviewer chose to trust,
    items [{label, role, file_name, sha256, size_bytes, status}],
    verdict, checks [{id, status, reason, params}], not_checked [ids],
    numbers [{name, of: what it is a number of, reported, recomputed, difference}]: the last two are
             null where nothing was computed again
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reportlab.lib.units import mm
from reportlab.platypus import CondPageBreak, Flowable, Paragraph, Spacer

from engine.canonical import canonical_bytes
from engine.report.documents import REVIEW
from engine.report.page import (
    BODY,
    HASH,
    HEADING,
    SMALL,
    STATEMENT,
    TITLE,
    Imprint,
    attach,
    build_pages,
    signing,
)
from engine.report.places import LABELS
from engine.report.roles import EXAMINER, REVIEWER
from engine.report.tables import box, columns, facts, shown

FORMAT = 1
HEAD_ROOM = 35 * mm


@dataclass(frozen=True, slots=True)
class ReviewTexts:
    """Words for a record; the sequences are in the order of what they are for."""

    texts: Mapping[str, str]
    verdict: str
    checks: Sequence[str]
    reasons: Sequence[str]
    numbers: Sequence[str]
    items: Sequence[str]
    roles: Sequence[str]


def render_review(document: Mapping[str, Any], texts: ReviewTexts, draft: bool) -> bytes:
    """Lay a review record out; equal input gives equal bytes.

    Parameters
    ----------
    document : the content as the module's docstring has it
    texts : of the document's language
    draft : print a watermark; the record will not be signed

    Returns
    -------
    The PDF with the canonical document attached. Fonts must be registered.
    """
    number = document["review_id"]
    title = f"{texts.texts['title']} {number}"
    imprint = Imprint(document["reviewer"]["name"] or "Seongmun", document["created_utc"])
    story = [*_Writer(document, texts).story(), *signing(draft, {EXAMINER: LABELS[REVIEWER]})]
    pdf = build_pages(story, texts.texts, title, number, document["language"], draft, imprint)
    return attach(pdf, REVIEW, canonical_bytes(document))


def _text(text: str, style: Any = BODY) -> Paragraph:
    return Paragraph("<br/>".join(shown(line) for line in text.split("\n")), style)


class _Writer:
    """Turns a review into flowables."""

    def __init__(self, document: Mapping[str, Any], words: ReviewTexts) -> None:
        self.document, self.texts, self.words = document, words.texts, words
        self.checks = list(zip(document["checks"], words.checks, words.reasons, strict=True))

    def story(self) -> list[Flowable]:
        title, subtitle = _text(self.texts["title"], TITLE), _text(self.texts["subtitle"])
        head = [title, Spacer(1, 4), subtitle, Spacer(1, 8)]
        sections = {
            "about": self._about(),
            "checks": self._checks(),
            "numbers": self._numbers(),
            "items": self._items(),
            "signatures": self._signatures(),
            "remarks": _text(self.document["reviewer"]["remarks"] or self.texts["no_remarks"]),
        }
        parts = [
            part
            for name, content in sections.items()
            for part in (CondPageBreak(HEAD_ROOM), _text(self.texts[name], HEADING), content)
        ]
        return [*head, self._verdict(), *parts, Spacer(1, 8), _text(self.texts["note"], SMALL)]

    def _verdict(self) -> Flowable:
        """The outcome, with everything that does not hold or was not checked."""
        lines = [
            _text(f"• {name}: {reason}")
            for check, name, reason in self.checks
            if check["status"] != "PASS"
        ]
        return box(_text(self.words.verdict, STATEMENT), *lines)

    def _about(self) -> Flowable:
        content, texts = self.document, self.texts
        report, reviewer, machine = (content[k] for k in ("report", "reviewer", "machine"))
        software = content["software"]
        trusted = [f"{t['file_name']}\n{t['sha256']}" for t in content["trust"]]
        rows = {
            "report_file": report["file_name"],
            "report_sha256": report["sha256"],
            "report_size": texts["bytes"].format(n=report["size_bytes"]),
            "report_id": report["report_id"],
            "report_created": report["created_utc"],
            "reviewer": reviewer["name"],
            "agency": reviewer["agency"],
            "created": content["created_utc"],
            "software": f"{software['name']} {software['version']}",
            "machine": f"{machine['system']} · {machine['processor']}",
            "provider": machine["provider"] or texts["not_recomputed"],
            "trust": "\n".join(trusted) or texts["no_trust"],
        }
        unknown, small = texts["unknown_value"], ("report_sha256", "trust")
        return facts(
            [
                (texts[key], _text(value or unknown, HASH if key in small else BODY))
                for key, value in rows.items()
            ]
        )

    def _checks(self) -> Flowable:
        rows = [
            (
                name,
                self.texts[f"status.{check['status']}"],
                _text(f"{reason}\n[{check['id']}: {check['reason']}]"),
            )
            for check, name, reason in self.checks
        ]
        return self._columns(("check", "outcome", "reason"), rows, (5, 2.2, 9))

    def _numbers(self) -> Flowable:
        rows = [
            (name, *(self._figure(number[key]) for key in ("reported", "recomputed", "difference")))
            for number, name in zip(self.document["numbers"], self.words.numbers, strict=True)
        ]
        head = ("number", "reported", "recomputed", "difference")
        return self._columns(head, rows, (7, 3, 3, 3))

    def _figure(self, value: float | None) -> str:
        return "–" if value is None else f"{value:.6g}"

    def _items(self) -> Flowable:
        rows = [
            (
                _text(f"{name}\n{item['file_name']}"),
                self.texts[f"status.{item['status']}"],
                _text(item["sha256"], HASH),
            )
            for item, name in zip(self.document["items"], self.words.items, strict=True)
        ]
        return self._columns(("item", "outcome", "sha256"), rows, (3.6, 2, 9.9))

    def _signatures(self) -> Flowable:
        rows = [
            (
                _text(f"{role}\n{signature['signer']}"),
                _text("\n".join(filter(None, (signature["signed_at"], signature["timestamp"])))),
                _text("\n→ ".join(signature["certificates"])),
            )
            for signature, role in zip(self.document["signatures"], self.words.roles, strict=True)
        ]
        return self._columns(("signer", "signed_at", "certificates"), rows, (5, 4.8, 6.2))

    def _columns(
        self, head: Sequence[str], rows: Sequence[Sequence[Any]], widths: Sequence[float]
    ) -> Flowable:
        """A table, or that there is nothing to show."""
        if not rows:
            return _text(self.texts["none"])
        return columns([self.texts[name] for name in head], rows, widths)
