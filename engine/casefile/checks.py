"""Is a case what its audit trail says it is? Each check names what it found first."""

from __future__ import annotations

from collections import Counter
from typing import Any

from sqlcipher3 import dbapi2 as sqlite

from engine.casefile.audit import broken_link
from engine.casefile.store import CaseFile
from engine.casefile.tables import TABLES, CaseInfo, Media
from engine.errors import ErrorCode, SeongmunError
from engine.files import hash_file
from engine.progress import CancelToken, Progress, no_progress
from engine.types import AuditEvent, Check, CheckStatus, ParamValue

Rows = Counter[tuple[Any, ...]]


def check_case(
    case: CaseFile,
    progress: Progress = no_progress,
    cancel: CancelToken | None = None,
) -> tuple[Check, ...]:
    """Database integrity, audit chain, rows against events, media against hashes."""
    return (
        _check_database(case),
        _check_chain(case),
        _check_rows(case),
        _check_media(case, progress, cancel),
    )


def check_anchor(case: CaseFile, sequence: int, sealed: str) -> Check:
    """Does the audit trail still contain the event with this number and hash?

    A signed report carries the head of its time: events dropped from the end show by it.
    """
    try:
        events = case.events()
    except (ValueError, sqlite.Error):
        return _outcome("case.anchor", False, "", "unreadable")
    found = len(events) >= sequence > 0 and events[sequence - 1].hash == sealed
    intact = broken_link(events) is None
    return _outcome("case.anchor", found and intact, "contained", "not_contained", at=sequence)


def _check_database(case: CaseFile) -> Check:
    try:
        problems = [row[0] for row in case.connection.execute("PRAGMA integrity_check")]
        if case.is_sealed:
            problems += case.connection.execute("PRAGMA cipher_integrity_check").fetchall()
        keys = case.connection.execute("PRAGMA foreign_key_check").fetchall()
    except sqlite.Error:
        return _outcome("case.database", False, "", "damaged")
    return _outcome("case.database", problems == ["ok"] and not keys, "sound", "damaged")


def _check_chain(case: CaseFile) -> Check:
    check_id = "case.audit_chain"
    try:
        events = case.events()
    except (ValueError, sqlite.Error):
        return _outcome(check_id, False, "", "broken")
    broken = broken_link(events)
    if not events or broken is not None:
        return _outcome(check_id, False, "", "broken", at=broken or 0)
    return _outcome(check_id, True, "whole", "", events=len(events), head=events[-1].hash)


def _check_rows(case: CaseFile) -> Check:
    """The tables must be what the events say, row for row."""
    check_id = "case.rows"
    try:
        told = _told(case.events())
        for kind in TABLES:
            present = Counter(
                tuple(getattr(row, name) for name in kind.columns()) for row in case.rows(kind)
            )
            if present != told[kind.table]:
                differing = (present - told[kind.table]) + (told[kind.table] - present)
                row = str(min(map(str, differing)))
                return _outcome(
                    check_id, False, "", "differ_from_events", table=kind.table, row=row[:200]
                )
    except (KeyError, TypeError, ValueError, AttributeError, sqlite.Error):
        return _outcome(check_id, False, "", "events_unreadable")
    return _outcome(check_id, True, "follow_from_events", "")


def _told(events: list[AuditEvent]) -> dict[str, Rows]:
    """Rows by table as the events tell of them.

    An event of format 1 has one row where one of format 2 has a list, and the case's own row is
    the whole content of its first event.
    """
    told: dict[str, Rows] = {kind.table: Counter() for kind in TABLES}
    for event in events:
        content = event.content
        if "case_uuid" in content:
            content = {CaseInfo.table: content}
        for kind in TABLES:
            rows = content.get(kind.table, [])
            for row in rows if isinstance(rows, list) else [rows]:
                told[kind.table][tuple(row[name] for name in kind.columns())] += 1
    return told


def _check_media(case: CaseFile, progress: Progress, cancel: CancelToken | None) -> Check:
    check_id = "case.media"
    try:
        media = case.rows(Media)
    except sqlite.Error:
        return _outcome(check_id, False, "", "unreadable")
    for done, medium in enumerate(media):
        progress("case_media", done, len(media))
        about: dict[str, ParamValue] = {"sha256": medium.sha256}
        try:
            found = hash_file(case.media(medium.sha256), cancel=cancel)
        except SeongmunError as error:
            if error.code is ErrorCode.CANCELLED:
                raise
            missing = error.code is ErrorCode.FILE_MISSING
            reason = "missing" if missing else "unreadable"
            return _outcome(check_id, False, "", reason, **about)
        if found != (medium.sha256, medium.size_bytes):
            return _outcome(check_id, False, "", "hash_differs", **about)
    return _outcome(check_id, True, "hashes_equal", "", files=len(media))


def _outcome(check_id: str, passed: bool, good: str, bad: str, **params: ParamValue) -> Check:
    status = CheckStatus.PASS if passed else CheckStatus.FAIL
    return Check(check_id, status, good if passed else bad, params)
