"""Speech segments as text that other programs read: TextGrid (Praat), labels (Audacity), RTTM, CSV.

Times are written to the microsecond. What a format has no place for goes into its label, as in
``S1 | ch=2 | lang=ko | excluded | overlap | remark=...``: channels count from 1 there, a bar within
a text is ``\\p``, a line break ``\\n``, a backslash ``\\\\``; blanks around a text are not kept.

=========  =========================================================================================
textgrid   a tier per speaker and channel; an interval's text is its remark, or else the speaker
audacity   a label's text begins with the speaker
rttm       no language and no remark; excluded segments are left out; overlapped is, read back, what
           lies within a turn of another speaker; blanks in names become underscores
csv        everything, in columns named as the fields of `LabelledSegment`; channels from 0
=========  =========================================================================================
"""

from __future__ import annotations

import codecs
import csv
import io
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields, replace
from itertools import groupby
from typing import Literal

import numpy as np

from engine.errors import ErrorCode, SeongmunError

SegmentFormat = Literal["textgrid", "audacity", "rttm", "csv"]
FORMATS: tuple[SegmentFormat, ...] = ("textgrid", "audacity", "rttm", "csv")
ESCAPES = {"\\": "\\\\", "|": "\\p", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
UNKNOWN = "<NA>"
# As Praat reads text files: only free-standing numbers, flags and quoted texts count.
PRAAT_TOKEN = re.compile(
    r'"(?P<text>[^"]*(?:""[^"]*)*)"|(?<!\S)(?P<flag><\w+>)|(?<!\S)![^\n]*'
    r"|(?<!\S)(?P<number>[-+]?[0-9]+(?:\.[0-9]*)?(?:[eE][-+]?[0-9]+)?)(?!\S)"
)


@dataclass(frozen=True, slots=True)
class LabelledSegment:
    """A stretch of one channel (counted from 0) with what an examiner says of it."""

    start_s: float
    end_s: float
    channel: int = 0
    speaker: str = ""
    language: str = ""
    remark: str = ""
    excluded: bool = False
    overlap: bool = False

    def __post_init__(self) -> None:
        if not (0 <= self.start_s < self.end_s and math.isfinite(self.end_s)):
            raise ValueError(f"segment {self.start_s}..{self.end_s} s")
        if self.channel < 0:
            raise ValueError(f"channel {self.channel}")


COLUMNS = tuple(field.name for field in fields(LabelledSegment))


def write_segments(
    segments: Sequence[LabelledSegment], fmt: SegmentFormat, duration_s: float, name: str
) -> str:
    """Segments as text.

    Parameters
    ----------
    duration_s : length of the recording
    name : name of the recording, which RTTM wants
    """
    ordered = sorted(segments, key=lambda s: (s.start_s, s.end_s, s.channel, s.speaker))
    match fmt:
        case "textgrid":
            return _write_textgrid(ordered, duration_s)
        case "audacity":
            return "".join(
                f"{s.start_s:.6f}\t{s.end_s:.6f}\t{_label(s.speaker, s, remark=True)}\n"
                for s in ordered
            )
        case "rttm":
            return _write_rttm(ordered, name)
        case "csv":
            return _write_csv(ordered)


def read_segments(text_bytes: bytes, fmt: SegmentFormat) -> tuple[LabelledSegment, ...]:
    """Segments from text in UTF-8 or UTF-16, in order of time.

    Raises
    ------
    SeongmunError
        SEGMENTS_UNREADABLE; its ``reason`` says where.
    """
    try:
        found = list(READERS[fmt](_decoded(text_bytes)))
    except (ValueError, csv.Error) as error:
        raise SeongmunError(
            ErrorCode.SEGMENTS_UNREADABLE, format=fmt, reason=str(error)[:200]
        ) from error
    return tuple(sorted(found, key=lambda s: (s.start_s, s.end_s)))


def _decoded(content: bytes) -> str:
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16")
    return content.decode("utf-8-sig")


# Labels


def _label(first: str, segment: LabelledSegment, remark: bool) -> str:
    parts = [first.strip()]
    if segment.channel:
        parts.append(f"ch={segment.channel + 1}")
    if segment.language:
        parts.append(f"lang={segment.language.strip()}")
    parts += [flag for flag in ("excluded", "overlap") if getattr(segment, flag)]
    if remark and segment.remark:
        parts.append(f"remark={segment.remark.strip()}")
    return " | ".join(re.sub(r"[\\|\n\r\t]", lambda m: ESCAPES[m[0]], p) for p in parts)


@dataclass(frozen=True, slots=True)
class _Label:
    """A label's parts; `rest` is what is not ours."""

    first: str
    named: Mapping[str, str]
    flags: frozenset[str]
    rest: tuple[str, ...]

    @property
    def channel(self) -> int:
        return int(self.named.get("ch", "1")) - 1


def _parsed(label: str) -> _Label:
    meaning = {escape: character for character, escape in ESCAPES.items()}
    first, *parts = (
        re.sub(r"\\[\\pnrt]", lambda m: meaning[m[0]], part.strip()) for part in label.split("|")
    )
    named: dict[str, str] = {}
    flags, rest = set(), []
    for part in parts:
        key, _, value = part.partition("=")
        if re.fullmatch(r"ch=[1-9][0-9]{0,3}|(lang|remark)=.*", part, re.DOTALL):
            named[key] = value
        elif part in ("excluded", "overlap"):
            flags.add(part)
        elif part:
            rest.append(part)
    return _Label(first, named, frozenset(flags), tuple(rest))


def _labelled(
    start_s: float, end_s: float, channel: int, speaker: str, remark: str, label: _Label
) -> LabelledSegment:
    return LabelledSegment(
        start_s,
        end_s,
        channel,
        speaker,
        label.named.get("lang", ""),
        remark,
        "excluded" in label.flags,
        "overlap" in label.flags,
    )


# TextGrid


def _write_textgrid(segments: Sequence[LabelledSegment], duration_s: float) -> str:
    end_s = max([duration_s, *(s.end_s for s in segments)])
    tiers = [tier for group in _by_tier(segments) for tier in _without_overlap(group)]
    lines = [
        'File type = "ooTextFile"',
        'Object class = "TextGrid"',
        "",
        "xmin = 0",
        f"xmax = {end_s:.6f}",
        "tiers? <exists>",
        f"size = {len(tiers)}",
        "item []:",
    ]
    for number, tier in enumerate(tiers, 1):
        lines += [f"    item [{number}]:", *_tier_lines(tier, end_s)]
    return "\n".join(lines) + "\n"


def _by_tier(segments: Sequence[LabelledSegment]) -> list[list[LabelledSegment]]:
    def key(segment: LabelledSegment) -> tuple[int, str]:
        return segment.channel, segment.speaker

    return [list(group) for _, group in groupby(sorted(segments, key=key), key)]


def _without_overlap(segments: Sequence[LabelledSegment]) -> list[list[LabelledSegment]]:
    """In as many tiers as it takes: intervals of a tier cannot overlap."""
    tiers: list[list[LabelledSegment]] = []
    for segment in segments:
        for tier in tiers:
            if tier[-1].end_s <= segment.start_s:
                tier.append(segment)
                break
        else:
            tiers.append([segment])
    return tiers


def _tier_lines(tier: Sequence[LabelledSegment], end_s: float) -> list[str]:
    intervals = list(_intervals(tier, f"{end_s:.6f}"))
    only_channel = LabelledSegment(0, 1, tier[0].channel)
    lines = [
        '        class = "IntervalTier"',
        f"        name = {_quoted(_label(tier[0].speaker, only_channel, remark=False))}",
        "        xmin = 0",
        f"        xmax = {end_s:.6f}",
        f"        intervals: size = {len(intervals)}",
    ]
    for number, (start, end, text) in enumerate(intervals, 1):
        lines += [
            f"        intervals [{number}]:",
            f"            xmin = {start}",
            f"            xmax = {end}",
            f"            text = {_quoted(text)}",
        ]
    return lines


def _intervals(tier: Sequence[LabelledSegment], end: str) -> Iterator[tuple[str, str, str]]:
    """The segments and the empty intervals between them."""
    at = f"{0:.6f}"
    for segment in tier:
        start, stop = f"{segment.start_s:.6f}", f"{segment.end_s:.6f}"
        if start != at:
            yield at, start, ""
        first = segment.remark.strip() or segment.speaker
        as_speaker = bool(segment.remark) and first == segment.speaker.strip()
        yield start, stop, _label(first, replace(segment, channel=0), as_speaker) or "|"
        at = stop
    if at != end:
        yield at, end, ""


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def _read_textgrid(text: str) -> Iterator[LabelledSegment]:
    tokens = _PraatTokens(text)
    if not tokens.text().startswith("ooTextFile") or tokens.text() != "TextGrid":
        raise ValueError("not a TextGrid")
    tokens.number(), tokens.number()
    if tokens.flag() != "<exists>":
        return
    for _ in range(int(tokens.number())):
        kind, name = tokens.text(), _parsed(tokens.text())
        tokens.number(), tokens.number()
        for _ in range(int(tokens.number())):
            if kind != "IntervalTier":
                tokens.number(), tokens.text()
                continue
            start_s, end_s, text = tokens.number(), tokens.number(), tokens.text()
            if text.strip():
                yield _interval(start_s, end_s, name, _parsed(text))


def _interval(start_s: float, end_s: float, tier: _Label, label: _Label) -> LabelledSegment:
    speaker = " | ".join([tier.first, *tier.rest])
    said = " | ".join([label.first, *label.rest])
    remark = label.named.get("remark", "" if said == speaker else said)
    return _labelled(start_s, end_s, tier.channel, speaker, remark, label)


class _PraatTokens:
    """The free-standing numbers, flags and texts of a Praat file, one after another."""

    def __init__(self, text: str) -> None:
        self._matches = (m for m in PRAAT_TOKEN.finditer(text) if m.lastgroup)

    def text(self) -> str:
        return self._next("text").replace('""', '"')

    def number(self) -> float:
        return float(self._next("number"))

    def flag(self) -> str:
        return self._next("flag")

    def _next(self, kind: str) -> str:
        found = next(self._matches, None)
        if found is None or found.lastgroup != kind:
            where = "the end" if found is None else f"character {found.start()}"
            raise ValueError(f"{kind} expected at {where}")
        return found[kind]


# Audacity


def _read_audacity(text: str) -> Iterator[LabelledSegment]:
    """Labels of a point are not segments; lines that begin with a backslash are frequencies."""
    for number, line in _lines(text):
        if line.startswith("\\"):
            continue
        start, end, *rest = line.split("\t", 2) if "\t" in line else (line, "")
        with _at_line(number):
            start_s, end_s = (float(value.replace(",", ".")) for value in (start, end))
            if start_s != end_s:
                label = _parsed("".join(rest))
                remark = label.named.get("remark", " | ".join(label.rest))
                yield _labelled(start_s, end_s, label.channel, label.first, remark, label)


# RTTM


def _write_rttm(segments: Iterable[LabelledSegment], name: str) -> str:
    return "".join(
        f"SPEAKER {_one_word(name)} {s.channel + 1} {s.start_s:.6f} {s.end_s - s.start_s:.6f} "
        f"{UNKNOWN} {UNKNOWN} {_one_word(s.speaker)} {UNKNOWN} {UNKNOWN}\n"
        for s in segments
        if not s.excluded
    )


def _one_word(text: str) -> str:
    return re.sub(r"\s+", "_", text.strip()) or UNKNOWN


def _read_rttm(text: str) -> Iterator[LabelledSegment]:
    found = []
    for number, line in _lines(text):
        words = line.split()
        if words[0].startswith(";;") or words[0] != "SPEAKER":
            continue
        with _at_line(number):
            if len(words) < 8:
                raise ValueError("too few fields")
            start_s, channel = float(words[3]), words[2]
            end_s = round(start_s + float(words[4]), 6)
            speaker = "" if words[7] == UNKNOWN else words[7]
            index = 0 if channel == UNKNOWN else int(channel) - 1
            found.append(LabelledSegment(start_s, end_s, index, speaker))
    yield from _with_overlap(found)


def _with_overlap(segments: Sequence[LabelledSegment]) -> Iterator[LabelledSegment]:
    """What lies within a turn of another speaker is overlapped."""
    start_s, end_s = (np.array([getattr(s, f) for s in segments]) for f in ("start_s", "end_s"))
    channel = np.array([s.channel for s in segments])
    speaker = np.array([s.speaker for s in segments])
    for s in segments:
        around = (start_s <= s.start_s) & (s.end_s <= end_s) & (channel == s.channel)
        yield replace(s, overlap=bool((around & (speaker != s.speaker)).any()))


# CSV


def _write_csv(segments: Iterable[LabelledSegment]) -> str:
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for segment in segments:
        times = {"start_s": f"{segment.start_s:.6f}", "end_s": f"{segment.end_s:.6f}"}
        flags = {"excluded": int(segment.excluded), "overlap": int(segment.overlap)}
        writer.writerow(asdict(segment) | times | flags)
    return buffer.getvalue()


def _read_csv(text: str) -> Iterator[LabelledSegment]:
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    if not {"start_s", "end_s"} <= set(reader.fieldnames or ()):
        raise ValueError("columns start_s, end_s")
    for row in reader:
        with _at_line(reader.line_num):
            if None in row.values() or None in row:
                raise ValueError("whole rows")
            yield LabelledSegment(
                float(row["start_s"]),
                float(row["end_s"]),
                int(row.get("channel") or 0),
                row.get("speaker", ""),
                row.get("language", ""),
                row.get("remark", ""),
                _truth(row.get("excluded", "")),
                _truth(row.get("overlap", "")),
            )


def _truth(text: str) -> bool:
    known = {"": False, "0": False, "false": False, "1": True, "true": True}
    if text.strip().lower() not in known:
        raise ValueError(f"not a truth value: {text}")
    return known[text.strip().lower()]


# Lines


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Number and content of every line that is not blank."""
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            yield number, line.rstrip("\r")


@contextmanager
def _at_line(number: int) -> Iterator[None]:
    """Errors say which line it is."""
    try:
        yield
    except ValueError as error:
        raise ValueError(f"line {number}: {error}") from error


READERS: Mapping[SegmentFormat, Callable[[str], Iterable[LabelledSegment]]] = {
    "textgrid": _read_textgrid,
    "audacity": _read_audacity,
    "rttm": _read_rttm,
    "csv": _read_csv,
}
