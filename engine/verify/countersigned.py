"""Does the second revision of a report hold a reviewer's signature and nothing else?

A reader shows the newest revision, so an addition could hide, replace or cover what the examiner
signed (Mainka et al., "Shadow Attacks", NDSS 2021; Rohlmann et al., "Breaking the Specification:
PDF Certification", IEEE S&P 2021). Every object that the revision brings is therefore compared with
what a countersignature needs, and nothing may lie between the objects.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import Any

from asn1crypto import crl, ocsp
from asn1crypto import x509 as asn1_x509
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import enumerate_sig_fields

from engine.report.revocation import STORE, is_strict
from engine.report.roles import REVIEWER
from engine.verify.opened import OpenedPdf

SIGNATURE_KEYS = {
    "/Type", "/Filter", "/SubFilter", "/Contents", "/ByteRange", "/M", "/Name", "/Reason"
}  # fmt: skip
FILLED = {"/V", "/AP"}
STORED = {
    "/Certs": asn1_x509.Certificate,
    "/CRLs": crl.CertificateList,
    "/OCSPs": ocsp.OCSPResponse,
}
ACTIVE = {
    "/OC", "/OCGs", "/A", "/AA", "/JS", "/Annots", "/Ref", "/OPI", "/PS", "/AF", "/Metadata",
    "/F", "/FFilter", "/FDecodeParms",
}  # fmt: skip
DRAWN = {None, "/XObject", "/Font", "/FontDescriptor", "/ExtGState"}
TRAILER_KEYS = {"/Root", "/Info", "/ID", "/Size", "/Prev"}
HEADER = re.compile(rb"(\d+) 0 obj\s")
END = re.compile(rb"\s*endobj\s*")
FREE = b"0000000000 65535 f"
TABLE = re.compile(
    rb"xref\s+(?P<entries>(?:\d+ \d+\s+(?:\d{10} \d{5} [nf]\s+)+)+)"
    rb"trailer\s*<<[^<>]*(?:<[0-9A-Fa-f]*>[^<>]*)*>>\s*startxref\s+(?P<start>\d+)\s+%%EOF\s*"
)
MOST_NESTED = 32

Object = Any


def revision_fault(first: OpenedPdf, pdf: OpenedPdf) -> str:
    """What the second revision does beyond countersigning; empty where it does nothing else."""
    try:
        return _Revision(first, pdf).fault()
    except Exception:  # whatever a hostile file provokes in the parser
        return "revision_unreadable"


class _Revision:
    """The report before and after, and what came in between."""

    def __init__(self, first: OpenedPdf, pdf: OpenedPdf) -> None:
        self.first, self.pdf, self.bytes = first.content, pdf.content, io.BytesIO(pdf.content)
        self.old, self.new = first.reader, pdf.reader
        last = self.new.xrefs.total_revisions - 1
        self.changed = {
            ref.idnum
            for ref in self.new.xrefs.explicit_refs_in_revision(last)
            if self.new.xrefs.get_historical_ref(ref, last) is not None
        }
        self.size = int(self.old.trailer["/Size"])
        self.added = {number for number in self.changed if number >= self.size}

    def fault(self) -> str:
        if not (self._is_next() and self._is_tiled() and self._has_same_trailer()):
            return "revision_structure"
        before, after = self._field(self.old), self._field(self.new)
        if before is None or after is None or not _is_filled(before.get_object(), after):
            return "revision_field"
        kept = self.old.root.raw_get(STORE)
        if not self.changed <= {before.idnum, kept.idnum} | self.added:
            return "revision_changes"
        field = after.get_object()
        reached = self._signature(field) | self._drawing(field.raw_get("/AP"))
        reached |= self._stored(kept.get_object(), self.new.root[STORE])
        return "" if reached == self.added else "revision_additions"

    def _is_next(self) -> bool:
        """Whether there is one revision more."""
        before, after = (int(r.xrefs.total_revisions) for r in (self.old, self.new))
        return after == before + 1

    def _field(self, reader: PdfFileReader) -> Object:
        """Reference of the reviewer's field, if there is one."""
        found = {name: reference for name, _, reference in enumerate_sig_fields(reader)}
        return found.get(REVIEWER)

    def _object(self, number: int) -> Object:
        reference: Object = generic.Reference(number, 0, self.new)
        return reference.get_object()

    def _is_tiled(self) -> bool:
        """Whether the revision's bytes are its objects, end to end, and one table of just them."""
        position, objects = len(self.first), {0: FREE}
        while header := HEADER.match(self.pdf, position):
            number = int(header[1])
            if number in objects:
                return False
            objects[number] = b"%010d 00000 n" % position
            position = self._end_of_object(header)
        table = TABLE.fullmatch(self.pdf, position)
        if table is None or int(table["start"]) != position:
            return False
        return objects.keys() - {0} == self.changed and _entries(table["entries"]) == objects

    def _end_of_object(self, header: re.Match[bytes]) -> int:
        self.bytes.seek(header.end())
        generic.read_object(self.bytes, generic.Reference(int(header[1]), 0, self.new))
        end = END.match(self.pdf, self.bytes.tell())
        if end is None:
            raise ValueError("no end of object")
        return end.end()

    def _has_same_trailer(self) -> bool:
        old, new = self.old.trailer, self.new.trailer.flatten()
        same = all(_plain(old.raw_get(k)) == _plain(new.raw_get(k)) for k in ("/Root", "/Info"))
        same = same and old["/ID"][0] == new["/ID"][0]
        return same and int(new["/Prev"]) == self.old.last_startxref and new.keys() <= TRAILER_KEYS

    def _signature(self, field: Object) -> set[int]:
        value, reference = field["/V"], field.raw_get("/V")
        known = value.keys() <= SIGNATURE_KEYS and not set(_references(value))
        return {reference.idnum} if known else set()

    def _drawing(self, appearance: Object) -> set[int]:
        """Numbers of what draws the appearance; everything in it is new, and none of it active."""
        reached: set[int] = set()
        waiting = list(_references(appearance))
        while waiting:
            number = waiting.pop()
            if number in reached:
                continue
            reached.add(number)
            found = self._object(number)
            waiting += _references(found)
            if not _is_drawn(found):
                raise ValueError("active content")
        return reached

    def _stored(self, kept: Object, store: Object) -> set[int]:
        """Numbers of the proofs that were added; those before must still be there."""
        if store.keys() - {"/Type"} - STORED.keys():
            raise ValueError("security store")
        reached: set[int] = set()
        for entry, kind in STORED.items():
            before, after = ([r.idnum for r in _raw(s.get(entry, []))] for s in (kept, store))
            if after[: len(before)] != before:
                raise ValueError("security store")
            for number in after[len(before) :]:
                found = self._object(number)
                if found.keys() - {"/Length", "/Filter"} or not is_strict(found.data, kind):
                    raise ValueError("security store")
                reached.add(number)
        return reached


