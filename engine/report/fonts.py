"""The Korean font of a report, embedded as a subset."""

from __future__ import annotations

import os
import sys
import unicodedata
from pathlib import Path

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFError, TTFont

from engine.errors import ErrorCode, SeongmunError

REGULAR, BOLD = "SeongmunText", "SeongmunText-Bold"
FILES = (("NanumGothic.ttf", "NanumGothicBold.ttf"), ("malgun.ttf", "malgunbd.ttf"))


def font_folders(bundled: Path) -> tuple[Path, ...]:
    """Where fonts are looked for: the bundle's own, then the system's."""
    if sys.platform == "win32":
        system = Path(os.environ.get("WINDIR", "")) / "Fonts"
    else:
        system = Path(os.sep, "usr", "share", "fonts", "truetype", "nanum")
    return bundled, system


def register_fonts(folders: tuple[Path, ...]) -> None:
    """Register the first Korean font found as `REGULAR` and `BOLD`.

    Raises
    ------
    SeongmunError
        REPORT_FONT where there is none.
    """
    for folder in folders:
        for regular, bold in FILES:
            try:
                pdfmetrics.registerFont(TTFont(REGULAR, folder / regular))
                pdfmetrics.registerFont(TTFont(BOLD, folder / bold))
            except (TTFError, OSError):
                continue
            pdfmetrics.registerFontFamily(REGULAR, REGULAR, BOLD, REGULAR, BOLD)
            return
    raise SeongmunError(ErrorCode.REPORT_FONT)


def printable(text: str) -> str:
    r"""Text as the report's font can show it: what is invisible or has no glyph as ``\u{202E}``.

    Fonts must be registered. Composed and decomposed Hangul look alike and print alike.
    """
    glyphs = pdfmetrics.getFont(REGULAR).face.charToGlyph
    composed = unicodedata.normalize("NFC", text)
    return "".join(
        c if c.isprintable() and ord(c) in glyphs else f"\\u{{{ord(c):X}}}" for c in composed
    )
