"""The filter bank against an independent numpy implementation of Kaldi's definition."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.models.frontend import compute_features, normalise
from engine.types import FrontEnd


def reference_fbank(samples: np.ndarray, front_end: FrontEnd) -> np.ndarray:
    """Kaldi's compute-fbank-feats in float64 (feature-window.cc, mel-computations.cc)."""
    rate = front_end.sample_rate_hz
    length, shift = rate * 25 // 1000, rate * 10 // 1000
    n_frames = 1 + (len(samples) - length) // shift
    frames = samples[np.arange(n_frames)[:, None] * shift + np.arange(length)].astype(float)
    frames *= front_end.sample_scale
    frames -= frames.mean(axis=1, keepdims=True)
    emphasised = frames - 0.97 * np.concatenate([frames[:, :1], frames[:, :-1]], axis=1)
    position = 2 * np.pi * np.arange(length) / (length - 1)
    windows = {
        "hamming": 0.54 - 0.46 * np.cos(position),
        "povey": (0.5 - 0.5 * np.cos(position)) ** 0.85,
    }
    power = np.abs(np.fft.rfft(emphasised * windows[front_end.window], 512)) ** 2

    def mel(hz: np.ndarray) -> np.ndarray:
        return 1127 * np.log1p(np.asarray(hz) / 700)

    edges = np.linspace(mel(20.0), mel(rate / 2), front_end.mel_bins + 2)
    bins = mel(np.arange(256) * rate / 512)
    rising = (bins - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    falling = (edges[2:, None] - bins) / (edges[2:] - edges[1:-1])[:, None]
    filters = np.maximum(0, np.minimum(rising, falling))
    return np.log(np.maximum(power[:, :256] @ filters.T, np.finfo(np.float32).eps))


@pytest.mark.parametrize("window", ["hamming", "povey"])
def test_equals_numpy_reference(shared_data: Path, window: str) -> None:
    samples, rate_hz = soundfile.read(
        shared_data / "train/arabic_speech_commands/a01.ogg", dtype="float32", frames=160_000
    )
    front_end = FrontEnd(window=window)
    assert rate_hz == front_end.sample_rate_hz
    features = compute_features(samples, front_end)
    expected = reference_fbank(samples, front_end)
    assert features.shape == expected.shape
    assert np.abs(features - expected).max() < 2e-3


def test_long_input_in_chunks_equals_reference() -> None:
    samples = (0.1 * np.random.default_rng(0).standard_normal(16000 * 25)).astype(np.float32)
    features = compute_features(samples, FrontEnd())
    assert np.abs(features - reference_fbank(samples, FrontEnd())).max() < 2e-3


@pytest.mark.parametrize(("n_samples", "frames"), [(0, 0), (399, 0), (400, 1), (560, 2)])
def test_frame_count_snips_edges(n_samples: int, frames: int) -> None:
    assert compute_features(np.full(n_samples, 0.1, np.float32), FrontEnd()).shape == (frames, 80)


def test_normalise_centres_and_scales() -> None:
    features = np.random.default_rng(1).normal(3, 2, (500, 80)).astype(np.float32)
    both = normalise(features, FrontEnd(variance_normalisation=True))
    assert np.abs(both.mean(axis=0)).max() < 1e-4
    assert np.abs(both.std(axis=0) - 1).max() < 1e-3
    assert np.array_equal(normalise(features, FrontEnd(mean_normalisation=False)), features)
