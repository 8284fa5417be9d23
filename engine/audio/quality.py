"""First quality figures of a recording: levels, clipping, noise, bandwidth."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from engine.errors import ErrorCode, SeongmunError
from engine.types import Audio, FloatArray, QualityReport, SpeechSegment

FRAME_S = 0.02
PAUSE_GUARD_S = 0.1
MINIMUM_PAUSE_S = 0.3
CLIPPED_RUN = 3
CLIPPING_FLOOR = 0.1
SPECTRUM_POINTS = 1024
BANDWIDTH_DROP_DB = 40.0
BANDWIDTH_FLOOR_DB = 8.0
LOWEST_SNR_DB, HIGHEST_SNR_DB = -20.0, 80.0
SILENCE = 1e-12


def require_signal(audio: Audio) -> None:
    """Refuse a recording without any signal (AUDIO_SILENT)."""
    if not np.ptp(audio.samples, axis=1).any():
        raise SeongmunError(ErrorCode.AUDIO_SILENT, path=str(audio.recording.path))


def measure_quality(
    samples: FloatArray, sample_rate_hz: int, segments: Sequence[SpeechSegment], channel: int
) -> QualityReport:
    """Measure one channel.

    Parameters
    ----------
    samples : float32 [shape=(n,)], full scale ±1
    segments : speech segments of this channel

    Returns
    -------
    QualityReport
        See there for the definitions; level and bandwidth are those of the speech, or of the whole
        recording where no speech was found.
    """
    speech = _mask(len(samples), sample_rate_hz, segments, 0.0)
    pauses = ~_mask(len(samples), sample_rate_hz, segments, PAUSE_GUARD_S)
    heard = samples[speech] if speech.any() else samples
    return QualityReport(
        channel=channel,
        duration_s=len(samples) / sample_rate_hz,
        net_speech_s=float(speech.sum() / sample_rate_hz),
        snr_db=_snr_db(samples, speech, pauses, sample_rate_hz),
        clipped_share=clipped_share(samples),
        bandwidth_hz=bandwidth_hz(heard, sample_rate_hz),
        level_dbfs=_db(float(np.mean(np.square(heard, dtype=np.float64)))),
        peak_dbfs=2 * _db(float(np.abs(samples).max())),
        dc_offset=float(np.mean(samples, dtype=np.float64)),
    )


def clipped_share(samples: FloatArray) -> float:
    """Share of samples in runs of at least three equal values at the recording's extremes.

    Clipping before a lower gain leaves its plateaus below full scale, so the extremes are the
    recording's own; recordings that peak under -20 dBFS are not called clipped.
    """
    clipped = 0
    for extreme in (samples.max(), samples.min()):
        if abs(extreme) < CLIPPING_FLOOR:
            continue
        flat = np.concatenate([[False], samples == extreme, [False]])
        edges = np.flatnonzero(np.diff(flat.astype(np.int8)))
        runs = edges[1::2] - edges[::2]
        clipped += int(runs[runs >= CLIPPED_RUN].sum())
    return clipped / len(samples)


def bandwidth_hz(samples: FloatArray, sample_rate_hz: int) -> float:
    """Highest frequency of the long-term spectrum within 40 dB of its peak and above its floor.

    The floor is the lowest tenth of the spectrum: what a band-limited channel leaves empty.
    """
    spectrum_db = _long_term_spectrum_db(samples)
    ceiling = float(np.percentile(spectrum_db, 98))
    floor = float(np.percentile(spectrum_db, 5))
    threshold = max(ceiling - BANDWIDTH_DROP_DB, min(floor + BANDWIDTH_FLOOR_DB, ceiling - 3))
    above = np.flatnonzero(spectrum_db > threshold)
    return (
        float((above[-1] + 1) * sample_rate_hz / 2 / (len(spectrum_db) - 1)) if len(above) else 0.0
    )


def _long_term_spectrum_db(samples: FloatArray) -> NDArray[np.float64]:
    window = np.hanning(SPECTRUM_POINTS)
    padded = np.pad(samples, (0, max(0, SPECTRUM_POINTS - len(samples))))
    starts = np.arange(0, len(padded) - SPECTRUM_POINTS + 1, SPECTRUM_POINTS // 2)
    power = np.zeros(SPECTRUM_POINTS // 2 + 1)
    for block in np.array_split(starts, max(1, len(starts) // 2000)):
        frames = padded[block[:, None] + np.arange(SPECTRUM_POINTS)] * window
        power += np.square(np.abs(np.fft.rfft(frames))).sum(axis=0)
    smooth = np.convolve(power / max(1, len(starts)), np.ones(5) / 5, "same")
    return np.asarray(10 * np.log10(smooth + SILENCE))


def _snr_db(
    samples: FloatArray,
    speech: NDArray[np.bool_],
    pauses: NDArray[np.bool_],
    sample_rate_hz: int,
) -> float | None:
    """Mean power in speech less mean power in pauses, over the latter; None without both."""
    if not speech.any() or pauses.sum() < MINIMUM_PAUSE_S * sample_rate_hz:
        return None
    noise = _median_frame_power(samples[pauses], sample_rate_hz)
    total = float(np.mean(np.square(samples[speech], dtype=np.float64)))
    ratio = max(total - noise, SILENCE) / max(noise, SILENCE)
    return float(np.clip(10 * np.log10(ratio), LOWEST_SNR_DB, HIGHEST_SNR_DB))


def _median_frame_power(samples: FloatArray, sample_rate_hz: int) -> float:
    """Clicks and missed words in the pauses do not move the median."""
    length = max(1, int(FRAME_S * sample_rate_hz))
    frames = samples[: len(samples) // length * length].reshape(-1, length)
    return float(np.median(np.mean(np.square(frames, dtype=np.float64), axis=1)))


def _mask(
    length: int, sample_rate_hz: int, segments: Sequence[SpeechSegment], guard_s: float
) -> NDArray[np.bool_]:
    mask = np.zeros(length, np.bool_)
    for segment in segments:
        start = max(0, round((segment.start_s - guard_s) * sample_rate_hz))
        mask[start : round((segment.end_s + guard_s) * sample_rate_hz)] = True
    return mask


def _db(power: float) -> float:
    return float(10 * np.log10(max(power, SILENCE)))
