"""A PDF and what reads it, made once: a long report's tables take a while to read."""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import cached_property

from pyhanko.pdf_utils.reader import PdfFileReader


@dataclass(frozen=True)
class OpenedPdf:
    """The bytes of a file; `reader` raises whatever a hostile one provokes."""

    content: bytes

    @cached_property
    def reader(self) -> PdfFileReader:
        """Reads it strictly."""
        return PdfFileReader(io.BytesIO(self.content), strict=True)
