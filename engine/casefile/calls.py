"""When a call was made and in which direction, as facts of a recording.

A time is ISO 8601 to the minute or the second, with its offset from UTC where that is known:
``2026-04-17T14:03:00+09:00``, or ``2026-04-17T14:03`` where nobody knows the time zone.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

STARTED, DIRECTION = "call_started", "call_direction"
DIRECTIONS = ("incoming", "outgoing", "unknown")
TIME_FORM = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2})?(Z|[+-]\d{2}:\d{2})?")
# Recorders of telephones name their files so: 20260417_140300, 260417-140300, 2026-04-17 14.03.00.
NAME_FORM = re.compile(
    r"(?<!\d)((?:20)?\d{2})[-_.]?([01]\d)[-_.]?([0-3]\d)[-_T ]{1,3}([0-2]\d)[-_.:]?([0-5]\d)"
    r"(?:[-_.:]?([0-5]\d))?(?!\d)"
)


def parse_time(text: str) -> datetime | None:
    """A call's time, without a time zone where that is unknown; None where it is no time.

    >>> parse_time("2026-04-17T14:03"), parse_time("yesterday")
    (datetime.datetime(2026, 4, 17, 14, 3), None)
    """
    if TIME_FORM.fullmatch(text) is None:
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def is_valid(name: str, value: str) -> bool:
    """Whether a fact's value can stand; facts that are not of a call may be anything."""
    if name == STARTED:
        return not value or parse_time(value) is not None
    return name != DIRECTION or value in ("", *DIRECTIONS)


def time_in_name(file_name: str) -> str:
    """The time in a file's name, if there is exactly one: a suggestion, without a time zone.

    >>> time_in_name("통화 녹음 홍길동_260417_140300.m4a"), time_in_name("call 12.wav")
    ('2026-04-17T14:03:00', '')
    """
    found = set()
    for parts in NAME_FORM.findall(file_name):
        year, *rest = (int(part or 0) for part in parts)
        try:
            found.add(datetime(year if year > 99 else 2000 + year, *rest))  # type: ignore[arg-type]
        except ValueError:
            continue
    return found.pop().isoformat() if len(found) == 1 else ""


def instant(text: str) -> datetime | None:
    """Where a time stands among others; without a time zone as if it were UTC."""
    time = parse_time(text)
    return time.replace(tzinfo=UTC) if time is not None and time.tzinfo is None else time
