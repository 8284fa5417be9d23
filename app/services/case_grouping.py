"""Grouping of a case's calls: its recordings and turns, and what the examiner decided."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.messages import Language
from app.services import galleries
from app.services.calls import CallFacts, CallSource, CallVoice, hear_calls, voice_key
from app.services.casework import actor
from app.services.grouping import Grouping, group_calls, regroup
from app.services.workroom import VoiceChoice, Workroom
from engine.casefile import work
from engine.casefile.calls import DIRECTION, STARTED
from engine.casefile.store import CaseFile
from engine.casefile.tables import Decision, Edit, Exhibit, Segment
from engine.compare.gallery import Gallery
from engine.errors import ErrorCode, SeongmunError
from engine.groups.organise import decisions_of
from engine.groups.rings import ROLES
from engine.progress import CancelToken, Progress, no_progress
from engine.types import CaseAnchor, SpeechSegment

if TYPE_CHECKING:
    from engine.report.sign import Identity


def case_calls(case: CaseFile, exhibits: Sequence[int] | None = None) -> list[CallSource]:
    """The case's recordings (or some of them), every one once, under their files' own names; with
    the turns that stand where there are any, and from whom they were received."""
    facts = work.all_exhibit_facts(case)
    calls: dict[str, CallSource] = {}
    for exhibit in case.exhibits():
        if exhibits is not None and exhibit.id not in exhibits:
            continue
        turns = tuple(map(_turn, _standing(case, exhibit.id)))
        calls.setdefault(
            exhibit.media_sha256,
            CallSource(
                case.media(exhibit.media_sha256),
                Path(exhibit.file_name),
                _facts(case, exhibit, facts.get(exhibit.id, {})),
                turns or None,
            ),
        )
    return list(calls.values())


def _facts(case: CaseFile, exhibit: Exhibit, facts: Mapping[str, str]) -> CallFacts:
    return CallFacts(
        case.info.number,
        facts.get("received_from", ""),
        facts.get(STARTED, ""),
        facts.get(DIRECTION, ""),
        facts.get("received_utc") or exhibit.added_utc,
    )


def _standing(case: CaseFile, exhibit_id: int) -> list[Segment]:
    return [s for s in work.segments(case, exhibit_id) if not s.excluded]


def _turn(segment: Segment) -> SpeechSegment:
    return SpeechSegment(
        segment.start_s,
        segment.end_s,
        segment.channel,
        segment.speaker,
        bool(segment.overlap),
        "manual",
    )


def case_decisions(case: CaseFile) -> list[dict[str, str]]:
    """What the examiner decided, as it stands, with who decided it and when;
    `engine.groups.organise.decisions_of` makes decisions of it."""
    edits = {edit.id: edit for edit in case.rows(Edit)}
    return [
        decision_document(d) | {"author": edits[d.edit_id].author, "utc": edits[d.edit_id].utc}
        for d in work.decisions(case)
    ]


def case_anchor(case: CaseFile) -> CaseAnchor:
    """Which case it is, and how far its audit trail goes."""
    head = case.head()
    return CaseAnchor(case.info.case_uuid, case.info.number, head.sequence, head.hash)


def decide(
    folder: Path, kind: str, first: str, second: str, passphrase: str = ""
) -> dict[str, Any]:
    """Record a decision about voices or calls that are named by exhibit: ``3:S1`` is speaker S1 of
    exhibit 3, ``3`` the call; for a role `second` is the role. An empty `second` opens a role
    again, and ``open_`` before another kind what was decided about the pair.

    Raises
    ------
    SeongmunError
        CASE_NO_SUCH_FACT for an unknown kind or role; CASE_NO_SUCH_ROW; what opening a case raises.
    """
    is_open, kind = kind.startswith("open_"), kind.removeprefix("open_")
    if kind not in work.DECISION_KINDS or (kind == "role" and second not in (*ROLES, "")):
        raise SeongmunError(ErrorCode.CASE_NO_SUCH_FACT, name=second if kind == "role" else kind)
    with CaseFile.open(folder, writable=True, actor=actor(), passphrase=passphrase) as case:
        if kind == "role":
            work.decide(case, actor(), kind, _reference(case, first), value=second or None)
        else:
            pair = _reference(case, first), _reference(case, second)
            work.decide(case, actor(), kind, *pair, value=None if is_open else "")
        return {"decisions": [decision_document(d) for d in work.decisions(case)]}


def decision_document(decision: Decision) -> dict[str, str]:
    """A decision as data."""
    names = ("kind", "first", "second", "value")
    return {name: getattr(decision, name) for name in names}


def _reference(case: CaseFile, name: str) -> str:
    """The voice or call that a reference names; the channel is that of the speaker's turns."""
    number, _, speaker = name.partition(":")
    if not number.isdigit():
        raise SeongmunError(ErrorCode.CASE_NO_SUCH_ROW, table="exhibit", id=number)
    exhibit = case.exhibit(int(number))
    if not speaker:
        return exhibit.media_sha256
    channels = [s.channel for s in _standing(case, exhibit.id) if s.speaker == speaker]
    if not channels:
        raise SeongmunError(ErrorCode.CASE_NO_SUCH_ROW, table="segment", id=name)
    return voice_key(exhibit.media_sha256, channels[0], speaker)


@dataclass(frozen=True, slots=True)
class OtherCase:
    """A case whose calls are grouped with those of the open one; it is only read."""

    folder: Path
    passphrase: str = ""


Log = list[dict[str, str]]


