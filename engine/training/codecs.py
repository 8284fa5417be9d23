"""Fit the coefficients of `engine.audio.channel`'s classifier.

``python -m engine.training.codecs DATA OUT.json``: DATA holds the training recordings
(`manifest.csv`); speakers of the development sets take no part.
"""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray
from scipy.optimize import minimize

from engine.audio.blocks import Block
from engine.audio.channel import CODEC_CLASSES, ChannelTraces
from engine.training.augment import SAMPLE_RATE_HZ, apply_codec, through_av
from engine.types import FloatArray

SECONDS = 8.0
PER_CLASS = 350
PENALTY = 3.0
Chain = Callable[[FloatArray, np.random.Generator], FloatArray]


def _narrow(codec: str) -> Chain:
    def chain(samples: FloatArray, rng: np.random.Generator) -> FloatArray:
        return _at(8000, samples, lambda narrow: apply_codec(narrow, codec, rng))

    return chain


def _narrow_opus(samples: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Decoded at 48 kHz, as everyone does: traces above 4 kHz are part of it."""
    narrow = _at(8000, samples, lambda narrow: narrow)
    rate = 1000 * int(rng.choice([6, 8, 12]))
    return _at(48000, narrow, lambda wide: through_av(wide, 48000, "libopus", rate))


def _wide(codec: str, *rates: int) -> Chain:
    def chain(samples: FloatArray, rng: np.random.Generator) -> FloatArray:
        return through_av(samples, SAMPLE_RATE_HZ, codec, int(rng.choice(rates)))

    return chain


def _at(
    rate_hz: int, samples: FloatArray, change: Callable[[FloatArray], FloatArray]
) -> FloatArray:
    there = np.asarray(soxr.resample(samples, SAMPLE_RATE_HZ, rate_hz), np.float32)
    return np.asarray(soxr.resample(change(there), rate_hz, SAMPLE_RATE_HZ), np.float32)


CHAINS: dict[str, tuple[Chain, ...]] = {
    "wideband": (
        lambda samples, rng: samples,
        _wide("aac", 24000, 32000),
        _wide("libopus", 16000, 24000),
    ),
    "wideband.mp3": (_wide("libmp3lame", 16000, 24000, 32000),),
    "narrowband": (
        *(_narrow(codec) for codec in ("pcm", "mulaw", "alaw", "amr", "opus")),
        _narrow("amr"),
        _narrow_opus,
    ),
    "narrowband.gsm_fr": (_narrow("gsm"),),
}


def saved_again(samples: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Half of the calls are saved again at 44.1 kHz and a decent rate, as phones and editors do."""
    codec = rng.choice(["aac", "libmp3lame", "", ""])
    if not codec:
        return samples
    return _at(44100, samples, lambda wide: through_av(wide, 44100, str(codec), 64000))


def example(samples: FloatArray, name: str, rng: np.random.Generator) -> NDArray[np.float64] | None:
    """Traces of a class's random chain."""
    chains = CHAINS[name]
    level = 10 ** (rng.uniform(-20, -3) / 20) / max(float(np.abs(samples).max()), 1e-4)
    heard = chains[rng.integers(len(chains))](np.asarray(samples * level, np.float32), rng)
    traces = ChannelTraces()
    everything = np.ones(len(heard), np.bool_)
    traces.add(Block(saved_again(heard, rng), SAMPLE_RATE_HZ, everything, ~everything))
    return traces.features()


def fit(features: NDArray[np.float64], labels: NDArray[np.int64]) -> dict[str, list[object]]:
    """Multinomial logistic regression with an L2 penalty, as a document for ``codecs.json``."""
    mean, deviation = features.mean(axis=0), features.std(axis=0) + 1e-6
    standard = np.clip((features - mean) / deviation, -6, 6)
    design = np.hstack([standard, np.ones((len(standard), 1))])
    target = np.eye(len(CODEC_CLASSES))[labels]

    def loss(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        weights = flat.reshape(len(CODEC_CLASSES), -1)
        logits = design @ weights.T
        logits -= logits.max(axis=1, keepdims=True)
        log_odds = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
        penalised = weights.copy()
        penalised[:, -1] = 0
        gradient = (np.exp(log_odds) - target).T @ design + PENALTY * penalised
        value = -float((target * log_odds).sum()) + PENALTY / 2 * float((penalised**2).sum())
        return value, gradient.ravel()

    start = np.zeros(len(CODEC_CLASSES) * design.shape[1])
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 500})
    weights = found.x.reshape(len(CODEC_CLASSES), -1)
    return {
        "classes": list(CODEC_CLASSES),
        "mean": mean.round(5).tolist(),
        "deviation": deviation.round(5).tolist(),
        "weights": weights.round(4).tolist(),
    }


def examples(data: Path, rng: np.random.Generator) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Traces and classes of random stretches of random training recordings."""
    with (data / "manifest.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if float(row["duration_s"]) > 4]
    features, labels = [], []
    for label, name in enumerate(CODEC_CLASSES):
        for index in rng.permutation(len(rows))[:PER_CLASS]:
            spare_s = float(rows[index]["duration_s"]) - SECONDS
            start = int(rng.uniform(0, max(0.0, spare_s)) * SAMPLE_RATE_HZ)
            samples, _ = soundfile.read(
                data / rows[index]["path"],
                int(SECONDS * SAMPLE_RATE_HZ),
                start,
                dtype="float32",
            )
            found = example(samples, name, rng)
            if found is not None:
                features.append(found)
                labels.append(label)
    return np.array(features), np.array(labels)


def main() -> None:
    """Fit and write."""
    data, out = map(Path, sys.argv[1:3])
    features, labels = examples(data, np.random.default_rng(0))
    out.write_text(json.dumps(fit(features, labels)) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
