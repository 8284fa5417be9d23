"""Does the second revision of a report hold a reviewer's signature and nothing else?

A reader shows the newest revision, so an addition could hide, replace or cover what the examiner
signed (Mainka et al., "Shadow Attacks", NDSS 2021; Rohlmann et al., "Breaking the Specification:
PDF Certification", IEEE S&P 2021). Every object that the revision brings is therefore compared with
what a countersignature needs, and nothing may lie between the objects.
"""

from __future__ import annotations

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import enumerate_sig_fields

from engine.report.revocation import STORE
from engine.report.roles import REVIEWER
from engine.verify.opened import OpenedPdf
from engine.verify.revision import Object, Revision, parts, plain, references

SIGNATURE_KEYS = {
    "/Type", "/Filter", "/SubFilter", "/Contents", "/ByteRange", "/M", "/Name", "/Reason"
}  # fmt: skip
FILLED = {"/V", "/AP"}
ACTIVE = {
    "/OC", "/OCGs", "/A", "/AA", "/JS", "/Annots", "/Ref", "/OPI", "/PS", "/AF", "/Metadata",
    "/F", "/FFilter", "/FDecodeParms",
}  # fmt: skip
DRAWN = {None, "/XObject", "/Font", "/FontDescriptor", "/ExtGState"}


def revision_fault(first: OpenedPdf, pdf: OpenedPdf) -> str:
    """What the second revision does beyond countersigning; empty where it does nothing else."""
    try:
        return _Countersignature(first, pdf).fault()
    except Exception:  # whatever a hostile file provokes in the parser
        return "revision_unreadable"


class _Countersignature(Revision):
    """The revision that a reviewer adds."""

    def fault(self) -> str:
        if not self.is_addition():
            return "revision_structure"
        before, after = self._field(self.old), self._field(self.new)
        if before is None or after is None or not _is_filled(before.get_object(), after):
            return "revision_field"
        kept = self.old.root.raw_get(STORE)
        if not self.changed <= {before.idnum, kept.idnum} | self.added:
            return "revision_changes"
        field = after.get_object()
        reached = self._signature(field) | self._drawing(field.raw_get("/AP"))
        reached |= self.stored(kept.get_object(), self.new.root[STORE])
        return "" if reached == self.added else "revision_additions"

    def _field(self, reader: PdfFileReader) -> Object:
        """Reference of the reviewer's field, if there is one."""
        found = {name: reference for name, _, reference in enumerate_sig_fields(reader)}
        return found.get(REVIEWER)

    def _signature(self, field: Object) -> set[int]:
        value, reference = field["/V"], field.raw_get("/V")
        known = value.keys() <= SIGNATURE_KEYS and not set(references(value))
        return {reference.idnum} if known else set()

    def _drawing(self, appearance: Object) -> set[int]:
        """Numbers of what draws the appearance; everything in it is new, and none of it active."""
        reached: set[int] = set()
        waiting = list(references(appearance))
        while waiting:
            number = waiting.pop()
            if number in reached:
                continue
            reached.add(number)
            found = self.object(number)
            waiting += references(found)
            if not _is_drawn(found):
                raise ValueError("active content")
        return reached


def _is_filled(before: Object, after: Object) -> bool:
    """Whether a field is as it was but for a signature and what it shows."""
    field = after.get_object()
    same = plain(before, FILLED) == plain(field, FILLED)
    return same and "/V" not in before and field.raw_get("/AP").keys() == {"/N"}


def _is_drawn(value: Object) -> bool:
    """Whether an object and what lies in it can only draw."""
    if isinstance(value, generic.DictionaryObject):
        kind = value.get("/Type")
        if kind not in DRAWN or value.keys() & ACTIVE:
            return False
    return all(_is_drawn(part) for part in parts(value))
