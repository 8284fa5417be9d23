"""What every printed document of the product shares: styles, page furniture, attachments."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from reportlab import rl_config
from reportlab.lib import colors
from reportlab.lib.enums import TA_CENTER
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.platypus import (
    BaseDocTemplate,
    Flowable,
    PageTemplate,
    Paragraph,
    Spacer,
    TableStyle,
)

from engine.report.archive import Metadata, archive, attach_files
from engine.report.fonts import BOLD, REGULAR
from engine.report.places import LABELS, SignaturePlaces, prepare_fields
from engine.report.tags import TaggedCanvas, TaggedFrame

rl_config.useA85 = 0  # plain streams are smaller and quicker to write

MARGIN = 22 * mm
TOP, BOTTOM = 20 * mm, 21 * mm
WIDTH = A4[0] - 2 * MARGIN
HEIGHT = A4[1] - TOP - BOTTOM
INK = colors.HexColor("#1a1a1a")
QUIET = colors.HexColor("#4a5561")
RULE = colors.HexColor("#9aa3ad")
SHADE = colors.HexColor("#eef1f5")
WARNING = colors.HexColor("#8c1c13")
WATERMARK = colors.HexColor("#ecdfde")
ACCENT = colors.HexColor("#1b3a5c")
FONT = {"initialFontName": REGULAR}
WATERMARK_WIDTH = 190 * mm
NO_DATE = "2000-01-01T00:00:00Z"


def _style(name: str, **options: Any) -> ParagraphStyle:
    """Lines break between words; what is longer than a line, such as a hash, anywhere."""
    defaults: dict[str, Any] = {
        "fontName": REGULAR,
        "fontSize": 9,
        "leading": 13.5,
        "textColor": INK,
        "bulletFontName": REGULAR,
        "bulletFontSize": 9,
        "splitLongWords": 1,
        "allowWidows": 0,
        "allowOrphans": 0,
    }
    return ParagraphStyle(name, **(defaults | options))


BODY = _style("body")
LISTED = _style("listed", leftIndent=13, bulletIndent=2, spaceAfter=1.5)
SMALL = _style("small", fontSize=7.5, leading=10.5)
LABEL = _style("label", fontSize=8, leading=11.5, textColor=QUIET)
HEAD = _style("head", fontName=BOLD, fontSize=7.5, leading=10)
HEADING = _style("heading", fontName=BOLD, fontSize=12, leading=16, spaceBefore=14, spaceAfter=5)
SUBHEADING = _style(
    "subheading", fontName=BOLD, fontSize=9.5, leading=13, spaceBefore=8, spaceAfter=3
)
TITLE = _style("title", fontName=BOLD, fontSize=21, leading=27)
STATEMENT = _style("statement", fontName=BOLD, fontSize=10.5, leading=16)
BANNER = _style("banner", fontName=BOLD, textColor=colors.white, alignment=TA_CENTER)
HASH = _style("hash", fontSize=6.8, leading=11)
TINY = _style("tiny", fontSize=6.3, leading=10)
CAUTION = _style("caution", fontSize=8.5, leading=12, textColor=WARNING)
TABLE = TableStyle(
    [
        ("FONTNAME", (0, 0), (-1, -1), REGULAR),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LINEBELOW", (0, 0), (-1, -1), 0.3, RULE),
        ("TOPPADDING", (0, 0), (-1, -1), 2.2),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 3),
        ("LEFTPADDING", (0, 0), (-1, -1), 3),
        ("RIGHTPADDING", (0, 0), (-1, -1), 4),
    ]
)
OUTLINE = {TITLE.name: 0, HEADING.name: 0, SUBHEADING.name: 1}


@dataclass(frozen=True, slots=True)
class Imprint:
    """What a document says of itself to its readers' programs."""

    author: str = "Seongmun"
    created_utc: str = NO_DATE


