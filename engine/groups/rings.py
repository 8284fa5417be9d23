"""Rings: people who are heard in the same calls.

People of one call are bound together, but a person who is heard in one call only binds nobody:
that may be the victim. Where everything that binds two parts of a ring passes through a single
membership whose evidence is weak, the parts stay apart and the membership is reported as a link
between them: a weak chain never glues two organisations together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

Role = Literal["caller", "victim", "unknown"]
LEAST_CALLS_OF_A_CALLER = 2
Node = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Presence:
    """A person is heard in a call; `log10_lr` is the evidence that this voice is the person's (None
    where it is the person's only voice, or the examiner said so)."""

    person: str
    call: str
    log10_lr: float | None


@dataclass(frozen=True, slots=True)
class Ring:
    """People bound by calls."""

    people: tuple[str, ...]
    calls: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Link:
    """What would bind two rings if it were believed: the weak presence, its call, and the calls in
    which the person is heard on the other side."""

    rings: tuple[int, int]
    presence: Presence
    calls: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RingResult:
    """Rings, largest first; links between them; roles, as given or suggested."""

    rings: tuple[Ring, ...]
    links: tuple[Link, ...]
    roles: Mapping[str, Role]


def suggest_roles(
    presences: Sequence[Presence], given: Mapping[str, Role] | None = None
) -> dict[str, Role]:
    """Who recurs is a caller; whoever is heard once is unknown, and binds nobody."""
    calls: dict[str, set[str]] = {}
    for presence in presences:
        calls.setdefault(presence.person, set()).add(presence.call)
    suggested: dict[str, Role] = {
        person: "caller" if len(heard) >= LEAST_CALLS_OF_A_CALLER else "unknown"
        for person, heard in calls.items()
    }
    return suggested | dict(given or {})


def find_rings(
    presences: Sequence[Presence],
    roles: Mapping[str, Role],
    bridge_log10: float,
) -> RingResult:
    """Rings of callers.

    Parameters
    ----------
    presences : who is heard where
    roles : of every person; only callers bind
    bridge_log10 : a presence on which alone a connection rests needs at least this much evidence

    Returns
    -------
    RingResult
        Calls without a caller, and people who are no callers, are in no ring of their own; a
        non-caller belongs to the ring of the call's callers without binding it to others.
    """
    binding = [p for p in presences if roles[p.person] == "caller"]
    edges = {(("p", e.person), ("c", e.call)): e for e in binding}
    cut = [
        edges[edge]
        for edge in _bridges(list(edges))
        if (lr := edges[edge].log10_lr) is not None and lr < bridge_log10
    ]
    kept = [edge for edge, presence in edges.items() if presence not in cut]
    component = _components([node for edge in edges for node in edge], kept)
    rings, number = _rings(component, presences)
    links = []
    for presence in cut:
        sides = component[("p", presence.person)], component[("c", presence.call)]
        if sides[0] in number and sides[1] in number and sides[0] != sides[1]:
            others = tuple(
                sorted(p.call for p in binding if p.person == presence.person and p != presence)
            )
            links.append(Link((number[sides[0]], number[sides[1]]), presence, others))
    return RingResult(tuple(rings), tuple(links), roles)


def _rings(
    component: Mapping[Node, int], presences: Sequence[Presence]
) -> tuple[list[Ring], dict[int, int]]:
    """Rings, largest first, and the number of the ring of every component that holds a person."""
    people: dict[int, set[str]] = {}
    calls: dict[int, set[str]] = {}
    for (kind, name), which in component.items():
        (people if kind == "p" else calls).setdefault(which, set()).add(name)
    for presence in presences:  # whoever binds nobody goes with the callers of the call
        which = component.get(("c", presence.call), -1)
        if ("p", presence.person) not in component and which in people:
            people[which].add(presence.person)
    order = sorted(people, key=lambda w: (-len(calls.get(w, ())), -len(people[w]), w))
    rings = [Ring(tuple(sorted(people[w])), tuple(sorted(calls.get(w, ())))) for w in order]
    return rings, {which: i for i, which in enumerate(order)}


def _components(nodes: Sequence[Node], edges: Sequence[tuple[Node, Node]]) -> dict[Node, int]:
    parent = {node: node for node in nodes}

    def root(node: Node) -> Node:
        while parent[node] != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    for first, second in edges:
        parent[root(first)] = root(second)
    roots: dict[Node, int] = {}
    return {node: roots.setdefault(root(node), len(roots)) for node in dict.fromkeys(nodes)}


def _bridges(edges: Sequence[tuple[Node, Node]]) -> list[tuple[Node, Node]]:
    """Edges whose removal parts what they bind (Tarjan 1974), without recursion."""
    neighbours: dict[Node, list[tuple[Node, int]]] = {}
    for i, (first, second) in enumerate(edges):
        neighbours.setdefault(first, []).append((second, i))
        neighbours.setdefault(second, []).append((first, i))
    order: dict[Node, int] = {}
    low: dict[Node, int] = {}
    found: list[tuple[Node, Node]] = []
    for start in neighbours:
        if start in order:
            continue
        order[start] = low[start] = len(order)
        stack = [(start, -1, iter(neighbours[start]))]
        while stack:
            node, came_by, rest = stack[-1]
            for other, i in rest:
                if i == came_by:
                    continue
                if other in order:
                    low[node] = min(low[node], order[other])
                else:
                    order[other] = low[other] = len(order)
                    stack.append((other, i, iter(neighbours[other])))
                    break
            else:
                stack.pop()
                if stack:
                    above = stack[-1][0]
                    low[above] = min(low[above], low[node])
                    if low[node] > order[above]:
                        found.append(edges[came_by])
    return found
