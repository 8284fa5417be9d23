"""Rings: people who are heard in the same calls.

Calls are bound to one another by the people who are heard in both. What a person says for two sets
of calls is the mean log10 LR between the person's voices in the one and in the other. A mean of
many pairs is surer than a single pair: it counts as often as there are independent comparisons, the
harmonic mean of the numbers of voices on either side. And it counts by the share of the smaller
set's calls in which the person is heard: a stray voice in one of a hundred calls says little about
the others. The sum over the people is the strength of what binds the sets; it is no likelihood
ratio, but for two calls that share one person it is that person's log10 LR. Sets of calls are
joined, the best bound first, while the strength is above a limit: a weak chain never glues two
organisations together. Whoever is heard in one call only binds nobody: that may be the victim.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal, get_args

import numpy as np

from engine.types import FloatArray

Role = Literal["caller", "victim", "unknown"]
ROLES: tuple[Role, ...] = get_args(Role)
LEAST_CALLS_OF_A_CALLER = 2
Pair = tuple[str, str]
Evidence = dict[str, tuple[float, int]]


@dataclass(frozen=True, slots=True)
class Presence:
    """A person is heard in a call: the voice with this row in the matrix."""

    person: str
    call: str
    voice: int


@dataclass(frozen=True, slots=True)
class Tie:
    """What one person says for two sets of calls being one ring's: the mean log10 LR between the
    person's voices on either side; None where the examiner decided that they are one person's."""

    person: str
    log10_lr: float | None
    calls: tuple[tuple[str, ...], tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Joint:
    """All that binds two sets of calls; `strength` is None where the examiner decided."""

    strength: float | None
    ties: tuple[Tie, ...]


@dataclass(frozen=True, slots=True)
class Ring:
    """People bound by calls. `others` are heard in its calls and bind nobody. If `weakest` fell,
    the ring would part into the calls on its two sides (None in a ring of one call)."""

    people: tuple[str, ...]
    others: tuple[str, ...]
    calls: tuple[str, ...]
    weakest: Joint | None


@dataclass(frozen=True, slots=True)
class Link:
    """What speaks for two rings being one, and is too weak to join them."""

    rings: tuple[int, int]
    joint: Joint


@dataclass(frozen=True, slots=True)
class RingResult:
    """Rings, those with most calls first; links between them, the strongest first; the roles."""

    rings: tuple[Ring, ...]
    links: tuple[Link, ...]
    roles: Mapping[str, Role]


def suggest_roles(
    presences: Sequence[Presence],
    given: Mapping[str, Role] | None = None,
    origins: Mapping[str, str] | None = None,
    directions: Mapping[str, str] | None = None,
) -> dict[str, Role]:
    """Roles, as given or suggested: who recurs is a caller, whoever is heard once is unknown.

    `origins` says whose recordings the calls are, where that is known: who is heard in all of the
    calls from one origin and in no others, while nobody else is, owns the telephone. The owner is
    taken for the victim, unless all of these calls are outgoing (`directions`, as seen from the
    telephone): then it is the owner who called. In an incoming call in which somebody who recurs is
    heard, the only one who is heard nowhere else is taken for the one who was called.
    """
    calls: dict[str, set[str]] = {}
    for presence in presences:
        calls.setdefault(presence.person, set()).add(presence.call)
    suggested: dict[str, Role] = {
        person: "caller" if len(heard) >= LEAST_CALLS_OF_A_CALLER else "unknown"
        for person, heard in calls.items()
    }
    by_origin: dict[str, set[str]] = {}
    for call, origin in (origins or {}).items():
        by_origin.setdefault(origin, set()).add(call)
    for recorded in by_origin.values():
        always = [person for person, heard in calls.items() if heard >= recorded]
        if len(recorded) > 1 and len(always) == 1 and calls[always[0]] == recorded:
            outgoing = all((directions or {}).get(c) == "outgoing" for c in recorded)
            suggested[always[0]] = "caller" if outgoing else "victim"
    suggested |= dict.fromkeys(_called(calls, suggested, directions or {}), "victim")
    return suggested | {p: role for p, role in (given or {}).items() if p in suggested}


def _called(
    calls: Mapping[str, set[str]], roles: Mapping[str, Role], directions: Mapping[str, str]
) -> Iterator[str]:
    """Who was called, by recurrence: in an incoming call with a caller the only other one."""
    by_call: dict[str, list[str]] = {}
    for person, heard in calls.items():
        for call in heard:
            by_call.setdefault(call, []).append(person)
    for call, direction in directions.items():
        here = by_call.get(call, [])
        once = [person for person in here if len(calls[person]) == 1]
        if direction == "incoming" and len(once) == 1 and any(roles[p] == "caller" for p in here):
            yield once[0]


def find_rings(
    presences: Sequence[Presence],
    roles: Mapping[str, Role],
    log10_lr: FloatArray,
    least_strength: float,
    together: Iterable[Pair] = (),
    apart: Iterable[Pair] = (),
    decided: Iterable[tuple[int, int]] = (),
) -> RingResult:
    """Rings of callers.

    Parameters
    ----------
    presences : who is heard where
    roles : of every person; only callers bind
    log10_lr : float32 [shape=(voices, voices)], beyond the supported range too
    least_strength : of what joins two sets of calls
    together, apart : the examiner's decisions, as pairs of calls
    decided : pairs of voices that the examiner says are one person's

    Returns
    -------
    RingResult
        Calls without a caller are in no ring, and decisions about them have no effect.

    Raises
    ------
    ValueError
        Calls that must be together must be apart.
    """
    binding = [p for p in presences if roles[p.person] == "caller"]
    calls = sorted({p.call for p in binding})
    number = {call: i for i, call in enumerate(calls)}
    fragments = _Fragments(calls, binding, _evidence(binding, number, log10_lr, set(decided)))
    for first, second in _known(together, number):
        fragments.join(fragments.of(first), fragments.of(second))
    for first, second in _known(apart, number):
        fragments.keep_apart(first, second)
    fragments.join_all(least_strength)
    order = sorted(fragments.calls, key=lambda f: (-len(fragments.calls[f]), fragments.calls[f][0]))
    rings = tuple(_ring(fragments, f, presences, roles) for f in order)
    links = [
        Link((i, j), fragments.joint(order[i], order[j]))
        for i, j in combinations(range(len(order)), 2)
        if fragments.strength(order[i], order[j]) > 0
    ]
    links.sort(key=lambda link: -_value(link.joint))
    return RingResult(rings, tuple(links), dict(roles))


def _known(pairs: Iterable[Pair], number: Mapping[str, int]) -> Iterator[tuple[int, int]]:
    for first, second in pairs:
        if first in number and second in number:
            yield number[first], number[second]


def _value(joint: Joint) -> float:
    return float("inf") if joint.strength is None else joint.strength


def _evidence(
    binding: Sequence[Presence],
    number: Mapping[str, int],
    log10_lr: FloatArray,
    decided: set[tuple[int, int]],
) -> dict[int, dict[int, Evidence]]:
    """By two calls and a person: the sum of the ratios between the person's voices, and how many
    they are."""
    heard: dict[str, list[Presence]] = {}
    for presence in binding:
        heard.setdefault(presence.person, []).append(presence)
    found: dict[int, dict[int, Evidence]] = {i: {} for i in number.values()}
    for person, presences in heard.items():
        for a, b in combinations(presences, 2):
            if a.call == b.call:
                continue
            pair = {(a.voice, b.voice), (b.voice, a.voice)}
            value = np.inf if pair & decided else float(log10_lr[a.voice, b.voice])
            for x, y in ((a, b), (b, a)):
                _add(found[number[x.call]].setdefault(number[y.call], {}), person, value, 1)
    return found


def _add(evidence: Evidence, person: str, total: float, count: int) -> None:
    before = evidence.get(person, (0.0, 0))
    evidence[person] = before[0] + total, before[1] + count


class _Fragments:
    """Sets of calls that are joined step by step; a fragment has the number of one of its calls."""

    def __init__(
        self,
        calls: Sequence[str],
        binding: Sequence[Presence],
        evidence: dict[int, dict[int, Evidence]],
    ) -> None:
        self.calls = {i: [call] for i, call in enumerate(calls)}
        self.weakest: dict[int, Joint] = {}
        self._evidence = evidence
        self._apart: dict[int, set[int]] = {i: set() for i in self.calls}
        self._owner = {i: i for i in self.calls}
        self._heard: dict[str, set[str]] = {}
        self._voices: dict[int, Counter[str]] = {i: Counter() for i in self.calls}
        number = {call: i for i, call in enumerate(calls)}
        for presence in binding:
            self._heard.setdefault(presence.person, set()).add(presence.call)
            self._voices[number[presence.call]][presence.person] += 1

    def of(self, call: int) -> int:
        """The fragment that a call belongs to."""
        while self._owner[call] != call:
            call = self._owner[call]
        return call

    def keep_apart(self, first: int, second: int) -> None:
        """Never join the fragments of two calls (raises ValueError where they are one)."""
        a, b = self.of(first), self.of(second)
        if a == b:
            raise ValueError(f"{self.calls[a]} must be together and apart")
        self._apart[a].add(b)
        self._apart[b].add(a)

    def strength(self, first: int, second: int) -> float:
        """What binds two fragments: the sum over the people of what speaks for it. Of two equally
        large ones the one in which a person is heard less counts, so that no order matters."""
        n_calls = min(len(self.calls[first]), len(self.calls[second]))
        smaller = [f for f in (first, second) if len(self.calls[f]) == n_calls]
        strength = 0.0
        for person, (total, count) in self._evidence[first].get(second, {}).items():
            sides = self._voices[first][person], self._voices[second][person]
            comparisons = 2 * sides[0] * sides[1] / sum(sides)
            heard = min(self._voices[fragment][person] for fragment in smaller)
            strength += max(0.0, total / count) * comparisons * heard
        return strength / n_calls

    def joint(self, first: int, second: int) -> Joint:
        """What binds two fragments, person by person, the strongest first."""
        ties = [
            Tie(
                person,
                None if np.isinf(total) else total / count,
                (self._where(person, first), self._where(person, second)),
            )
            for person, (total, count) in self._evidence[first].get(second, {}).items()
            if total > 0
        ]
        ties.sort(key=lambda tie: (tie.log10_lr is not None, -(tie.log10_lr or 0.0)))
        strength = self.strength(first, second)
        return Joint(None if np.isinf(strength) or not ties else strength, tuple(ties))

    def _where(self, person: str, fragment: int) -> tuple[str, ...]:
        return tuple(call for call in self.calls[fragment] if call in self._heard[person])

    def join_all(self, limit: float) -> None:
        """Join the best bound two until nothing is bound by `limit`."""
        waiting = [
            (-self.strength(a, b), a, b) for a in self.calls for b in self._evidence[a] if a < b
        ]
        heapq.heapify(waiting)
        while waiting and -waiting[0][0] >= limit:
            negative, a, b = heapq.heappop(waiting)
            alive = a in self.calls and b in self.calls and b not in self._apart[a]
            if not alive or -negative != self.strength(a, b):
                continue
            self.join(a, b)
            for other in self._evidence[a]:
                pair = min(a, other), max(a, other)
                heapq.heappush(waiting, (-self.strength(*pair), *pair))

    def join(self, first: int, second: int) -> None:
        """Put the calls of the second fragment into the first."""
        if first == second:
            return
        joints = [self.joint(first, second)]
        joints += [self.weakest.pop(f) for f in (first, second) if f in self.weakest]
        self.weakest[first] = min(joints, key=_value)
        for other, evidence in self._evidence.pop(second).items():
            del self._evidence[other][second]
            if other != first:
                for person, (total, count) in evidence.items():
                    _add(self._evidence[first].setdefault(other, {}), person, total, count)
                    _add(self._evidence[other].setdefault(first, {}), person, total, count)
        for other in self._apart.pop(second):
            self._apart[other].discard(second)
            self._apart[other].add(first)
            self._apart[first].add(other)
        self.calls[first] = sorted(self.calls[first] + self.calls.pop(second))
        self._voices[first] += self._voices.pop(second)
        self._owner[second] = first


def _ring(
    fragments: _Fragments, fragment: int, presences: Sequence[Presence], roles: Mapping[str, Role]
) -> Ring:
    calls = fragments.calls[fragment]
    inside = set(calls)
    people = {p.person for p in presences if p.call in inside}
    binding = {person for person in people if roles[person] == "caller"}
    return Ring(
        tuple(sorted(binding)),
        tuple(sorted(people - binding)),
        tuple(calls),
        fragments.weakest.get(fragment),
    )
