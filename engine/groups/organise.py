"""From ratios to people and rings: what the product does with a matrix, in one place, so that a
report's reader can do it again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.groups.cluster import Person, group_voices
from engine.groups.rings import (
    ROLES,
    Presence,
    Ring,
    RingResult,
    Role,
    find_rings,
    suggest_roles,
)
from engine.progress import CancelToken, Progress, no_progress
from engine.types import FloatArray

SENSITIVITY_STEPS = (-0.5, 0.0, 0.5, 1.0)


@dataclass(frozen=True, slots=True)
class GroupSettings:
    """What joins: voices into a person from a mean log10 LR of `voices_log10`, calls into a ring
    from a strength of `ring_strength` (`engine.groups.rings`). With the
    defaults no two organisations were joined in the simulations of benchmarks/rings.py."""

    voices_log10: float = 0.75
    ring_strength: float = 2.0

    def shifted(self, step_log10: float) -> GroupSettings:
        """Stricter (or looser) by so much."""
        return GroupSettings(self.voices_log10 + step_log10, self.ring_strength + step_log10)


@dataclass(frozen=True, slots=True)
class Decisions:
    """What the examiner decided: pairs of voices (by `Heard.key`) that are, or are not, one
    person's; roles of voices' people; pairs of calls of one ring, or of two."""

    same_voice: tuple[tuple[str, str], ...] = ()
    different_voice: tuple[tuple[str, str], ...] = ()
    roles: Mapping[str, Role] = field(default_factory=dict)
    same_ring: tuple[tuple[str, str], ...] = ()
    different_ring: tuple[tuple[str, str], ...] = ()


def decisions_of(rows: Iterable[Mapping[str, str]]) -> Decisions:
    """Decisions from rows with ``kind``, ``first``, ``second`` and ``value``."""
    standing = list(rows)

    def pairs(kind: str) -> tuple[tuple[str, str], ...]:
        return tuple((d["first"], d["second"]) for d in standing if d["kind"] == kind)

    given = {d["first"]: d["value"] for d in standing if d["kind"] == "role"}
    return Decisions(
        pairs("same_voice"),
        pairs("different_voice"),
        {key: role for key, value in given.items() for role in ROLES if role == value},
        pairs("same_ring"),
        pairs("different_ring"),
    )


@dataclass(frozen=True, slots=True)
class Heard:
    """A voice by its key, the call (SHA-256) it is heard in, and what is known of that: whose
    recording it is and its direction, each empty where it is not known."""

    key: str
    call: str
    origin: str = ""
    direction: str = ""


@dataclass(frozen=True, slots=True)
class Weakest:
    """The voice of a person that has the least evidence."""

    person: str
    voice: int
    log10_lr: float


def organise(
    log10_lr: FloatArray,
    voices: Sequence[Heard],
    settings: GroupSettings,
    decisions: Decisions,
    progress: Progress = no_progress,
    cancel: CancelToken | None = None,
) -> tuple[tuple[Person, ...], RingResult]:
    """People, named ``V1`` and so on in their order, and rings.

    Parameters
    ----------
    log10_lr : float32 [shape=(n, n)], symmetric, beyond the supported range too

    Raises
    ------
    ValueError
        Decisions exclude one another.
    SeongmunError
        CANCELLED.
    """
    row = {voice.key: i for i, voice in enumerate(voices)}
    must, cannot = (_rows(p, row) for p in (decisions.same_voice, decisions.different_voice))
    calls = [voice.call for voice in voices]
    people = group_voices(log10_lr, calls, settings.voices_log10, must, cannot, progress, cancel)
    presences = [
        Presence(f"V{number}", calls[voice], voice)
        for number, person in enumerate(people, 1)
        for voice in person.voices
    ]
    given = {
        p.person: decisions.roles[voices[p.voice].key]
        for p in presences
        if voices[p.voice].key in decisions.roles
    }
    origins = {v.call: v.origin for v in voices if v.origin}
    directions = {v.call: v.direction for v in voices if v.direction}
    rings = find_rings(
        presences,
        suggest_roles(presences, given, origins, directions),
        log10_lr,
        settings.ring_strength,
        decisions.same_ring,
        decisions.different_ring,
        must,
    )
    return people, rings


def _rows(pairs: Sequence[tuple[str, str]], row: Mapping[str, int]) -> list[tuple[int, int]]:
    return [(row[a], row[b]) for a, b in pairs if a in row and b in row]


def weakest_voice(people: Sequence[Person], ring: Ring) -> Weakest | None:
    """The voice in a ring whose belonging to a person who binds it has the least
    evidence."""
    members = [
        Weakest(name, member.voice, member.log10_lr)
        for name in ring.people
        for member in people[int(name[1:]) - 1].members
        if member.log10_lr is not None
    ]
    return min(members, key=lambda m: m.log10_lr, default=None)


def without(
    log10_lr: FloatArray,
    voices: Sequence[Heard],
    people: Sequence[Person],
    ring: Ring,
    fallen: int,
    settings: GroupSettings,
    decisions: Decisions,
) -> tuple[int, ...]:
    """How many calls would be in each part of a ring if one voice were nobody's who binds it."""
    calls = set(ring.calls)
    presences = [
        Presence(f"V{number}", voices[v].call, v)
        for number, person in enumerate(people, 1)
        for v in person.voices
        if voices[v].call in calls and v != fallen and f"V{number}" in ring.people
    ]
    roles: dict[str, Role] = {p.person: "caller" for p in presences}
    row = {voice.key: i for i, voice in enumerate(voices)}
    found = find_rings(
        presences,
        roles,
        log10_lr,
        settings.ring_strength,
        decisions.same_ring,
        decided=_rows(decisions.same_voice, row),
    )
    parts = [len(part.calls) for part in found.rings]
    return (*parts, *[1] * (len(calls) - sum(parts)))


def sensitivity(
    log10_lr: FloatArray,
    voices: Sequence[Heard],
    settings: GroupSettings,
    decisions: Decisions,
    progress: Progress = no_progress,
    cancel: CancelToken | None = None,
) -> list[dict[str, Any]]:
    """What would be found with a looser and with stricter limits (raises CANCELLED)."""
    found = []
    for step in SENSITIVITY_STEPS:
        limits = settings.shifted(step)
        people, rings = organise(log10_lr, voices, limits, decisions, progress, cancel)
        calls = [len(ring.calls) for ring in rings.rings if len(ring.calls) > 1]
        found.append(
            {
                "min_log10_lr": limits.voices_log10,
                "ring_strength": limits.ring_strength,
                "n_voices": len(people),
                "n_rings": len(calls),
                "calls_in_rings": calls,
            }
        )
    return found