def build_pages(
    story: Sequence[Flowable],
    texts: Mapping[str, Any],
    title: str,
    number: str,
    language: str,
    draft: bool,
    imprint: Imprint | None = None,
) -> bytes:
    """Lay a story out on A4 pages under the document's number; equal input gives equal bytes.

    Headings become bookmarks; what is drawn is tagged; `SignaturePlaces` become empty signature
    fields; the file has the structure of PDF/A-3.
    `texts` has ``title``, ``page`` and ``draft``.
    """
    imprint = imprint or Imprint()
    buffer = io.BytesIO()
    document = _Document(buffer, pagesize=A4, lang=language, invariant=1, title=title)
    canvases: list[_PageCanvas] = []

    def canvas_maker(*args: Any, **options: Any) -> _PageCanvas:
        canvases.append(_PageCanvas(texts, number, draft, *args, **options | FONT))
        return canvases[-1]

    document.build(list(story), canvasmaker=canvas_maker)
    metadata = Metadata(title, imprint.author, language, imprint.created_utc, number)
    pdf = archive(buffer.getvalue(), metadata, canvases[-1].structure)
    boxes = [part for part in story if isinstance(part, SignaturePlaces)]
    return prepare_fields(pdf, boxes[0].places) if boxes else pdf


def signing(draft: bool, labels: Mapping[str, str] = LABELS) -> list[Flowable]:
    """Where a document is signed, see `SignaturePlaces`; nothing in a draft."""
    return [] if draft else [Spacer(1, 10), SignaturePlaces(WIDTH, labels)]


def attach(pdf: bytes, name: str, content: bytes) -> bytes:
    """Embed a JSON document as an associated data file, deterministically."""
    return attach_files(pdf, {name: content}, {}, NO_DATE)


class _Document(BaseDocTemplate):  # type: ignore[misc]
    """Pages of one frame; headings are bookmarks."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        frame = TaggedFrame(MARGIN, BOTTOM, WIDTH, HEIGHT, 0, 0, 0, 0)
        template = PageTemplate(frames=[frame], onPage=lambda canvas, _: canvas.begin_page())
        self.addPageTemplates([template])
        self._headings = 0

    def beforeDocument(self) -> None:  # noqa: N802 - reportlab's name
        self._headings = 0

    def afterFlowable(self, flowable: Flowable) -> None:  # noqa: N802 - reportlab's name
        if not isinstance(flowable, Paragraph) or flowable.style.name not in OUTLINE:
            return
        level = OUTLINE[flowable.style.name]
        if level and not self._headings:
            level = 0
        key = f"h{self._headings}"
        self._headings += 1
        self.canv.bookmarkPage(key, fit="FitH", top=self.frame._y + flowable.height)
        self.canv.addOutlineEntry(flowable.getPlainText(), key, level, closed=level == 0)


class _PageCanvas(TaggedCanvas):
    """Adds "page x of y" once the number of pages is known, and the draft watermark beneath."""

    def __init__(
        self, texts: Mapping[str, str], report_id: str, draft: bool, *args: Any, **options: Any
    ) -> None:
        self._texts, self._report_id, self._draft = texts, report_id, draft
        super().__init__(*args, **options)

    def showPage(self) -> None:  # noqa: N802 - reportlab's name
        self._keep_page()

    def save(self) -> None:
        pages = self._pages
        for number, state in enumerate(pages, start=1):
            self.__dict__.update(state)
            with self.artifact():
                self._furnish(number, len(pages))
            super().showPage()
        super().save()

    def begin_page(self) -> None:
        """Opaque and beneath everything else, the watermark needs no transparency."""
        if not self._draft:
            return
        with self.artifact():
            self.saveState()
            width = stringWidth(self._texts["draft"], BOLD, 1)
            self.setFont(BOLD, min(96, WATERMARK_WIDTH / width))
            self.setFillColor(WATERMARK)
            self.translate(A4[0] / 2, A4[1] / 2)
            self.rotate(45)
            self.drawCentredString(0, 0, self._texts["draft"])
            self.restoreState()

    def _furnish(self, page: int, pages: int) -> None:
        self.setFont(REGULAR, 7.5)
        self.setFillColor(QUIET)
        self.drawString(MARGIN, 11 * mm, f"{self._texts['title']} · {self._report_id}")
        number = self._texts["page"].format(page=page, pages=pages)
        self.drawRightString(A4[0] - MARGIN, 11 * mm, number)
        self.setStrokeColor(RULE)
        self.setLineWidth(0.4)
        self.line(MARGIN, 14.5 * mm, A4[0] - MARGIN, 14.5 * mm)


def two_figures(value: float) -> str:
    """A number to two significant figures, in plain digits.

    >>> two_figures(1234.5), two_figures(0.00001234), two_figures(1.0)
    ('1,200', '0.000012', '1.0')
    """
    rounded = Decimal(f"{value:.1e}")
    return f"{rounded:,.0f}" if rounded >= 10 else f"{rounded:f}"
