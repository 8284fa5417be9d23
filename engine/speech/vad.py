"""Speech activity by Silero VAD, with Silero's hysteresis."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

import numpy as np

from engine.audio.blocks import HeldSamples
from engine.audio.peaks import SampleReader
from engine.audio.resample import resampled_blocks
from engine.progress import CancelToken, Progress, no_progress
from engine.speech.silero import (
    CHUNK_SAMPLES,
    CONTEXT_SAMPLES,
    SAMPLE_RATE_HZ,
    WEIGHTS_SHA256,
    load_silero,
    windowed,
)
from engine.types import FloatArray, ParamValue, SpeechSegment

CHUNK_S = CHUNK_SAMPLES / SAMPLE_RATE_HZ
BLOCK_CHUNKS = 512
PEAK_BLOCK = 1 << 20


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
        return {"detector": "silero-vad 6.2", "weights_sha256": WEIGHTS_SHA256, **asdict(self)}


def detect_speech(
    samples: FloatArray,
    settings: VadSettings,
    channel: int = 0,
    progress: Progress = no_progress,
    cancel: CancelToken | None = None,
) -> tuple[SpeechSegment, ...]:
    """Speech segments of samples that are in memory, float32 [shape=(n,)] at 16 kHz; see
    `detect_speech_in`."""
    return detect_speech_in(
        HeldSamples(samples, SAMPLE_RATE_HZ), settings, channel, progress, cancel
    )


def detect_speech_in(
    reader: SampleReader,
    settings: VadSettings,
    channel: int = 0,
    progress: Progress = no_progress,
    cancel: CancelToken | None = None,
) -> tuple[SpeechSegment, ...]:
    """Speech segments of one channel of any length and rate, in bounded memory.

    Returns
    -------
    Segments in order, not overlapping, within the recording.

    Raises
    ------
    SeongmunError
        MODEL_MISSING, MODEL_HASH, CANCELLED.
    """
    probabilities = speech_probabilities(reader, settings.target_peak, progress, cancel)
    duration_s = reader.n_samples / reader.sample_rate_hz
    padded: list[tuple[float, float]] = []
    for start_s, end_s in _spans(probabilities, settings):
        start_s = max(0.0, start_s - settings.padding_s)
        end_s = min(duration_s, end_s + settings.padding_s)
        if padded and start_s <= padded[-1][1]:
            padded[-1] = (padded[-1][0], end_s)
        else:
            padded.append((start_s, end_s))
    return tuple(
        SpeechSegment(round(start_s, 6), round(end_s, 6), channel) for start_s, end_s in padded
    )


def speech_probabilities(
    reader: SampleReader,
    target_peak: float,
    progress: Progress = no_progress,
    cancel: CancelToken | None = None,
) -> FloatArray:
    """Probability of speech per chunk of 32 ms, float32 [shape=(chunks,)]."""
    starts = range(0, reader.n_samples, PEAK_BLOCK)
    peak = max((np.abs(reader.read(s, s + PEAK_BLOCK)).max() for s in starts), default=0.0)
    gain = np.float32(target_peak / peak if peak > 0 else 1.0)
    total = reader.n_samples * SAMPLE_RATE_HZ / reader.sample_rate_hz / CHUNK_SAMPLES
    parts: list[FloatArray] = [np.zeros(0, np.float32)]
    done = 0
    for part in load_silero().probabilities(_windows(reader, gain)):
        if cancel is not None:
            cancel.check()
        parts.append(part)
        done += len(part)
        progress("speech", min(done, total), total)
    return np.concatenate(parts)


def _windows(reader: SampleReader, gain: np.float32) -> Iterator[FloatArray]:
    """The detector's input, in blocks of at most `BLOCK_CHUNKS` chunks; the last is filled up."""
    before = np.zeros(CONTEXT_SAMPLES, np.float32)
    waiting = np.zeros(0, np.float32)
    length = BLOCK_CHUNKS * CHUNK_SAMPLES
    for block in resampled_blocks(reader, SAMPLE_RATE_HZ):
        waiting = np.concatenate([waiting, block * gain])
        while len(waiting) >= length:
            yield windowed(waiting[:length].reshape(-1, CHUNK_SAMPLES), before)
            before, waiting = waiting[length - CONTEXT_SAMPLES : length], waiting[length:]
    if len(waiting):
        rest = np.pad(waiting, (0, -len(waiting) % CHUNK_SAMPLES))
        yield windowed(rest.reshape(-1, CHUNK_SAMPLES), before)


def _spans(probabilities: FloatArray, settings: VadSettings) -> list[tuple[float, float]]:
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
