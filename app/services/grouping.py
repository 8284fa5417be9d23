"""Who is heard where: the voices of many calls grouped into people, and people into rings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np

from app.services.calls import CallSource, CallVoice, HeardCalls, Skipped, hear_calls
from engine.errors import ErrorCode, SeongmunError
from engine.groups.cluster import Person
from engine.groups.matrix import VoiceVectors, log10_lr_matrix
from engine.groups.organise import (
    Decisions,
    GroupSettings,
    Heard,
    organise,
    sensitivity,
)
from engine.groups.rings import Joint, RingResult
from engine.lr.population import require_model
from engine.models.session import EmbeddingModel
from engine.progress import CancelToken, Progress, no_progress
from engine.types import FloatArray, Population


def group_settings(voices_log10: float | None) -> GroupSettings:
    """The default, or shifted so that voices are joined from `voices_log10` on."""
    standard = GroupSettings()
    return standard.shifted(0 if voices_log10 is None else voices_log10 - standard.voices_log10)


@dataclass(frozen=True, slots=True)
class Grouping:
    """Voices, whom they are taken for, and the rings.

    `log10_lr` is float32 [shape=(n, n)] beyond the supported range `bounds_log10`: what is shown
    is `shown`. A person's name is that of its place, ``V1`` for the first.
    """

    voices: tuple[CallVoice, ...]
    skipped: tuple[Skipped, ...]
    log10_lr: FloatArray
    bounds_log10: tuple[float, float]
    people: tuple[Person, ...]
    rings: RingResult
    settings: GroupSettings
    decisions: Decisions
    population_id: str

    def shown(self, log10_lr: float | None) -> float | None:
        """A log10 LR within the supported range."""
        return None if log10_lr is None else float(np.clip(log10_lr, *self.bounds_log10))

    def pair(self, first: int, second: int) -> float:
        """The log10 LR of two voices within the supported range."""
        return float(np.clip(self.log10_lr[first, second], *self.bounds_log10))

    @property
    def heard(self) -> list[Heard]:
        """The voices as what is organised."""
        return [
            Heard(v.key, v.recording.sha256, v.facts.origin, v.facts.direction) for v in self.voices
        ]

    @property
    def n_rings(self) -> int:
        """How many rings have two calls or more: what comes after them is a call alone, which
        nothing binds strongly enough."""
        return sum(len(ring.calls) > 1 for ring in self.rings.rings)

    def ring_of(self, person: str) -> int | None:
        """The ring in which a caller is heard most; None for whoever is in no ring."""
        own = {self.voices[v].recording.sha256 for v in self.people[int(person[1:]) - 1].voices}
        heard = [
            (len(own & set(ring.calls)), -number)
            for number, ring in enumerate(self.rings.rings[: self.n_rings])
            if person in ring.people
        ]
        return -max(heard)[1] if heard else None


def group_calls(
    calls: Sequence[CallSource],
    model: EmbeddingModel,
    population: Population,
    settings: GroupSettings | None = None,
    decisions: Decisions | None = None,
    progress: Progress = no_progress,
    cancel: CancelToken | None = None,
) -> Grouping:
    """Hear the calls and group their voices.

    Raises
    ------
    SeongmunError
        GROUP_TOO_FEW, POPULATION_MODEL, CANCELLED, MODEL_*.
    """
    require_model(population, model.pack.model_sha256)
    heard = hear_calls(calls, model, progress, cancel)
    return group_heard(heard, population, settings, decisions, progress, cancel)


def group_heard(
    heard: HeardCalls,
    population: Population,
    settings: GroupSettings | None = None,
    decisions: Decisions | None = None,
    progress: Progress = no_progress,
    cancel: CancelToken | None = None,
) -> Grouping:
    """Group voices that were heard.

    Raises
    ------
    SeongmunError
        GROUP_TOO_FEW where voices that can be compared are in fewer than two calls;
        GROUP_CONTRADICTION where the examiner's decisions exclude one another; POPULATION_MODEL,
        CANCELLED.
    """
    voices = heard.voices
    n_calls = len({voice.recording.sha256 for voice in voices})
    if n_calls < 2:
        raise SeongmunError(ErrorCode.GROUP_TOO_FEW, calls=n_calls)
    require_model(population, voices[0].embedding.model_sha256)
    vectors = VoiceVectors(
        np.stack([v.embedding.vector for v in voices]),
        np.array([(v.embedding.cohort_mean, v.embedding.cohort_deviation) for v in voices]),
    )
    calibration = population.calibration
    matrix = log10_lr_matrix(vectors, calibration, None, False, progress, cancel)
    empty = Grouping(
        voices,
        heard.skipped,
        matrix,
        calibration.bounds_log10,
        (),
        RingResult((), (), {}),
        settings or GroupSettings(),
        decisions or Decisions(),
        population.id,
    )
    return regroup(empty, progress=progress, cancel=cancel)


def regroup(
    grouping: Grouping,
    settings: GroupSettings | None = None,
    decisions: Decisions | None = None,
    progress: Progress = no_progress,
    cancel: CancelToken | None = None,
) -> Grouping:
    """The same voices under other settings or decisions (raises GROUP_CONTRADICTION, CANCELLED)."""
    settings, decisions = settings or grouping.settings, decisions or grouping.decisions
    try:
        people, rings = organise(
            grouping.log10_lr, grouping.heard, settings, decisions, progress, cancel
        )
    except ValueError as error:
        raise SeongmunError(ErrorCode.GROUP_CONTRADICTION, reason=str(error)) from error
    return replace(grouping, people=people, rings=rings, settings=settings, decisions=decisions)


def grouping_document(grouping: Grouping) -> dict[str, Any]:
    """Everything that was found, as data."""
    path = {v.recording.sha256: str(v.path) for v in grouping.voices}
    rings = grouping.rings
    return {
        "voices": [_voice(grouping, number) for number in range(len(grouping.people))],
        "rings": [
            {
                "ring": number,
                "voices": list(ring.people),
                "others": list(ring.others),
                "calls": [path[call] for call in ring.calls],
                "weakest": ring.weakest and _joint(grouping, ring.weakest, path),
            }
            for number, ring in enumerate(rings.rings[: grouping.n_rings], 1)
        ],
        "links": [
            *_voice_links(grouping),
            *(
                {
                    "kind": "rings",
                    "rings": [n + 1 if n < grouping.n_rings else None for n in link.rings],
                    **_joint(grouping, link.joint, path),
                }
                for link in rings.links
            ),
        ],
        "skipped": [skipped_document(item) for item in grouping.skipped],
        "sensitivity": sensitivity(
            grouping.log10_lr, grouping.heard, grouping.settings, grouping.decisions
        ),
        "min_log10_lr": grouping.settings.voices_log10,
        "ring_strength": grouping.settings.ring_strength,
        "bounds": list(grouping.bounds_log10),
        "population_id": grouping.population_id,
        "model_sha256": grouping.voices[0].embedding.model_sha256,
    }


def skipped_document(item: Skipped) -> dict[str, Any]:
    """What takes no part, and why."""
    return {
        "path": str(item.path),
        "speaker": item.speaker,
        "code": item.error.code.value,
        "params": dict(item.error.params),
    }


def _voice(grouping: Grouping, number: int) -> dict[str, Any]:
    person, name = grouping.people[number], f"V{number + 1}"
    ring = grouping.ring_of(name)
    weakest = person.weakest
    return {
        "voice": name,
        "role": grouping.rings.roles[name],
        "ring": None if ring is None else ring + 1,
        "weakest_log10_lr": weakest and grouping.shown(weakest.log10_lr),
        "members": [
            {
                **member_document(grouping.voices[member.voice]),
                "log10_lr": grouping.shown(member.log10_lr),
                "rival_log10_lr": grouping.shown(member.rival),
            }
            for member in person.members
        ],
    }


def member_document(voice: CallVoice) -> dict[str, Any]:
    """A speaker of a call; `start_s` and `end_s` are the first and last that is heard."""
    return {
        "path": str(voice.path),
        "speaker": voice.speaker,
        "channel": voice.channel,
        "start_s": min(s.start_s for s in voice.segments),
        "end_s": max(s.end_s for s in voice.segments),
        "net_speech_s": round(voice.quality.net_speech_s, 3),
        "flags": list(voice.flags),
    }


def _voice_links(grouping: Grouping) -> list[dict[str, Any]]:
    """Every two voices of a person, with the calls in which they are heard."""
    return [
        {
            "kind": "voice",
            "voice": f"V{number}",
            "log10_lr": grouping.pair(a, b),
            "calls": [str(grouping.voices[v].path) for v in (a, b)],
            "speakers": [grouping.voices[v].speaker for v in (a, b)],
        }
        for number, person in enumerate(grouping.people, 1)
        for a, b in combinations(person.voices, 2)
    ]


def _joint(grouping: Grouping, joint: Joint, path: Mapping[str, str]) -> dict[str, Any]:
    """What binds two sets of calls; `log10_lr` is the highest of the people's own."""
    return {
        "strength": joint.strength,
        "log10_lr": max((grouping.shown(t.log10_lr) or 0.0 for t in joint.ties), default=None),
        "decided": joint.strength is None,
        "voices": [tie.person for tie in joint.ties],
        "calls": sorted({path[call] for tie in joint.ties for side in tie.calls for call in side}),
        "ties": [
            {
                "voice": tie.person,
                "log10_lr": grouping.shown(tie.log10_lr),
                "calls": [[path[call] for call in side] for side in tie.calls],
            }
            for tie in joint.ties
        ],
    }
