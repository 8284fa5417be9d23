"""Archive timestamps: does a later revision hold one and nothing else, and is it to be believed?

Each is judged at the time of the next newer one, the newest now; the signatures, and the timestamps
in them, at the time of the oldest.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from engine.report.revocation import STORE, read_store
from engine.types import Check
from engine.verify.coverage import coverage_fault
from engine.verify.judging import Trust, is_sound, judge_stamp
from engine.verify.opened import OpenedPdf
from engine.verify.outcomes import failed, not_checked, passed
from engine.verify.revision import Revision, plain, raw, references
from engine.verify.static import ARCHIVED

FIELD = {"/Type": "/Annot", "/Subtype": "/Widget", "/FT": "/Sig", "/F": 132, "/Rect": [0, 0, 0, 0]}
TOKEN = {"/Type": "/DocTimeStamp", "/Filter": "/Adobe.PPKLite", "/SubFilter": "/ETSI.RFC3161"}
CONTENTS = {"/Contents", "/ByteRange"}


@dataclass(frozen=True, slots=True)
class Archived:
    """The checks of the archive timestamps; whom to trust, with what they keep; and the time at
    which the oldest vouches for the file, where it can be relied on."""

    checks: list[Check]
    trust: Trust
    moment: datetime.datetime | None = None


def is_archive(pdf: OpenedPdf) -> bool:
    """Whether a document timestamp was added last."""
    try:
        return bool(pdf.reader.embedded_signatures[-1].sig_object_type == "/DocTimeStamp")
    except Exception:  # whatever a hostile file provokes in the parser
        return False


def check_archives(
    signed: OpenedPdf, n_signed: int, archives: Sequence[OpenedPdf], trust: Trust
) -> Archived:
    """Check archive timestamps, oldest first, which follow on `n_signed` signatures. A hostile file
    makes checks fail; it raises nothing."""
    before = [signed, *archives]
    faults = [
        coverage_fault(archive.content, n_signed + i + 1, is_stamp=True)
        or archive_fault(before[i], archive)
        for i, archive in enumerate(archives)
    ]
    if archives and not any(faults):
        kept = trust.revocation + read_store(archives[-1].reader.root)
        trust = Trust(trust.roots, kept)
    moment: datetime.datetime | None = None
    checks: list[Check] = []
    for i, archive in reversed(list(enumerate(archives))):
        suffix = f".{i + 1}" if i else ""
        check_id = f"archive.coverage{suffix}"
        fault = faults[i]
        held = failed(check_id, fault) if fault else passed(check_id, "whole_file")
        stamp, vouched = _check_stamp(f"archive.timestamp{suffix}", archive, trust, moment)
        checks = [held, stamp, *checks]
        moment = moment if fault or vouched is None else vouched
    return Archived(checks, trust, moment)


def _check_stamp(
    check_id: str, archive: OpenedPdf, trust: Trust, moment: datetime.datetime | None
) -> tuple[Check, datetime.datetime | None]:
    """What a document timestamp says, and its time where that can be relied on."""
    try:
        stamp = judge_stamp(archive.reader.embedded_signatures[-1], trust, moment)
    except Exception as error:  # as above
        return failed(check_id, "unreadable", error=type(error).__name__), None
    about: dict[str, Any] = {
        "time": stamp.timestamp.isoformat(),
        "authority": str(stamp.signing_cert.subject.human_friendly),
    }
    if not (stamp.intact and stamp.valid):
        return failed(check_id, "stamp_broken", **about), None
    if moment is not None and stamp.timestamp > moment:
        return failed(check_id, "stamp_order", later=moment.isoformat(), **about), None
    if not trust.roots:
        return not_checked(check_id, "no_trust_given", **about), None
    if not stamp.trusted:
        return not_checked(check_id, "authority_unknown", **about), None
    if not is_sound(stamp, trust, moment):
        return not_checked(check_id, "authority_revoked", **about), None
    return passed(check_id, "stamped", **about), stamp.timestamp


def archive_fault(before: OpenedPdf, after: OpenedPdf) -> str:
    """What a revision does beyond adding a document timestamp and proofs; empty where it does
    nothing else."""
    try:
        return _Archive(before, after).fault()
    except Exception:  # whatever a hostile file provokes in the parser
        return "archive_unreadable"


class _Archive(Revision):
    """The revision that an archive timestamp adds."""

    def fault(self) -> str:
        if not self.is_addition():
            return "archive_structure"
        old, new = self.old.root, self.new.root
        kept = old.raw_get(STORE)
        if not self.changed <= {self.old.root_ref.idnum, kept.idnum} | self.added:
            return "archive_changes"
        if plain(old, {"/AcroForm"}) != plain(new, {"/AcroForm"}):
            return "archive_changes"
        if plain(old["/AcroForm"], {"/Fields"}) != plain(new["/AcroForm"], {"/Fields"}):
            return "archive_changes"
        *others, added = raw(new["/AcroForm"]["/Fields"])
        if plain(raw(old["/AcroForm"]["/Fields"])) != plain(others):
            return "archive_changes"
        reached = self._field(added.idnum) | self.stored(kept.get_object(), new[STORE])
        return "" if reached == self.added else "archive_additions"

    def _field(self, number: int) -> set[int]:
        """Numbers of the field and its timestamp, where both are bare."""
        field = self.object(number)
        value, reference = field["/V"], field.raw_get("/V")
        is_bare = (
            plain(field, {"/T", "/V"}) == FIELD
            and ARCHIVED.fullmatch(field["/T"])
            and plain(value, CONTENTS) == TOKEN
            and value.keys() >= CONTENTS
            and not set(references(value))
        )
        return {number, reference.idnum} if is_bare else set()
