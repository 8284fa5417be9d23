"""Calls heard: who speaks in each, every speaker embedded, every call decoded once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from app.services.comparing import embed_voice
from app.services.gate import require_suitable
from app.services.segmenting import find_turns
from app.services.synthetic import is_synthetic
from app.services.voices import SPEECH_RATE_HZ, Voice
from engine.audio.peaks import SampleReader
from engine.audio.quality import measure_quality
from engine.audio.resample import resample
from engine.audio.sameness import Fingerprint, SoundIndex, fingerprint
from engine.audio.stored import StoredAudio, decode_stored
from engine.errors import ErrorCode, SeongmunError
from engine.files import Source, hash_file
from engine.models.session import EmbeddingModel
from engine.progress import CancelToken, Progress, no_progress
from engine.types import Embedding, FloatArray, QualityReport, Recording, SpeechSegment

SHARED_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class CallFacts:
    """What is known of a call besides its sound, each empty where it is not: the number of its
    case, whose recordings it is from, when it began (`engine.casefile.calls`), its direction as
    seen from the telephone that recorded it, and when the recording was received."""

    case_number: str = ""
    origin: str = ""
    started: str = ""
    direction: str = ""
    received_utc: str = ""


NO_FACTS = CallFacts()


@dataclass(frozen=True, slots=True)
class CallSource:
    """A call: where its bytes lie, its own name and path, what is known of it, and its turns where
    the examiner made some."""

    source: Source
    path: Path
    facts: CallFacts = NO_FACTS
    segments: tuple[SpeechSegment, ...] | None = None
    n_speakers: int | None = None


@dataclass(frozen=True, slots=True)
class CallVoice:
    """One speaker of one call; `key` names the voice wherever its recording lies."""

    path: Path
    recording: Recording
    speaker: str
    channel: int
    segments: tuple[SpeechSegment, ...]
    quality: QualityReport
    embedding: Embedding
    facts: CallFacts = NO_FACTS

    @property
    def key(self) -> str:
        return voice_key(self.recording.sha256, self.channel, self.speaker)

    @property
    def flags(self) -> tuple[str, ...]:
        """Cautions about the recording."""
        flags = ["recording.truncated"] * ("audio.truncated" in self.recording.warnings)
        flags += ["recording.synthetic"] * is_synthetic(self.recording)
        return tuple(flags)


@dataclass(frozen=True, slots=True)
class Skipped:
    """A call, or one speaker of it, that takes no part, and why."""

    path: Path
    speaker: str | None
    error: SeongmunError


@dataclass(frozen=True, slots=True)
class HeardCalls:
    """The voices of calls in the order of the calls, and what was skipped."""

    voices: tuple[CallVoice, ...]
    skipped: tuple[Skipped, ...]


def call_sources(paths: Sequence[Path], n_speakers: int | None = None) -> list[CallSource]:
    """Calls that lie in files."""
    return [CallSource(path, path, n_speakers=n_speakers) for path in paths]


def voice_key(media_sha256: str, channel: int, speaker: str) -> str:
    """The name of a voice that holds in every case and gallery."""
    return f"{media_sha256}/{channel}/{speaker}"


def hear_calls(
    calls: Sequence[CallSource],
    model: EmbeddingModel,
    progress: Progress = no_progress,
    cancel: CancelToken | None = None,
) -> HeardCalls:
    """Find the speakers of many calls and embed them.

    A call that cannot be read, the same bytes or the same sound as an earlier call, and speakers
    who cannot be compared are skipped with their codes (raises CANCELLED, MODEL_*).
    """
    voices: list[list[CallVoice]] = []
    skipped: list[Skipped] = []
    prints: list[Fingerprint] = []
    known: set[str] = set()
    for done, call in enumerate(calls):
        progress("calls", done, len(calls))
        try:
            own, left_out, sound = _hear(call, model, known, cancel)
        except SeongmunError as error:
            if error.code is ErrorCode.CANCELLED:
                raise
            skipped.append(Skipped(call.path, None, error))
        else:
            voices.append(own)
            skipped += left_out
            prints.append(sound)
    kept = []
    for number, double in enumerate(_doubles(prints, voices)):
        if double is None:
            kept += voices[number]
        else:
            path = voices[number][0].path
            same = SeongmunError(ErrorCode.COMPARE_SAME_CONTENT, path=path.name, **double)
            skipped.append(Skipped(path, None, same))
    return HeardCalls(tuple(kept), tuple(skipped))


def _doubles(
    prints: Sequence[Fingerprint], voices: Sequence[Sequence[CallVoice]]
) -> Iterator[dict[str, float] | None]:
    """For each call where an earlier one holds the same sound, if it does for most of what is said:
    an announcement that two calls share makes them no copies."""
    index = SoundIndex(prints) if prints else None
    for number, sound in enumerate(prints):
        speech_s = sum(v.quality.net_speech_s for v in voices[number])
        shared = index.shared_with(sound) if index is not None and speech_s else {}
        found = [
            s
            for earlier, s in shared.items()
            if earlier < number and voices[earlier] and s.duration_s > SHARED_SHARE * speech_s
        ]
        yield (
            {
                "questioned_start_s": round(found[0].second_start_s, 1),
                "known_start_s": round(found[0].first_start_s, 1),
                "duration_s": round(found[0].duration_s, 1),
            }
            if found
            else None
        )


def _hear(
    call: CallSource, model: EmbeddingModel, known: set[str], cancel: CancelToken | None
) -> tuple[list[CallVoice], list[Skipped], Fingerprint]:
    sha256, _ = hash_file(call.source, cancel=cancel)
    if sha256 in known:
        raise SeongmunError(ErrorCode.COMPARE_SAME_BYTES, path=call.path.name)
    known.add(sha256)
    stored = decode_stored(call.source, allow_truncated=True, cancel=cancel)
    try:
        turns = call.segments
        if turns is None:
            turns = find_turns(stored, model, call.n_speakers, cancel=cancel)
        if not turns:
            raise SeongmunError(ErrorCode.SPEECH_NONE, path=call.path.name)
        voices: list[CallVoice] = []
        skipped: list[Skipped] = []
        for channel, speaker in sorted({(s.channel, s.speaker) for s in turns}):
            own = [s for s in turns if (s.channel, s.speaker) == (channel, speaker)]
            try:
                voices.append(_voice(call, stored, speaker, own, model, cancel))
            except SeongmunError as error:
                if error.code is ErrorCode.CANCELLED:
                    raise
                skipped.append(Skipped(call.path, speaker, error))
        channel = max({s.channel for s in turns}, key=lambda c: _net_s(turns, c))
        speech = [s for s in turns if s.channel == channel]
        return voices, skipped, fingerprint(stored.channels[channel], speech, cancel)
    finally:
        stored.close()


def _net_s(turns: Sequence[SpeechSegment], channel: int) -> float:
    return sum(s.duration_s for s in turns if s.channel == channel)


def _voice(
    call: CallSource,
    stored: StoredAudio,
    speaker: str,
    turns: Sequence[SpeechSegment],
    model: EmbeddingModel,
    cancel: CancelToken | None,
) -> CallVoice:
    """A speaker's own speech: what another voice is heard beneath is left out."""
    alone = tuple(s for s in turns if not s.overlap)
    channel = turns[0].channel
    reader = stored.channels[channel]
    quality = measure_quality(reader, alone, channel, cancel=cancel, all_speech=False)
    recording = replace(stored.recording, path=Path(call.path.name))
    empty: FloatArray = np.zeros(0, np.float32)
    voice = Voice(recording, channel, empty, alone, quality, empty, stored.steps)
    require_suitable(voice)
    embedding = embed_voice(replace(voice, speech=_speech(reader, alone)), model, cancel=cancel)
    return CallVoice(call.path, recording, speaker, channel, alone, quality, embedding, call.facts)


def _speech(reader: SampleReader, turns: Sequence[SpeechSegment]) -> FloatArray:
    rate_hz = reader.sample_rate_hz
    parts = [
        resample(
            reader.read(round(s.start_s * rate_hz), round(s.end_s * rate_hz)),
            rate_hz,
            SPEECH_RATE_HZ,
        )
        for s in turns
    ]
    return np.concatenate(parts)
