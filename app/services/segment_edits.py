"""What an examiner does to segments, as (ids to retire, segments to add). Everything that was
touched becomes the examiner's own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from engine.casefile.tables import Segment

Edit = tuple[list[int], list[Segment]]


def accept(segments: Sequence[Segment]) -> Edit:
    """Take proposals as they are; what is the examiner's already stays."""
    return changed(s for s in segments if s.origin == "auto")


def changed(segments: Iterable[Segment], **fields: object) -> Edit:
    """Segments with other values in some fields."""
    old = list(segments)
    return [s.id for s in old], [replace(s, origin="manual", **fields) for s in old]  # type: ignore[arg-type]


def moved(segment: Segment, start_s: float, end_s: float) -> Edit:
    """A segment with other edges."""
    return changed([segment], start_s=round(start_s, 6), end_s=round(end_s, 6))


def split(segments: Sequence[Segment], at_s: float) -> Edit:
    """Cut what lies across `at_s` in two."""
    removed, added = [], []
    for segment in segments:
        if segment.start_s < at_s < segment.end_s:
            removed.append(segment.id)
            cut = replace(segment, origin="manual")
            added += [replace(cut, end_s=at_s), replace(cut, start_s=at_s)]
    return removed, added


def joined(segments: Sequence[Segment]) -> Edit:
    """One segment per channel from the first's start to the last's end, labelled as the first."""
    removed, added = [], []
    for channel in sorted({s.channel for s in segments}):
        part = sorted((s for s in segments if s.channel == channel), key=lambda s: s.start_s)
        if len(part) > 1:
            removed += [s.id for s in part]
            added.append(
                replace(
                    part[0],
                    end_s=max(s.end_s for s in part),
                    overlap=max(s.overlap for s in part),
                    origin="manual",
                )
            )
    return removed, added


def one_voice(segments: Sequence[Segment], chosen: Sequence[Segment]) -> Edit:
    """Treat the speakers of the chosen segments as one: all their segments get the first's name."""
    speakers = list(dict.fromkeys(s.speaker for s in chosen))
    others = [s for s in segments if s.speaker in speakers[1:]]
    return changed(others, speaker=speakers[0]) if others else ([], [])


def new_voice(segments: Sequence[Segment], chosen: Sequence[Segment]) -> Edit:
    """Take the chosen segments for another speaker's, with a name that nobody has yet."""
    names = {s.speaker for s in segments}
    name = next(f"S{n}" for n in range(1, len(names) + 2) if f"S{n}" not in names)
    return changed(chosen, speaker=name)


def removed(segments: Sequence[Segment]) -> Edit:
    """Take segments away."""
    return [s.id for s in segments], []


def added(exhibit_id: int, channel: int, start_s: float, end_s: float, speaker: str = "") -> Edit:
    """A new segment of the examiner's."""
    new = Segment(0, 0, exhibit_id, channel, round(start_s, 6), round(end_s, 6), speaker)
    return [], [new]


def net_duration_s(segments: Iterable[Segment]) -> float:
    """Speech that counts: excluded segments do not, and what overlaps counts once per channel."""
    total = 0.0
    heard: dict[int, float] = {}
    for segment in sorted((s for s in segments if not s.excluded), key=lambda s: s.start_s):
        start_s = max(segment.start_s, heard.get(segment.channel, 0.0))
        total += max(0.0, segment.end_s - start_s)
        heard[segment.channel] = max(segment.end_s, heard.get(segment.channel, 0.0))
    return total
