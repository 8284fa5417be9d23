"""What telephones, rooms and codecs do to a voice, for training.

Every function takes and returns float32 [shape=(n,)] at 16 kHz, full scale ±1, and draws from the
generator it is given, so that a view can be made again exactly.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np
import soundfile
import soxr
from scipy.fft import irfft, next_fast_len, rfft
from scipy.signal import fftconvolve, firwin, firwin2, lfilter

from engine.types import FloatArray

SAMPLE_RATE_HZ = 16000
TELEPHONE_RATE_HZ = 8000
# Encoders at their least effort: three times as fast, and phones do no more.
FAST = {
    "libopus": {"compression_level": "1"},
    "libmp3lame": {"compression_level": "9"},
    "aac": {"aac_coder": "fast"},
}


@dataclass(frozen=True, slots=True)
class AugmentationConfig:
    """Shares are probabilities; `snr_db` is the range of a uniform draw."""

    telephone_share: float
    noise_share: float
    reverb_share: float
    snr_db: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Disturbances:
    """Noises and measured room responses at 16 kHz; `voices` feeds babble."""

    noises: Sequence[FloatArray]
    rooms: Sequence[FloatArray]
    voices: Sequence[FloatArray]


def load_disturbances(
    noise_dir: Path, room_dir: Path, voices: Sequence[FloatArray]
) -> Disturbances:
    """Read every audio file below the two folders."""
    noises = [_read(p) for p in sorted(noise_dir.rglob("*")) if p.suffix in {".ogg", ".wav"}]
    rooms = [_read(p) for p in sorted(room_dir.glob("*.wav"))]
    return Disturbances(noises, [r[np.abs(r).argmax() :] for r in rooms], voices)


def _read(path: Path) -> FloatArray:
    samples, rate_hz = soundfile.read(path, dtype="float32", always_2d=True)
    return np.asarray(soxr.resample(samples[:, 0], rate_hz, SAMPLE_RATE_HZ), np.float32)


def change_speed(samples: FloatArray, factor: float) -> FloatArray:
    """Resample so that the voice is `factor` times as fast, pitch and formants included."""
    if factor == 1.0:
        return samples
    return np.asarray(soxr.resample(samples, SAMPLE_RATE_HZ * factor, SAMPLE_RATE_HZ), np.float32)


def augment(
    samples: FloatArray,
    config: AugmentationConfig,
    disturbances: Disturbances,
    rng: np.random.Generator,
) -> FloatArray:
    """One random chain: room, noise, then a telephone call or another lossy channel, then level."""
    if rng.random() < config.reverb_share:
        samples = reverberate(samples, disturbances.rooms, rng)
    if rng.random() < config.noise_share:
        samples = add_noise(samples, disturbances, rng.uniform(*config.snr_db), rng)
    if rng.random() < config.telephone_share:
        samples = telephone(samples, rng)
    elif rng.random() < 0.4:
        samples = lossy_wideband(samples, rng)
    gain = 10 ** (rng.uniform(-25, -1) / 20) / max(float(np.abs(samples).max()), 1e-4)
    return np.asarray(samples * gain, np.float32)


def reverberate(
    samples: FloatArray, rooms: Sequence[FloatArray], rng: np.random.Generator
) -> FloatArray:
    """Convolve with a measured room or with exponentially decaying noise (RT60 0.1–0.9 s)."""
    if rooms and rng.random() < 0.2:
        response = rooms[int(rng.integers(len(rooms)))]
    else:
        rt60_s = rng.uniform(0.1, 0.9)
        time_s = np.arange(int(rt60_s * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
        tail = rng.standard_normal(len(time_s)) * 10 ** (-3 * time_s / rt60_s)
        tail *= 10 ** (rng.uniform(-15, 0) / 20) / np.linalg.norm(tail)
        tail[: int(rng.uniform(0.001, 0.01) * SAMPLE_RATE_HZ)] = 0
        tail[0] = 1.0
        response = tail.astype(np.float32)
    wet = fftconvolve(samples, response)[: len(samples)]
    return np.asarray(wet * (_rms(samples) / max(_rms(wet), 1e-6)), np.float32)


def add_noise(
    samples: FloatArray, disturbances: Disturbances, snr_db: float, rng: np.random.Generator
) -> FloatArray:
    """Add a recorded noise, babble of three to six voices, or coloured noise at `snr_db`."""
    kind = rng.random()
    if kind < 0.5 and disturbances.noises:
        noise = disturbances.noises[int(rng.integers(len(disturbances.noises)))]
        noise = stretch(noise, len(samples), rng)
    elif kind < 0.75 and disturbances.voices:
        chosen = rng.integers(len(disturbances.voices), size=rng.integers(3, 7))
        noise = np.zeros(len(samples), np.float32)
        for voice in (disturbances.voices[i] for i in chosen):
            noise += stretch(voice / max(_rms(voice), 1e-4), len(samples), rng)
    else:
        noise = _coloured(len(samples), rng.uniform(0, 2), rng)
    return at_snr(samples, noise, snr_db)


def at_snr(samples: FloatArray, noise: FloatArray, snr_db: float) -> FloatArray:
    """The sum of a voice and a noise [shape=(n,)] of `snr_db` less power."""
    gain = _rms(samples) / max(_rms(noise), 1e-6) * 10 ** (-snr_db / 20)
    return np.asarray(samples + gain * noise, np.float32)


def stretch(noise: FloatArray, length: int, rng: np.random.Generator) -> FloatArray:
    """`length` samples of a noise, repeated as needed, from a random start."""
    start = int(rng.integers(len(noise)))
    return np.asarray(np.resize(np.roll(noise, -start), length), np.float32)


def telephone(samples: FloatArray, rng: np.random.Generator) -> FloatArray:
    """A telephone call: handset response, band limits, 8 kHz, one or two codecs."""
    narrow = np.asarray(
        soxr.resample(_handset(samples, rng), SAMPLE_RATE_HZ, TELEPHONE_RATE_HZ), np.float32
    )
    if rng.random() < 0.3:
        drive = rng.uniform(1, 4) / max(float(np.abs(narrow).max()), 1e-4)
        narrow = np.asarray(np.tanh(narrow * drive) / drive, np.float32)
    if rng.random() < 0.5:
        narrow = add_noise(narrow, Disturbances((), (), ()), rng.uniform(8, 40), rng)
    if rng.random() < 0.2:
        narrow = level(narrow, rng.uniform(0.3, 0.8))
    narrow *= 10 ** (rng.uniform(-20, -2) / 20) / max(float(np.abs(narrow).max()), 1e-4)
    for codec in rng.choice(["mulaw", "alaw", "gsm", "amr", "opus", "pcm"], rng.integers(1, 3)):
        narrow = apply_codec(narrow, str(codec), rng)
    if rng.random() < 0.15:
        narrow = lose_frames(narrow, rng.uniform(0.01, 0.08), rng)
    return np.asarray(soxr.resample(narrow, TELEPHONE_RATE_HZ, SAMPLE_RATE_HZ), np.float32)


def level(samples: FloatArray, strength: float) -> FloatArray:
    """Automatic gain as phones have it: 8 kHz samples over (RMS of the last 50 ms)^strength."""
    width = TELEPHONE_RATE_HZ // 20
    loudness = np.sqrt(lfilter([1 / width], [1, 1 / width - 1], samples.astype(np.float64) ** 2))
    floor = max(float(loudness.max()), 1e-6) / 30
    return np.asarray(samples / np.maximum(loudness, floor) ** strength, np.float32)


def lose_frames(samples: FloatArray, share: float, rng: np.random.Generator) -> FloatArray:
    """A share of the 20 ms frames of 8 kHz samples is lost: the one before is heard again at half
    its level."""
    width = TELEPHONE_RATE_HZ // 50
    result = samples.copy()
    count = len(samples) // width
    for i in np.flatnonzero(rng.random(count) < share):
        if i:
            result[i * width : (i + 1) * width] = result[(i - 1) * width : i * width] / 2
    return result


def lossy_wideband(samples: FloatArray, rng: np.random.Generator) -> FloatArray:
    """A low-rate MP3, AAC or Opus recording, band-limited by its encoder."""
    samples = samples * (
        10 ** (rng.uniform(-12, -1) / 20) / max(float(np.abs(samples).max()), 1e-4)
    )
    codec, rate = [("libopus", 16), ("libopus", 24), ("libmp3lame", 24), ("aac", 32)][
        rng.integers(4)
    ]
    return through_av(np.asarray(samples, np.float32), SAMPLE_RATE_HZ, codec, rate * 1000)


def apply_codec(samples: FloatArray, codec: str, rng: np.random.Generator) -> FloatArray:
    """Encode and decode 8 kHz samples."""
    match codec:
        case "mulaw":
            return _through_soundfile(samples, "WAV", "ULAW")
        case "alaw":
            return _through_soundfile(samples, "WAV", "ALAW")
        case "gsm":
            return _through_soundfile(samples, "WAV", "GSM610")
        case "amr":
            rate = int(rng.choice([4750, 5900, 7400, 12200]))
            return through_av(samples, TELEPHONE_RATE_HZ, "libopencore_amrnb", rate)
        case "opus":
            return through_av(
                samples, TELEPHONE_RATE_HZ, "libopus", int(rng.choice([6, 8, 12])) * 1000
            )
        case _:
            return np.asarray(np.round(samples * 32768) / 32768, np.float32)


def _through_soundfile(samples: FloatArray, container: str, subtype: str) -> FloatArray:
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, TELEPHONE_RATE_HZ, format=container, subtype=subtype)
    buffer.seek(0)
    decoded, _ = soundfile.read(buffer, dtype="float32")
    return _fit(decoded, len(samples))


def through_av(samples: FloatArray, rate_hz: int, codec: str, bit_rate: int) -> FloatArray:
    """Encode and decode with FFmpeg packet by packet; the encoder's delay is cut off."""
    encoder: Any = av.CodecContext.create(codec, "w")
    encoder.sample_rate, encoder.layout, encoder.bit_rate = rate_hz, "mono", bit_rate
    encoder.options = FAST.get(codec, {})
    encoder.format = encoder.codec.audio_formats[0]
    encoder.open()
    source = av.AudioFrame.from_ndarray(samples[None], "flt", "mono")
    source.sample_rate = rate_hz
    resampler = av.AudioResampler(encoder.format, "mono", rate_hz, frame_size=encoder.frame_size)
    frames = [*resampler.resample(source), *resampler.resample(None)]
    packets = [packet for frame in frames for packet in encoder.encode(frame)]
    packets += encoder.encode(None)
    decoder: Any = av.CodecContext.create(
        {"libopencore_amrnb": "amrnb", "libopus": "opus", "libmp3lame": "mp3float"}.get(
            codec, codec
        ),
        "r",
    )
    if encoder.extradata:
        decoder.extradata = encoder.extradata
    if codec != "libmp3lame":
        decoder.sample_rate, decoder.layout = rate_hz, "mono"
    decoder.open()
    to_float = av.AudioResampler("flt", "mono", rate_hz)
    decoded = [f for packet in [*packets, None] for f in decoder.decode(packet)]
    parts = [p.to_ndarray()[0] for f in decoded for p in to_float.resample(f)]
    parts += [p.to_ndarray()[0] for p in to_float.resample(None)]
    return _fit(np.concatenate(parts), len(samples))


