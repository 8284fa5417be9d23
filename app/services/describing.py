"""What a recording is, before anything is compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

from app.services.voices import SPEECH_RATE_HZ
from engine.audio.peaks import SampleReader
from engine.audio.quality import measure_quality
from engine.audio.resample import resample
from engine.audio.stored import decode_stored
from engine.audio.suitability import judge_suitability
from engine.casefile.tables import Segment
from engine.files import Source, path_of
from engine.progress import CancelToken, Progress, no_progress
from engine.speech.vad import VadSettings, detect_speech, detect_speech_in
from engine.types import QualityReport, SpeechSegment


def describe_file(source: Source, cancel: CancelToken | None = None) -> dict[str, Any]:
    """Container, codec, hash, and quality and suitability per channel, of recordings of any
    length in bounded memory (raises as `decode_stored`)."""
    audio = decode_stored(source, allow_truncated=True, cancel=cancel)
    try:
        qualities = [
            _quality(audio.channels, channel, cancel) for channel in range(len(audio.channels))
        ]
    finally:
        audio.close()
    recording = audio.recording
    return {
        "path": str(path_of(source)),
        "file_name": path_of(source).name,
        "sha256": recording.sha256,
        "size_bytes": recording.size_bytes,
        "container": recording.container,
        "codec": recording.codec,
        "sample_rate_hz": recording.sample_rate_hz,
        "channels": recording.channels,
        "n_samples": recording.n_samples,
        "duration_s": recording.duration_s,
        "decoder": recording.decoder,
        "decoder_version": recording.decoder_version,
        "warnings": list(recording.warnings),
        "quality": [asdict(quality) for quality in qualities],
        "suitability": [asdict(judge_suitability(quality)) for quality in qualities],
    }


def _quality(
    channels: Sequence[SampleReader], channel: int, cancel: CancelToken | None
) -> QualityReport:
    speech = detect_speech_in(channels[channel], VadSettings(), channel, cancel=cancel)
    return measure_quality(channels[channel], speech, channel, cancel=cancel)


def describe_selection(
    samples: SampleReader,
    segments: Sequence[Segment],
    channel: int,
    start_s: float,
    end_s: float,
    progress: Progress = no_progress,
    cancel: CancelToken | None = None,
) -> dict[str, Any]:
    """The quality of a stretch of one channel with its ``suitability``.

    Its speech is that of the segments which stand and are not excluded; without any, what the
    detector finds (raises CANCELLED).
    """
    speech = [
        SpeechSegment(s.start_s, s.end_s, channel)
        for s in segments
        if s.channel == channel and not s.excluded and s.start_s < end_s and s.end_s > start_s
    ]
    from_examiner = bool(speech)
    if not from_examiner:
        rate_hz = samples.sample_rate_hz
        part = samples.read(round(start_s * rate_hz), round(end_s * rate_hz))
        found = detect_speech(
            resample(part, rate_hz, SPEECH_RATE_HZ), VadSettings(), channel, progress, cancel
        )
        speech = [replace(s, start_s=s.start_s + start_s, end_s=s.end_s + start_s) for s in found]
    quality = measure_quality(
        samples, speech, channel, start_s, end_s, cancel, all_speech=not from_examiner
    )
    return asdict(quality) | {"suitability": asdict(judge_suitability(quality))}
