"""What every printed document of the product shares: styles, page furniture, attachments."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import pikepdf
from reportlab.lib import colors
from reportlab.lib.enums import TA_CENTER
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, SimpleDocTemplate, TableStyle

from engine.report.fonts import BOLD, REGULAR

MARGIN = 20 * mm
FRAME_PADDING = 6
WIDTH = A4[0] - 2 * (MARGIN + FRAME_PADDING)
INK = colors.HexColor("#1a1a1a")
RULE = colors.HexColor("#8a94a0")
SHADE = colors.HexColor("#eef1f5")
WARNING = colors.HexColor("#8c1c13")


def _style(name: str, **options: Any) -> ParagraphStyle:
    defaults: dict[str, Any] = {
        "fontName": REGULAR,
        "fontSize": 9,
        "leading": 13,
        "textColor": INK,
        "wordWrap": "CJK",
    }
    return ParagraphStyle(name, **(defaults | options))


BODY = _style("body")
SMALL = _style("small", fontSize=7.5, leading=10.5)
LABEL = _style("label", fontSize=8, leading=11, textColor=colors.HexColor("#4a5561"))
HEADING = _style("heading", fontName=BOLD, fontSize=11.5, leading=15, spaceBefore=9, spaceAfter=4)
TITLE = _style("title", fontName=BOLD, fontSize=19, leading=25)
STATEMENT = _style("statement", fontName=BOLD, fontSize=11, leading=16.5)
BANNER = _style("banner", fontName=BOLD, textColor=colors.white, alignment=TA_CENTER)
HASH = _style("hash", fontName="Courier", fontSize=7.5, leading=10.5)
CAUTION = _style("caution", fontSize=8.5, leading=12, textColor=WARNING)
TABLE = TableStyle(
    [
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LINEBELOW", (0, 0), (-1, -1), 0.3, RULE),
        ("TOPPADDING", (0, 0), (-1, -1), 2.2),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 3),
        ("LEFTPADDING", (0, 0), (-1, -1), 3),
    ]
)


def build_pages(
    story: Sequence[Flowable],
    texts: Mapping[str, Any],
    title: str,
    number: str,
    language: str,
    draft: bool,
) -> bytes:
    """Lay a story out on A4 pages under the document's number; equal input gives equal bytes.

    `texts` has ``title``, ``page`` and ``draft``.
    """
    buffer = io.BytesIO()
    document = SimpleDocTemplate(
        buffer,
        pagesize=A4,
        leftMargin=MARGIN,
        rightMargin=MARGIN,
        topMargin=18 * mm,
        bottomMargin=18 * mm,
        title=title,
        author="Seongmun",
        lang=language,
        invariant=1,
    )

    def canvas_maker(*args: Any, **options: Any) -> _PageCanvas:
        return _PageCanvas(texts, number, draft, *args, **options)

    document.build(list(story), canvasmaker=canvas_maker)
    return buffer.getvalue()


def attach(pdf: bytes, name: str, content: bytes) -> bytes:
    """Embed a JSON document as an associated data file, deterministically."""
    output = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf)) as document:
        specification = pikepdf.AttachedFileSpec(
            document,
            content,
            filename=name,
            mime_type="application/json",
            relationship=pikepdf.Name.Data,
        )
        document.attachments[name] = specification
        document.Root.AF = pikepdf.Array([document.attachments[name].obj])
        document.save(output, deterministic_id=True)
    return output.getvalue()


class _PageCanvas(Canvas):  # type: ignore[misc]
    """Adds header, "page x of y" and the draft watermark once the number of pages is known."""

    def __init__(
        self, texts: Mapping[str, str], report_id: str, draft: bool, *args: Any, **options: Any
    ) -> None:
        super().__init__(*args, **options)
        self._texts, self._report_id, self._draft = texts, report_id, draft
        self._pages: list[dict[str, Any]] = []

    def showPage(self) -> None:  # noqa: N802 - reportlab's name
        self._pages.append(dict(self.__dict__))
        self._startPage()

    def save(self) -> None:
        for number, state in enumerate(self._pages, start=1):
            self.__dict__.update(state)
            self._furnish(number, len(self._pages))
            super().showPage()
        super().save()

    def _furnish(self, page: int, pages: int) -> None:
        self.setFont(REGULAR, 7.5)
        self.setFillColor(colors.HexColor("#4a5561"))
        self.drawString(MARGIN, 10 * mm, f"{self._texts['title']} · {self._report_id}")
        number = self._texts["page"].format(page=page, pages=pages)
        self.drawRightString(A4[0] - MARGIN, 10 * mm, number)
        self.setStrokeColor(RULE)
        self.setLineWidth(0.4)
        self.line(MARGIN, 13.5 * mm, A4[0] - MARGIN, 13.5 * mm)
        if self._draft:
            self.saveState()
            self.setFont(BOLD, 90)
            self.setFillColor(colors.Color(0.55, 0.1, 0.1, alpha=0.13))
            self.translate(A4[0] / 2, A4[1] / 2)
            self.rotate(45)
            self.drawCentredString(0, 0, self._texts["draft"])
            self.restoreState()


def two_figures(value: float) -> str:
    """A number to two significant figures, in plain digits.

    >>> two_figures(1234.5), two_figures(0.00001234), two_figures(1.0)
    ('1,200', '0.000012', '1.0')
    """
    rounded = Decimal(f"{value:.1e}")
    return f"{rounded:,.0f}" if rounded >= 10 else f"{rounded:f}"
