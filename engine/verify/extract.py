"""The files attached to a PDF, taken out without trusting their names or sizes."""

from __future__ import annotations

import io
import zlib
from pathlib import PurePosixPath, PureWindowsPath

import pikepdf

from engine.errors import ErrorCode, SeongmunError

MOST_FILES = 64
MOST_BYTES = 256 << 20


def read_attachments(pdf: bytes) -> dict[str, bytes]:
    """Every attached file by its name; a name is never more than a name.

    Raises
    ------
    SeongmunError
        REPORT_MANIFEST where they cannot be read, are too many or too large, or two have one name.
    """
    try:
        with pikepdf.open(io.BytesIO(pdf)) as document:
            if len(document.attachments) > MOST_FILES:
                raise ValueError(f"more than {MOST_FILES} attachments")
            left, files = MOST_BYTES, {}
            for given, specification in document.attachments.items():
                name = safe_name(given)
                if name in files:
                    raise ValueError(f"{name} twice")
                files[name] = _unpacked(specification.get_file().obj, left)
                left -= len(files[name])
    except Exception as error:  # whatever a hostile PDF provokes in the parser
        reason = f"{type(error).__name__}: {error}"
        raise SeongmunError(ErrorCode.REPORT_MANIFEST, reason=reason) from error
    return files


def safe_name(given: str) -> str:
    """A file name without any folder, drive or unprintable character.

    >>> safe_name("../../etc/passwd"), safe_name("C:/x/manifest.json")
    ('passwd', 'manifest.json')

    Raises
    ------
    ValueError
        Nothing is left.
    """
    name = PureWindowsPath(PurePosixPath(given).name).name
    name = "".join(c for c in name if c.isprintable() and c not in '<>:"|?*').strip(" .")
    if not name:
        raise ValueError("an attachment without a name")
    return name


def _unpacked(stream: pikepdf.Object, most_bytes: int) -> bytes:
    """A stream's content, never more than `most_bytes`."""
    if "/Filter" not in stream:
        content = bytes(stream.read_raw_bytes())
    elif stream.Filter == pikepdf.Name.FlateDecode and "/DecodeParms" not in stream:
        content = zlib.decompressobj().decompress(stream.read_raw_bytes(), most_bytes + 1)
    else:
        raise ValueError("filter")
    if len(content) > most_bytes:
        raise ValueError("too large")
    return content
