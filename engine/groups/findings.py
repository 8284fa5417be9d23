"""What was found about people and rings, as the data of a report: all of it follows from the
voices' ratios, the limits and the examiner's decisions, so that a reader can make it again.

Voices and calls are named by their places. Ratios are within the supported range.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any

import numpy as np

from engine.groups.cluster import Person
from engine.groups.organise import (
    Decisions,
    GroupSettings,
    Heard,
    organise,
    sensitivity,
    weakest_voice,
    without,
)
from engine.groups.rings import Joint, Ring, RingResult
from engine.progress import CancelToken, Progress, no_progress
from engine.types import FloatArray

Document = dict[str, Any]


def findings(
    log10_lr: FloatArray,
    voices: Sequence[Heard],
    bounds_log10: tuple[float, float],
    settings: GroupSettings,
    decisions: Decisions,
    progress: Progress = no_progress,
    cancel: CancelToken | None = None,
) -> Document:
    """People, rings, links between them, and what other limits would give.

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
    people, rings = organise(log10_lr, voices, settings, decisions, progress, cancel)
    found = _Found(log10_lr, voices, bounds_log10, settings, decisions, people, rings)
    return {
        "people": [found.person(i) for i in range(len(people))],
        "rings": [found.ring(i) for i in range(found.n_rings)],
        "alone": [found.call[r.calls[0]] for r in rings.rings[found.n_rings :]],
        "links": [
            {"between": [found.part(r) for r in link.rings], **found.joint(link.joint)}
            for link in rings.links
        ],
        "sensitivity": sensitivity(log10_lr, voices, settings, decisions, progress, cancel),
    }


class _Found:
    """A result with what is needed to tell of it."""

    def __init__(
        self,
        log10_lr: FloatArray,
        voices: Sequence[Heard],
        bounds_log10: tuple[float, float],
        settings: GroupSettings,
        decisions: Decisions,
        people: tuple[Person, ...],
        rings: RingResult,
    ) -> None:
        self.log10_lr, self.voices, self.bounds = log10_lr, voices, bounds_log10
        self.settings, self.decisions = settings, decisions
        self.people, self.rings = people, rings
        self.n_rings = sum(len(ring.calls) > 1 for ring in rings.rings)
        self.call = {call: i for i, call in enumerate(dict.fromkeys(v.call for v in voices))}

    def shown(self, value: float | None) -> float | None:
        return None if value is None else float(np.clip(value, *self.bounds))

    def person(self, number: int) -> Document:
        """A person with the evidence for every voice; `log10_lr` is the mean over the voices."""
        person, name = self.people[number], f"V{number + 1}"
        own = [m.log10_lr for m in person.members if m.log10_lr is not None]
        return {
            "person": name,
            "role": self.rings.roles[name],
            "role_decided": any(self.voices[v].key in self.decisions.roles for v in person.voices),
            "log10_lr": self.shown(float(np.mean(own))) if own else None,
            "weakest": person.weakest.voice if person.weakest else None,
            "members": [
                {
                    "voice": m.voice,
                    "log10_lr": self.shown(m.log10_lr),
                    "rival_log10_lr": self.shown(m.rival),
                }
                for m in person.members
            ],
        }

    def ring(self, number: int) -> Document:
        """A ring with its weakest joint, and into how many calls each it would part if its voice
        with the least evidence were somebody else's."""
        ring = self.rings.rings[number]
        weakest = weakest_voice(self.people, ring)
        return {
            "ring": number + 1,
            "people": list(ring.people),
            "others": list(ring.others),
            "calls": sorted(self.call[c] for c in ring.calls),
            "weakest_joint": ring.weakest and self.joint(ring.weakest),
            "weakest_voice": weakest
            and {
                "person": weakest.person,
                "voice": weakest.voice,
                "log10_lr": self.shown(weakest.log10_lr),
                "would_remain": self._remaining(ring, weakest.voice),
            },
        }

    def _remaining(self, ring: Ring, voice: int) -> list[int]:
        return list(
            without(
                self.log10_lr,
                self.voices,
                self.people,
                ring,
                voice,
                self.settings,
                self.decisions,
            )
        )

    def part(self, number: int) -> Document:
        """A ring, or the call that is alone."""
        if number < self.n_rings:
            return {"ring": number + 1}
        return {"call": self.call[self.rings.rings[number].calls[0]]}

    def joint(self, joint: Joint) -> Document:
        """What binds two sets of calls, person by person, with the pairs of voices that prove it:
        how many they are, the strongest and the weakest."""
        return {
            "strength": joint.strength,
            "ties": [
                {
                    "person": tie.person,
                    "log10_lr": self.shown(tie.log10_lr),
                    "calls": [sorted(self.call[c] for c in side) for side in tie.calls],
                    **self._proof(tie.person, tie.calls),
                }
                for tie in joint.ties
            ],
        }

    def _proof(self, name: str, sides: tuple[tuple[str, ...], tuple[str, ...]]) -> Document:
        own = self.people[int(name[1:]) - 1].voices
        here = [[v for v in own if self.voices[v].call in side] for side in sides]
        pairs = sorted(product(*here), key=lambda pair: (-self.log10_lr[pair], pair))
        return {
            "n_pairs": len(pairs),
            "strongest": self._pair(pairs[0]),
            "weakest": self._pair(pairs[-1]),
        }

    def _pair(self, pair: tuple[int, ...]) -> Document:
        return {"voices": list(pair), "log10_lr": self.shown(float(self.log10_lr[pair]))}
