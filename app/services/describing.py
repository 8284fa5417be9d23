"""What a recording is, before anything is compared."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from app.services.voices import SPEECH_RATE_HZ
from engine.audio.decode import decode
from engine.audio.quality import measure_quality
from engine.audio.resample import resample
from engine.speech.vad import VadSettings, detect_speech
from engine.types import Audio


def describe_file(path: Path) -> dict[str, Any]:
    """Container, codec, hash and the quality of every channel (raises as `decode`)."""
    audio = decode(path, allow_truncated=True)
    recording = audio.recording
    return {
        "path": str(path),
        "file_name": path.name,
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
        "quality": [_quality(audio, channel) for channel in range(recording.channels)],
    }


def _quality(audio: Audio, channel: int) -> dict[str, Any]:
    samples = audio.samples[channel]
    speech_rate = resample(samples, audio.sample_rate_hz, SPEECH_RATE_HZ)
    segments = detect_speech(speech_rate, VadSettings(), channel)
    return asdict(measure_quality(samples, audio.sample_rate_hz, segments, channel))
