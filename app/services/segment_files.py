"""Segments of an exhibit as files of other programs, and back."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from engine.casefile.tables import Segment
from engine.errors import ErrorCode, SeongmunError
from engine.files import file_error, write_atomic
from engine.speech.exchange import (
    FORMATS,
    LabelledSegment,
    SegmentFormat,
    read_segments,
    write_segments,
)

SUFFIXES: dict[str, SegmentFormat] = {
    ".textgrid": "textgrid",
    ".txt": "audacity",
    ".rttm": "rttm",
    ".csv": "csv",
}
assert set(SUFFIXES.values()) == set(FORMATS)


def format_of(path: Path) -> SegmentFormat:
    """The format that a file's name tells (raises SEGMENTS_UNREADABLE)."""
    fmt = SUFFIXES.get(path.suffix.lower())
    if fmt is None:
        reason = f"{path.suffix or path.name}: {', '.join(SUFFIXES)}"
        raise SeongmunError(ErrorCode.SEGMENTS_UNREADABLE, format="?", reason=reason)
    return fmt


def export_segments(
    segments: Sequence[Segment], target: Path, duration_s: float, name: str
) -> None:
    """Write segments in the format that the target's name tells (raises SEGMENTS_UNREADABLE,
    FILE_*)."""
    rows = [
        LabelledSegment(
            s.start_s,
            s.end_s,
            s.channel,
            s.speaker,
            s.language,
            s.remark,
            bool(s.excluded),
            bool(s.overlap),
        )
        for s in segments
    ]
    text = write_segments(rows, format_of(target), duration_s, name)
    write_atomic(target, text.encode("utf-8"))


def import_segments(
    source: Path, exhibit_id: int, duration_s: float, channels: int
) -> list[Segment]:
    """Read segments for an exhibit; what lies beyond its end or its channels is refused.

    Raises
    ------
    SeongmunError
        SEGMENTS_UNREADABLE, FILE_*.
    """
    fmt = format_of(source)
    try:
        content = source.read_bytes()
    except OSError as error:
        raise file_error(error, source) from error
    rows = read_segments(content, fmt)
    for row in rows:
        if row.start_s >= duration_s or row.channel >= channels:
            reason = f"{row.start_s:.3f} s, {row.channel + 1}: {duration_s:.3f} s, {channels}"
            raise SeongmunError(ErrorCode.SEGMENTS_UNREADABLE, format=fmt, reason=reason)
    return [
        Segment(
            0,
            0,
            exhibit_id,
            row.channel,
            row.start_s,
            min(row.end_s, duration_s),
            row.speaker,
            row.language,
            row.remark,
            int(row.excluded),
            int(row.overlap),
            "manual",
        )
        for row in rows
    ]
