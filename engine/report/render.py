"""The evidence report as a PDF with its data attached, made from the manifest alone."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reportlab.graphics.shapes import Drawing
from reportlab.platypus import Flowable, PageBreak, Paragraph

from engine.lr.verbal import VerbalScale
from engine.report.annexes import Annexes
from engine.report.archive import attach_files
from engine.report.attachments import DESCRIPTIONS, report_files
from engine.report.cover import cover
from engine.report.figures import ItemFigure, prepare
from engine.report.fonts import register_fonts
from engine.report.manifest import languages
from engine.report.page import SMALL, TITLE, Imprint, build_pages, signing
from engine.report.sections import Body
from engine.report.tables import shown
from engine.report.tags import Part
from engine.report.template import Template
from engine.report.words import Words, joined
from engine.types import ReportManifest


@dataclass(frozen=True, slots=True)
class ReportAssets:
    """What a report needs besides its manifest: texts, verbal scale, template, folders with
    fonts."""

    texts: Path
    scale: VerbalScale
    template: Template
    fonts: tuple[Path, ...]


def render_report(
    manifest: ReportManifest,
    figures: Sequence[ItemFigure],
    assets: ReportAssets,
    draft: bool,
    tippett: Mapping[str, Drawing],
) -> bytes:
    """Render a manifest; equal input gives equal bytes.

    Parameters
    ----------
    manifest : ReportManifest
        Its ``language`` chooses the texts: both languages follow each other, annexes come once.
    figures : one per item, in the manifest's order
    assets : ReportAssets
    draft : bool
        Print a watermark: a report that will not be signed.
    tippett : by language, the population's Tippett plot with the likelihood ratios marked

    Returns
    -------
    The PDF with the canonical manifest, and what `engine.report.attachments` makes of it, attached.

    Raises
    ------
    SeongmunError
        REPORT_FONT.
    """
    register_fonts(assets.fonts)
    content = manifest.content
    tables = tomllib.loads(assets.texts.read_text(encoding="utf-8"))
    words = [Words(name, tables[name], assets.scale, content) for name in languages(content)]
    prepared = [prepare(figure) for figure in figures]
    end = _unsigned(words) if draft else signing(draft=False)
    story = [Part(words[0].language), *cover(words, assets.template, end)]
    for w in words:
        body = Body(w, assets.template, prepared, tippett.get(w.language), draft)
        story += [PageBreak(), Part(w.language), *_part_title(w, len(words)), *body.story()]
    story += [PageBreak(), Part(words[0].language), *Annexes(words).story()]
    texts = _furniture(words)
    title = f"{words[0].text('title')} {content['report_id']}"
    author = content["request"]["examiners"] or content["template"]["laboratory"] or "Seongmun"
    imprint = Imprint(author, content["created_utc"])
    pdf = build_pages(story, texts, title, content["report_id"], words[0].language, draft, imprint)
    told = {name: joined(words, key) for name, key in DESCRIPTIONS.items()}
    return attach_files(pdf, report_files(content), told, content["created_utc"])


def _unsigned(words: Sequence[Words]) -> list[Flowable]:
    return [Paragraph(shown(w.text("unsigned")), SMALL) for w in words]


def _part_title(words: Words, parts: int) -> list[Flowable]:
    """Which language follows, where there are several."""
    return [Paragraph(shown(words.text("language_name")), TITLE)] if parts > 1 else []


def _furniture(words: Sequence[Words]) -> dict[str, Any]:
    """What stands on every page."""
    return {key: _joined_raw(words, key) for key in ("title", "page", "draft")}


def _joined_raw(words: Sequence[Words], key: str) -> str:
    """A text in every language with its braces left open."""
    return " · ".join(dict.fromkeys(str(w.texts[key]) for w in words))
