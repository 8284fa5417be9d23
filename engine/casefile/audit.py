"""The audit trail: events chained by hash, so that none can be changed, moved or left out."""

from __future__ import annotations

import datetime
import hashlib
import json
from collections.abc import Mapping
from typing import Any

from sqlcipher3 import dbapi2 as sqlite

from engine.canonical import canonical_bytes
from engine.types import AuditEvent

FIRST_PREVIOUS = "0" * 64
SELECT = "SELECT sequence, utc, actor, action, content, previous_hash, hash FROM event"


def utc_now() -> str:
    """The time of an event, to the microsecond."""
    return datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def event_hash(event: AuditEvent) -> str:
    """SHA-256 over everything in an event but its own hash."""
    content = {
        "sequence": event.sequence,
        "utc": event.utc,
        "actor": event.actor,
        "action": event.action,
        "content": event.content,
        "previous_hash": event.previous_hash,
    }
    return hashlib.sha256(canonical_bytes(content)).hexdigest()


def append_event(
    connection: sqlite.Connection, actor: str, action: str, content: Mapping[str, Any], utc: str
) -> AuditEvent:
    """Append an event; the caller's transaction holds the change that it tells of."""
    last = connection.execute(
        "SELECT sequence, hash FROM event ORDER BY sequence DESC LIMIT 1"
    ).fetchone()
    sequence, previous = (last[0] + 1, last[1]) if last else (1, FIRST_PREVIOUS)
    unsealed = AuditEvent(sequence, utc, actor, action, dict(content), previous, "")
    event = AuditEvent(sequence, utc, actor, action, dict(content), previous, event_hash(unsealed))
    text = canonical_bytes(event.content).decode("utf-8")
    connection.execute(
        "INSERT INTO event VALUES (?, ?, ?, ?, ?, ?, ?)",
        (sequence, utc, actor, action, text, previous, event.hash),
    )
    return event


def read_events(connection: sqlite.Connection) -> list[AuditEvent]:
    """Every event in order."""
    return [_event(row) for row in connection.execute(f"{SELECT} ORDER BY sequence")]


def last_event(connection: sqlite.Connection) -> AuditEvent:
    """The head of the chain; a case has one from its making on."""
    return _event(connection.execute(f"{SELECT} ORDER BY sequence DESC LIMIT 1").fetchone())


def _event(row: tuple[Any, ...]) -> AuditEvent:
    sequence, utc, actor, action, content, previous, sealed = row
    return AuditEvent(sequence, utc, actor, action, json.loads(content), previous, sealed)


def broken_link(events: list[AuditEvent]) -> int | None:
    """Sequence number of the first event that does not continue the chain; None if all do."""
    previous = FIRST_PREVIOUS
    for expected, event in enumerate(events, start=1):
        intact = (
            event.sequence == expected
            and event.previous_hash == previous
            and event.hash == event_hash(event)
        )
        if not intact:
            return expected
        previous = event.hash
    return None
