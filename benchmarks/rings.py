"""Simulated organisations from real voices: people and rings found, beside single linkage.

An organisation has several callers, of whom one to three are heard in a call beside a victim who
is heard once, and sometimes a bystander. Others call again and again alone, and some calls have
nothing to do with anyone. Every voice went through its own simulated handset and telephone codec
(`benchmarks.telephone_voices`). Limits are chosen on one half of the speakers, figures are of the
other. A harder test follows: callers whose every voice is of another recording.

`python -m benchmarks.rings BANK.npz` tells all figures of the embedded model; the bank of its
voices is made where it is not there or of another model (some ten minutes).
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from app.services.loading import open_model, open_population
from benchmarks.telephone_voices import DAYS, ONCE, Bank, open_bank
from engine.groups.cluster import group_voices
from engine.groups.matrix import log10_lr_matrix
from engine.groups.organise import GroupSettings
from engine.groups.rings import Presence, find_rings, suggest_roles
from engine.types import CalibrationModel, FloatArray

VOICE_LIMITS = (0.0, 0.25, 0.5, 0.75, 1.0)
RING_LIMITS = (1.0, 1.25, 1.5, 1.75, 2.0)
SINGLE_LIMITS = (1.0, 1.5, 2.0, 2.25, 2.5, 3.0)
EASY = ("telephone/", "common_voice/", "audiobook/")
DAYS_CALLS, SINGLE_DAYS = 60, 2.0
CALLERS_IN_A_CALL = (0.4, 0.45, 0.15)


@dataclass(frozen=True, slots=True)
class World:
    """Voices by their rows in the bank, with their calls and true people; `organisation` of every
    call, -1 where nobody calls again."""

    rows: NDArray[np.int64]
    calls: NDArray[np.int64]
    people: NDArray[np.str_]
    organisation: NDArray[np.int64]


def make_world(
    bank: Bank, split: int | None, n_calls: int, seed: int, called_twice: float
) -> World:
    """Calls of the speakers of one half (`split` 0 or 1), or of all (None); a share `called_twice`
    of the victims is called by two organisations."""
    rng = np.random.default_rng(seed)
    supply = {
        name: list(rng.permutation(np.flatnonzero(bank.speakers == name)))
        for name in np.unique(bank.speakers)
    }
    repeated = [n for n in supply if not n.startswith(ONCE)]
    chosen = repeated if split is None else repeated[split::2]
    callers = [str(n) for n in rng.permutation(chosen)]
    once = [str(n) for n in rng.permutation([n for n in supply if n.startswith(ONCE)])]
    n_rings = int(np.clip(n_calls // 40, 3, 8))
    rings = [[callers.pop() for _ in range(rng.integers(3, 6))] for _ in range(n_rings)]
    alone = [[callers.pop()] for _ in range(min(len(callers), n_rings))]
    share = np.append(
        rng.dirichlet(np.full(n_rings, 4.0)) * 0.8, np.full(len(alone), 0.1 / len(alone))
    )
    voices: list[tuple[int, int, str]] = []
    organisation = np.full(n_calls, -1)

    def speak(call: int, person: str) -> bool:
        if supply[person]:
            voices.append((supply[person].pop(), call, person))
            return True
        return False

    again: list[str] = []
    for call in range(n_calls):
        which = int(rng.choice(len(share) + 1, p=np.append(share, 1 - share.sum())))
        members = (*rings, *alone, [])[which]
        count = 1 + int(rng.choice(3, p=CALLERS_IN_A_CALL))
        spoke = [speak(call, str(p)) for p in rng.permutation(members)[:count]]
        if any(spoke):
            organisation[call] = which
        if called_twice and again and which < n_rings and rng.random() < called_twice:
            speak(call, again.pop())
        elif called_twice and callers and which < n_rings and rng.random() < called_twice:
            again.append(callers.pop())
            speak(call, again[-1])
        elif once and rng.random() < 0.9:
            speak(call, once.pop())
        for _ in range(int(rng.random() < 0.1) + int(which == len(share))):
            if once:
                speak(call, once.pop())
    rows, calls, people = zip(*voices, strict=True)
    return World(np.array(rows), np.array(calls), np.array(people), organisation)


# Systems: a label per voice, and a label per call (-1: in no ring)


def ours(
    world: World, log10_lr: FloatArray, settings: GroupSettings
) -> tuple[list[int], list[int]]:
    """The product."""
    people = group_voices(log10_lr, [str(c) for c in world.calls], settings.voices_log10)
    return _rings_of(
        world, log10_lr, people_labels(people, len(world.rows)), settings.ring_strength
    )


def people_labels(people: Sequence[object], n: int) -> list[int]:
    """Number of every voice's person."""
    labels = [0] * n
    for number, person in enumerate(people):
        for voice in person.voices:  # type: ignore[attr-defined]
            labels[voice] = number
    return labels


