"""Archive timestamps (PAdES B-LTA): a report outlives the certificates in it.

A document timestamp over the whole file, with what shows that nobody in it was revoked, is added as
one more revision. Before its authority's certificate expires another can be added.
"""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.writer import BasePdfFileWriter
from pyhanko.sign.fields import enumerate_sig_fields
from pyhanko.sign.signers.cms_embedder import PdfCMSEmbedder, SigIOSetup, SigObjSetup
from pyhanko.sign.signers.pdf_byterange import DocumentTimestamp

from engine.errors import ErrorCode, SeongmunError
from engine.report.revocation import RevocationData, add_to_store
from engine.report.roles import ARCHIVE
from engine.report.sign import CONTENTS_BYTES, QuietWriter

if TYPE_CHECKING:
    from engine.report.timestamps import TimestampAuthority

_untyped: Any = generic
HIDDEN = 132  # flags of an annotation: locked, print


def archive_report(pdf: bytes, authority: TimestampAuthority, revocation: RevocationData) -> bytes:
    """Add a document timestamp and revocation data. Does not check the report.

    Raises
    ------
    SeongmunError
        SIGN_FAILED.
    """
    return _stamp(pdf, authority, revocation, _add_field)


def _stamp(
    pdf: bytes,
    authority: TimestampAuthority,
    revocation: RevocationData,
    prepare: Callable[[BasePdfFileWriter], str],
) -> bytes:
    """Add a document timestamp in the field that `prepare` makes and names."""
    output = io.BytesIO()
    try:
        writer = QuietWriter(io.BytesIO(pdf))
        field = prepare(writer)
        add_to_store(writer, RevocationData(authority.certificates) + revocation)
        embedder = PdfCMSEmbedder().write_cms(field, writer, existing_fields_only=True)
        next(embedder)
        place: Any = DocumentTimestamp
        embedder.send(SigObjSetup(place(CONTENTS_BYTES)))
        digest, _ = embedder.send(SigIOSetup("sha256", output=output))
        embedder.send(asyncio.run(authority.async_timestamp(digest.document_digest, "sha256")))
    except Exception as error:  # pyHanko raises many kinds; none may leave a half-stamped report
        raise SeongmunError(ErrorCode.SIGN_FAILED, reason=str(error)) from error
    return output.getvalue()


def _add_field(writer: BasePdfFileWriter) -> str:
    """An invisible field that no page shows; returns its name."""
    names = [name for name, _, _ in enumerate_sig_fields(writer)]
    made = f"{ARCHIVE}{1 + sum(name.startswith(ARCHIVE) for name in names)}"
    name, new = generic.pdf_name, _untyped
    field = new.DictionaryObject(
        {
            name("/Type"): name("/Annot"),
            name("/Subtype"): name("/Widget"),
            name("/FT"): name("/Sig"),
            name("/T"): generic.TextStringObject(made),
            name("/F"): new.NumberObject(HIDDEN),
            name("/Rect"): new.ArrayObject([new.NumberObject(0)] * 4),
        }
    )
    form = writer.root["/AcroForm"]
    form["/Fields"].append(writer.add_object(field))
    writer.update_container(form["/Fields"])
    return made
