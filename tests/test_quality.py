"""Quality figures against known degradations; speech detection against known truth."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from scipy.signal import fftconvolve, firwin

from engine.audio.blocks import HeldSamples
from engine.audio.levels import clipped_share
from engine.audio.quality import measure_quality
from engine.audio.resample import resample
from engine.audio.spectra import bandwidth_hz
from engine.speech.vad import VadSettings, detect_speech, join_speech
from engine.types import FloatArray, QualityReport, SpeechSegment

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


def measured(samples: FloatArray, rate_hz: int = RATE_HZ) -> QualityReport:
    """Quality of samples that are all speech but their digital silence."""
    return measure_quality(HeldSamples(samples, rate_hz), SEGMENTS, 0)


@pytest.mark.parametrize(("mains_hz", "below_speech_db"), [(60, 20), (50, 20), (60, 10)])
def test_hum_of_known_power(speech: FloatArray, mains_hz: int, below_speech_db: float) -> None:
    time_s = np.arange(len(speech)) / RATE_HZ
    harmonics = ((1, 1.0), (2, 0.5), (3, 0.4))
    hum = sum(a * np.sin(2 * np.pi * k * mains_hz * time_s) for k, a in harmonics)
    level_dbfs = measured(speech).level_dbfs
    hum *= 10 ** ((level_dbfs - below_speech_db) / 20) / np.sqrt(np.mean(hum**2))
    report = measured((speech + hum).astype(np.float32))
    assert report.hum_hz == mains_hz
    assert report.hum_dbfs == pytest.approx(level_dbfs - below_speech_db, abs=1.5)
    assert measured(speech).hum_hz == 0


@pytest.mark.parametrize("kind", ["lost", "repeated"])
def test_dropouts_of_known_share(speech: FloatArray, kind: str) -> None:
    rng = np.random.default_rng(0)
    damaged, frame = speech.copy(), RATE_HZ // 50
    lost = np.zeros(len(speech), bool)
    for start in range(frame, len(speech) - frame, frame):
        previous = speech[start - frame : start]
        if rng.random() < 0.1 and not lost[start - frame] and np.sqrt(np.mean(previous**2)) > 0.02:
            damaged[start : start + frame] = 0 if kind == "lost" else previous
            lost[start : start + frame] = True
    share = lost.sum() / RATE_HZ / 12
    assert measured(speech).dropout_share == pytest.approx(0, abs=0.003)
    assert measured(damaged).dropout_share == pytest.approx(share, rel=0.4)


def test_reverberation_of_a_simulated_room(speech: FloatArray) -> None:
    rng = np.random.default_rng(1)
    dry = speech[np.arange(len(speech)) % (5 * RATE_HZ) < 4 * RATE_HZ]
    whole = [SpeechSegment(0, len(dry) / RATE_HZ)]
    estimates = []
    for rt60_s in (0.3, 0.6, 1.0):
        decay = 10 ** (-3 * np.arange(int(rt60_s * RATE_HZ)) / RATE_HZ / rt60_s)
        room = rng.standard_normal(len(decay)) * decay
        room /= np.linalg.norm(room)
        room[0] = 1.0
        wet = fftconvolve(dry, room)[: len(dry)].astype(np.float32)
        estimates.append(measure_quality(HeldSamples(wet, RATE_HZ), whole, 0).reverberation_s)
        assert estimates[-1] == pytest.approx(rt60_s, rel=0.4)
    assert estimates == sorted(estimates)


def test_gsm_call_saved_as_m4a_is_recognised(
    shared_data: Path, tool: Callable[..., bytes], tmp_path: Path
) -> None:
    """Fitted on other speakers; the files are ffmpeg's."""
    source = shared_data / "dev/common_voice/cv005900b9d5_s00.ogg"
    gsm, m4a, wav = tmp_path / "a.wav", tmp_path / "b.m4a", tmp_path / "c.wav"
    tool("ffmpeg", "-v", "error", "-i", source, "-ar", "8000", "-c:a", "libgsm_ms", gsm)
    tool("ffmpeg", "-v", "error", "-i", gsm, "-ar", "44100", "-b:a", "64k", m4a)
    tool("ffmpeg", "-v", "error", "-i", m4a, wav)
    reports = {}
    for path in (source, wav):
        samples, rate_hz = soundfile.read(path, dtype="float32")
        segments = detect_speech(resample(samples, rate_hz, RATE_HZ), VadSettings())
        reports[path] = measure_quality(HeldSamples(samples, rate_hz), segments, 0)
    assert reports[wav].codec_guess == "narrowband.gsm_fr"
    assert reports[wav].bandwidth_hz < 4200
    assert reports[source].codec_guess == "wideband"


def test_selection_and_long_recordings_are_measured_in_blocks(speech: FloatArray) -> None:
    long = np.tile(speech, 6)
    starts_s = [15.0 * i + s.start_s for i in range(6) for s in SEGMENTS]
    segments = [SpeechSegment(start_s, start_s + 4) for start_s in starts_s]
    once, often = measured(speech), measure_quality(HeldSamples(long, RATE_HZ), segments, 0)
    assert often.net_speech_s == pytest.approx(6 * once.net_speech_s)
    assert often.level_dbfs == pytest.approx(once.level_dbfs, abs=0.01)
    assert often.snr_db == pytest.approx(once.snr_db, abs=1.5)
    part = measure_quality(HeldSamples(long, RATE_HZ), segments, 0, 30.0, 45.0)
    assert part.duration_s == pytest.approx(15)
    assert part.net_speech_s == pytest.approx(once.net_speech_s)
    assert part.snr_db == pytest.approx(once.snr_db, abs=0.01)


def test_clipping_runs_go_on_across_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    samples = np.sin(np.arange(4 * RATE_HZ) / 40).clip(-0.6, 0.6).astype(np.float32)
    whole = measured(samples).clipped_share
    monkeypatch.setattr("engine.audio.blocks.BLOCK_S", 0.37)
    assert measured(samples).clipped_share == pytest.approx(whole, abs=1e-9)
    assert whole == pytest.approx(np.mean(np.abs(samples) >= 0.6), abs=0.001)
