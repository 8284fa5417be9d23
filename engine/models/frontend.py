"""Kaldi filter bank and normalisation, as a model pack's front end asks for.

Frames follow Kaldi's `compute-fbank-feats` with snip-edges and without dither: DC removal,
pre-emphasis, window, power spectrum of the next power of two, triangular mel filters, natural log.
"""

from __future__ import annotations

import kaldi_native_fbank as knf
import numpy as np

from engine.types import FloatArray, FrontEnd

CHUNK_S = 10.0


def compute_features(samples: FloatArray, front_end: FrontEnd) -> FloatArray:
    """Log-mel filter bank.

    Parameters
    ----------
    samples : float32 [shape=(n,)], full scale ±1, at `front_end.sample_rate_hz`
    front_end : FrontEnd

    Returns
    -------
    float32 [shape=(frames, mel_bins)], natural log of mel energies, not normalised; no frames
    where there are fewer samples than one window.
    """
    bank = knf.OnlineFbank(_options(front_end))
    chunk = int(CHUNK_S * front_end.sample_rate_hz)
    parts: list[FloatArray] = []
    taken = 0
    for start in range(0, len(samples), chunk):
        scaled = samples[start : start + chunk] * np.float32(front_end.sample_scale)
        bank.accept_waveform(front_end.sample_rate_hz, scaled.tolist())
        ready = bank.num_frames_ready
        if ready > taken:
            parts.append(np.stack([bank.get_frame(i) for i in range(taken, ready)]))
            bank.pop(ready - taken)
            taken = ready
    if not parts:
        return np.zeros((0, front_end.mel_bins), np.float32)
    return np.concatenate(parts)


def normalise(features: FloatArray, front_end: FrontEnd) -> FloatArray:
    """Subtract each bin's mean and divide by its deviation, as far as the pack asks for it.

    `features` are float32 [shape=(frames, mel_bins)]; no frames stay none.
    """
    result = features
    if not len(features):
        return result
    if front_end.mean_normalisation:
        result = result - result.mean(axis=0, keepdims=True)
    if front_end.variance_normalisation:
        result = result / (result.std(axis=0, keepdims=True) + 1e-5)
    return result.astype(np.float32, copy=False)


def _options(front_end: FrontEnd) -> knf.FbankOptions:
    options = knf.FbankOptions()
    frame = options.frame_opts
    frame.samp_freq = front_end.sample_rate_hz
    frame.dither = 0.0
    frame.window_type = front_end.window
    frame.frame_length_ms = front_end.frame_length_ms
    frame.frame_shift_ms = front_end.frame_shift_ms
    frame.preemph_coeff = front_end.preemphasis
    frame.remove_dc_offset = True
    frame.snip_edges = True
    options.mel_opts.num_bins = front_end.mel_bins
    options.mel_opts.low_freq = front_end.low_hz
    options.mel_opts.high_freq = front_end.high_hz
    options.use_energy = False
    return options
