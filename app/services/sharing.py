"""Which recordings hold the same sound, so that nobody compares a call with itself."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np

from engine.audio.sameness import Fingerprint, SharedSound, SoundIndex, fingerprint
from engine.audio.stored import decode_stored
from engine.casefile.store import CaseFile
from engine.casefile.tables import Exhibit
from engine.errors import ErrorCode, SeongmunError
from engine.files import Source
from engine.progress import CancelToken, Progress, no_progress
from engine.speech.vad import VadSettings, detect_speech_in


@dataclass(frozen=True, slots=True)
class Overlap:
    """Two recordings, by their keys, whose channels (counted from 0) share sound; the times of
    `shared` are the first's and the second's."""

    first: str
    second: str
    first_channel: int
    second_channel: int
    shared: SharedSound


def fingerprints_of(
    source: Source, progress: Progress = no_progress, cancel: CancelToken | None = None
) -> tuple[Fingerprint, ...]:
    """The fingerprint of every channel's speech, in bounded memory (raises as `decode_stored`)."""
    audio = decode_stored(source, allow_truncated=True, progress=progress, cancel=cancel)
    try:
        return tuple(
            fingerprint(
                channel,
                detect_speech_in(channel, VadSettings(), number, progress, cancel),
                cancel,
            )
            for number, channel in enumerate(audio.channels)
        )
    finally:
        audio.close()


def pack_fingerprints(prints: Sequence[Fingerprint]) -> bytes:
    """Fingerprints as bytes, to be kept."""
    arrays = {
        f"{number}.{field.name}": getattr(each, field.name)
        for number, each in enumerate(prints)
        for field in fields(Fingerprint)
    }
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, channels=np.int64(len(prints)), **arrays)
    return buffer.getvalue()


def unpack_fingerprints(content: bytes) -> tuple[Fingerprint, ...]:
    """Inverse of `pack_fingerprints`."""
    with np.load(io.BytesIO(content), allow_pickle=False) as kept:
        return tuple(
            Fingerprint(*(kept[f"{number}.{field.name}"] for field in fields(Fingerprint)))
            for number in range(int(kept["channels"]))
        )


def overlaps_among(
    recordings: Mapping[str, Sequence[Fingerprint]], new: Sequence[str] | None = None
) -> list[Overlap]:
    """All pairs of recordings that share sound, longest first; with `new` only pairs that contain
    one of these keys.

    One index serves all: a recording more costs what it has in common with the others.
    """
    channels = [
        (key, number, each)
        for key, prints in recordings.items()
        for number, each in enumerate(prints)
    ]
    if not channels:
        return []
    index = SoundIndex([each for _, _, each in channels])
    asked = None if new is None else set(new)
    longest: dict[tuple[str, str], Overlap] = {}
    for position, (key, number, query) in enumerate(channels):
        if asked is not None and key not in asked:
            continue
        for other, shared in index.shared_with(query).items():
            other_key, other_number, _ = channels[other]
            seen_from_there = other < position and (asked is None or other_key in asked)
            if other_key == key or seen_from_there:
                continue
            pair = (key, other_key)
            if pair not in longest or shared.duration_s > longest[pair].shared.duration_s:
                longest[pair] = Overlap(key, other_key, number, other_number, shared)
    return sorted(longest.values(), key=lambda overlap: -overlap.shared.duration_s)


def overlaps_in_case(
    case: CaseFile, progress: Progress = no_progress, cancel: CancelToken | None = None
) -> tuple[list[Overlap], dict[str, SeongmunError]]:
    """All pairs of a case's media that share sound, by SHA-256, and the media that could not be
    read and so were not checked.

    Raises
    ------
    SeongmunError
        CANCELLED.
    """
    media = list(dict.fromkeys(exhibit.media_sha256 for exhibit in case.rows(Exhibit)))
    prints: dict[str, tuple[Fingerprint, ...]] = {}
    unread: dict[str, SeongmunError] = {}
    for done, sha256 in enumerate(media):
        progress("sameness", done, len(media))
        if cancel is not None:
            cancel.check()
        try:
            prints[sha256] = fingerprints_of(case.media(sha256), cancel=cancel)
        except SeongmunError as error:
            if error.code is ErrorCode.CANCELLED:
                raise
            unread[sha256] = error
    return overlaps_among(prints), unread