def _rings_of(
    world: World, log10_lr: FloatArray, labels: list[int], limit: float
) -> tuple[list[int], list[int]]:
    presences = [
        Presence(str(person), str(call), voice)
        for voice, (person, call) in enumerate(zip(labels, world.calls, strict=True))
    ]
    found = find_rings(presences, suggest_roles(presences), log10_lr, limit)
    rings = [-1] * len(world.organisation)
    for number, ring in enumerate(found.rings):
        for call in ring.calls:
            rings[int(call)] = number
    return labels, rings


def single_linkage(world: World, log10_lr: FloatArray, limit: float) -> tuple[list[int], list[int]]:
    """Voices above a fixed limit are one person's; people in a call are one ring's."""
    linked = coo_matrix(log10_lr >= limit)
    _, people = connected_components(linked, directed=False)
    recurring = np.array([len(set(world.calls[people == p])) > 1 for p in range(people.max() + 1)])
    binding = recurring[people]
    n = len(world.organisation)
    edges = coo_matrix(
        (np.ones(binding.sum()), (world.calls[binding], n + people[binding])),
        shape=(n + people.max() + 1,) * 2,
    )
    _, part = connected_components(edges, directed=False)
    in_ring = np.isin(np.arange(n), world.calls[binding])
    return people.tolist(), np.where(in_ring, part[:n], -1).tolist()


# Figures


def figures(world: World, people: list[int], rings: list[int]) -> dict[str, float]:
    """Figures of one result; see `main` for what they are."""
    return {**_people_figures(world.people, np.array(people)), **_ring_figures(world, rings)}


def _people_figures(truth: NDArray[np.str_], found: NDArray[np.int64]) -> dict[str, float]:
    _, real = np.unique(truth, return_inverse=True)
    table = coo_matrix((np.ones(len(real)), (real, found))).tocsr()
    both = np.asarray(table[real, found]).ravel()
    precision = float((both / np.bincount(found)[found]).mean())
    recall = float((both / np.bincount(real)[real]).mean())
    pairs = [
        float((np.asarray(x) * (np.asarray(x) - 1) / 2).sum())
        for x in (table.data, np.bincount(found), np.bincount(real))
    ]
    return {
        "bcubed_f": 2 * precision * recall / (precision + recall),
        "pair_precision": pairs[0] / max(1.0, pairs[1]),
        "pair_recall": pairs[0] / pairs[2],
    }


def _ring_figures(world: World, rings: list[int]) -> dict[str, float]:
    belongs = np.flatnonzero(world.organisation >= 0)
    truth = world.organisation[belongs]
    alone = iter(range(len(rings), 2 * len(rings)))
    found = np.array([rings[c] if rings[c] >= 0 else next(alone) for c in belongs])
    heard: dict[int, set[str]] = {}
    for call, person in zip(world.calls, world.people, strict=True):
        if not person.startswith(ONCE):
            heard.setdefault(int(call), set()).add(str(person))
    links = [
        found[i] == found[j]
        for i, j in combinations(range(len(belongs)), 2)
        if truth[i] == truth[j] and heard[belongs[i]] & heard[belongs[j]]
    ]
    table = Counter(zip(found.tolist(), truth.tolist(), strict=True))
    held: dict[int, list[int]] = {}
    for (ring, _), count in table.items():
        held.setdefault(ring, []).append(count)
    return {
        "rand": adjusted_rand(truth, found),
        "links_found": float(np.mean(links)),
        "merges": sum(sum(c > 1 for c in counts) > 1 for counts in held.values()),
        "strays": sum(sum(counts) - max(counts) for counts in held.values()),
        "calls": len(belongs),
    }


def adjusted_rand(truth: NDArray[np.int64], found: NDArray[np.int64]) -> float:
    """Hubert and Arabie 1985."""

    def pairs(counts: Counter[object]) -> float:
        return sum(n * (n - 1) / 2 for n in counts.values())

    both = pairs(Counter(zip(truth.tolist(), found.tolist(), strict=True)))
    a, b = pairs(Counter(truth.tolist())), pairs(Counter(found.tolist()))
    chance = a * b / max(1.0, len(truth) * (len(truth) - 1) / 2)
    return (both - chance) / ((a + b) / 2 - chance)


def summary(results: Sequence[dict[str, float]]) -> str:
    """Means over the seeds, and how many false merges and stray calls there were in all."""
    mean = {key: float(np.mean([r[key] for r in results])) for key in results[0]}
    merged = sum(r["merges"] > 0 for r in results)
    return (
        f"B-cubed F {mean['bcubed_f']:.3f}  pairs P {mean['pair_precision']:.3f} R "
        f"{mean['pair_recall']:.3f}  rand {mean['rand']:.3f}  links found {mean['links_found']:.1%}"
        f"  false merges {sum(r['merges'] for r in results):.0f} in {merged} of {len(results)} runs"
        f"  strays {sum(r['strays'] for r in results):.0f} of "
        f"{sum(r['calls'] for r in results):.0f}"
    )


