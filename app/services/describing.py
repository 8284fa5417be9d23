"""What a recording is, before anything is compared."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from app.services.voices import SPEECH_RATE_HZ
from engine.audio.blocks import HeldSamples
from engine.audio.decode import decode
from engine.audio.quality import measure_quality
from engine.audio.resample import resample
from engine.audio.suitability import judge_suitability
from engine.files import Source, path_of
from engine.speech.vad import VadSettings, detect_speech
from engine.types import Audio, QualityReport


def describe_file(source: Source) -> dict[str, Any]:
    """Container, codec, hash, and quality and suitability per channel (raises as `decode`)."""
    audio = decode(source, allow_truncated=True)
    recording = audio.recording
    qualities = [_quality(audio, channel) for channel in range(recording.channels)]
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


def _quality(audio: Audio, channel: int) -> QualityReport:
    samples = audio.samples[channel]
    speech_rate = resample(samples, audio.sample_rate_hz, SPEECH_RATE_HZ)
    segments = detect_speech(speech_rate, VadSettings(), channel)
    return measure_quality(HeldSamples(samples, audio.sample_rate_hz), segments, channel)
