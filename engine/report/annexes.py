"""The annexes of a report: parameters, raw scores, segments, audit trail, attached files. They are
printed once, under headings in every language of the report."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from reportlab.platypus import CondPageBreak, Flowable, Paragraph, Spacer

from engine.report.attachments import DESCRIPTIONS, report_files, score_rows
from engine.report.fonts import printable
from engine.report.page import BODY, HEADING, SMALL, SUBHEADING, TINY
from engine.report.tables import LongList, columns, facts, shown
from engine.report.words import Words, joined

SEGMENT_COLUMNS = 3
SUBHEADING_ROOM, HEADING_ROOM = 90, 150
TRAIL_SIZE = 6.0  # the widest hash fits
MANIFEST_ORDER = ("front_end", "vad", "suitability")


class Annexes:
    """Writes the annexes of a manifest."""

    def __init__(self, words: Sequence[Words]) -> None:
        self.words, self.content = words, words[0].content
        self._letters = iter("ABCDEFGH")

    def story(self) -> list[Flowable]:
        """Every annex in order."""
        return [
            *self._identity(),
            *self._scores(),
            *self._segments(),
            *self._audit(),
            *self._attachments(),
            *self._glossary(),
        ]

    def _label(self, key: str) -> str:
        return joined(self.words, key)

    def _heads(self, *keys: str) -> list[str]:
        """Heads of a long list, a line per language."""
        return ["\n".join(dict.fromkeys(w.text(key) for w in self.words)) for key in keys]

    def _head(self, key: str, *texts: str) -> list[Flowable]:
        letter = next(self._letters)
        title = f"{joined(self.words, 'annex', letter=letter)}. {self._label(key)}"
        explained = [Paragraph(shown(w.text(text)), BODY) for text in texts for w in self.words]
        room = CondPageBreak(HEADING_ROOM)
        return [room, Paragraph(shown(title), HEADING), *explained, Spacer(1, 5)]

    def _identity(self) -> list[Flowable]:
        content, model = self.content, self.content["model"]
        software, template = content["software"], content["template"]
        named = {w.language: w.text("template_text", **template) for w in self.words}
        rows = [
            ("software", f"{software['name']} {software['version']}"),
            ("model", f"{model['id']} {model['version']}"),
            ("model_sha256", model["sha256"]),
            ("model_manifest_sha256", model["manifest_sha256"]),
            ("model_licence", model["licence"]),
            ("model_training", model["training_data"]),
            ("model_conditions", settings(model["validated_conditions"])),
            ("provider", model["provider"] or self._label("not_stated")),
            ("decoder", ", ".join(sorted({_decoder(i) for i in content["items"]}))),
            ("population_sha256", content["population"]["sha256"]),
            ("template", " · ".join(dict.fromkeys(named.values()))),
            ("template_sha256", template["sha256"]),
        ]
        labelled = [(self._label(key), value) for key, value in rows]
        hashes = [self._label(key) for key, _ in rows if key.endswith("sha256")]
        story = [*self._head("annex_identity", "identity_text"), facts(labelled, hashes)]
        for key, title in zip(
            MANIFEST_ORDER, ("front_end", "vad", "suitability_limits"), strict=True
        ):
            story += self._parameters(title, content["profile"].get(key, {}))
        return story + self._parameters("conditions", content["population"]["conditions"])

    def _parameters(self, title: str, table: Mapping[str, Any]) -> list[Flowable]:
        """Two parameters a line, long ones below; their names are those of the manifest."""
        pairs = [(name, _plain(value)) for name, value in sorted(table.items())]
        long = [pair for pair in pairs if len(pair[1]) > 24]
        short = [pair for pair in pairs if len(pair[1]) <= 24]
        half = (len(short) + 1) // 2
        right = [*short[half:], *[("", "")] * (half * 2 - len(short))]
        rows = [(*a, *b) for a, b in zip(short[:half], right, strict=True)]
        head = self._heads("parameter", "value") * 2
        heading = Paragraph(shown(self._label(title)), SUBHEADING)
        story = [CondPageBreak(SUBHEADING_ROOM), heading, LongList(head, rows, (30, 18, 30, 18))]
        names = [name for name, _ in long]
        return [*story, facts(long, names)] if long else story

    def _scores(self) -> list[Flowable]:
        keys = ("comparison", "cosine", "score_short", "unbounded", "log10_lr")
        ends = ("interval_log10", "bounds_log10")
        rows, limits = [], []
        for number, row in enumerate(score_rows(self.content), start=1):
            pair = f"{number}: {row[0]} – {row[1]}"
            rows.append([pair, *(f"{float(value):.9f}" for value in row[2:6])])
            numbers = [f"{float(value):.9f}" for value in row[6:10]]
            limits.append([pair, " … ".join(numbers[:2]), " … ".join(numbers[2:])])
        items = [
            (
                item["label"],
                f"{item['cohort_mean']:.9f} / {item['cohort_deviation']:.9f}",
                _hash(base64.b64decode(item["embedding"])),
            )
            for item in self.content["items"]
        ]
        return [
            *self._head("annex_scores", "scores_text"),
            columns([self._label(k) for k in keys], rows, (20, 20, 20, 24, 20), SMALL),
            Spacer(1, 8),
            columns([self._label(k) for k in ("comparison", *ends)], limits, (20, 42, 42), SMALL),
            Spacer(1, 8),
            columns(
                [self._label(k) for k in ("item", "cohort", "embedding_sha256")],
                items,
                (9, 36, 55),
                SMALL,
            ),
        ]

    def _segments(self) -> list[Flowable]:
        """Several segments a line."""
        story = self._head("annex_segments", "segments_text")
        names = ("segment_number", "start", "end", "length")
        head = self._heads(*names)
        for item in self.content["items"]:
            title = " · ".join(dict.fromkeys(w.item(item["label"]) for w in self.words))
            cells = [
                (str(i), f"{start:.2f}", f"{end:.2f}", f"{end - start:.2f}")
                for i, (start, end) in enumerate(item["segments"], start=1)
            ]
            across = max(1, min(SEGMENT_COLUMNS, len(cells)))
            cells += [("", "", "", "")] * (-len(cells) % across)
            depth = len(cells) // across
            rows = [
                [text for k in range(across) for text in cells[i + k * depth]] for i in range(depth)
            ]
            story.append(CondPageBreak(SUBHEADING_ROOM))
            story.append(Paragraph(shown(title), SUBHEADING))
            story.append(LongList(head * across, rows, (8, 12, 12, 12) * across))
        return story

    def _audit(self) -> list[Flowable]:
        case = self.content["case"]
        if not case["audit_head"]:
            return self._head("annex_audit", "audit_none")
        rows = [
            ("case_number", case["number"]),
            ("audit_events", str(case["events"])),
            ("audit_head", case["audit_head"]),
        ]
        keys = ("sequence", "utc", "actor", "action", "hash")
        events = [
            (
                str(e["sequence"]),
                _second(e["utc"]),
                e["actor"],
                e["action"],
                e["hash"],
            )
            for e in self.content["audit"]
        ]
        head = facts([(self._label(k), v) for k, v in rows], (self._label("audit_head"),))
        table = LongList(self._heads(*keys), events, (20, 70, 58, 78, 240), TRAIL_SIZE)
        return [*self._head("annex_audit", "audit_text"), head, Spacer(1, 6), table]

    def _attachments(self) -> list[Flowable]:
        rows = [
            (name, self._label(DESCRIPTIONS[name]), _hash(data))
            for name, data in report_files(self.content).items()
        ]
        head = [self._label(key) for key in ("attachment", "content", "sha256")]
        story = self._head("annex_attachments", "attachments_text")
        return [*story, columns(head, rows, (18, 28, 55), SMALL)]

    def _glossary(self) -> list[Flowable]:
        story = self._head("annex_glossary")
        for w in self.words:
            terms = w.texts["glossary"].items()
            story += [facts([(term, Paragraph(shown(text), SMALL)) for term, text in terms])]
            story.append(Spacer(1, 8))
        return story


def settings(table: Mapping[str, Any]) -> str:
    """Names and values as the manifest has them."""
    return ", ".join(f"{name} = {_plain(value)}" for name, value in sorted(table.items()))


def _plain(value: Any) -> str:
    return printable(str(value))


def _second(utc: str) -> str:
    """A time without fractions of a second; the manifest has them."""
    return utc[:19].replace("T", " ")


def _hash(content: bytes) -> Paragraph:
    return Paragraph(hashlib.sha256(content).hexdigest(), TINY)


def _decoder(item: Mapping[str, Any]) -> str:
    params = item["steps"][0]["params"]
    return f"{params['decoder']} {params['version']}"
