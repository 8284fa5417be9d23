"""Segments as text: files as Praat, Audacity and NIST describe them, and round trips."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import ErrorCode, SeongmunError
from engine.speech.exchange import (
    FORMATS,
    LabelledSegment,
    SegmentFormat,
    read_segments,
    write_segments,
)

LONG = '''File type = "ooTextFile"
Object class = "TextGrid"

xmin = 0
xmax = 2.5
tiers? <exists>
size = 3
item []:
    item [1]:
        class = "IntervalTier"
        name = "피의자 ""갑"""
        xmin = 0
        xmax = 2.5
        intervals: size = 3
        intervals [1]:
            xmin = 0
            xmax = 0.75
            text = ""
        intervals [2]:
            xmin = 0.75
            xmax = 1.5
            text = "여보세요 1 ""네"""
        intervals [3]:
            xmin = 1.5
            xmax = 2.5
            text = "   "
    item [2]:
        class = "TextTier"
        name = "clicks"
        xmin = 0
        xmax = 2.5
        points: size = 1
        points [1]:
            number = 0.3
            mark = "click"
    item [3]:
        class = "IntervalTier"
        name = "B"
        xmin = 0
        xmax = 2.5
        intervals: size = 2
        intervals [1]:
            xmin = 0
            xmax = 0.5
            text = "B"
        intervals [2]:
            xmin = 0.5
            xmax = 2.5
            text = ""
'''
SHORT = '''File type = "ooTextFile short"
"TextGrid"

