"""What proves offline, years later, that a certificate was not revoked: CRLs, OCSP responses and
the certificates of the authorities, given as files and kept in the PDF (ISO 32000-2, 12.8.4.3)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from asn1crypto import crl, ocsp, pem
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.writer import BasePdfFileWriter

from engine.errors import ErrorCode, SeongmunError
from engine.files import file_error

STORE = "/DSS"
PEM_BLOCK = re.compile(rb"-----BEGIN ([A-Z0-9 ]+)-----.*?-----END \1-----", re.DOTALL)


@dataclass(frozen=True, slots=True)
class RevocationData:
    """DER encodings, by the entry of the PDF's security store that keeps them."""

    certificates: tuple[bytes, ...] = ()
    crls: tuple[bytes, ...] = ()
    ocsps: tuple[bytes, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.crls or self.ocsps)

    def __add__(self, other: RevocationData) -> RevocationData:
        return RevocationData(
            self.certificates + other.certificates,
            self.crls + other.crls,
            self.ocsps + other.ocsps,
        )

    def by_entry(self) -> dict[str, tuple[bytes, ...]]:
        """The arrays of a security store."""
        return {"/Certs": self.certificates, "/CRLs": self.crls, "/OCSPs": self.ocsps}


NO_DATA = RevocationData()


def load_revocation(paths: Sequence[Path]) -> RevocationData:
    """Read CRLs, OCSP responses and certificates, DER or PEM, told apart by their content.

    Raises
    ------
    SeongmunError
        FILE_*, REVOCATION_INVALID.
    """
    found = NO_DATA
    for path in paths:
        try:
            content = path.read_bytes()
        except OSError as error:
            raise file_error(error, path) from error
        try:
            encodings = pem_blocks(content) or [content]
            found = sum(map(_classified, encodings), found)
        except ValueError as error:
            raise SeongmunError(ErrorCode.REVOCATION_INVALID, path=str(path)) from error
    return found


def pem_blocks(content: bytes) -> list[bytes]:
    """DER encodings of every block of a PEM file; none where it is not PEM (raises ValueError)."""
    return [pem.unarmor(found.group(0))[2] for found in PEM_BLOCK.finditer(content)]


def _classified(encoded: bytes) -> RevocationData:
    """One encoding as what it is (raises ValueError)."""
    if is_strict(encoded, crl.CertificateList):
        return RevocationData(crls=(encoded,))
    if is_strict(encoded, ocsp.OCSPResponse):
        return RevocationData(ocsps=(encoded,))
    x509.load_der_x509_certificate(encoded)
    return RevocationData(certificates=(encoded,))


def is_strict(encoded: bytes, kind: type[asn1_x509.Certificate | crl.CertificateList]) -> bool:
    """Whether bytes are one encoding of a kind, to the last byte."""
    try:
        value = kind.load(encoded, strict=True)
        value.native  # noqa: B018 - parses it whole
    except (ValueError, TypeError, KeyError):
        return False
    return kind is not ocsp.OCSPResponse or value["response_status"].native == "successful"


def read_store(root: generic.DictionaryObject) -> RevocationData:
    """What a PDF's security store keeps; raises whatever a hostile store provokes."""
    if STORE not in root:
        return NO_DATA
    store = root[STORE]
    entries = [
        tuple(bytes(item.get_object().data) for item in store.get(name, ()))
        for name in NO_DATA.by_entry()
    ]
    return RevocationData(*entries)


def add_to_store(writer: BasePdfFileWriter, data: RevocationData) -> None:
    """Add what a document's security store does not keep yet; makes the store where there is none,
    as an object of its own, so that another signature can add to it and touch nothing else."""
    name = generic.pdf_name
    if STORE not in writer.root:
        made: Any = generic.DictionaryObject
        writer.root[name(STORE)] = writer.add_object(made({name("/Type"): name(STORE)}))
        writer.mark_update(writer.root_ref)
    reference, kept = writer.root.raw_get(STORE), read_store(writer.root).by_entry()
    store = reference.get_object()
    for entry, encodings in data.by_entry().items():
        new = _unique(encodings, kept[entry])
        streams = [writer.add_object(generic.StreamObject(stream_data=item)) for item in new]
        if streams:
            store[name(entry)] = generic.ArrayObject([*store.get(entry, ()), *streams])
            writer.mark_update(reference)


def _unique(encodings: Iterable[bytes], kept: Iterable[bytes]) -> list[bytes]:
    known = set(kept)
    return [item for item in dict.fromkeys(encodings) if item not in known]
