"""The examiner's work in a case: facts, segments, decisions about voices; with undo and redo.

An edit adds rows and retires rows, never changes one. Undoing an edit is one more edit, back to
what stood before it; redoing undoes the undoing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from engine.casefile import calls
from engine.casefile.audit import utc_now
from engine.casefile.store import CaseFile
from engine.casefile.tables import (
    Decision,
    Edit,
    Fact,
    RetiredDecision,
    RetiredFact,
    RetiredSegment,
    Row,
    Segment,
)
from engine.errors import ErrorCode, SeongmunError

CASE_FACTS = (
    "agency",
    "requester",
    "examiners",
    "request",
    "received_utc",
    "deviations",
    "note",
    "proposition_same",
    "proposition_different",
)
EXHIBIT_FACTS = (
    "origin",
    "received_utc",
    "received_from",
    "call_started",
    "call_direction",
    "description",
    "speaker",
    "sex",
    "language",
    "note",
)
FACT_EDIT, SEGMENT_EDIT, UNDO, REDO = "fact.set", "segment.edit", "edit.undo", "edit.redo"
DECISION_EDIT = "decision.set"
# Kinds that answer the same question about the same voices or calls: a new one takes the old one's
# place.
OPPOSITES = (("same_voice", "different_voice"), ("same_ring", "different_ring"), ("role",))
DECISION_KINDS = tuple(kind for group in OPPOSITES for kind in group)
Work = Fact | Segment | Decision
RETIRED: dict[type[Work], type[RetiredFact | RetiredSegment | RetiredDecision]] = {
    Fact: RetiredFact,
    Segment: RetiredSegment,
    Decision: RetiredDecision,
}


def facts(case: CaseFile, exhibit_id: int | None = None) -> dict[str, str]:
    """What is known now about the case, or about one exhibit, by name."""
    return {fact.name: fact.value for fact in _current_facts(case, exhibit_id)}


def all_exhibit_facts(case: CaseFile) -> dict[int, dict[str, str]]:
    """What is known now about every exhibit, by its id."""
    found: dict[int, dict[str, str]] = {}
    standing = "exhibit_id IS NOT NULL AND id NOT IN (SELECT fact_id FROM retired_fact)"
    for fact in case.rows(Fact, standing):
        found.setdefault(fact.exhibit_id or 0, {})[fact.name] = fact.value
    return found


def set_fact(
    case: CaseFile, author: str, name: str, value: str, exhibit_id: int | None = None
) -> Edit:
    """Set a fact; an empty value takes it away.

    Raises
    ------
    SeongmunError
        CASE_NO_SUCH_FACT, CASE_FACT_INVALID, CASE_NO_SUCH_ROW, CASE_READ_ONLY, FILE_DISK_FULL.
    """
    if name not in (CASE_FACTS if exhibit_id is None else EXHIBIT_FACTS):
        raise SeongmunError(ErrorCode.CASE_NO_SUCH_FACT, name=name)
    if not calls.is_valid(name, value):
        raise SeongmunError(ErrorCode.CASE_FACT_INVALID, name=name, value=value)
    if exhibit_id is not None:
        case.exhibit(exhibit_id)
    edit = _new_edit(case, FACT_EDIT, author)
    old = [fact for fact in _current_facts(case, exhibit_id) if fact.name == name]
    new = [Fact(0, 0, exhibit_id, name, value)] if value else []
    return _apply(case, edit, old, new)


def segments(case: CaseFile, exhibit_id: int) -> list[Segment]:
    """The segments of an exhibit as they stand, in order of time."""
    current = case.rows(
        Segment,
        "exhibit_id = ? AND id NOT IN (SELECT segment_id FROM retired_segment)",
        (exhibit_id,),
    )
    return sorted(current, key=lambda s: (s.start_s, s.end_s, s.channel, s.id))


def edit_segments(
    case: CaseFile, author: str, removed: Sequence[int], added: Sequence[Segment]
) -> Edit:
    """Replace segments by others: moving, splitting, joining, labelling, removing are all this.

    `id` and `edit_id` of the added ones are given here.

    Raises
    ------
    SeongmunError
        CASE_NO_SUCH_ROW where a removed one does not stand; CASE_READ_ONLY, FILE_DISK_FULL.
    """
    old = []
    for number in removed:
        old.append(case.row(Segment, number))
        if case.rows(RetiredSegment, "segment_id = ?", (number,)):
            raise SeongmunError(ErrorCode.CASE_NO_SUCH_ROW, table=Segment.table, id=number)
    for exhibit_id in {segment.exhibit_id for segment in added}:
        case.exhibit(exhibit_id)
    return _apply(case, _new_edit(case, SEGMENT_EDIT, author), old, added)


def decisions(case: CaseFile) -> list[Decision]:
    """What the examiner decided about voices and calls, as it stands."""
    return case.rows(Decision, "id NOT IN (SELECT decision_id FROM retired_decision)")


def decide(
    case: CaseFile, author: str, kind: str, first: str, second: str = "", value: str | None = ""
) -> Edit:
    """Decide whether two voices, or two calls, belong together, or which role a voice's person has;
    it takes the place of what was decided about them before. With `value` None the matter is open
    again.

    Raises
    ------
    SeongmunError
        CASE_NO_SUCH_FACT for an unknown kind; CASE_READ_ONLY, FILE_DISK_FULL.
    """
    kinds = next((group for group in OPPOSITES if kind in group), None)
    if kinds is None:
        raise SeongmunError(ErrorCode.CASE_NO_SUCH_FACT, name=kind)
    first, second = (first, second) if not second or first <= second else (second, first)
    about = (first, second)
    old = [d for d in decisions(case) if d.kind in kinds and (d.first, d.second) == about]
    new = [] if value is None else [Decision(0, 0, kind, first, second, value)]
    return _apply(case, _new_edit(case, DECISION_EDIT, author), old, new)


def undoable(case: CaseFile) -> Edit | None:
    """The edit that `undo` takes back."""
    done, _ = _stacks(case)
    return done[-1] if done else None


def redoable(case: CaseFile) -> Edit | None:
    """The edit that `redo` brings back."""
    _, undone = _stacks(case)
    return case.row(Edit, undone[-1].undoes or 0) if undone else None


def undo(case: CaseFile, author: str) -> Edit:
    """Take the last edit back (raises CASE_NOTHING_TO_UNDO)."""
    done, _ = _stacks(case)
    return _reverse(case, author, UNDO, done)


def redo(case: CaseFile, author: str) -> Edit:
    """Bring back what was undone last, unless something was edited since
    (raises CASE_NOTHING_TO_UNDO)."""
    _, undone = _stacks(case)
    return _reverse(case, author, REDO, undone)


def _stacks(case: CaseFile) -> tuple[list[Edit], list[Edit]]:
    """Edits that can be undone, and undoings that can be undone; the last first to go."""
    done: list[Edit] = []
    undone: list[Edit] = []
    for edit in case.rows(Edit):
        if edit.undoes is None:
            done.append(edit)
            undone.clear()
        elif edit.action == UNDO:
            done.pop()
            undone.append(edit)
        else:
            undone.pop()
            done.append(edit)
    return done, undone


def _reverse(case: CaseFile, author: str, action: str, stack: list[Edit]) -> Edit:
    if not stack:
        raise SeongmunError(ErrorCode.CASE_NOTHING_TO_UNDO)
    target = stack[-1]
    edit = replace(_new_edit(case, action, author), undoes=target.id)
    past, present = _state(case, target.id), _state(case, edit.id)
    retired = [row for key, row in present.items() if key not in past]
    return _apply(case, edit, retired, [row for key, row in past.items() if key not in present])


def _state(case: CaseFile, before: int) -> dict[tuple[Any, ...], Work]:
    """The rows that stood before an edit, by their content and its place among equal ones."""
    standing = "edit_id < ? AND id NOT IN (SELECT {0}_id FROM retired_{0} WHERE edit_id < ?)"
    rows: list[Work] = [
        *case.rows(Fact, standing.format("fact"), (before, before)),
        *case.rows(Segment, standing.format("segment"), (before, before)),
        *case.rows(Decision, standing.format("decision"), (before, before)),
    ]
    seen: Counter[Work] = Counter()
    state = {}
    for row in rows:
        content = replace(row, id=0, edit_id=0)
        state[content, seen[content]] = row
        seen[content] += 1
    return state


def _new_edit(case: CaseFile, action: str, author: str) -> Edit:
    return Edit(case.next_id(Edit), action, author, utc_now())


def _apply(case: CaseFile, edit: Edit, retired: Sequence[Work], added: Sequence[Work]) -> Edit:
    next_id: dict[type[Any], int] = {kind: case.next_id(kind) for kind in RETIRED}
    rows: list[Row] = [edit]
    for row in retired:
        rows.append(RETIRED[type(row)](row.id, edit.id))
    for row in added:
        rows.append(replace(row, id=next_id[type(row)], edit_id=edit.id))
        next_id[type(row)] += 1
    case.record(edit.author, edit.action, rows)
    return edit


def _current_facts(case: CaseFile, exhibit_id: int | None) -> list[Fact]:
    return case.rows(
        Fact,
        "exhibit_id IS ? AND id NOT IN (SELECT fact_id FROM retired_fact)",
        (exhibit_id,),
    )
