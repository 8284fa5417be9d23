"""Quality figures against known degradations; speech detection against known truth."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from scipy.signal import firwin

from engine.audio.blocks import HeldSamples
from engine.audio.levels import clipped_share
from engine.audio.quality import measure_quality
from engine.audio.resample import resample
from engine.audio.spectra import bandwidth_hz
from engine.speech.vad import VadSettings, detect_speech, join_speech
from engine.types import FloatArray, SpeechSegment

RATE_HZ = 16000


@pytest.fixture(scope="module")
def speech(shared_data: Path) -> FloatArray:
    """Twelve seconds of read speech, a second of digital silence after each four."""
    samples, rate_hz = soundfile.read(
        shared_data / "train/librispeech_testother10"
        / sorted(p.name for p in (shared_data / "train/librispeech_testother10").iterdir())[0],
        dtype="float32",
    )  # fmt: skip
    assert rate_hz == RATE_HZ
    parts = [samples[i * 4 * RATE_HZ : (i + 1) * 4 * RATE_HZ] for i in range(3)]
    return np.concatenate([x for part in parts for x in (part, np.zeros(RATE_HZ, np.float32))])


SEGMENTS = [SpeechSegment(5.0 * i, 5.0 * i + 4) for i in range(3)]


@pytest.mark.parametrize("snr_db", [0, 10, 20, 30])
def test_snr_of_added_noise(speech: FloatArray, snr_db: int) -> None:
    mask = np.arange(len(speech)) % (5 * RATE_HZ) < 4 * RATE_HZ
    power = np.mean(speech[mask].astype(float) ** 2)
    noise = np.random.default_rng(0).normal(0, np.sqrt(power * 10 ** (-snr_db / 10)), len(speech))
    noisy = (speech + noise).astype(np.float32)
    report = measure_quality(HeldSamples(noisy, RATE_HZ), SEGMENTS, 0)
    assert report.snr_db == pytest.approx(snr_db, abs=1.0)
    assert report.net_speech_s == pytest.approx(12.0)


@pytest.mark.parametrize("snr_db", [0, 5, 10, 15])
def test_snr_without_pauses_is_measured_beneath_the_speech(speech: FloatArray, snr_db: int) -> None:
    mask = np.arange(len(speech)) % (5 * RATE_HZ) < 4 * RATE_HZ
    unbroken = speech[mask]
    power = np.mean(unbroken.astype(float) ** 2)
    noise = np.random.default_rng(0).normal(0, np.sqrt(power * 10 ** (-snr_db / 10)), mask.sum())
    whole = [SpeechSegment(0, len(unbroken) / RATE_HZ)]
    report = measure_quality(HeldSamples((unbroken + noise).astype(np.float32), RATE_HZ), whole, 0)
    assert report.snr_db == pytest.approx(snr_db, abs=1.5)


@pytest.mark.parametrize("snr_db", [5, 10, 20])
def test_another_voice_between_chosen_segments_is_no_noise(speech: FloatArray, snr_db: int) -> None:
    between = np.arange(len(speech)) % (5 * RATE_HZ) >= 4 * RATE_HZ
    call = np.where(between, np.roll(speech, 2 * RATE_HZ), speech)
    power = np.mean(speech[~between].astype(float) ** 2)
    noise = np.random.default_rng(0).normal(0, np.sqrt(power * 10 ** (-snr_db / 10)), len(call))
    reader = HeldSamples((call + noise).astype(np.float32), RATE_HZ)
    report = measure_quality(reader, SEGMENTS, 0, all_speech=False)
    assert report.snr_db == pytest.approx(snr_db, abs=1.5)
    mistaken = measure_quality(reader, SEGMENTS, 0)
    assert mistaken.snr_db is not None and mistaken.snr_db < 3


@pytest.mark.parametrize("cutoff_hz", [2500, 3400, 5500])
def test_bandwidth_of_filtered_speech(speech: FloatArray, cutoff_hz: int) -> None:
    taps = firwin(801, cutoff_hz, fs=RATE_HZ)
    filtered = np.convolve(speech, taps, "same").astype(np.float32)
    assert bandwidth_hz(filtered, RATE_HZ) == pytest.approx(cutoff_hz, rel=0.08)


def test_upsampled_telephone_call_is_still_narrow(shared_data: Path) -> None:
    call, rate_hz = soundfile.read(shared_data / "dev/wuw2/00001_speaker.wav", dtype="float32")
    assert bandwidth_hz(resample(call, rate_hz, 44100), 44100) < 4100


def test_clipping_of_known_share(speech: FloatArray) -> None:
    scaled = speech / np.abs(speech).max()
    for level in (0.2, 0.5):
        clipped = np.clip(scaled, -level, level)
        share = float(np.mean(np.abs(scaled) >= level))
        assert clipped_share(clipped) == pytest.approx(share, rel=0.35)
        assert clipped_share(0.6 * clipped) == pytest.approx(clipped_share(clipped))
    assert clipped_share(scaled.astype(np.float32)) == 0


def test_level_peak_and_dc() -> None:
    time_s = np.arange(RATE_HZ) / RATE_HZ
    tone = (0.5 * np.sin(2 * np.pi * 500 * time_s) + 0.01).astype(np.float32)
    report = measure_quality(HeldSamples(tone, RATE_HZ), [], 0)
    assert report.level_dbfs == pytest.approx(10 * np.log10(0.125 + 1e-4), abs=0.01)
    assert report.peak_dbfs == pytest.approx(20 * np.log10(0.51), abs=0.01)
    assert report.dc_offset == pytest.approx(0.01, abs=1e-5)
    assert report.net_speech_s == 0


def test_speech_is_found_where_it_is(speech: FloatArray) -> None:
    padded = np.concatenate([np.zeros(2 * RATE_HZ, np.float32), speech])
    found = np.zeros(len(padded), bool)
    for segment in detect_speech(padded, VadSettings()):
        found[round(segment.start_s * RATE_HZ) : round(segment.end_s * RATE_HZ)] = True
    assert not found[: int(1.9 * RATE_HZ)].any()
    assert found[2 * RATE_HZ : 6 * RATE_HZ].mean() > 0.5
    assert found[int(6.3 * RATE_HZ) : int(6.9 * RATE_HZ)].mean() < 0.2


def test_faint_speech_is_heard_and_left_as_it_is(speech: FloatArray) -> None:
    faint = speech * np.float32(0.003)
    loud_segments = detect_speech(speech, VadSettings())
    faint_segments = detect_speech(faint, VadSettings())
    total = [sum(s.duration_s for s in segments) for segments in (loud_segments, faint_segments)]
    assert total[1] == pytest.approx(total[0], rel=0.1)
    assert np.abs(join_speech(faint, RATE_HZ, faint_segments)).max() <= np.abs(faint).max()


@pytest.mark.parametrize("n_samples", [0, 1, 511, 16000])
def test_no_speech_in_silence(n_samples: int) -> None:
    assert detect_speech(np.zeros(n_samples, np.float32), VadSettings()) == ()
    assert len(join_speech(np.zeros(n_samples, np.float32), RATE_HZ, [])) == 0