def _fit(decoded: FloatArray, length: int) -> FloatArray:
    """Cut or pad to `length`: codecs work in whole frames."""
    return np.asarray(np.pad(decoded, (0, max(0, length - len(decoded))))[:length], np.float32)


def _handset(samples: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Random band limits and a random smooth response, as microphones and lines have."""
    low, high = rng.uniform(60, 400), rng.uniform(2700, 3900)
    band = firwin(255, [low, high], pass_zero=False, fs=SAMPLE_RATE_HZ)
    knots = np.concatenate([[0], np.sort(rng.uniform(200, 3800, 5)), [8000]])
    response = firwin2(127, knots, 10 ** (rng.uniform(-7, 7, 7) / 20), fs=SAMPLE_RATE_HZ)
    return np.asarray(fftconvolve(samples, np.convolve(band, response), "same"), np.float32)


def _coloured(length: int, exponent: float, rng: np.random.Generator) -> FloatArray:
    """Noise with power falling as 1 / f^exponent."""
    n = next_fast_len(length, real=True)
    spectrum = rfft(rng.standard_normal(n))
    frequency = np.maximum(np.arange(len(spectrum)), 1)
    return np.asarray(irfft(spectrum / frequency ** (exponent / 2), n)[:length], np.float32)


def _rms(samples: FloatArray) -> float:
    return float(np.sqrt(np.mean(np.square(samples, dtype=np.float64)) + 1e-12))
