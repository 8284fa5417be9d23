"""Voices into people, people into rings: against scipy, brute force and plain formulas."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform

from engine.errors import ErrorCode, SeongmunError
from engine.groups.cluster import group_voices
from engine.groups.matrix import VoiceVectors, log10_lr_matrix, log10_lr_rows
from engine.groups.rings import Presence, RingResult, Role, find_rings, suggest_roles
from engine.progress import CancelToken
from engine.types import CalibrationModel, Cohort

CALIBRATION = CalibrationModel(0.4, -1.5, np.array([[0.4, -1.5]]), (-1.2, 1.6))


def unit(rows: NDArray[np.float64]) -> NDArray[np.float32]:
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


def some_voices(n: int, seed: int = 0) -> tuple[VoiceVectors, Cohort]:
    """Voices scattered about people, with statistics from a cohort by the plain formula."""
    rng = np.random.default_rng(seed)
    centres = rng.standard_normal((max(2, n // 4), 24))
    vectors = unit(centres[rng.integers(len(centres), size=n)] + rng.normal(0, 0.7, (n, 24)))
    cohort = Cohort(unit(rng.standard_normal((60, 24))), 20)
    nearest = np.sort(vectors.astype(float) @ cohort.vectors.T.astype(float), axis=1)[:, -20:]
    return VoiceVectors(vectors, np.stack([nearest.mean(axis=1), nearest.std(axis=1)], 1)), cohort


def symmetric(n: int, seed: int) -> NDArray[np.float32]:
    rng = np.random.default_rng(seed)
    half = rng.normal(0, 1, (n, n))
    return np.asarray(half + half.T, np.float32)


# The matrix


def test_matrix_is_normalised_calibrated_and_bounded() -> None:
    voices, cohort = some_voices(300)
    x = voices.vectors.astype(float)
    cosines, against = x @ x.T, x @ cohort.vectors.T.astype(float)
    nearest = np.sort(against, axis=1)[:, -20:]
    mean, deviation = nearest.mean(axis=1), nearest.std(axis=1)
    one = (cosines - mean[:, None]) / deviation[:, None]
    other = (cosines - mean[None]) / deviation[None]
    expected = 0.4 * (one + other) / 2 - 1.5
    np.testing.assert_allclose(
        log10_lr_matrix(voices, CALIBRATION, bounded=False), expected, atol=2e-5
    )
    bounded = log10_lr_matrix(voices, CALIBRATION)
    np.testing.assert_allclose(bounded, np.clip(expected, -1.2, 1.6), atol=2e-5)
    assert (bounded.min(), bounded.max()) == (np.float32(-1.2), np.float32(1.6))
    rows = log10_lr_rows(voices, slice(150, 160), CALIBRATION, bounded=False)
    np.testing.assert_allclose(rows, expected[150:160], atol=2e-5)


def test_matrix_goes_into_a_memory_map_and_can_be_cancelled(tmp_path) -> None:  # type: ignore[no-untyped-def]
    voices, _ = some_voices(50)
    out = np.memmap(tmp_path / "matrix", np.float32, "w+", shape=(50, 50))
    log10_lr_matrix(voices, CALIBRATION, out)
    np.testing.assert_array_equal(out, log10_lr_matrix(voices, CALIBRATION))
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(SeongmunError) as error:
        log10_lr_matrix(voices, CALIBRATION, cancel=cancel)
    assert error.value.code is ErrorCode.CANCELLED
    with pytest.raises(SeongmunError) as error:
        group_voices(
            np.full((200, 200), 9, np.float32), [str(i) for i in range(200)], 0, cancel=cancel
        )
    assert error.value.code is ErrorCode.CANCELLED


# Voices into people


def partition(groups: object) -> set[frozenset[int]]:
    return {frozenset(person.voices) for person in groups}  # type: ignore[attr-defined]


@settings(max_examples=40)
@given(st.integers(2, 40), st.integers(0, 10**6), st.floats(-1.5, 2))
def test_people_are_scipys_average_linkage(n: int, seed: int, threshold: float) -> None:
    log10_lr = symmetric(n, seed)
    distance = 50 - log10_lr.astype(float)
    np.fill_diagonal(distance, 0)
    tree = linkage(squareform(distance), "average")
    labels = fcluster(tree, 50 - threshold, "distance")
    expected = {frozenset(np.flatnonzero(labels == k).tolist()) for k in set(labels)}
    found = group_voices(log10_lr, [str(i) for i in range(n)], threshold)
    assert partition(found) == expected


def by_brute_force(
    log10_lr: NDArray[np.float32],
    calls: list[str],
    threshold: float,
    must: list[tuple[int, int]],
    cannot: list[tuple[int, int]],
) -> set[frozenset[int]]:
    """Join the best allowed two groups again and again; every mean anew from the pairs."""
    groups = [{i} for i in range(len(calls))]
    for pair in must:
        first, second = (next(g for g in groups if i in g) for i in pair)
        if first is not second:
            groups.remove(second)
            first |= second

    def allowed(a: set[int], b: set[int]) -> bool:
        return not any(
            calls[i] == calls[j] or (i, j) in cannot or (j, i) in cannot for i in a for j in b
        )

    def mean(a: set[int], b: set[int]) -> float:
        return float(np.mean([float(log10_lr[i, j]) for i in a for j in b]))

    while True:
        pairs = [(mean(a, b), a, b) for a, b in combinations(groups, 2) if allowed(a, b)]
        best = max(pairs, key=lambda p: p[0], default=(-np.inf, set(), set()))
        if best[0] < threshold:
            return {frozenset(g) for g in groups}
        groups.remove(best[2])
        best[1].update(best[2])


@settings(max_examples=40)
@given(st.integers(2, 16), st.integers(0, 10**6), st.floats(-1.5, 1.5), st.data())
def test_constraints_are_kept(n: int, seed: int, threshold: float, data: st.DataObject) -> None:
    log10_lr = symmetric(n, seed)
    calls = [str(data.draw(st.integers(0, n // 2))) for _ in range(n)]
    pairs = st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)).filter(lambda p: p[0] != p[1])
    must = data.draw(st.lists(pairs, max_size=2))
    cannot = data.draw(st.lists(pairs, max_size=2))
    linked = {
        frozenset(p) for p in by_brute_force(log10_lr, [str(i) for i in range(n)], 1e9, must, [])
    }
    if any(set(pair) <= group for pair in cannot for group in linked):
        with pytest.raises(ValueError, match="must and must not"):
            group_voices(log10_lr, calls, threshold, must, cannot)
        return
    found = group_voices(log10_lr, calls, threshold, must, cannot)
    assert partition(found) == by_brute_force(log10_lr, calls, threshold, must, cannot)


def test_memberships_tell_their_evidence() -> None:
    log10_lr = np.array(
        [[9, 2, 1, -1], [2, 9, 0.5, -2], [1, 0.5, 9, -3], [-1, -2, -3, 9]], np.float32
    )
    one, other = group_voices(log10_lr, ["a", "b", "c", "d"], 0)
    assert one.voices == (0, 1, 2)
    assert [m.log10_lr for m in one.members] == [1.5, 1.25, 0.75]
    assert [m.rival for m in one.members] == [-1, -2, -3]
    assert one.weakest is not None and one.weakest.voice == 2
    assert (other.members[0].log10_lr, other.members[0].rival, other.weakest) == (None, -2, None)
    alone = group_voices(np.zeros((1, 1), np.float32), ["a"], 0)
    assert alone[0].members[0].rival is None
    assert group_voices(np.zeros((0, 0), np.float32), [], 0) == ()


# People into rings


def rings_of(
    heard: dict[str, str],
    log10_lr: NDArray[np.float32] | float = 3.0,
    bridge: float = 1.0,
    roles: dict[str, Role] | None = None,
    **decisions: object,
) -> RingResult:
    """Rings of calls written as ``{"call": "people"}``; voices are numbered as written."""
    presences = [Presence(person, call, 0) for call, people in heard.items() for person in people]
    presences = [Presence(p.person, p.call, i) for i, p in enumerate(presences)]
    n = len(presences)
    matrix = np.full((n, n), log10_lr, np.float32) if isinstance(log10_lr, float) else log10_lr
    return find_rings(
        presences,
        suggest_roles(presences, roles),
        matrix,
        bridge,
        **decisions,  # type: ignore[arg-type]
    )


@settings(max_examples=40)
@given(st.dictionaries(st.integers(0, 12), st.sets(st.sampled_from("ABCDEFGH"), min_size=1)))
def test_without_weak_evidence_rings_are_connected_components(calls: dict[int, set[str]]) -> None:
    heard = {str(call): "".join(sorted(people)) for call, people in calls.items()}
    callers = {p for p in "ABCDEFGH" if sum(p in people for people in calls.values()) > 1}
    components: list[set[str]] = []
    for call, people in heard.items():
        if not callers & set(people):
            continue
        touching = [c for c in components if any(callers & set(people) & set(heard[o]) for o in c)]
        components = [c for c in components if c not in touching]
        components.append({call}.union(*touching))
    found = rings_of(heard)
    assert {frozenset(ring.calls) for ring in found.rings} == {frozenset(c) for c in components}
    assert not found.links
    for ring in found.rings:
        assert set(ring.people) == callers & {p for c in ring.calls for p in heard[c]}


def test_a_victim_is_no_bridge() -> None:
    heard = {"1": "AV", "2": "AB", "3": "CD", "4": "CW"}
    found = rings_of(heard)
    assert [ring.calls for ring in found.rings] == [("1", "2"), ("3", "4")]
    assert [ring.people for ring in found.rings] == [("A",), ("C",)]
    assert [ring.others for ring in found.rings] == [("B", "V"), ("D", "W")]
    twice = {"1": "AV", "2": "AB", "3": "CV", "4": "CW"}
    assert len(rings_of(twice).rings) == 1
    assert len(rings_of(twice, roles={"V": "victim"}).rings) == 2


def test_a_victim_is_suggested_by_whose_recordings_they_are() -> None:
    calls = {"1": "AV", "2": "BV", "3": "AX", "4": "BY"}
    presences = [Presence(p, call, 0) for call, people in calls.items() for p in people]
    roles = suggest_roles(presences, origins={"1": "phone", "2": "phone", "3": "other"})
    assert roles == {"A": "caller", "B": "caller", "V": "victim", "X": "unknown", "Y": "unknown"}
    assert suggest_roles(presences, {"V": "caller"}, {"1": "p", "2": "p"})["V"] == "caller"
    same = [Presence(p, call, 0) for call in "12" for p in "AV"]
    assert suggest_roles(same, origins={"1": "p", "2": "p"}) == {"A": "caller", "V": "caller"}


def test_directions_say_who_called() -> None:
    calls = {"1": "AV", "2": "BV", "3": "AX", "4": "BYZ"}
    presences = [Presence(p, call, 0) for call, people in calls.items() for p in people]
    phone = {"1": "phone", "2": "phone"}
    outgoing = dict.fromkeys("12", "outgoing")
    assert suggest_roles(presences, origins=phone, directions=outgoing)["V"] == "caller"
    mixed = {"1": "outgoing", "2": "unknown"}
    assert suggest_roles(presences, origins=phone, directions=mixed)["V"] == "victim"
    incoming = dict.fromkeys("34", "incoming")
    roles = suggest_roles(presences, directions=incoming)
    assert (roles["X"], roles["Y"], roles["Z"]) == ("victim", "unknown", "unknown")
    strangers = [Presence(p, "1", 0) for p in "PQ"]
    assert set(suggest_roles(strangers, directions={"1": "incoming"}).values()) == {"unknown"}


def test_a_look_alike_beside_the_true_person_glues_nothing() -> None:
    """P is heard in three calls of a ring; a look-alike in the other resembles one of them."""
    heard = {"1": "PQ", "2": "PQ", "3": "PQ", "4": "PR", "5": "R"}
    n = sum(map(len, heard.values()))
    matrix = np.full((n, n), 3, np.float32)
    matrix[6, :6:2] = matrix[:6:2, 6] = [2.5, -0.5, -0.5]
    found = rings_of(heard, matrix)
    assert [ring.calls for ring in found.rings] == [("1", "2", "3"), ("4", "5")]
    (link,) = found.links
    assert link.joint.strength == pytest.approx(0.5 * 1.5 / 2)  # in one of the two calls
    assert link.rings == (0, 1)
    (tie,) = link.joint.ties
    assert tie.person == "P" and tie.calls == (("1", "2", "3"), ("4",))
    assert tie.log10_lr == pytest.approx(0.5)
    assert len(rings_of(heard, matrix, bridge=0.3).rings) == 1


def test_what_several_people_say_adds_up() -> None:
    heard = {"1": "AB", "2": "AB"}
    weak = np.full((4, 4), 0.6, np.float32)
    (ring,) = rings_of(heard, weak).rings
    assert ring.weakest is not None
    assert ring.weakest.strength == pytest.approx(1.2)
    assert {tie.person for tie in ring.weakest.ties} == {"A", "B"}
    assert len(rings_of({"1": "A", "2": "A"}, weak).rings) == 2


def test_the_weakest_joint_parts_the_ring_where_it_falls() -> None:
    heard = {"1": "AB", "2": "AB", "3": "BC", "4": "C"}
    n = 7
    matrix = np.full((n, n), 3, np.float32)
    matrix[4, :4] = matrix[:4, 4] = 1.5  # B of call 3 with every B
    (ring,) = rings_of(heard, matrix).rings
    # B is heard in both of the first two calls, but in one of the other two: half of those counts.
    assert ring.weakest is not None and ring.weakest.strength == pytest.approx(1.5 * 4 / 3 / 2)
    assert ring.weakest.ties[0].calls in {(("1", "2"), ("3",)), (("3",), ("1", "2"))}
    assert ring.weakest.ties[0].log10_lr == pytest.approx(1.5)
    assert len(rings_of(heard, matrix, bridge=1.1).rings) == 2


def test_the_examiner_decides() -> None:
    heard = {"1": "A", "2": "A", "3": "B", "4": "B"}
    assert len(rings_of(heard).rings) == 2
    (ring,) = rings_of(heard, together=[("1", "3")]).rings
    assert ring.calls == ("1", "2", "3", "4")
    apart = rings_of(heard, apart=[("1", "2")])
    assert [r.calls for r in apart.rings] == [("3", "4"), ("1",), ("2",)]
    assert apart.links[0].joint.strength == 3
    with pytest.raises(ValueError, match="together and apart"):
        rings_of(heard, together=[("1", "3")], apart=[("3", "1")])
    weak = np.full((4, 4), -1, np.float32)
    (decided, *_) = rings_of(heard, weak, decided=[(0, 1)]).rings
    assert decided.calls == ("1", "2")
    assert decided.weakest is not None and decided.weakest.strength is None


def brute_rings(
    heard: dict[str, str], matrix: NDArray[np.float32], bridge: float
) -> set[frozenset[str]]:
    """Join the best bound two sets of calls again and again; every sum anew from the voices."""
    voice: dict[tuple[str, str], int] = {}
    for call, people in heard.items():
        for person in people:
            voice[call, person] = len(voice)
    counts = {p: sum(p in people for people in heard.values()) for p in "ABCDE"}
    sets = [{c} for c, people in heard.items() if any(counts[p] > 1 for p in people)]

    def strength(a: set[str], b: set[str]) -> float:
        total = 0.0
        for person in "ABCDE":
            sides = [[voice[c, person] for c in side if (c, person) in voice] for side in (a, b)]
            if counts[person] > 1 and all(sides):
                mean = np.mean([float(matrix[i, j]) for i in sides[0] for j in sides[1]])
                comparisons = 2 / sum(1 / len(side) for side in sides)
                sizes = [len(a), len(b)]
                shares = [
                    len(side) / size
                    for side, size in zip(sides, sizes, strict=True)
                    if size == min(sizes)
                ]
                total += max(0.0, float(mean)) * comparisons * min(shares)
        return total

    while len(sets) > 1:
        value, a, b = max(
            ((strength(a, b), a, b) for a, b in combinations(sets, 2)), key=lambda t: t[0]
        )
        if value < bridge:
            break
        sets.remove(b)
        a |= b
    return {frozenset(s) for s in sets}


@settings(max_examples=40)
@given(
    st.dictionaries(st.integers(0, 9), st.sets(st.sampled_from("ABCDE"), min_size=1), max_size=8),
    st.integers(0, 10**6),
)
def test_rings_are_those_of_brute_force(calls: dict[int, set[str]], seed: int) -> None:
    heard = {str(call): "".join(sorted(people)) for call, people in calls.items()}
    matrix = symmetric(sum(map(len, heard.values())), seed)
    found = rings_of(heard, matrix)
    assert {frozenset(ring.calls) for ring in found.rings} == brute_rings(heard, matrix, 1.0)