def group_case(
    room: Workroom,
    others: Sequence[OtherCase] = (),
    progress: Progress = no_progress,
    cancel: CancelToken | None = None,
) -> tuple[Grouping, Log]:
    """Group the voices of the open case, and of other cases, under what was decided in them;
    returns also the decisions of the other cases (raises as `group_calls`, and what opening a case
    raises)."""
    with room.case() as case:
        calls, decided = case_calls(case), case_decisions(case)
    elsewhere: Log = []
    with ExitStack() as stack:
        for other in others:
            opened = CaseFile.open(other.folder, passphrase=other.passphrase)
            case = stack.enter_context(opened)
            calls += case_calls(case)
            elsewhere += case_decisions(case)
        model, population = room.analyst.open_engine()
        decisions = decisions_of([*decided, *elsewhere])
        grouping = group_calls(calls, model, population, None, decisions, progress, cancel)
    return grouping, elsewhere


def regroup_case(
    room: Workroom,
    grouping: Grouping,
    elsewhere: Log | None = None,
    progress: Progress = no_progress,
    cancel: CancelToken | None = None,
) -> Grouping:
    """The same voices under the decisions that stand now (raises as `regroup`)."""
    with room.case() as case:
        decisions = decisions_of([*case_decisions(case), *(elsewhere or ())])
    return regroup(grouping, None, decisions, progress, cancel)


def report_case(
    room: Workroom,
    grouping: Grouping,
    elsewhere: Log,
    language: Language,
    identity: Identity | None,
    target: Path,
    progress: Progress = no_progress,
    cancel: CancelToken | None = None,
) -> None:
    """Write the report on a grouping, and keep it in the open case where that can be written
    (raises as `write_ring_report`)."""
    from app.services.ring_reporting import (  # what prints loads slowly
        RingReportRequest,
        keep_ring_report,
        write_ring_report,
    )

    model, population = room.analyst.open_engine()
    with room.case() as case:
        log = [*case_decisions(case), *elsewhere]
        request = RingReportRequest(language, identity, log, case_anchor(case))
    written = write_ring_report(
        grouping, model.pack, model.provider, population, request, target, progress, cancel
    )
    if room.writable:
        with room.case() as case:
            keep_ring_report(case, written)


def decide_in_room(room: Workroom, kind: str, first: str, second: str, value: str = "") -> None:
    """Record a decision about voices (`CallVoice.key`) or calls (SHA-256) of the open case."""
    with room.case() as case:
        work.decide(case, actor(), kind, first, second, value)


def voice_choice(voice: CallVoice, exhibit_id: int) -> VoiceChoice:
    """A voice of a grouping as what a comparison takes: the segments in which it was heard."""
    segments = tuple(
        Segment(0, 0, exhibit_id, voice.channel, s.start_s, s.end_s, voice.speaker, origin="auto")
        for s in voice.segments
    )
    return VoiceChoice(exhibit_id, voice.channel, segments)


def search_case(
    room: Workroom,
    folder: Path,
    exhibit_id: int,
    progress: Progress = no_progress,
    cancel: CancelToken | None = None,
) -> list[dict[str, Any]]:
    """Search a gallery for the voices of an exhibit (raises as `galleries.search`)."""
    with room.case() as case:
        (call,) = case_calls(case, [exhibit_id])
    model, population = room.analyst.open_engine()
    found, _ = galleries.search(folder, call, model, population, 50, progress, cancel)
    return galleries.hits_document(found, population)


def enrol_case(
    room: Workroom,
    folder: Path,
    exhibits: Sequence[int],
    watched: bool,
    progress: Progress = no_progress,
    cancel: CancelToken | None = None,
) -> dict[str, Any]:
    """Enrol the voices of exhibits, with the case as where they come from (raises as
    `galleries.enrol`)."""
    with room.case() as case:
        calls, info = case_calls(case, exhibits), case.info
    how = galleries.Enrolment("", watched, info.number, info.case_uuid, str(room.folder.absolute()))
    model, _ = room.analyst.open_engine()
    return galleries.enrol(folder, calls, model, how, None, progress, cancel)


def watch_case(
    room: Workroom,
    folder: Path,
    exhibits: Sequence[int],
    min_log10_lr: float,
    progress: Progress = no_progress,
    cancel: CancelToken | None = None,
) -> list[dict[str, Any]]:
    """Hits of a gallery's watch-list among the voices of exhibits; nothing where nobody is watched
    (raises as `galleries.watch`)."""
    with Gallery.open(folder) as gallery:
        if not gallery.count(watched_only=True):
            return []
    with room.case() as case:
        calls = case_calls(case, exhibits)
    model, population = room.analyst.open_engine()
    heard = hear_calls(calls, model, progress, cancel)
    found = galleries.watch(folder, heard.voices, population, min_log10_lr, cancel)
    return galleries.hits_document(found, population)


def gallery_state(room: Workroom, folder: Path) -> dict[str, Any]:
    """What a gallery holds, and whether it is of the model in use (raises GALLERY_MISSING,
    GALLERY_INVALID)."""
    model, _ = room.analyst.open_engine()
    with Gallery.open(folder) as gallery:
        return {
            "n_entries": len(gallery),
            "n_watched": gallery.count(watched_only=True),
            "precision": gallery.precision,
            "is_current": gallery.model_sha256 == model.pack.model_sha256,
        }


def reembed_for_model(
    room: Workroom,
    old: Path,
    new: Path,
    progress: Progress = no_progress,
    cancel: CancelToken | None = None,
) -> dict[str, Any]:
    """A gallery made anew for the model in use (raises as `galleries.reembed`)."""
    model, _ = room.analyst.open_engine()
    return galleries.reembed(old, new, model, progress, cancel)
