"""What other programs say of a signed report."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Callable
from pathlib import Path

import pikepdf
from asn1crypto import cms
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext
from reportlab.platypus import Paragraph

from app.resources import FONTS
from engine.report.fonts import font_folders, register_fonts
from engine.report.page import BODY, attach, build_pages, signing
from engine.types import CheckStatus
from engine.verify.coverage import BYTE_RANGE
from engine.verify.signature import check_signature

Tool = Callable[..., bytes]
TEXTS = {"title": "감정서", "page": "{page} / {pages}", "draft": "초안"}


def small_report() -> bytes:
    """A page with an attachment and two places for signatures, unsigned."""
    register_fonts(font_folders(FONTS))
    story = [Paragraph("감정서", BODY), *signing(draft=False)]
    pages = build_pages(story, TEXTS, "감정서", "T-1", "ko", False)
    return attach(pages, "manifest.json", b"{}")


def shown_signatures(pdf: bytes) -> list[str]:
    """The fields, signed or to be signed, that have a box on a page."""
    with pikepdf.open(io.BytesIO(pdf)) as document:
        boxes = [
            (str(annotation.T), [float(x) for x in annotation.Rect])
            for page in document.pages
            for annotation in page.get("/Annots", ())
            if annotation.get("/FT") == "/Sig"
        ]
    return [name for name, (left, bottom, right, top) in boxes if right > left and top > bottom]


def require_agreement(pdf: bytes, roots: Path, folder: Path, tool: Tool) -> None:
    """pdfsig, mutool, qpdf, openssl, pyHanko and our own checks take every signature of a report
    for valid; openssl also every timestamp. `roots` is a PEM file of who is trusted."""
    path = folder / "agreed.pdf"
    path.write_bytes(pdf)
    ranges = [tuple(map(int, found)) for found in BYTE_RANGE.findall(pdf)]
    said = tool("pdfsig", path, check=False).decode()
    assert said.count("Signature is Valid") == len(ranges)
    assert said.count("otal document signed") == len(ranges)
    assert said.count("Not total document signed") == len(ranges) - 1
    told = tool("mutool", "sign", "-v", path).decode()
    assert told.count("document is unchanged since signing") == 1
    assert told.count("signature is valid but there have been edits") == len(ranges) - 1
    tool("qpdf", "--check", path)
    for found in ranges:
        _openssl(pdf, found, roots, folder, tool)
    _pyhanko(pdf, roots)
    checks, facts = check_signature(pdf)
    assert not [check for check in checks if check.status is CheckStatus.FAIL]
    assert [f.role for f in facts] == ["examiner", "reviewer"][: len(ranges)]


def _openssl(pdf: bytes, found: tuple[int, ...], roots: Path, folder: Path, tool: Tool) -> None:
    _, first, second, rest = found
    content, signature, token = (folder / name for name in ("content", "signature", "token"))
    content.write_bytes(pdf[:first] + pdf[second : second + rest])
    encoded = bytes.fromhex(pdf[first + 1 : second - 1].decode())
    signature.write_bytes(encoded)
    tool("openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in", signature, "-content",
         content, "-CAfile", roots, "-purpose", "any", "-out", os.devnull)  # fmt: skip
    info = cms.ContentInfo.load(encoded)["content"]["signer_infos"][0]
    for attribute in info["unsigned_attrs"] or ():
        token.write_bytes(attribute["values"][0].dump())
        digest = hashlib.sha256(info["signature"].native).hexdigest()
        tool("openssl", "ts", "-verify", "-digest", digest, "-in", token, "-token_in",
             "-CAfile", roots)  # fmt: skip


def _pyhanko(pdf: bytes, roots: Path) -> None:
    """Its own comparison of revisions included."""
    trusted = [
        asn1_x509.Certificate.load(found.public_bytes(Encoding.DER))
        for found in x509.load_pem_x509_certificates(roots.read_bytes())
    ]
    for signature in PdfFileReader(io.BytesIO(pdf), strict=True).embedded_signatures:
        context = ValidationContext(trust_roots=trusted, allow_fetching=False)
        assert validate_pdf_signature(signature, context).bottom_line