def runs(
    bank: Bank,
    calibration: CalibrationModel,
    split: int | None,
    n_calls: int,
    seeds: Sequence[int],
    called_twice: float = 0.0,
) -> Iterator[tuple[World, FloatArray]]:
    """Worlds with their matrices."""
    for seed in seeds:
        world = make_world(bank, split, n_calls, seed, called_twice)
        yield world, log10_lr_matrix(bank.of(world.rows), calibration, bounded=False)


def tune(bank: Bank, calibration: CalibrationModel, sizes: Sequence[int], n_seeds: int) -> None:
    """Every pair of limits on the first half of the speakers."""
    worlds = [run for n in sizes for run in runs(bank, calibration, 0, n, range(n_seeds))]
    for limit in SINGLE_LIMITS:
        results = [figures(w, *single_linkage(w, m, limit)) for w, m in worlds]
        print(f"single {limit:5.2f}        {summary(results)}", flush=True)
    for voices in VOICE_LIMITS:
        labels = [
            people_labels(group_voices(m, [str(c) for c in w.calls], voices), len(w.rows))
            for w, m in worlds
        ]
        for limit in RING_LIMITS:
            results = [
                figures(w, *_rings_of(w, m, own, limit))
                for (w, m), own in zip(worlds, labels, strict=True)
            ]
            print(f"ours {voices:5.2f} {limit:5.2f}  {summary(results)}", flush=True)


def other_days(
    name: str, bank: Bank, calibration: CalibrationModel, split: int | None, n_seeds: int
) -> None:
    """Callers whose every voice is of another recording. There are few: a caller is heard until the
    recordings end, and all speakers are used where a half is too few."""
    seeds = range(100, 100 + n_seeds)
    worlds = list(runs(bank, calibration, split, DAYS_CALLS, seeds))
    same = [
        float(matrix[i, j])
        for world, matrix in worlds
        for i, j in combinations(range(len(world.rows)), 2)
        if world.people[i] == world.people[j]
    ]
    heard = np.mean([len({p for p in w.people if p.startswith(DAYS)}) for w, _ in worlds])
    print(
        f"{name}: {heard:.1f} callers a world, median log10 LR of one speaker {np.median(same):.2f}"
    )
    single = [figures(w, *single_linkage(w, m, SINGLE_DAYS)) for w, m in worlds]
    print(f"{name}: single linkage {SINGLE_DAYS:5.2f}  {summary(single)}", flush=True)
    for step in (-0.5, -0.25, 0.0, 0.25, 0.5):
        settings = GroupSettings().shifted(step)
        results = [figures(w, *ours(w, m, settings)) for w, m in worlds]
        limits = f"{settings.voices_log10:5.2f} {settings.ring_strength:5.2f}"
        print(f"{name}: {limits}  {summary(results)}", flush=True)


def main() -> None:
    """Tune with --tune, else tell the figures of the default limits on the other speakers:

    B-cubed F and pairs over all voices; of the calls with a caller who is heard again, the adjusted
    Rand index of the rings and the share of links found (pairs of calls of one organisation that
    share a caller and are in one ring); false merges are rings with two calls or more of each of
    two organisations or more, strays the calls that are in another organisation's ring.
    """
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("bank", type=Path)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--work", type=Path, default=Path("work"))
    parser.add_argument("--tune", action="store_true")
    parser.add_argument("--calls", type=int, nargs="+", default=[100, 300])
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--single", type=float, default=2.5, help="limit of single linkage")
    given = parser.parse_args()
    whole = open_bank(given.bank, given.data, given.work)
    bank = whole.only(*EASY, ONCE)
    calibration = open_population(None, open_model(None, "cpu")).calibration
    if given.tune:
        tune(bank, calibration, given.calls, given.seeds)
        return
    standard = GroupSettings()
    for n_calls in given.calls:
        for twice in (0.0, 0.05):
            seeds = range(100, 100 + given.seeds)
            worlds = list(runs(bank, calibration, 1, n_calls, seeds, twice))
            about = f"{n_calls} calls" + (", victims called twice" if twice else "")
            single = [figures(w, *single_linkage(w, m, given.single)) for w, m in worlds]
            print(f"{about}: single linkage {given.single:5.2f}  {summary(single)}", flush=True)
            for step in (-0.5, -0.25, 0.0, 0.25, 0.5):
                settings = standard.shifted(step)
                results = [figures(w, *ours(w, m, settings)) for w, m in worlds]
                print(
                    f"{about}: {settings.voices_log10:5.2f} {settings.ring_strength:5.2f}  "
                    f"{summary(results)}",
                    flush=True,
                )
    for name, beginnings, split in (
        ("another recording in every call, other half", (DAYS,), 1),
        ("another recording in every call, all speakers", (DAYS,), None),
        ("real telephone calls alone, all speakers", (f"{DAYS}telephone/",), None),
    ):
        other_days(name, whole.only(*beginnings, ONCE), calibration, split, given.seeds)


if __name__ == "__main__":
    main()
