"""Signal-to-noise ratio: noise is measured in the pauses and, where there are none, beneath the
speech."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaincinv

from engine.audio.blocks import Block
from engine.audio.spectra import frame_powers, hann
from engine.types import FloatArray

FRAME_S = 0.032
LOWEST_HZ, HIGHEST_HZ = 60.0, 8000.0
MINIMUM_FRAMES = 19  # 0.3 s
KEPT_PAUSE_SHARE = 0.9
SMOOTHED_FRAMES = 5
# Overlapping Hann frames: five of them are worth three independent ones.
INDEPENDENT = 0.6
LOW_QUANTILE = 0.05
SILENT_PAUSE = 1e-9
GATED_SNR_DB, GATE_DB = 15.0, 10.0
LOWEST_SNR_DB, HIGHEST_SNR_DB = -20.0, 80.0
EDGES_HZ = (60, 150, 250, 350, 450, 570, 700, 840, 1000, 1170, 1370, 1600, 1850, 2150, 2500,
            2900, 3400, 4000, 4800, 5800, 7000, 8000)  # fmt: skip


class NoiseMeter:
    """Collects the powers of speech, of pauses, and of the floor beneath speech, block by block."""

    def __init__(self) -> None:
        self._speech_power = 0.0
        self._n_speech = 0
        self._pauses: list[FloatArray] = []
        self._floors: list[tuple[float, int]] = []

    def add(self, block: Block) -> None:
        """Take a block."""
        length = max(64, int(FRAME_S * block.sample_rate_hz))
        power = frame_powers(block.samples, hann(length), length // 2)
        centres = np.minimum(
            np.arange(len(power)) * (length // 2) + length // 2, len(block.speech) - 1
        )
        bands, widths = _bands(power, block.sample_rate_hz / length)
        total = bands.sum(axis=1)
        speech = block.speech[centres]
        self._speech_power += float(total[speech].sum())
        self._n_speech += int(speech.sum())
        self._pauses.append(np.asarray(total[block.pause[centres]], np.float32))
        floor = _floor(bands, widths, speech)
        if floor is not None:
            self._floors.append((floor, int(speech.sum())))

    @property
    def snr_db(self) -> float | None:
        """Power of speech less noise over that of noise; None without speech.

        In pauses of 0.3 s or more in all, noise is the mean power of their frames but the loudest
        tenth: clicks and missed words. Where there are no pauses, or they are digitally silent, or
        the floor beneath speech is far above them (a gate silences the pauses), it is that floor.
        """
        if not self._n_speech:
            return None
        total = self._speech_power / self._n_speech
        beneath, between = self._beneath(), self._between()
        candidates = [_ratio_db(total, noise) for noise in (between, beneath) if noise is not None]
        if not candidates:
            return None
        from_pauses, from_speech = candidates[0], candidates[-1]
        gated = from_speech < min(GATED_SNR_DB, from_pauses - GATE_DB)
        return from_speech if gated else from_pauses

    def _between(self) -> float | None:
        pauses = np.sort(np.concatenate(self._pauses)) if self._pauses else np.zeros(0)
        if len(pauses) < MINIMUM_FRAMES or np.median(pauses) < SILENT_PAUSE:
            return None
        return float(np.mean(pauses[: int(len(pauses) * KEPT_PAUSE_SHARE)]))

    def _beneath(self) -> float | None:
        if not self._floors:
            return None
        floors, frames = np.array(self._floors).T
        return float(np.average(floors, weights=frames))


def _bands(power: FloatArray, step_hz: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Powers [shape=(frames, bands)] and the number of bins of every band that has any."""
    highest = (power.shape[1] - 1) * step_hz
    edges = [edge for edge in EDGES_HZ if edge < highest]
    bins = np.unique(np.ceil(np.array([*edges, min(highest, HIGHEST_HZ)]) / step_hz).astype(int))
    summed = np.add.reduceat(power[:, : bins[-1]].astype(np.float64), bins[:-1], axis=1)
    return summed, np.diff(bins).astype(np.float64)


def _floor(
    bands: NDArray[np.float64], widths: NDArray[np.float64], speech: NDArray[np.bool_]
) -> float | None:
    """Sum over bands of a low quantile of the smoothed power during speech.

    In noise alone a band's smoothed power follows a gamma distribution, whose own quantile tells
    how far below the mean the quantile lies (after Martin 2001, minimum statistics).
    """
    if speech.sum() < MINIMUM_FRAMES + SMOOTHED_FRAMES:
        return None
    kernel = np.ones(SMOOTHED_FRAMES) / SMOOTHED_FRAMES
    smooth = np.apply_along_axis(np.convolve, 0, bands, kernel, "same")[speech]
    shape = widths * SMOOTHED_FRAMES * INDEPENDENT
    bias = gammaincinv(shape, LOW_QUANTILE) / shape
    return float(np.sum(np.quantile(smooth, LOW_QUANTILE, axis=0) / bias))


def _ratio_db(total: float, noise: float) -> float:
    ratio_db = 10 * np.log10(max(total - noise, 1e-15) / max(noise, 1e-15))
    return float(np.clip(ratio_db, LOWEST_SNR_DB, HIGHEST_SNR_DB))