def _entries(table: bytes) -> dict[int, bytes]:
    """Entries of a table by number (raises ValueError where one comes twice or is missing)."""
    lines = [line.strip() for line in table.splitlines()]
    found: dict[int, bytes] = {}
    while lines:
        first, count = map(int, lines.pop(0).split())
        taken, lines = lines[:count], lines[count:]
        new = dict(zip(range(first, first + count), taken, strict=True))
        if found.keys() & new.keys():
            raise ValueError("twice in the table")
        found |= new
    return found


def _is_filled(before: Object, after: Object) -> bool:
    """Whether a field is as it was but for a signature and what it shows."""
    field = after.get_object()
    same = _plain(before, FILLED) == _plain(field, FILLED)
    return same and "/V" not in before and field.raw_get("/AP").keys() == {"/N"}


def _raw(array: Object) -> list[Object]:
    return [array.raw_get(i) for i in range(len(array))]


def _parts(value: Object) -> Iterator[Object]:
    """The values directly in a dictionary or an array, references as they are."""
    if isinstance(value, generic.DictionaryObject):
        yield from (value.raw_get(key) for key in value)
    elif isinstance(value, generic.ArrayObject):
        yield from _raw(value)


def _references(value: Object, depth: int = 0) -> Iterator[int]:
    """Numbers of the objects that a value refers to."""
    if depth > MOST_NESTED:
        raise ValueError("nested too deep")
    if isinstance(value, generic.IndirectObject):
        yield value.idnum
    for part in _parts(value):
        yield from _references(part, depth + 1)


def _is_drawn(value: Object) -> bool:
    """Whether an object and what lies in it can only draw."""
    if isinstance(value, generic.DictionaryObject):
        kind = value.get("/Type")
        if kind not in DRAWN or value.keys() & ACTIVE:
            return False
    return all(_is_drawn(part) for part in _parts(value))


def _plain(value: Object, without: set[str] = frozenset()) -> Object:  # type: ignore[assignment]
    """A value to compare: references as their numbers."""
    if isinstance(value, generic.IndirectObject):
        return ("reference", value.idnum, value.generation)
    if isinstance(value, generic.DictionaryObject):
        return {str(k): _plain(value.raw_get(k)) for k in value if k not in without}
    if isinstance(value, generic.ArrayObject):
        return [_plain(item) for item in _raw(value)]
    return value
