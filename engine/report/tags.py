"""Marks what is printed with what it is: headings, paragraphs, tables, figures (ISO 32000-1, 14.8).

reportlab draws pages but knows no tags, so a canvas records them while it draws, and
`engine.report.archive` writes them into the finished file as its structure tree.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from reportlab.graphics.shapes import Drawing
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, Frame, Image, Paragraph, Spacer, Table

HEADING_LEVELS = {"title": 1, "heading": 2, "subheading": 3}


@dataclass(slots=True)
class Element:
    """A piece of the document: `children` are elements, or (page, identifier) of what is marked."""

    tag: str
    children: list[Element | tuple[int, int]] = field(default_factory=list)
    language: str = ""
    description: str = ""


class TaggedCanvas(Canvas):  # type: ignore[misc]
    """A canvas whose flowables lie in marked content; everything else is an artifact."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.structure = Element("Document")
        self._open = [self.structure]
        self._marks = 0
        self._pages: list[dict[str, Any]] = []

    @contextmanager
    def group(self, element: Element) -> Iterator[None]:
        """Everything drawn meanwhile belongs to an element, which is left out if nothing is."""
        self._open.append(element)
        try:
            yield
        finally:
            self._open.pop()
            if element.children:
                self._open[-1].children.append(element)

    @contextmanager
    def marked(self, element: Element) -> Iterator[None]:
        """What is drawn meanwhile is the content of an element."""
        begun = len(self._code)
        self._code.append(f"/{element.tag} <</MCID {self._marks}>> BDC")
        yield
        if len(self._code) == begun + 1:
            del self._code[begun:]
            return
        self._code.append("EMC")
        element.children.append((len(self._pages), self._marks))
        self._open[-1].children.append(element)
        self._marks += 1

    @contextmanager
    def artifact(self) -> Iterator[None]:
        """What is drawn meanwhile says nothing: rules, backgrounds, page numbers."""
        self._code.append("/Artifact BMC")
        yield
        self._code.append("EMC")

    def begin_part(self, language: str) -> None:
        """What follows is in another language."""
        part = Element("Part", language=language)
        self.structure.children.append(part)
        self._open = [self.structure, part]

    def _keep_page(self) -> None:
        """Remember a page that is drawn but for its furniture."""
        self._pages.append(dict(self.__dict__))
        self._marks = 0
        self._startPage()


class Part(Flowable):  # type: ignore[misc]
    """Takes no room; what follows is in `language`."""

    def __init__(self, language: str) -> None:
        super().__init__()
        self.language = language

    def wrap(self, width: float, height: float) -> tuple[float, float]:
        return 0, 0

    def draw(self) -> None:
        self.canv.begin_part(self.language)


class Plot(Flowable):  # type: ignore[misc]
    """A drawing with what it shows in words, for those who cannot see it."""

    tags_itself = True

    def __init__(self, drawing: Drawing, description: str) -> None:
        super().__init__()
        self._drawing, self._description = drawing, description

    def wrap(self, width: float, height: float) -> tuple[float, float]:
        self.width, self.height = self._drawing.wrap(width, height)
        return self.width, self.height

    def draw(self) -> None:
        with self.canv.marked(Element("Figure", description=self._description)):
            self._drawing.drawOn(self.canv, 0, 0)


class Grid(Table):  # type: ignore[misc]
    """A table whose rows and cells are tagged; `heads` is how many rows are headings."""

    heads = 0

    def draw(self) -> None:
        self._row: tuple[float, Element] | None = None
        self._row_number = 0
        with self.canv.group(Element("Table")):
            super().draw()
            self._end_row()

    def _drawBkgrnd(self) -> None:  # noqa: N802 - reportlab's name
        with self.canv.artifact():
            super()._drawBkgrnd()

    def _drawLines(self) -> None:  # noqa: N802 - reportlab's name
        self._end_row()
        with self.canv.artifact():
            super()._drawLines()

    def _drawCell(  # noqa: N802 - reportlab's name
        self, cellval: Any, cellstyle: Any, pos: Any, size: Any
    ) -> None:
        if self._row is None or self._row[0] != pos[1]:
            self._end_row()
            self._row = pos[1], Element("TR")
            self.canv._open.append(self._row[1])
        with self.canv.marked(Element("TH" if self._row_number < self.heads else "TD")):
            super()._drawCell(cellval, cellstyle, pos, size)

    def _end_row(self) -> None:
        if self._row is not None:
            self.canv._open.pop()
            self.canv._open[-1].children.append(self._row[1])
            self._row, self._row_number = None, self._row_number + 1

    def onSplit(self, T: Grid, byRow: int = 1) -> None:  # noqa: N802, N803 - reportlab's names
        T.heads = self.heads


class TaggedFrame(Frame):  # type: ignore[misc]
    """Tags what stands directly on the page."""

    def _add(self, flowable: Any, canv: TaggedCanvas, trySplit: int = 0) -> Any:  # noqa: N803
        if isinstance(flowable, Grid | Part | Spacer) or getattr(flowable, "tags_itself", False):
            return super()._add(flowable, canv, trySplit)
        begun = len(canv._code)
        with canv.marked(_element(flowable)):
            added = super()._add(flowable, canv, trySplit)
            if not added:
                del canv._code[begun + 1 :]
        return added

    add = _add


def _element(flowable: Any) -> Element:
    if isinstance(flowable, Paragraph):
        level = HEADING_LEVELS.get(flowable.style.name)
        return Element("P" if level is None else f"H{level}")
    return Element("Figure" if isinstance(flowable, Drawing | Image) else "Div")
