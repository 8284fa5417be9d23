"""The training recipe from a manifest to a pack that the product opens. Needs the `train` extra."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

pytest.importorskip("torch", reason="the training recipe needs the extra 'train'")

from engine.models.frontend import compute_features
from engine.models.pack import load_pack
from engine.models.session import EmbeddingModel
from engine.training.augment import AugmentationConfig, apply_codec, augment, change_speed
from engine.training.card import write_card
from engine.training.corpus import prepare_corpus
from engine.training.export import export, golden_signal
from engine.training.network import NetworkConfig
from engine.training.recipe import Recipe, load_recipe
from engine.training.sampler import CropSampler
from engine.training.train import learning_rate, margin, train
from engine.training.views import ViewMaker, load_view, make_disturbances, make_views
from engine.types import FrontEnd

RATE_HZ = 16000


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight buzzing "speakers" of different pitch, with a manifest as in `docs/training.md`."""
    folder = tmp_path_factory.mktemp("data")
    for name in ("train", "noise", "rir"):
        (folder / name).mkdir()
    rng = np.random.default_rng(0)
    soundfile.write(folder / "noise/n.wav", rng.normal(0, 0.1, RATE_HZ), RATE_HZ)
    with (folder / "train/manifest.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["path", "speaker", "utterance_starts_s"])
        for i in range(8):
            samples = change_speed(np.tile(golden_signal(RATE_HZ), 3), 0.8 + 0.06 * i)
            soundfile.write(folder / f"train/{i}.flac", 0.8 * samples, RATE_HZ)
            writer.writerow([f"{i}.flac", f"speaker{i}", "0.5 2.0 5.0"])
    return folder


@pytest.fixture(scope="module")
def recipe() -> Recipe:
    """The real recipe, as small as it gets."""
    full = load_recipe()
    stage = replace(full.stages[0], batch=4, crop_frames=60, steps=3, warmup_steps=1)
    network = NetworkConfig(
        stem_channels=24, channels=64, dilations=(2,), pooled_channels=64, embedding_dim=32
    )
    views = replace(full.views, count=2)
    return replace(
        full, stages=(stage, stage), network=network, views=views, checkpoint_steps=2, piece_s=4.0
    )


def test_from_manifest_to_an_opened_pack(data: Path, recipe: Recipe, tmp_path: Path) -> None:
    corpus = prepare_corpus(data / "train/manifest.csv", tmp_path, recipe.piece_s)
    assert len(corpus.speakers) == 8
    assert sum(piece.length for piece in corpus.pieces) == len(corpus.samples)
    front_end = FrontEnd()
    disturbances = make_disturbances(corpus, data / "noise", data / "rir", recipe.seed)
    maker = ViewMaker(
        corpus, front_end, recipe.views.speeds, recipe.views.augmentation, disturbances, 1
    )
    make_views(maker, tmp_path, 2, 1)
    view = load_view(tmp_path, 1, 80)
    assert view is not None
    first, speed = maker.piece(1, corpus.pieces[0])
    assert np.array_equal(view.features[: len(first)], first)
    assert view.speed[0] == speed
    sampler = CropSampler(tmp_path, 2, 80, 3, recipe.speaker_exponent, recipe.seed)
    assert sampler.refresh() == 2
    crops, labels = sampler.batch(4, 60, 0)
    assert crops.shape == (4, 60, 80)
    assert len(set(labels // 3)) == 4
    assert np.array_equal(sampler.batch(4, 60, 0)[0], crops)
    train(recipe, sampler, 24, tmp_path)
    trained = train(recipe, sampler, 24, tmp_path)
    assert trained.step == 6
    export(recipe, tmp_path, tmp_path / "pack")
    model = EmbeddingModel.open(load_pack(tmp_path / "pack"), "cpu")
    assert model.pack.embedding_dim == 32
    assert "Where it fails" in write_card(recipe, 6, {})


def test_features_are_the_products_own(recipe: Recipe) -> None:
    """Without augmentation a view holds, to half precision, what the product computes."""
    signal = golden_signal(RATE_HZ)
    assert np.array_equal(change_speed(signal, 1.0), signal)
    features = compute_features(signal, FrontEnd())
    assert np.abs(features.astype(np.float16) - features).max() < 0.01


def test_schedules() -> None:
    stage = load_recipe().stages[0]
    rates = [learning_rate(stage, step) for step in range(stage.steps)]
    assert max(rates) == pytest.approx(stage.peak_learning_rate, rel=1e-6)
    assert rates[0] < rates[stage.warmup_steps - 1]
    assert rates[-1] < 0.02 * stage.peak_learning_rate
    assert margin(stage, 0) == 0.0
    assert margin(stage, stage.steps) == stage.margin


@pytest.mark.parametrize("codec", ["mulaw", "alaw", "gsm", "amr", "opus", "pcm"])
def test_codecs_keep_the_length_and_the_voice(codec: str) -> None:
    signal = golden_signal(RATE_HZ)[::2].copy() * np.float32(0.5)
    coded = apply_codec(signal, codec, np.random.default_rng(0))
    assert coded.shape == signal.shape
    loudness = np.sqrt(np.mean(coded**2) / np.mean(signal**2))
    assert 0.5 < loudness < 1.5
    assert codec == "pcm" or not np.allclose(coded, signal, atol=1e-4)


def test_augmentation_is_repeatable(data: Path, tmp_path: Path) -> None:
    corpus = prepare_corpus(data / "train/manifest.csv", tmp_path, 4.0)
    disturbances = make_disturbances(corpus, data / "noise", data / "rir", 0)
    config = AugmentationConfig(1.0, 1.0, 1.0, (5.0, 10.0))
    signal = golden_signal(RATE_HZ)
    first, second = (
        augment(signal, config, disturbances, np.random.default_rng(3)) for _ in range(2)
    )
    assert np.array_equal(first, second)
    assert first.shape == signal.shape
    assert np.isfinite(first).all()
