"""Where the examiner and the reviewer sign: boxes on a page, prepared as empty signature fields
that the certification permits to be filled and nothing else."""

from __future__ import annotations

import datetime
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pikepdf
from pyhanko.pdf_utils.content import PdfContent
from pyhanko.pdf_utils.layout import AxisAlignment, SimpleBoxLayoutRule
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.stamp import StaticStampStyle
from reportlab.lib import colors
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable

from engine.report.fonts import BOLD, REGULAR, printable
from engine.report.roles import EXAMINER, REVIEWER
from engine.report.tags import Element

LABELS = {EXAMINER: "감정인 · Examiner", REVIEWER: "검토자 · Reviewer"}
HEIGHT, GAP, LABEL_HEIGHT = 22 * mm, 6 * mm, 12.0
RULE, INK = colors.HexColor("#8a94a0"), colors.HexColor("#1a1a1a")
SHOWN, PRINTED = 128, 4  # flags of an annotation: locked, print
LARGEST, SMALLEST = 10.0, 5.0
WHOLE_BOX = SimpleBoxLayoutRule(AxisAlignment.ALIGN_MID, AxisAlignment.ALIGN_MID)

Rectangle = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a box was drawn: page from 0, rectangle in points."""

    label: str
    page: int
    rectangle: Rectangle


class SignaturePlaces(Flowable):  # type: ignore[misc]
    """Boxes side by side, each with its label, by the field's name. `places` tells where they were
    drawn."""

    tags_itself = True

    def __init__(self, width: float, labels: Mapping[str, str] = LABELS) -> None:
        super().__init__()
        self.width, self.height, self._labels = width, HEIGHT + LABEL_HEIGHT, labels
        self.places: dict[str, Place] = {}

    def wrap(self, *_: float) -> tuple[float, float]:
        """See reportlab."""
        return self.width, self.height

    def draw(self) -> None:
        """See reportlab."""
        width = (self.width - GAP) / 2
        for i, (name, label) in enumerate(self._labels.items()):
            x = i * (width + GAP)
            with self.canv.marked(Element("P")):
                self.canv.setFont(REGULAR, 8)
                self.canv.setFillColor(INK)
                self.canv.drawString(x, HEIGHT + 4, label)
            with self.canv.artifact():
                self.canv.setStrokeColor(RULE)
                self.canv.setLineWidth(0.5)
                self.canv.rect(x, 0, width, HEIGHT)
            left, bottom = self.canv.absolutePosition(x, 0)
            rectangle = (left + 1, bottom + 1, left + width - 1, bottom + HEIGHT - 1)
            self.places[name] = Place(label, self.canv.getPageNumber() - 1, rectangle)


def prepare_fields(pdf: bytes, places: Mapping[str, Place]) -> bytes:
    """Turn drawn boxes into empty signature fields; equal input gives equal bytes."""
    output = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf)) as document:
        made = []
        for name, place in places.items():
            field = document.make_indirect(_field(document, name, place))
            target = document.pages[place.page].obj
            target.Annots = pikepdf.Array([*target.get("/Annots", ()), field])
            made.append(field)
        document.Root.AcroForm = pikepdf.Dictionary(Fields=pikepdf.Array(made))
        document.save(
            output,
            deterministic_id=True,
            object_stream_mode=pikepdf.ObjectStreamMode.disable,
        )
    return output.getvalue()


def _field(document: pikepdf.Pdf, name: str, place: Place) -> pikepdf.Dictionary:
    left, bottom, right, top = place.rectangle
    empty = document.make_stream(b"")
    empty.Type, empty.Subtype = pikepdf.Name.XObject, pikepdf.Name.Form
    empty.BBox = pikepdf.Array([0, 0, right - left, top - bottom])
    empty.Resources = pikepdf.Dictionary()
    return pikepdf.Dictionary(
        Type=pikepdf.Name.Annot,
        Subtype=pikepdf.Name.Widget,
        FT=pikepdf.Name.Sig,
        T=name,
        TU=place.label,
        F=SHOWN + PRINTED,
        Rect=pikepdf.Array(place.rectangle),
        P=document.pages[place.page].obj,
        AP=pikepdf.Dictionary(N=empty),
    )


def stamp(signer: str, reason: str, rectangle: Rectangle) -> StaticStampStyle:
    """What a signature shows in its box. Fonts must be registered."""
    size = (abs(rectangle[2] - rectangle[0]), abs(rectangle[3] - rectangle[1]))
    now = datetime.datetime.now(datetime.UTC)
    lines = [signer, reason, f"{now:%Y-%m-%d %H:%M} UTC"]
    page = _Page(_drawn([printable(line) for line in lines], size))
    return StaticStampStyle(
        border_width=0, background=page, background_layout=WHOLE_BOX, background_opacity=1.0
    )


def _drawn(lines: Sequence[str], size: tuple[float, float]) -> bytes:
    """A page with lines of text, each as large as fits; the first is the signer's name."""
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=size, invariant=1, initialFontName=REGULAR)
    step = size[1] / (len(lines) + 0.5)
    for i, line in enumerate(lines):
        font = REGULAR if i else BOLD
        wanted = min(LARGEST - 2 * bool(i), 0.8 * step)
        width = canvas.stringWidth(line, font, wanted)
        fitting = min(wanted, wanted * (size[0] - 6) / width) if width else wanted
        while fitting < SMALLEST and len(line) > 1:  # a name too long for the box
            line = line[:-2] + "…"
            fitting = wanted * (size[0] - 6) / canvas.stringWidth(line, font, wanted)
        canvas.setFont(font, fitting)
        canvas.setFillColor(INK)
        canvas.drawString(3, size[1] - (i + 1) * step, line)
    canvas.save()
    return buffer.getvalue()


class _Page(PdfContent):
    """The first page of a PDF in memory."""

    def __init__(self, pdf: bytes) -> None:
        super().__init__()
        self._pdf = pdf

    def render(self) -> bytes:
        """See pyHanko."""
        reader = PdfFileReader(io.BytesIO(self._pdf))
        made = self._ensure_writer.import_page_as_xobject(reader)
        self.resources.xobject["/Stamp"] = made
        return b"/Stamp Do"
