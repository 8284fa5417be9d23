"""People, calls and rings as a picture, a table and a GraphML document."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import Literal
from xml.etree import ElementTree

import numpy as np
from numpy.typing import NDArray

from app.services.grouping import Grouping
from engine.groups.layout import lay_out
from engine.progress import CancelToken, Progress, no_progress

NAMESPACE = "http://graphml.graphdrawing.org/xmlns"
ATTRIBUTES = ("kind", "name", "role", "ring")


@dataclass(frozen=True, slots=True)
class Node:
    """A person (its place among the people) or a call (SHA-256); `ring` is None outside."""

    kind: Literal["person", "call"]
    key: str
    name: str
    role: str
    ring: int | None


@dataclass(frozen=True, slots=True)
class Picture:
    """What is drawn. `places` is float64 [shape=(n, 2)]; `edges` [shape=(m, 2)] are pairs of a
    person's and a call's place among the nodes, `voices` [shape=(m,)] the voice that is heard and
    `log10_lr` [shape=(m,)] the evidence that it is the person's, within the supported range: NaN
    where it is the person's only voice."""

    nodes: tuple[Node, ...]
    places: NDArray[np.float64]
    edges: NDArray[np.int64]
    voices: NDArray[np.int64]
    log10_lr: NDArray[np.float64]


def make_picture(
    grouping: Grouping, progress: Progress = no_progress, cancel: CancelToken | None = None
) -> Picture:
    """Lay a grouping out (raises CANCELLED)."""
    calls = {v.recording.sha256: v.path.name for v in grouping.voices}
    rings = grouping.rings.rings[: grouping.n_rings]
    ring_of_call = {call: i for i, ring in enumerate(rings) for call in ring.calls}
    nodes = [
        Node("person", name, name, grouping.rings.roles[name], grouping.ring_of(name))
        for name in (f"V{i + 1}" for i in range(len(grouping.people)))
    ]
    number = {call: len(nodes) + i for i, call in enumerate(calls)}
    nodes += [Node("call", c, name, "", ring_of_call.get(c)) for c, name in calls.items()]
    rows = [
        (i, number[grouping.voices[m.voice].recording.sha256], m.voice, grouping.shown(m.log10_lr))
        for i, person in enumerate(grouping.people)
        for m in person.members
    ]
    edges = np.array([row[:2] for row in rows], np.int64)
    return Picture(
        tuple(nodes),
        lay_out(len(nodes), edges, progress, cancel),
        edges,
        np.array([row[2] for row in rows], np.int64),
        np.array([np.nan if row[3] is None else row[3] for row in rows]),
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
        for name, value in zip(ATTRIBUTES, (node.kind, node.name, node.role, ring), strict=True):
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
        ["person", "role", "ring", "call", "speaker", "channel", "net_speech_s", "log10_lr"]
    )
    for (a, _), row, value in zip(picture.edges, picture.voices, picture.log10_lr, strict=True):
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
            ]
        )
    return buffer.getvalue().encode("utf-8-sig")
