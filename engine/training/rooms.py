"""Fit the coefficients of `engine.audio.reverberation` on simulated rooms.

``python -m engine.training.rooms DATA`` prints the weights and the intercept that the module holds;
DATA holds the training recordings.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray
from scipy.signal import fftconvolve

from engine.audio.blocks import COMMON_RATE_HZ, Block
from engine.audio.reverberation import ReverberationMeter
from engine.types import FloatArray

TIMES_S = (0.2, 0.3, 0.45, 0.6, 0.8, 1.0, 1.3)
SECONDS, RECORDINGS = 20, 60


def room(rt60_s: float, direct_db: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """An impulse response: the direct sound, 3 ms later noise that decays by 60 dB in `rt60_s` and
    has `direct_db` less energy."""
    time_s = np.arange(int(rt60_s * COMMON_RATE_HZ)) / COMMON_RATE_HZ
    tail = rng.standard_normal(len(time_s)) * 10 ** (-3 * time_s / rt60_s)
    tail[: int(0.003 * COMMON_RATE_HZ)] = 0
    tail *= 10 ** (-direct_db / 20) / np.linalg.norm(tail)
    tail[0] = 1.0
    return tail


def decays(samples: FloatArray) -> NDArray[np.float64] | None:
    """The meter's features of a recording at 16 kHz."""
    meter = ReverberationMeter()
    everything = np.ones(len(samples), np.bool_)
    meter.add(Block(samples, COMMON_RATE_HZ, everything, ~everything))
    return meter.features


def main() -> None:
    """Fit and print."""
    rng = np.random.default_rng(0)
    features, targets = [], []
    folders = ("librispeech_testother10", "librispeech_tc100_single")
    paths = [p for name in folders for p in sorted((Path(sys.argv[1]) / name).iterdir())]
    for index in rng.permutation(len(paths))[:RECORDINGS]:
        samples, _ = soundfile.read(paths[index], SECONDS * COMMON_RATE_HZ, dtype="float32")
        for rt60_s in TIMES_S:
            wet = fftconvolve(samples, room(rt60_s, rng.uniform(-6, 6), rng))[: len(samples)]
            found = decays(np.asarray(wet, np.float32))
            if found is not None:
                features.append([*found, 1.0])
                targets.append(np.log10(rt60_s))
    weights = np.linalg.lstsq(np.array(features), np.array(targets), rcond=None)[0]
    print("weights", weights[:-1].round(3), "intercept", weights[-1].round(3))


if __name__ == "__main__":
    main()
