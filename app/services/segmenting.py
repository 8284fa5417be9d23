"""Propose who speaks when in a recording."""

from __future__ import annotations

from dataclasses import dataclass

from engine.audio.peaks import SampleReader
from engine.audio.resample import alike
from engine.audio.stored import StoredAudio, decode_stored
from engine.files import Source
from engine.models.session import EmbeddingModel
from engine.progress import CancelToken, Progress, no_progress
from engine.speech.diarize import DiarizationSettings, by_channel, diarize, one_party_each
from engine.speech.vad import VadSettings, detect_speech_in
from engine.types import Recording, SpeechSegment


@dataclass(frozen=True, slots=True)
class Proposal:
    """Turns of a recording's speakers, in order of time."""

    recording: Recording
    segments: tuple[SpeechSegment, ...]

    @property
    def n_speakers(self) -> int:
        return len({s.speaker for s in self.segments})


def propose_segments(
    source: Source,
    model: EmbeddingModel,
    n_speakers: int | None = None,
    progress: Progress = no_progress,
    cancel: CancelToken | None = None,
) -> tuple[SpeechSegment, ...]:
    """The turns of `propose`."""
    return propose(source, model, n_speakers, progress, cancel).segments


def propose(
    source: Source,
    model: EmbeddingModel,
    n_speakers: int | None = None,
    progress: Progress = no_progress,
    cancel: CancelToken | None = None,
) -> Proposal:
    """Decode a recording of any length to the disk and find its speakers' turns.

    Channels with one party each are speakers as they are, unless another number of speakers is
    asked for. Else the turns are those of the channel that holds the most speech.

    Raises
    ------
    SeongmunError
        Whatever decoding raises; MODEL_*; CANCELLED.
    """
    stored = decode_stored(source, allow_truncated=True, progress=progress, cancel=cancel)
    try:
        return Proposal(stored.recording, find_turns(stored, model, n_speakers, progress, cancel))
    finally:
        stored.close()


def find_turns(
    stored: StoredAudio,
    model: EmbeddingModel,
    n_speakers: int | None = None,
    progress: Progress = no_progress,
    cancel: CancelToken | None = None,
) -> tuple[SpeechSegment, ...]:
    """The turns of a recording that is decoded, as `propose` finds them."""
    channels: list[tuple[int, SampleReader]] = []
    for number, reader in enumerate(stored.channels):
        if not any(alike(reader, other) for _, other in channels):
            channels.append((number, reader))
    heard = [
        detect_speech_in(reader, VadSettings(), number, progress, cancel)
        for number, reader in channels
    ]
    settings = DiarizationSettings()
    if n_speakers in (None, len(heard)) and one_party_each(heard, settings):
        return by_channel(heard)
    busiest = max(range(len(heard)), key=lambda i: sum(s.duration_s for s in heard[i]))
    return diarize(
        channels[busiest][1], heard[busiest], model, n_speakers, settings, progress, cancel
    )
