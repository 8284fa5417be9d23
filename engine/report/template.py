"""Laboratory templates: who examines, and the laboratory's standing texts, as a data file.

A template never changes a number, and no text of it may claim who speaks.
`docs/report-templates.md` describes the file.
"""

from __future__ import annotations

import hashlib
import io
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lxml import etree
from PIL import Image
from reportlab.graphics.shapes import Drawing

from engine.errors import ErrorCode, SeongmunError
from engine.lr.verbal import FORBIDDEN, LANGUAGES
from engine.report.fonts import REGULAR

SECTIONS = ("opening", "request", "method", "limits", "closing")
MOST_LOGO_BYTES = 1 << 20
MOST_LOGO_PIXELS = 4000
MOST_TEXT = 4000
SVG = "{http://www.w3.org/2000/svg}"
SHAPES = {
    SVG + name
    for name in ("svg", "g", "path", "rect", "circle", "ellipse", "line", "polyline", "polygon")
} | {SVG + "title", SVG + "desc"}
KEYS = {"id", "version", "laboratory", "fields", "texts", "logo"}
IDENTIFIER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
Texts = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Template:
    """A template as it is used; texts are by language, empty where the file has none.

    `sha256` is of the file, and of the logo after it if it has one. `logo` is PNG or SVG.
    """

    id: str
    version: str
    sha256: str
    name: Texts
    address: Texts
    contact: Texts
    fields: tuple[tuple[Texts, Texts], ...]
    texts: Mapping[str, Texts]
    logo: bytes = b""
    logo_height_mm: float = 16.0


def load_template(path: Path) -> Template:
    """Read and check a template.

    Raises
    ------
    SeongmunError
        TEMPLATE_MISSING; TEMPLATE_INVALID for a file that is not as documented, or a text that
        claims who speaks; TEMPLATE_LOGO for a logo that is missing, too large, damaged, or an SVG
        with anything but shapes.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise SeongmunError(ErrorCode.TEMPLATE_MISSING, path=str(path)) from error
    try:
        data = tomllib.loads(content.decode("utf-8"))
        logo, height_mm = _logo(path.parent, data.get("logo"))
        return _template(data, hashlib.sha256(content + logo).hexdigest(), logo, height_mm)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        reason = f"{type(error).__name__}: {error}"
        raise SeongmunError(ErrorCode.TEMPLATE_INVALID, path=str(path), reason=reason) from error


def _template(data: Mapping[str, Any], sha256: str, logo: bytes, height_mm: float) -> Template:
    unknown = (data.keys() - KEYS) | (data.get("texts", {}).keys() - set(SECTIONS))
    laboratory = data.get("laboratory", {})
    unknown |= laboratory.keys() - {"name", "address", "contact"}
    if unknown:
        raise ValueError(f"unknown: {', '.join(sorted(unknown))}")
    if not IDENTIFIER.fullmatch(data["id"]):
        raise ValueError("id")
    return Template(
        id=data["id"],
        version=_plain(data["version"]),
        sha256=sha256,
        name=_both(laboratory.get("name")),
        address=_both(laboratory.get("address")),
        contact=_both(laboratory.get("contact")),
        fields=tuple((_both(f["label"]), _both(f["value"])) for f in data.get("fields", [])),
        texts={name: _both(data.get("texts", {}).get(name)) for name in SECTIONS},
        logo=logo,
        logo_height_mm=height_mm,
    )


def _both(value: Any) -> Texts:
    """A text in both languages: a table of two, or one for both; nothing is two empty ones."""
    if value is None:
        return dict.fromkeys(LANGUAGES, "")
    if isinstance(value, str):
        return dict.fromkeys(LANGUAGES, _plain(value))
    if set(value) != set(LANGUAGES):
        raise ValueError("a text needs ko and en")
    return {language: _plain(value[language]) for language in LANGUAGES}


def _plain(value: Any) -> str:
    """A text of printable characters that claims no more than it may."""
    if not isinstance(value, str):
        raise TypeError("a text is no text")
    text = " ".join(value.split())
    if not text or not text.isprintable() or len(text) > MOST_TEXT:
        raise ValueError("a text is empty, unprintable or too long")
    if FORBIDDEN.search(text):
        raise ValueError(f"a template must not say: {text}")
    return text


def _logo(folder: Path, table: Mapping[str, Any] | None) -> tuple[bytes, float]:
    if table is None:
        return b"", 0.0
    name, height_mm = str(table["file"]), float(table.get("height_mm", 16))
    path = folder / name
    if Path(name).name != name or not 5 <= height_mm <= 40 or table.keys() - {"file", "height_mm"}:
        raise ValueError("logo: a file beside the template, height_mm from 5 to 40")
    try:
        if path.stat().st_size > MOST_LOGO_BYTES:
            raise _bad_logo(path, f"> {MOST_LOGO_BYTES} B")
        content = path.read_bytes()
    except OSError as error:
        raise _bad_logo(path, type(error).__name__) from error
    try:
        draw_logo(content, height_mm)
    except (ValueError, OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise _bad_logo(path, f"{type(error).__name__}: {error}") from error
    return content, height_mm


def _bad_logo(path: Path, reason: str) -> SeongmunError:
    return SeongmunError(ErrorCode.TEMPLATE_LOGO, path=str(path), reason=reason)


def draw_logo(content: bytes, height: float) -> Image.Image | Drawing:
    """A logo as an opaque picture, or as shapes of a height in points.

    Raises
    ------
    ValueError, OSError, SyntaxError, DecompressionBombError
        It is neither PNG nor an SVG of plain opaque shapes, is damaged or too large.
    """
    if not content.startswith(b"\x89PNG"):
        return _draw_svg(content, height)
    picture = Image.open(io.BytesIO(content), formats=["PNG"])
    if max(picture.size) > MOST_LOGO_PIXELS:
        raise ValueError(f"more than {MOST_LOGO_PIXELS} pixels")
    picture.load()
    flat = Image.new("RGB", picture.size, "white")
    with_alpha = picture.convert("RGBA")
    flat.paste(with_alpha, mask=with_alpha)
    return flat


def _draw_svg(content: bytes, height: float) -> Drawing:
    """Shapes alone: text needs fonts, and a reference would read other files."""
    from svglib.svglib import svg2rlg  # few templates need it

    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    root = etree.fromstring(content, parser)
    if root.getroottree().docinfo.doctype:
        raise ValueError("SVG with a document type")
    for element in root.iter():
        if not isinstance(element.tag, str):
            continue
        if element.tag not in SHAPES:
            raise ValueError(f"SVG with {etree.QName(element).localname}")
        for name, value in element.items():
            if "href" in name or "url(" in value or "opacity" in name + value:
                raise ValueError(f"SVG with {etree.QName(name).localname}")
    drawing = svg2rlg(io.BytesIO(content))
    if drawing is None or not (drawing.width > 0 and drawing.height > 0):
        raise ValueError("SVG without a size")
    factor = height / drawing.height
    drawing.scale(factor, factor)
    drawing.width, drawing.height = drawing.width * factor, height
    drawing.initialFontName = REGULAR  # else a font that no text of it has
    return drawing
