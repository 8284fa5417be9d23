"""People, calls, rings and cases as a picture, a table and a GraphML document."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal
from xml.etree import ElementTree

import numpy as np
from numpy.typing import NDArray

from app.services.grouping import Grouping
from engine.casefile.calls import instant, parse_time
from engine.groups.layout import lay_out
from engine.progress import CancelToken, Progress, no_progress

NAMESPACE = "http://graphml.graphdrawing.org/xmlns"
ATTRIBUTES = ("kind", "name", "role", "ring", "started", "direction")
NOBODY = -1
CASE_DISTANCE = 0.6


@dataclass(frozen=True, slots=True)
class Node:
    """A person (its place among the people), a call (SHA-256) or a case (its number); `ring` is
    None outside. Of a call also when it began and its direction, each empty where unknown."""

    kind: Literal["person", "call", "case"]
    key: str
    name: str
    role: str
    ring: int | None
    started: str = ""
    direction: str = ""


@dataclass(frozen=True, slots=True)
class Picture:
    """What is drawn. `places` is float64 [shape=(n, 2)]; `edges` [shape=(m, 2)] are pairs of a
    person's and a call's place among the nodes, or a case's and a call's; `voices` [shape=(m,)] is
    the voice that is heard, `NOBODY` for a case, and `log10_lr` [shape=(m,)] the evidence that it
    is the person's, within the supported range: NaN where it is the person's only voice."""

    nodes: tuple[Node, ...]
    places: NDArray[np.float64]
    edges: NDArray[np.int64]
    voices: NDArray[np.int64]
    log10_lr: NDArray[np.float64]


def make_picture(
    grouping: Grouping, progress: Progress = no_progress, cancel: CancelToken | None = None
) -> Picture:
    """Lay a grouping out (raises CANCELLED)."""
    calls = {v.recording.sha256: v for v in grouping.voices}
    rings = grouping.rings.rings[: grouping.n_rings]
    ring_of_call = {call: i for i, ring in enumerate(rings) for call in ring.calls}
    nodes = [
        Node("person", name, name, grouping.rings.roles[name], grouping.ring_of(name))
        for name in (f"V{i + 1}" for i in range(len(grouping.people)))
    ]
    number = {call: len(nodes) + i for i, call in enumerate(calls)}
    nodes += [
        Node("call", c, v.path.name, "", ring_of_call.get(c), v.facts.started, v.facts.direction)
        for c, v in calls.items()
    ]
    rows = [
        (i, number[grouping.voices[m.voice].recording.sha256], m.voice, grouping.shown(m.log10_lr))
        for i, person in enumerate(grouping.people)
        for m in person.members
    ]
    edges = np.array([row[:2] for row in rows], np.int64)
    picture = Picture(
        tuple(nodes),
        lay_out(len(nodes), edges, progress, cancel),
        edges,
        np.array([row[2] for row in rows], np.int64),
        np.array([np.nan if row[3] is None else row[3] for row in rows]),
    )
    cases: dict[str, list[int]] = {}
    for call, voice in calls.items():
        if voice.facts.case_number:
            cases.setdefault(voice.facts.case_number, []).append(number[call])
    return with_cases(picture, cases)


def with_cases(picture: Picture, cases: Mapping[str, Sequence[int]]) -> Picture:
    """The picture with a node for every case, in the middle of its calls (their places among the
    nodes); cases do not draw calls together."""
    if not cases:
        return picture
    n = len(picture.nodes)
    middles = [picture.places[list(calls)].mean(axis=0) + CASE_DISTANCE for calls in cases.values()]
    pairs = [(n + i, call) for i, calls in enumerate(cases.values()) for call in calls]
    nodes = [Node("case", name, name, "", None) for name in cases]
    return Picture(
        (*picture.nodes, *nodes),
        np.concatenate([picture.places, middles]),
        np.concatenate([picture.edges, np.array(pairs, np.int64)]),
        np.concatenate([picture.voices, np.full(len(pairs), NOBODY)]),
        np.concatenate([picture.log10_lr, np.full(len(pairs), np.nan)]),
    )


def as_graphml(picture: Picture) -> bytes:
    """The picture for graph programs (GraphML)."""
    root = ElementTree.Element("graphml", xmlns=NAMESPACE)
    for name in ATTRIBUTES:
        ElementTree.SubElement(
            root, "key", {"id": name, "for": "node", "attr.name": name, "attr.type": "string"}
        )
    ElementTree.SubElement(
        root,
        "key",
        {"id": "log10_lr", "for": "edge", "attr.name": "log10_lr", "attr.type": "double"},
    )
    graph = ElementTree.SubElement(root, "graph", edgedefault="undirected")
    for i, node in enumerate(picture.nodes):
        element = ElementTree.SubElement(graph, "node", id=f"n{i}")
        ring = "" if node.ring is None else str(node.ring + 1)
        values = (node.kind, node.name, node.role, ring, node.started, node.direction)
        for name, value in zip(ATTRIBUTES, values, strict=True):
            ElementTree.SubElement(element, "data", key=name).text = value
    for (a, b), value in zip(picture.edges, picture.log10_lr, strict=True):
        element = ElementTree.SubElement(graph, "edge", source=f"n{a}", target=f"n{b}")
        if np.isfinite(value):
            ElementTree.SubElement(element, "data", key="log10_lr").text = f"{value:.4f}"
    return bytes(ElementTree.tostring(root, "utf-8", xml_declaration=True))


def as_csv(grouping: Grouping, picture: Picture) -> bytes:
    """Who is heard where: a row per voice (UTF-8 with a mark, which spreadsheets need)."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(
        [
            *("person", "role", "ring", "call", "speaker", "channel", "net_speech_s", "log10_lr"),
            *("case", "started", "direction", "received_utc"),
        ]
    )
    for (a, _), row, value in zip(picture.edges, picture.voices, picture.log10_lr, strict=True):
        if row == NOBODY:
            continue
        node, voice = picture.nodes[a], grouping.voices[row]
        writer.writerow(
            [
                node.name,
                node.role,
                "" if node.ring is None else node.ring + 1,
                voice.path.name,
                voice.speaker,
                voice.channel + 1,
                f"{voice.quality.net_speech_s:.2f}",
                f"{value:.4f}" if np.isfinite(value) else "",
                voice.facts.case_number,
                voice.facts.started,
                voice.facts.direction,
                voice.facts.received_utc,
            ]
        )
    return buffer.getvalue().encode("utf-8-sig")


@dataclass(frozen=True, slots=True)
class Moment:
    """A call in the order of time: when it began or, where that is unknown, was received; `zoned`
    says whether the time zone is known."""

    call: str
    time: str
    is_receipt: bool
    zoned: bool


def time_line(grouping: Grouping) -> list[Moment]:
    """The calls by when they began, in the order of time; where that is unknown by receipt."""
    moments = []
    for call, facts in {v.recording.sha256: v.facts for v in grouping.voices}.items():
        started = parse_time(facts.started)
        time = facts.started if started is not None else facts.received_utc
        zoned = started is None or started.tzinfo is not None
        moments.append(Moment(call, time, started is None, zoned))
    return sorted(moments, key=_order)


def _order(moment: Moment) -> datetime:
    """Receipts are UTC, to the second or the day; what is no time comes last."""
    if not moment.is_receipt:
        found = instant(moment.time)
    else:
        found = instant(moment.time[:19]) or instant(f"{moment.time[:10]}T00:00")
    return found or datetime.max.replace(tzinfo=UTC)
