"""What an examiner does to segments, as rows that go and rows that come."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.services import segment_edits
from engine.casefile.tables import Segment


def segment(
    number: int, start_s: float, end_s: float, speaker: str = "", **more: object
) -> Segment:
    return replace(Segment(number, 1, 7, 0, start_s, end_s, speaker), **more)  # type: ignore[arg-type]


def applied(segments: list[Segment], edit: segment_edits.Edit) -> list[Segment]:
    gone, new = edit
    assert set(gone) <= {s.id for s in segments}
    return sorted([s for s in segments if s.id not in gone] + new, key=lambda s: s.start_s)


def test_accepting_touches_proposals_only() -> None:
    proposal, own = segment(1, 0, 1, origin="auto"), segment(2, 2, 3)
    assert segment_edits.accept([proposal, own]) == ([1], [replace(proposal, origin="manual")])
    assert segment_edits.accept([own]) == ([], [])


def test_split_keeps_labels_and_total() -> None:
    whole = segment(1, 1.0, 5.0, "가", language="ko", excluded=1)
    first, second = applied([whole], segment_edits.split([whole], 2.5))
    assert (first.start_s, first.end_s, second.start_s, second.end_s) == (1.0, 2.5, 2.5, 5.0)
    assert {(s.speaker, s.language, s.excluded) for s in (first, second)} == {("가", "ko", 1)}
    for edge_s in (1.0, 5.0, 9.0):
        assert segment_edits.split([whole], edge_s) == ([], [])


def test_join_stays_within_channels() -> None:
    parts = [segment(1, 0, 1, "가"), segment(2, 2, 3, "나"), segment(3, 4, 5, channel=1)]
    joined = applied(parts, segment_edits.joined(parts))
    assert [(s.channel, s.start_s, s.end_s, s.speaker) for s in joined] == [
        (0, 0, 3, "가"),
        (1, 4, 5, ""),
    ]


def test_two_speakers_become_one_voice_and_one_becomes_two() -> None:
    parts = [segment(1, 0, 1, "S1"), segment(2, 2, 3, "S2"), segment(3, 4, 5, "S2")]
    one = applied(parts, segment_edits.one_voice(parts, parts[:2]))
    assert [s.speaker for s in one] == ["S1", "S1", "S1"]
    two = applied(parts, segment_edits.new_voice(parts, parts[2:]))
    assert [s.speaker for s in two] == ["S1", "S2", "S3"]
    assert segment_edits.one_voice(parts, parts[1:]) == ([], [])


@settings(max_examples=25)
@given(
    st.lists(
        st.tuples(st.floats(0, 50), st.floats(0.01, 20), st.booleans(), st.integers(0, 1)),
        max_size=12,
    )
)
def test_net_duration_counts_every_moment_once(
    drawn: list[tuple[float, float, bool, int]],
) -> None:
    """Against a sum over a fine grid."""
    segments = [
        segment(i, start, start + length, excluded=int(excluded), channel=channel)
        for i, (start, length, excluded, channel) in enumerate(drawn)
    ]
    step_s = 0.01
    heard = [
        sum(
            any(
                s.start_s <= (k + 0.5) * step_s < s.end_s
                for s in segments
                if not s.excluded and s.channel == channel
            )
            for k in range(int(71 / step_s))
        )
        * step_s
        for channel in (0, 1)
    ]
    assert segment_edits.net_duration_s(segments) == pytest.approx(sum(heard), abs=0.15)
