"""The cover of a report: who, what, when, and the result; in every language of the report."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

from PIL.Image import Image as Picture
from reportlab.lib.units import mm
from reportlab.platypus import Flowable, HRFlowable, Image, PageBreak, Paragraph, Spacer

from engine.report.page import (
    BANNER,
    BODY,
    HEIGHT,
    LABEL,
    RULE,
    SMALL,
    STATEMENT,
    TITLE,
    WARNING,
    WIDTH,
)
from engine.report.tables import banner, box, columns, facts, shown
from engine.report.template import Template, draw_logo
from engine.report.words import Words, joined, ratio_range


def cover(
    words: Sequence[Words], template: Template, signing: Sequence[Flowable]
) -> list[Flowable]:
    """The first page, with `signing` at its end: the places to sign. Where the summary of many
    comparisons leaves them no room it takes the next page, and the first points to it."""
    head = [*_title(words, template), _about(words, template), Spacer(1, 10)]
    end = [*_notes(words), *signing]
    summary = _summary(words)
    if _height([*head, *summary, *end]) <= HEIGHT:
        return [*head, *summary, *end]
    count = len(words[0].content["comparisons"])
    pointers = [Paragraph(shown(w.text("summary_follows", count=count)), STATEMENT) for w in words]
    return [*head, *pointers, Spacer(1, 10), *end, PageBreak(), *summary]


def _height(story: Sequence[Flowable]) -> float:
    """Of flowables beneath each other, in points; at most."""
    heights = (
        part.wrap(WIDTH, HEIGHT)[1] + part.getSpaceBefore() + part.getSpaceAfter() for part in story
    )
    return float(sum(heights))


def _title(words: Sequence[Words], template: Template) -> list[Flowable]:
    story = _letterhead(words, template)
    if words[0].content["demo"]:
        story += [
            flowable
            for w in words
            for flowable in (banner(w.text("demo_banner"), BANNER, WARNING), Spacer(1, 4))
        ]
    story.append(Spacer(1, 6))
    for w in words:
        story.append(Paragraph(shown(w.text("title")), TITLE if w is words[0] else STATEMENT))
    return [*story, Paragraph(shown(joined(words, "subtitle")), LABEL), Spacer(1, 8)]


def _notes(words: Sequence[Words]) -> list[Flowable]:
    """How the document may be read."""
    keys = ("not_posterior", "whole_document", *(["both_languages"] if len(words) > 1 else []))
    return [Paragraph(shown(w.text(key)), SMALL) for key in keys for w in words]


def _letterhead(words: Sequence[Words], template: Template) -> list[Flowable]:
    """Logo, name, address, contact and whatever else the laboratory states."""
    story: list[Flowable] = []
    if template.logo:
        story += [_logo(template), Spacer(1, 5)]
    lines = []
    for texts in (template.name, template.address, template.contact):
        line = " · ".join(dict.fromkeys(texts[w.language] for w in words if texts[w.language]))
        lines += [line] if line else []
    for label, value in template.fields:
        stated = (f"{label[w.language]}: {value[w.language]}" for w in words)
        lines.append(" · ".join(dict.fromkeys(stated)))
    if lines:
        story += [Paragraph(f"<b>{shown(lines[0])}</b>", BODY)]
        story += [Paragraph(shown(line), SMALL) for line in lines[1:]]
    if story:
        story += [Spacer(1, 5), HRFlowable("100%", 0.6, color=RULE), Spacer(1, 10)]
    return story


def _logo(template: Template) -> Flowable:
    drawn = draw_logo(template.logo, template.logo_height_mm * mm)
    if not isinstance(drawn, Picture):
        drawn.hAlign = "LEFT"
        return drawn
    buffer = io.BytesIO()
    drawn.save(buffer, "PNG")
    buffer.seek(0)
    height = template.logo_height_mm * mm
    width = min(WIDTH, height * drawn.width / drawn.height)
    return Image(buffer, width, width * drawn.height / drawn.width, hAlign="LEFT")


def _about(words: Sequence[Words], template: Template) -> Flowable:
    content, first = words[0].content, words[0]
    asked, older, case = content["request"], content["supersedes"], content["case"]
    version = " · ".join(w.text("version_text", version=content["version"]) for w in words)
    rows = [("report_number", content["report_id"]), ("version", version)]
    if older["report_id"]:
        texts = (w.text("supersedes_text", report_id=older["report_id"]) for w in words)
        rows.append(("supersedes", " · ".join(texts)))
        rows.append(("supersedes_sha256", older["sha256"]))
        rows.append(("correction_reason", first.or_not_stated(older["reason"])))
    dates = sorted({c["analysed_utc"][:10] for c in content["comparisons"]})
    laboratory = template.name[first.language] or asked["agency"]
    missing = joined(words, "not_stated")
    rows += [
        ("case_number", case["number"] or missing),
        ("laboratory", laboratory or missing),
        ("requester", asked["requester"] or missing),
        ("received", asked["received_utc"] or missing),
        ("examiners", asked["examiners"] or missing),
        ("examined", " – ".join(dict.fromkeys((dates[0], dates[-1])))),
        ("created", content["created_utc"]),
        ("software", f"{content['software']['name']} {content['software']['version']}"),
    ]
    hashes = (joined(words, "supersedes_sha256"),)
    return facts([(joined(words, key), value) for key, value in rows], hashes)


def _summary(words: Sequence[Words]) -> list[Flowable]:
    """The result, or a table of all of them."""
    compared = words[0].content["comparisons"]
    story: list[Flowable] = [Paragraph(f"<b>{shown(joined(words, 'summary'))}</b>", BODY)]
    if len(compared) > 1:
        story += [Spacer(1, 3), _table(words, compared), Spacer(1, 4)]
        story += [Paragraph(shown(w.text("several")), SMALL) for w in words]
    else:
        for w in words:
            story += [Spacer(1, 3), _statement(w, compared[0]["result"])]
        story.append(Spacer(1, 4))
    return story


def _statement(words: Words, result: Mapping[str, Any]) -> Flowable:
    numbers = (
        f"{words.text('lr')} {words.ratio(result)} · {words.text('interval')} "
        f"{ratio_range(result['interval_log10'])} · {words.text('bounds')} "
        f"{ratio_range(result['bounds_log10'])}"
    )
    return box(
        Paragraph(shown(words.statement(result)), STATEMENT),
        Paragraph(shown(words.verbal(result)), BODY),
        Paragraph(shown(numbers), LABEL),
    )


def _table(words: Sequence[Words], compared: Sequence[Mapping[str, Any]]) -> Flowable:
    """A row per comparison, in every language."""
    keys = ("segment_number", "questioned", "known", "lr", "interval", "verbal")
    rows = [
        (
            str(number),
            one["questioned"],
            one["known"],
            _lines([w.ratio(one["result"]) for w in words]),
            ratio_range(one["result"]["interval_log10"]),
            _lines([w.verbal(one["result"]) for w in words]),
        )
        for number, one in enumerate(compared, start=1)
    ]
    return columns([joined(words, key) for key in keys], rows, (9, 15, 15, 16, 19, 54), SMALL)


def _lines(texts: Sequence[str]) -> Paragraph:
    """A line per language, or one for all where they say it alike."""
    return Paragraph("<br/>".join(shown(text) for text in dict.fromkeys(texts)), SMALL)