0
2.5
<exists>
3
"IntervalTier"
"피의자 ""갑"""
0
2.5
3
0
0.75
""
0.75
1.5
"여보세요 1 ""네"""
1.5
2.5
"   "
"TextTier"
"clicks"
0
2.5
1
0.3
"click"
"IntervalTier"
"B"
0
2.5
2
0
0.5
"B"
0.5
2.5
""
'''
PRAAT = (
    LabelledSegment(0, 0.5, speaker="B"),
    LabelledSegment(0.75, 1.5, speaker='피의자 "갑"', remark='여보세요 1 "네"'),
)


@pytest.mark.parametrize("text", [LONG, SHORT], ids=["long", "short"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("newline", ["\n", " \r\n"])
def test_textgrid_as_praat_writes_it(text: str, encoding: str, newline: str) -> None:
    content = text.replace("\n", newline).encode(encoding)
    assert read_segments(content, "textgrid") == PRAAT


def test_textgrid_in_big_endian_utf16() -> None:
    content = b"\xfe\xff" + SHORT.encode("utf-16-be")
    assert read_segments(content, "textgrid") == PRAAT


def test_textgrid_is_what_praat_reads() -> None:
    """Intervals of a tier touch, cover the whole recording, and stand in the order of Praat."""
    turns = [
        LabelledSegment(0.5, 1, speaker='을 "B"'),
        LabelledSegment(1, 1.25, speaker='을 "B"', remark="웃음"),
    ]
    assert write_segments(turns, "textgrid", 2.0, "x") == (
        'File type = "ooTextFile"\nObject class = "TextGrid"\n\nxmin = 0\nxmax = 2.000000\n'
        "tiers? <exists>\nsize = 1\nitem []:\n    item [1]:\n"
        '        class = "IntervalTier"\n        name = "을 ""B"""\n        xmin = 0\n'
        "        xmax = 2.000000\n        intervals: size = 4\n"
        "        intervals [1]:\n            xmin = 0.000000\n            xmax = 0.500000\n"
        '            text = ""\n'
        "        intervals [2]:\n            xmin = 0.500000\n            xmax = 1.000000\n"
        '            text = "을 ""B"""\n'
        "        intervals [3]:\n            xmin = 1.000000\n            xmax = 1.250000\n"
        '            text = "웃음"\n'
        "        intervals [4]:\n            xmin = 1.250000\n            xmax = 2.000000\n"
        '            text = ""\n'
    )


def test_rttm_as_nist_defines_it() -> None:
    """Type, file, channel from 1, onset, duration, orthography, subtype, name, two scores."""
    text = write_segments(
        [LabelledSegment(1.5, 2.25, 1, "김 씨"), LabelledSegment(3, 4, excluded=True)],
        "rttm",
        9.0,
        "통화 1.m4a",
    )
    assert text == "SPEAKER 통화_1.m4a 2 1.500000 0.750000 <NA> <NA> 김_씨 <NA> <NA>\n"
    foreign = b";; comment\nSPKR-INFO f 1 <NA> <NA> <NA> unknown a <NA>\n" + (
        b"SPEAKER f 1 0.00 4.00 <NA> <NA> a <NA>\nSPEAKER f 1 1.00 1.00 <NA> <NA> b <NA> <NA>\n"
    )
    assert read_segments(foreign, "rttm") == (
        LabelledSegment(0, 4, speaker="a"),
        LabelledSegment(1, 2, speaker="b", overlap=True),
    )


def test_audacity_labels_as_audacity_writes_them() -> None:
    content = "0.100000\t1.500000\t갑\r\n\\\t120.0\t3400.0\r\n2.0\t2.0\tpoint\r\n3,0\t4,0\t\r\n"
    assert read_segments(content.encode(), "audacity") == (
        LabelledSegment(0.1, 1.5, speaker="갑"),
        LabelledSegment(3, 4),
    )


def test_csv_needs_only_times() -> None:
    content = '\ufeffstart_s,end_s,remark\r\n0.5,1,"쉼표, 그리고\n줄바꿈"\r\n'.encode()
    assert read_segments(content, "csv") == (
        LabelledSegment(0.5, 1, remark="쉼표, 그리고\n줄바꿈"),
    )


TEXT = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], include_characters='\n\t|\\"=가힣'), max_size=12
).map(str.strip)
SEGMENTS = st.lists(
    st.builds(
        lambda start, length, *rest: LabelledSegment(
            start / 1_000_000, (start + length) / 1_000_000, *rest
        ),
        st.integers(0, 50_000_000),
        st.integers(1, 9_000_000),
        st.integers(0, 2),
        TEXT | st.sampled_from(["S1", "S2"]),
        TEXT,
        TEXT | st.sampled_from(["S1", "excluded", "overlap", "ch=2", "remark=x"]),
        st.booleans(),
        st.booleans(),
    ),
    max_size=6,
)


def in_order(segments: list[LabelledSegment]) -> list[LabelledSegment]:
    return sorted(segments, key=repr)


@given(SEGMENTS, st.sampled_from(["textgrid", "audacity", "csv"]))
def test_everything_comes_back(segments: list[LabelledSegment], fmt: SegmentFormat) -> None:
    text = write_segments(segments, fmt, 20.0, "x")
    assert in_order(list(read_segments(text.encode(), fmt))) == in_order(segments)


@given(SEGMENTS)
def test_rttm_brings_back_what_it_can_hold(segments: list[LabelledSegment]) -> None:
    plain = [
        replace(s, speaker=f"S{i}", language="", remark="", overlap=False)
        for i, s in enumerate(segments)
    ]
    read = read_segments(write_segments(plain, "rttm", 20.0, "x").encode(), "rttm")
    wanted = [s for s in plain if not s.excluded]
    assert in_order([replace(s, overlap=False) for s in read]) == in_order(wanted)
    assert [s.overlap for s in read] == [
        any(
            o.start_s <= s.start_s and s.end_s <= o.end_s and o.channel == s.channel
            for o in wanted
            if o.speaker != s.speaker
        )
        for s in read
    ]


@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode), st.sampled_from(FORMATS))
def test_anything_else_is_refused_with_a_code(content: bytes, fmt: SegmentFormat) -> None:
    try:
        read_segments(content, fmt)
    except SeongmunError as error:
        assert error.code is ErrorCode.SEGMENTS_UNREADABLE


@pytest.mark.parametrize(
    ("content", "fmt"),
    [
        (LONG.replace("xmax = 1.5", "xmax = nan").encode(), "textgrid"),
        (LONG[: len(LONG) // 2].encode(), "textgrid"),
        (b'"ooTextFile" "Pitch" 0 1', "textgrid"),
        (b"2.0\t1.0\tx\n", "audacity"),
        (b"0.0\tinf\tx\n", "audacity"),
        (b"one line\n", "audacity"),
        (b"SPEAKER f 1 0.0 1.0\n", "rttm"),
        (b"SPEAKER f 0 0.0 1.0 <NA> <NA> a <NA>\n", "rttm"),
        (b"a,b\n1,2\n", "csv"),
        (b"start_s,end_s\n1\n", "csv"),
        (b"start_s,end_s,excluded\n1,2,maybe\n", "csv"),
        (b"\xff\xfe\x00\xd8", "csv"),
        (b"\xb0\xa1", "audacity"),
    ],
)
def test_broken_files_say_so(content: bytes, fmt: SegmentFormat) -> None:
    with pytest.raises(SeongmunError) as caught:
        read_segments(content, fmt)
    assert caught.value.code is ErrorCode.SEGMENTS_UNREADABLE
    assert caught.value.params["reason"]
