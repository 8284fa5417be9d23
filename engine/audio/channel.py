"""What codec a signal looks as if it had gone through, whatever file it lies in now.

A telephone call saved as M4A keeps the traces of its codec: the band, the floor between the
formants, the residual that the codec's excitation leaves, the rhythm of its frames. A small linear
classifier weighs them; its coefficients were fitted by `engine.training.codecs`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from scipy.fft import irfft, rfft
from scipy.linalg import solve_toeplitz

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
UNKNOWN = "unknown"
SURE = 0.6
MINIMUM_FRAMES = 60
LOUD_DB = 20.0
WINDOW, HOP, BAND_BINS = 512, 256, 8
FLOOR = 1e-10
HOLE = 1e-8
NARROW_RATE_HZ = 8000
RESIDUAL_FRAME, LPC_ORDER = 160, 10
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
    traces = [trace for start in chosen if (trace := _residual_trace(narrow, start)) is not None]
    return np.mean(traces, axis=0) if traces else np.zeros(11)


def _residual_trace(narrow: NDArray[np.float64], start: int) -> NDArray[np.float64] | None:
    frame = narrow[start - LPC_ORDER : start + RESIDUAL_FRAME]
    windowed = frame * np.hanning(len(frame))
    correlation = irfft(np.abs(rfft(windowed, 512)) ** 2)[: LPC_ORDER + 1]
    if correlation[0] < 1e-9:
        return None
    correlation[0] *= 1.0001
    predictor = solve_toeplitz(correlation[:-1], correlation[1:])
    residual = np.convolve(frame, np.concatenate([[1.0], -predictor]), "valid")
    spectrum = np.log(np.abs(rfft(residual * np.hanning(len(residual)), 480)) + 1e-9)
    detail = spectrum - np.convolve(spectrum, np.ones(15) / 15, "same")
    grid = round(GRID_HZ / NARROW_RATE_HZ * 480)
    low = np.arange(12, grid // 2 - 4)
    mirrored = np.corrcoef(detail[low], detail[grid - low])[0, 1]
    shifted = np.corrcoef(detail[low], detail[grid + low])[0, 1]
    centred = residual - residual.mean()
    kurtosis = np.mean(centred**4) / (np.mean(centred**2) ** 2 + 1e-24)
    bands = spectrum[:240].reshape(8, -1).mean(axis=1)
    return np.concatenate([[mirrored, shifted, np.log(kurtosis)], bands - bands.mean()])


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
    text = (files("resources") / "codecs.json").read_text(encoding="utf-8")
    table = json.loads(text)
    if tuple(table["classes"]) != CODEC_CLASSES:
        raise ValueError("codecs.json is of other classes")
    return CodecClassifier(*(np.array(table[key]) for key in ("mean", "deviation", "weights")))
