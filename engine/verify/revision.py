"""What a later revision of a report brings, object by object: the parts that every permitted
revision has in common."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import Any

from asn1crypto import crl, ocsp
from asn1crypto import x509 as asn1_x509
from pyhanko.pdf_utils import generic

from engine.report.revocation import is_strict
from engine.verify.opened import OpenedPdf

STORED = {
    "/Certs": asn1_x509.Certificate,
    "/CRLs": crl.CertificateList,
    "/OCSPs": ocsp.OCSPResponse,
}
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


class Revision:
    """A report before and after, and what came in between."""

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

    def is_addition(self) -> bool:
        """Whether one revision was added, of objects end to end, with the trailer of before."""
        return self._is_next() and self._is_tiled() and self._has_same_trailer()

    def _is_next(self) -> bool:
        """Whether there is one revision more."""
        before, after = (int(r.xrefs.total_revisions) for r in (self.old, self.new))
        return after == before + 1

    def object(self, number: int) -> Object:
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
        same = all(plain(old.raw_get(k)) == plain(new.raw_get(k)) for k in ("/Root", "/Info"))
        same = same and old["/ID"][0] == new["/ID"][0]
        return same and int(new["/Prev"]) == self.old.last_startxref and new.keys() <= TRAILER_KEYS

    def stored(self, kept: Object, store: Object) -> set[int]:
        """Numbers of the proofs that were added; those before must still be there."""
        if store.keys() - {"/Type"} - STORED.keys():
            raise ValueError("security store")
        reached: set[int] = set()
        for entry, kind in STORED.items():
            before, after = ([r.idnum for r in raw(s.get(entry, []))] for s in (kept, store))
            if after[: len(before)] != before:
                raise ValueError("security store")
            for number in after[len(before) :]:
                found = self.object(number)
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


def raw(array: Object) -> list[Object]:
    return [array.raw_get(i) for i in range(len(array))]


def parts(value: Object) -> Iterator[Object]:
    """The values directly in a dictionary or an array, references as they are."""
    if isinstance(value, generic.DictionaryObject):
        yield from (value.raw_get(key) for key in value)
    elif isinstance(value, generic.ArrayObject):
        yield from raw(value)


def references(value: Object, depth: int = 0) -> Iterator[int]:
    """Numbers of the objects that a value refers to."""
    if depth > MOST_NESTED:
        raise ValueError("nested too deep")
    if isinstance(value, generic.IndirectObject):
        yield value.idnum
    for part in parts(value):
        yield from references(part, depth + 1)


def plain(value: Object, without: set[str] = frozenset()) -> Object:  # type: ignore[assignment]
    """A value to compare: references as their numbers."""
    if isinstance(value, generic.IndirectObject):
        return ("reference", value.idnum, value.generation)
    if isinstance(value, generic.DictionaryObject):
        return {str(k): plain(value.raw_get(k)) for k in value if k not in without}
    if isinstance(value, generic.ArrayObject):
        return [plain(item) for item in raw(value)]
    return value
