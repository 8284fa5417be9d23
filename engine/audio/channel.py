"""What codec a signal looks as if it had gone through, whatever file it lies in now.

A telephone call saved as M4A keeps the traces of its codec: the band, the floor between the
formants, the residual that the codec's excitation leaves, the rhythm of its frames. A small linear
classifier weighs them; its coefficients were fitted by `engine.training.codecs`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from scipy.fft import irfft, rfft
from scipy.ndimage import uniform_filter1d

from engine.audio.blocks import COMMON_RATE_HZ, Block
from engine.audio.resample import resample
from engine.audio.spectra import frame_powers, hann
from engine.types import FloatArray

CODEC_CLASSES = (
    "wideband",
    "wideband.mp3",
    "narrowband",
    "narrowband.gsm_fr",
)
COEFFICIENTS = Path(__file__).resolve().parents[2] / "resources" / "codecs.json"
UNKNOWN = "unknown"
SURE = 0.6
MINIMUM_FRAMES = 60
LOUD_DB = 20.0
WINDOW, HOP, BAND_BINS = 512, 256, 8
FLOOR = 1e-10
HOLE = 1e-8
NARROW_RATE_HZ = 8000
RESIDUAL_FRAME, RESIDUAL_POINTS, LPC_ORDER = 160, 480, 10
RESIDUAL_FRAMES_PER_BLOCK = 200
GRID_HZ = 8000 / 3  # GSM-FR keeps every third sample of its excitation
FLUX_WINDOW, FLUX_HOP = 128, 32
RHYTHMS_HZ = (50.0, 100.0, 200.0)


class ChannelTraces:
    """Collects the traces of a codec in speech, block by block."""

    def __init__(self) -> None:
        self._n = 0
        self._sums: list[NDArray[np.float64]] = []
        self._residuals: list[NDArray[np.float64]] = []
        self._rhythms: list[NDArray[np.float64]] = []

    def add(self, block: Block) -> None:
        """Take a block; one with hardly any speech is passed over."""
        samples, speech = block.common, block.common_speech
        if len(samples) < WINDOW * 4 or not speech.any():
            return
        power = frame_powers(samples, hann(WINDOW), HOP).astype(np.float64)
        centres = np.minimum(np.arange(len(power)) * HOP + WINDOW // 2, len(speech) - 1)
        total = power.sum(axis=1)
        spoken = speech[centres]
        level = float(total[spoken].mean()) if spoken.any() else 0.0
        loud = spoken & (total > level * 10 ** (-LOUD_DB / 10))
        if level <= 0 or loud.sum() < MINIMUM_FRAMES // 4:
            return
        self._n += int(loud.sum())
        self._sums.append(_spectral_sums(power[loud] / level))
        self._residuals.append(_residual_traces(samples, centres[loud]))
        self._rhythms.append(_rhythm(samples, speech))

    def features(self) -> NDArray[np.float64] | None:
        """The traces, float64 [shape=(features,)]; None with too little speech."""
        if self._n < MINIMUM_FRAMES:
            return None
        total = np.sum(self._sums, axis=0) / self._n
        mean, square, holes = total
        deviation = np.sqrt(np.maximum(square - mean**2, 0))
        telephone = mean[1:14].mean()
        eighths = holes.reshape(8, -1).mean(axis=1)
        return np.concatenate(
            [
                mean - telephone,
                deviation,
                eighths,
                np.mean(self._residuals, axis=0),
                np.mean(self._rhythms, axis=0),
            ]
        )

    @property
    def guess(self) -> tuple[str, float] | None:
        """The likeliest of `CODEC_CLASSES` (``unknown`` below a probability of 0.6) with its
        probability among them; None with too little speech."""
        features = self.features()
        if features is None:
            return None
        probabilities = _classifier().probabilities(features)
        best = int(probabilities.argmax())
        probability = float(probabilities[best])
        return (CODEC_CLASSES[best] if probability >= SURE else UNKNOWN), probability


def _spectral_sums(power: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sums over frames of log power, its square, and "is empty", per band of 250 Hz."""
    bands = power[:, : WINDOW // 2].reshape(len(power), -1, BAND_BINS).sum(axis=2)
    log = np.log10(bands + FLOOR)
    return np.stack([log.sum(axis=0), np.square(log).sum(axis=0), (bands < HOLE).sum(axis=0)])


def _residual_traces(samples: FloatArray, centres: NDArray[np.int64]) -> NDArray[np.float64]:
    """Of the linear-prediction residual at 8 kHz: likeness to itself mirrored and shifted at
    GSM-FR's grid, kurtosis, and its spectrum in eight bands."""
    narrow = resample(samples, COMMON_RATE_HZ, NARROW_RATE_HZ).astype(np.float64)
    starts = centres // 2 - RESIDUAL_FRAME // 2
    starts = starts[(starts >= LPC_ORDER) & (starts + RESIDUAL_FRAME <= len(narrow))]
    chosen = starts[:: max(1, len(starts) // RESIDUAL_FRAMES_PER_BLOCK)]
    frames = narrow[chosen[:, None] + np.arange(-LPC_ORDER, RESIDUAL_FRAME)]
    residual = _residuals(frames)
    if not len(residual):
        return np.zeros(11)
    spectrum = np.log(np.abs(rfft(residual * np.hanning(RESIDUAL_FRAME), RESIDUAL_POINTS)) + 1e-9)
    detail = spectrum - uniform_filter1d(spectrum, 15, axis=1, mode="constant")
    grid = round(GRID_HZ / NARROW_RATE_HZ * RESIDUAL_POINTS)
    low = np.arange(12, grid // 2 - 4)
    mirrored = _likeness(detail[:, low], detail[:, grid - low])
    shifted = _likeness(detail[:, low], detail[:, grid + low])
    centred = residual - residual.mean(axis=1, keepdims=True)
    kurtosis = np.mean(centred**4, axis=1) / (np.mean(centred**2, axis=1) ** 2 + 1e-24)
    bands = spectrum[:, : RESIDUAL_POINTS // 2].reshape(len(spectrum), 8, -1).mean(axis=2)
    bands = bands - bands.mean(axis=1, keepdims=True)
    return np.concatenate(
        [[mirrored.mean(), shifted.mean(), np.log(kurtosis).mean()], bands.mean(axis=0)]
    )


def _residuals(frames: NDArray[np.float64]) -> NDArray[np.float64]:
    """Residuals of linear prediction (Levinson and Durbin's recursion, all frames at once); silent
    frames are left out."""
    windowed = frames * np.hanning(frames.shape[1])
    correlation = irfft(np.abs(rfft(windowed, 512)) ** 2)[:, : LPC_ORDER + 1]
    audible = correlation[:, 0] >= 1e-9
    frames, correlation = frames[audible], correlation[audible]
    correlation[:, 0] *= 1.0001
    filters = np.zeros_like(correlation)
    filters[:, 0] = 1.0
    error = correlation[:, 0].copy()
    for order in range(1, LPC_ORDER + 1):
        lagged = correlation[:, order:0:-1]
        reflection = -np.sum(filters[:, :order] * lagged, axis=1) / error
        filters[:, : order + 1] += reflection[:, None] * filters[:, order::-1]
        error *= 1 - reflection**2
    length = frames.shape[1] - LPC_ORDER
    shifted = [
        frames[:, LPC_ORDER - lag : LPC_ORDER - lag + length] for lag in range(LPC_ORDER + 1)
    ]
    return np.asarray(sum(filters[:, lag, None] * part for lag, part in enumerate(shifted)))


def _likeness(first: NDArray[np.float64], second: NDArray[np.float64]) -> NDArray[np.float64]:
    """Correlation of each row of one with that of the other."""
    first = first - first.mean(axis=1, keepdims=True)
    second = second - second.mean(axis=1, keepdims=True)
    scale = np.sqrt(np.sum(first**2, axis=1) * np.sum(second**2, axis=1))
    return np.asarray(np.sum(first * second, axis=1) / (scale + 1e-24))


def _rhythm(samples: FloatArray, speech: NDArray[np.bool_]) -> NDArray[np.float64]:
    """How much spectra change in the rhythm of codec frames (20, 10, 5 ms), in dB over beside."""
    frames = sliding_window_view(samples, FLUX_WINDOW)[::FLUX_HOP] * hann(FLUX_WINDOW)
    log = np.log(np.abs(rfft(frames, axis=1))[:, 2:30] + 1e-6)
    flux = np.abs(np.diff(log, axis=0)).mean(axis=1)
    centres = np.minimum(np.arange(len(flux)) * FLUX_HOP + FLUX_WINDOW // 2, len(speech) - 1)
    flux = np.where(speech[centres], flux, np.median(flux[speech[centres]]))
    spectrum = np.abs(rfft((flux - flux.mean()) * np.hanning(len(flux)))) ** 2
    step_hz = COMMON_RATE_HZ / FLUX_HOP / len(flux)
    frequency = np.arange(len(spectrum), dtype=np.float64) * step_hz
    return np.array([_line_db(spectrum, frequency, rhythm, step_hz) for rhythm in RHYTHMS_HZ])


def _line_db(
    spectrum: NDArray[np.float64], frequency: NDArray[np.float64], at_hz: float, step_hz: float
) -> float:
    distance = np.abs(frequency - at_hz)
    line = spectrum[distance <= max(0.3, 2 * step_hz)].max(initial=0.0)
    beside = spectrum[(distance > 1) & (distance < 8)]
    return float(10 * np.log10((line + 1e-12) / (np.median(beside) + 1e-12))) if len(beside) else 0


@dataclass(frozen=True, slots=True)
class CodecClassifier:
    """Multinomial logistic regression: `weights` is float64 [shape=(classes, features + 1)], the
    last column the intercept; features are standardised by `mean` and `deviation`."""

    mean: NDArray[np.float64]
    deviation: NDArray[np.float64]
    weights: NDArray[np.float64]

    def probabilities(self, features: NDArray[np.float64]) -> NDArray[np.float64]:
        """Probability of each of `CODEC_CLASSES`, float64 [shape=(classes,)]."""
        standard = np.clip((features - self.mean) / self.deviation, -6, 6)
        logits = self.weights @ np.append(standard, 1.0)
        odds = np.exp(logits - logits.max())
        return np.asarray(odds / odds.sum())


@cache
def _classifier() -> CodecClassifier:
    table = json.loads(COEFFICIENTS.read_text(encoding="utf-8"))
    if tuple(table["classes"]) != CODEC_CLASSES:
        raise ValueError("codecs.json is of other classes")
    return CodecClassifier(*(np.array(table[key]) for key in ("mean", "deviation", "weights")))
