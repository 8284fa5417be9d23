"""Voices across calls as a printed report, made from one canonical document.

The document is attached to the PDF; `engine.report.ring_document` finds again what it tells.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from reportlab.graphics.shapes import Drawing
from reportlab.lib.colors import Color
from reportlab.platypus import CondPageBreak, Flowable, KeepTogether, Paragraph, Spacer

from engine.canonical import canonical_bytes
from engine.report.graph import ring_colour
from engine.report.page import (
    BODY,
    CAUTION,
    HEADING,
    SMALL,
    STATEMENT,
    SUBHEADING,
    TITLE,
    Imprint,
    attach,
    build_pages,
    signing,
)
from engine.report.ring_document import ATTACHMENT_NAME, Document
from engine.report.tables import box, columns, facts, shown

HEADING_ROOM = 110
HASHES = ("model_sha256", "population_sha256", "audit_head")


@dataclass(frozen=True, slots=True)
class RingTexts:
    """Texts of one language, and what roles, directions, cautions and codes are called."""

    texts: Mapping[str, str]
    names: Mapping[str, str]

    def __getitem__(self, key: str) -> str:
        return self.texts[key]

    def name(self, key: str) -> str:
        """A name, or the code itself where there is none."""
        return self.names.get(key, key.rpartition(":")[2])


def render_rings(
    document: Document, picture: Drawing, texts: RingTexts, language: str, draft: bool
) -> bytes:
    """Lay a document out; equal input gives equal bytes.

    Parameters
    ----------
    document : see `app.services.ring_reporting`
    picture : people, calls and cases
    draft : print a watermark; the report will not be signed

    Returns
    -------
    The PDF with the canonical document attached. Fonts must be registered.
    """
    story = [*_Writer(document, texts).story(picture), *signing(draft)]
    number = document["report_id"]
    imprint = Imprint(created_utc=document["created_utc"])
    title = f"{texts['title']} {number}"
    pdf = build_pages(story, texts.texts, title, number, language, draft, imprint)
    return attach(pdf, ATTACHMENT_NAME, canonical_bytes(document))


def _figure(value: float | None) -> str:
    return "—" if value is None else f"{value:+.2f}"


def _numbers(calls: Sequence[int]) -> str:
    """Calls by the numbers that the list of calls gives them, runs drawn together.

    >>> _numbers([0, 1, 2, 6])
    '1–3, 7'
    """
    runs: list[list[int]] = []
    for call in sorted(calls):
        if runs and call == runs[-1][1] + 1:
            runs[-1][1] = call
        else:
            runs.append([call, call])
    return ", ".join(f"{a + 1}" if a == b else f"{a + 1}–{b + 1}" for a, b in runs)


class _Writer:
    """Turns a document into flowables."""

    def __init__(self, document: Document, texts: RingTexts) -> None:
        self.document, self.texts, self.result = document, texts, document["result"]
        self.ring_of = {p: r["ring"] for r in reversed(self.result["rings"]) for p in r["people"]}

    def story(self, picture: Drawing) -> list[Flowable]:
        texts = self.texts
        head: list[Flowable] = [
            Paragraph(texts["title"], TITLE),
            Paragraph(texts["subtitle"], BODY),
        ]
        if self.document["demo"]:
            head.append(Paragraph(texts["demo"], CAUTION))
        story = [
            *head,
            Spacer(1, 6),
            self._about(),
            *self._findings(),
            *self._graph(picture),
            *self._rings(),
            *self._links(),
            *self._sensitivity(),
            *self._decisions(),
            *self._people(),
            *self._calls(),
            *self._left_out(),
            *self._section("method", *texts["method_text"].split("\n")),
            *self._section("limits", *texts["limits_text"].split("\n")),
            Paragraph(texts["attachment"].format(name=ATTACHMENT_NAME), SMALL),
        ]
        return [part for flowable in story for part in _with_what_follows(flowable)]

    def _section(self, key: str, *paragraphs: str) -> list[Flowable]:
        bounds = self.document["population"]["calibration"]["bounds_log10"]
        values = {
            **self.document["settings"],
            "low": f"{bounds[0]:.2f}",
            "high": f"{bounds[1]:.2f}",
            "n_speakers": self.document["population"]["n_speakers"],
        }
        lines = [Paragraph(p.format(**values), BODY) for p in paragraphs if p.strip()]
        return [Paragraph(self.texts[key], HEADING), *lines]

    def _about(self) -> Flowable:
        content, texts = self.document, self.texts
        model, population, case = content["model"], content["population"], content["case"]
        cases = sorted({c["case"] for c in content["calls"] if c["case"]})
        rows = [
            ("report_id", content["report_id"]),
            ("created", content["created_utc"]),
            ("software", f"{content['software']['name']} {content['software']['version']}"),
            ("cases", ", ".join(cases) or texts["no_case"]),
            ("audit_head", f"{case['events']}: {case['audit_head']}" if case["audit_head"] else ""),
            ("model", f"{model['id']} {model['version']}"),
            ("model_sha256", model["sha256"]),
            ("population", population["id"]),
            ("population_sha256", population["sha256"]),
            ("population_about", population["description"]),
            ("limits_used", texts["limits_used_text"].format(**content["settings"])),
        ]
        small = [texts[key] for key in HASHES]
        return facts([(texts[key], value) for key, value in rows if value], small)

    def _findings(self) -> list[Flowable]:
        result, texts = self.result, self.texts
        counts = {
            "calls": len(self.document["calls"]),
            "voices": len(self.document["voices"]),
            "people": len(result["people"]),
            "again": sum(len(p["members"]) > 1 for p in result["people"]),
            "rings": len(result["rings"]),
            "in_rings": sum(len(r["calls"]) for r in result["rings"]),
        }
        outside = sum(bool(v["conditions"]) for v in self.document["voices"])
        statement: list[Flowable] = [Paragraph(texts["statement"].format(**counts), STATEMENT)]
        statement.append(Paragraph(texts["propositions"], BODY))
        lines: list[Flowable] = [Paragraph(texts["findings"], HEADING), box(*statement)]
        if outside:
            text = texts["outside"].format(n=outside, voices=counts["voices"])
            lines.append(Paragraph(text, CAUTION))
        return lines

    def _graph(self, picture: Drawing) -> list[Flowable]:
        n = len(self.result["rings"])
        key = " ".join(_coloured(r, self.texts["ring"].format(ring=r + 1)) for r in range(n))
        caption = Paragraph(f"{shown(self.texts['picture_text'])} {key}", SMALL)
        return [KeepTogether([Paragraph(self.texts["picture"], HEADING), picture, caption])]

    def _rings(self) -> list[Flowable]:
        texts = self.texts
        story: list[Flowable] = [Paragraph(texts["rings"], HEADING)]
        if not self.result["rings"]:
            return [*story, Paragraph(texts["no_rings"], BODY)]
        for ring in self.result["rings"]:
            name = _coloured(ring["ring"] - 1, texts["ring"].format(ring=ring["ring"]))
            rows = [
                (texts["ring_people"], ", ".join(ring["people"])),
                (texts["ring_calls"], f"{len(ring['calls'])}: {_numbers(ring['calls'])}"),
                (texts["ring_others"], ", ".join(ring["others"]) or "—"),
                (texts["weakest_joint"], self._joint(ring["weakest_joint"])),
                (texts["weakest_voice"], self._weakest(ring["weakest_voice"])),
            ]
            story += [Paragraph(name, SUBHEADING), facts(rows)]
        return story

    def _weakest(self, weakest: Document | None) -> str:
        if weakest is None:
            return "—"
        return self.texts["weakest_voice_text"].format(
            person=weakest["person"],
            voice=self._voice(weakest["voice"]),
            log10_lr=_figure(weakest["log10_lr"]),
            parts=" + ".join(map(str, weakest["would_remain"])) or "—",
        )

    def _voice(self, number: int) -> str:
        voice = self.document["voices"][number]
        return f"{voice['call'] + 1} {voice['speaker']}"

    def _joint(self, joint: Document | None) -> str:
        """What binds two sets of calls, tie by tie, in words."""
        return "—" if joint is None else "; ".join(self._tie(tie) for tie in joint["ties"])

    def _tie(self, tie: Document) -> str:
        key = "tie_decided" if tie["log10_lr"] is None else "tie"
        strongest, weakest = tie["strongest"], tie["weakest"]
        return self.texts[key].format(
            person=tie["person"],
            log10_lr=_figure(tie["log10_lr"]),
            first=_numbers(tie["calls"][0]),
            second=_numbers(tie["calls"][1]),
            n=tie["n_pairs"],
            strongest=_figure(strongest["log10_lr"]),
            strongest_pair=" × ".join(map(self._voice, strongest["voices"])),
            weakest=_figure(weakest["log10_lr"]),
            weakest_pair=" × ".join(map(self._voice, weakest["voices"])),
        )

    def _links(self) -> list[Flowable]:
        texts, links = self.texts, self.result["links"]
        story: list[Flowable] = [Paragraph(texts["links"], HEADING)]
        story.append(Paragraph(texts["links_text" if links else "no_links"], BODY))
        if links:
            rows = [
                (
                    " – ".join(map(self._part, link["between"])),
                    "—" if link["strength"] is None else f"{link['strength']:.2f}",
                    self._joint(link),
                )
                for link in links
            ]
            head = (texts["between"], texts["strength"], texts["proof"])
            story.append(columns(head, rows, (22, 11, 67), SMALL))
        return story

    def _part(self, part: Document) -> str:
        if "ring" in part:
            return self.texts["ring"].format(**part)
        return self.texts["call"].format(call=part["call"] + 1)

    def _sensitivity(self) -> list[Flowable]:
        texts = self.texts
        rows = [
            (
                f"{row['min_log10_lr']:+.2f}",
                f"{row['ring_strength']:.2f}",
                row["n_voices"],
                row["n_rings"],
                ", ".join(map(str, row["calls_in_rings"])) or "—",
            )
            for row in self.result["sensitivity"]
        ]
        names = ("voice_limit", "ring_limit", "people_found", "rings_found", "ring_sizes")
        table = columns([texts[name] for name in names], rows, (16, 16, 14, 14, 40))
        text = Paragraph(texts["sensitivity_text"], BODY)
        return [KeepTogether([Paragraph(texts["sensitivity"], HEADING), text, table])]

    def _decisions(self) -> list[Flowable]:
        texts, key = self.texts, {v["key"]: i for i, v in enumerate(self.document["voices"])}
        call = {c["sha256"]: i for i, c in enumerate(self.document["calls"])}
        rows = []
        for d in self.document["decisions"]:
            about = [
                self._voice(key[name])
                if name in key
                else texts["call"].format(call=call[name] + 1)
                if name in call
                else texts["not_here"]
                for name in (d["first"], d["second"])
                if name
            ]
            value = f": {texts.name('role:' + d['value'])}" if d["value"] else ""
            what = texts.name("decision:" + d["kind"]) + value
            rows.append((what, " × ".join(about), d["author"], _to_second(d["utc"])))
        story: list[Flowable] = [Paragraph(texts["decisions"], HEADING)]
        story.append(Paragraph(texts["decisions_text" if rows else "no_decisions"], BODY))
        if rows:
            names = ("decided", "about", "author", "when")
            story.append(columns([texts[n] for n in names], rows, (34, 26, 18, 22), SMALL))
        return story

    def _people(self) -> list[Flowable]:
        texts = self.texts
        rows = []
        for person in self.result["people"]:
            role = texts.name(f"role:{person['role']}")
            mark = texts["decided_mark" if person["role_decided"] else "suggested_mark"]
            for number, member in enumerate(person["members"]):
                first = number == 0
                weak = " *" if member["voice"] == person["weakest"] else ""
                rows.append(
                    (
                        person["person"] if first else "",
                        f"{role} ({mark})" if first else "",
                        self.ring_of.get(person["person"], "—") if first else "",
                        _figure(person["log10_lr"]) if first else "",
                        self._voice(member["voice"]),
                        _figure(member["log10_lr"]) + weak,
                        _figure(member["rival_log10_lr"]),
                    )
                )
        names = ("person", "role", "ring_head", "cohesion", "heard_in", "log10_lr", "rival")
        head = [texts[name] for name in names]
        text = Paragraph(texts["people_text"], BODY)
        table = columns(head, rows, (9, 19, 8, 12, 15, 14, 16), SMALL)
        return [Paragraph(texts["people"], HEADING), text, table]

    def _calls(self) -> list[Flowable]:
        texts, times = self.texts, []
        for number, call in enumerate(self.document["calls"]):
            direction = texts.name(f"direction:{call['direction'] or 'unknown'}")
            when = texts["began"].format(time=call["started"]) if call["started"] else ""
            if call["received_utc"] and not when:
                when = texts["received"].format(time=_to_second(call["received_utc"]))
            name = Paragraph(f"{shown(call['file_name'])}<br/>{call['sha256']}", SMALL)
            about = " · ".join(p for p in (call["case"], call["received_from"]) if p)
            times.append((number + 1, name, about or "—", when or "—", direction))
        head = [texts[n] for n in ("number", "recording", "source", "time", "direction")]
        table = columns(head, times, (6, 42, 17, 25, 10), SMALL)
        return [Paragraph(texts["calls"], HEADING), Paragraph(texts["calls_text"], BODY), table]

    def _left_out(self) -> list[Flowable]:
        texts, skipped = self.texts, self.document["skipped"]
        story: list[Flowable] = [Paragraph(texts["left_out"], HEADING)]
        if not skipped:
            return [*story, Paragraph(texts["nothing_left_out"], BODY)]
        rows = [(s["file_name"], s["speaker"] or "—", texts.name(s["code"])) for s in skipped]
        head = [texts[n] for n in ("recording", "speaker", "why")]
        return [*story, columns(head, rows, (30, 10, 60), SMALL)]


def _with_what_follows(flowable: Flowable) -> list[Flowable]:
    """A heading begins a page rather than end one."""
    is_heading = isinstance(flowable, Paragraph) and flowable.style.name == HEADING.name
    return [CondPageBreak(HEADING_ROOM), flowable] if is_heading else [flowable]


def _to_second(utc: str) -> str:
    return re.sub(r"\.\d+Z$", "Z", utc)


def _coloured(ring: int, text: str) -> str:
    colour: Color = ring_colour(ring)
    return f'<font color="{_hex(colour)}">■</font> {shown(text)}'


def _hex(colour: Color) -> str:
    return f"#{colour.hexval()[2:]}"
