"""Tables of a printed document: label and value, columns with a head, and very long lists."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib import colors
from reportlab.lib.units import mm
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.platypus import Flowable, Paragraph, Table, TableStyle

from engine.report.fonts import BOLD, REGULAR, printable
from engine.report.page import ACCENT, BODY, HASH, HEAD, INK, LABEL, RULE, SHADE, TABLE, WIDTH
from engine.report.tags import Element, Grid

LABEL_WIDTH = 42 * mm
ROW_HEIGHT, HEAD_LINE, HEAD_PADDING, LIST_FONT_SIZE = 11.0, 8.5, 5.5, 6.6
CELL_GAP = 5.0
STATEMENT_BOX = TableStyle(
    [
        ("FONTNAME", (0, 0), (-1, -1), REGULAR),
        ("BACKGROUND", (0, 0), (-1, -1), SHADE),
        ("LINEBEFORE", (0, 0), (0, -1), 3, ACCENT, "butt"),
        ("LEFTPADDING", (0, 0), (-1, -1), 11),
        ("RIGHTPADDING", (0, 0), (-1, -1), 8),
        ("TOPPADDING", (0, 0), (-1, -1), 7),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 9),
    ]
)
HEADED = [
    ("BACKGROUND", (0, 0), (-1, 0), SHADE),
    ("LINEABOVE", (0, 0), (-1, 0), 0.6, INK),
    ("LINEBELOW", (0, 0), (-1, 0), 0.6, INK),
]


def shown(value: Any) -> str:
    """A value from outside as the text of a paragraph."""
    return escape(printable(str(value)))


def facts(rows: Sequence[tuple[str, Any]], hashes: Sequence[str] = ()) -> Table:
    """Label and value; the values of the labels in `hashes` are set small."""
    cells = [
        [
            Paragraph(escape(label), LABEL),
            value
            if isinstance(value, Flowable)
            else Paragraph(shown(value), HASH if label in hashes else BODY),
        ]
        for label, value in rows
    ]
    table = Grid(cells, [LABEL_WIDTH, WIDTH - LABEL_WIDTH])
    table.setStyle(TABLE)
    return table


def columns(
    head: Sequence[str],
    rows: Sequence[Sequence[Any]],
    widths: Sequence[float],
    style: Any = BODY,
) -> Table:
    """Columns under a head that is repeated on every page; `widths` are shares of the line."""
    total = sum(widths)
    cells: list[list[Any]] = [[Paragraph(escape(text), HEAD) for text in head]]
    cells += [
        [c if isinstance(c, Flowable) else Paragraph(shown(c), style) for c in row] for row in rows
    ]
    table = Grid(cells, [WIDTH * width / total for width in widths], repeatRows=1)
    table.heads = 1
    table.setStyle(TableStyle([*TABLE.getCommands(), *HEADED]))
    return table


def box(*content: Flowable) -> Table:
    """A statement that nobody can overlook."""
    table = Table([[list(content)]], [WIDTH])
    table.setStyle(STATEMENT_BOX)
    return table


class LongList(Flowable):  # type: ignore[misc]
    """Rows of one line each under a head that every page repeats; made for thousands of rows.

    `widths` are shares of the line; a text that is longer than its column ends in an ellipsis. A
    head may have several lines.
    """

    tags_itself = True

    def __init__(
        self,
        head: Sequence[str],
        rows: Sequence[Sequence[str]],
        widths: Sequence[float],
        font_size: float = LIST_FONT_SIZE,
    ) -> None:
        super().__init__()
        self._head, self._rows, self._widths = head, rows, widths
        self._font_size = font_size
        lines = max(text.count("\n") + 1 for text in head)
        self._head_height = HEAD_PADDING + HEAD_LINE * lines

    def wrap(self, width: float, height: float) -> tuple[float, float]:
        self.width = width
        return width, self._head_height + ROW_HEIGHT * len(self._rows)

    def split(self, width: float, height: float) -> list[Flowable]:
        count = int((height - self._head_height) // ROW_HEIGHT)
        if count < min(3, len(self._rows)):
            return []
        parts = self._rows[:count], self._rows[count:]
        return [LongList(self._head, rows, self._widths, self._font_size) for rows in parts if rows]

    def draw(self) -> None:
        canvas, total = self.canv, sum(self._widths)
        widths = [self.width * width / total for width in self._widths]
        bottom = ROW_HEIGHT * len(self._rows)
        with canvas.artifact():
            self._draw_rules(bottom)
        with canvas.group(Element("Table")):
            canvas.setFillColor(INK)
            self._draw_head(widths, bottom + self._head_height)
            for number, row in enumerate(self._rows, start=1):
                y = bottom - ROW_HEIGHT * number + 3.2
                self._draw_row(row, widths, y, REGULAR, "TD")

    def _draw_head(self, widths: Sequence[float], top: float) -> None:
        lines = [text.split("\n") for text in self._head]
        for number in range(max(map(len, lines))):
            row = [line[number] if number < len(line) else "" for line in lines]
            self._draw_row(row, widths, top - HEAD_LINE * (number + 1) - 1, BOLD, "TH")

    def _draw_rules(self, bottom: float) -> None:
        canvas, top = self.canv, bottom + self._head_height
        canvas.setFillColor(SHADE)
        canvas.rect(0, bottom, self.width, self._head_height, stroke=0, fill=1)
        canvas.setStrokeColor(INK)
        canvas.setLineWidth(0.6)
        canvas.lines([(0, y, self.width, y) for y in (top, bottom)])
        canvas.setStrokeColor(RULE)
        canvas.setLineWidth(0.2)
        canvas.lines(
            [(0, ROW_HEIGHT * i, self.width, ROW_HEIGHT * i) for i in range(len(self._rows))]
        )

    def _draw_row(
        self, row: Sequence[str], widths: Sequence[float], y: float, font: str, tag: str
    ) -> None:
        """A row is one piece of content: thousands of cells would make the file unwieldy."""
        canvas, x = self.canv, 0.0
        with canvas.group(Element("TR")), canvas.marked(Element(tag)):
            canvas.setFont(font, self._font_size)
            for text, width in zip(row, widths, strict=True):
                canvas.drawString(x + 3, y, _fitted(text, width - CELL_GAP, font, self._font_size))
                x += width


def _fitted(text: str, width: float, font: str, size: float) -> str:
    text = printable(text)
    if stringWidth(text, font, size) <= width:
        return text
    while text and stringWidth(text + "…", font, size) > width:
        text = text[:-1]
    return text + "…"


def banner(text: str, style: Any, colour: colors.Color) -> Table:
    """A line across the page that warns."""
    table = Table([[Paragraph(escape(text), style)]], [WIDTH])
    table.setStyle(
        TableStyle(
            [
                ("FONTNAME", (0, 0), (-1, -1), REGULAR),
                ("BACKGROUND", (0, 0), (-1, -1), colour),
                ("TOPPADDING", (0, 0), (-1, -1), 3),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 6),
            ]
        )
    )
    return table
