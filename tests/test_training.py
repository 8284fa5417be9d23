"""The training recipe from a manifest to a pack that the product opens. Needs the `train` extra."""

from __future__ import annotations

import copy
import csv
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

pytest.importorskip("torch", reason="the training recipe needs the extra 'train'")

import torch

from engine.audio.decode import decode
from engine.lr.validate import validate
from engine.models.frontend import compute_features, normalise
from engine.models.pack import load_pack
from engine.models.session import EmbeddingModel
from engine.report.fonts import font_folders
from engine.training.architectures import (
    DenseConfig,
    EcapaConfig,
    NetworkConfig,
    ResNetConfig,
    TdnnConfig,
    build,
)
from engine.training.augment import (
    AugmentationConfig,
    apply_codec,
    augment,
    change_speed,
    level,
    lose_frames,
)
from engine.training.card import CARDS, N_CONDITIONS, to_pdf, update_card, write_card
from engine.training.corpus import prepare_corpus
from engine.training.export import (
    check_equal,
    export,
    golden_signal,
    pull_back,
    to_onnx,
    weights_of,
)
from engine.training.network import Ensemble, Whitening, pair_loss
from engine.training.recipe import Network, Recipe, load_recipe
from engine.training.sampler import CropConfig, CropSampler
from engine.training.train import Trainer, learning_rate, margin, train
from engine.training.views import ViewMaker, load_view, make_disturbances, make_views
from engine.types import FrontEnd, LabelledScores

RATE_HZ = 16000
TINY: tuple[NetworkConfig, ...] = (
    TdnnConfig(stem_channels=(8, 8), channels=32, dilations=(1, 2), embedding_dim=32),
    EcapaConfig(stem_channels=(8, 8), channels=32, dilations=(2,), res2_scale=4, embedding_dim=32),
    ResNetConfig(widths=(4, 4, 8, 8), depths=(1, 1, 1, 1), embedding_dim=32),
    DenseConfig(
        stem_channels=(8, 8),
        channels=32,
        growth=8,
        layers=(2, 1),
        dilations=(1, 2),
        embedding_dim=32,
    ),
)


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
def with_dev(data: Path, demo_media: tuple[Path, Path]) -> Path:
    """The same folder with development sets of the two demo recordings: too few for any figure."""
    tables: dict[str, list[tuple[str, ...]]] = {
        "wuw2/calls.csv": [("path", "speaker", "call")],
        "wuw2/trials.csv": [("a", "b", "phones"), ("call0", "call1", "cellphone-landlinephone")],
        "common_voice/recordings.csv": [("recording", "speaker")],
        "common_voice/trials.csv": [("a", "b"), ("clip0", "clip1")],
        "librispeech_devclean_mp3/manifest.csv": [("path", "speaker", "chapter")],
    }
    for name in ("wuw2", "common_voice", "librispeech_devclean_mp3"):
        (data / "dev" / name).mkdir(parents=True)
    for i, path in enumerate(demo_media):
        audio = decode(path)
        for name in (f"wuw2/call{i}.wav", f"common_voice/clip{i}.ogg"):
            soundfile.write(data / "dev" / name, audio.samples[0], audio.sample_rate_hz)
        tables["wuw2/calls.csv"].append((f"wuw2/call{i}.wav", f"s{i}", f"call{i}"))
        tables["common_voice/recordings.csv"].append((f"clip{i}", f"s{i}"))
        row = (f"wuw2/call{i}.wav", f"s{i}", f"chapter{i}")
        tables["librispeech_devclean_mp3/manifest.csv"].append(row)
    for name, rows in tables.items():
        with (data / "dev" / name).open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows(rows)
    return data


@pytest.fixture(scope="module")
def recipe() -> Recipe:
    """The real recipe, as small as it gets."""
    full = load_recipe()
    stage = replace(full.networks[0].stages[0], batch=4, crop_frames=60, steps=3, warmup_steps=1)
    views = replace(full.views, count=2, pieces_per_speaker=2)
    networks = (
        Network("first", TINY[0], (stage, replace(stage, name="last"))),
        Network("second", TINY[2], (stage, stage), head_from="first"),
    )
    return replace(
        full,
        networks=networks,
        views=views,
        references=replace(full.references, speakers=8, least_frames=200, most_frames=300, top=3),
        checkpoint_steps=2,
        piece_s=4.0,
    )


def test_from_manifest_to_an_opened_pack(
    with_dev: Path, recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = with_dev
    monkeypatch.setattr("engine.training.train.LOG_STEPS", 2)  # a stage begins between two lines
    corpus = prepare_corpus(data / "train/manifest.csv", tmp_path, recipe.piece_s)
    assert len(corpus.speakers) == 8
    assert sum(piece.length for piece in corpus.pieces) == len(corpus.samples)
    front_end = FrontEnd()
    disturbances = make_disturbances(corpus, data / "noise", data / "rir", recipe.seed)
    views = recipe.views
    maker = ViewMaker(
        corpus,
        front_end,
        views.speeds,
        views.augmentation,
        disturbances,
        views.pieces_per_speaker,
        1,
    )
    make_views(maker, tmp_path, 2, 1)
    view = load_view(tmp_path, 1, 80)
    assert view is not None
    pieces = maker.drawn(1)
    assert np.array_equal(np.bincount([piece.speaker for piece in pieces]), np.full(8, 2))
    assert pieces != maker.drawn(0)
    first, speed = maker.piece(1, pieces[0])
    assert np.array_equal(view.features[: len(first)], first)
    assert view.speed[0] == speed
    weights = corpus.weights(recipe.speaker_exponent, 0.0)
    sampler = CropSampler(tmp_path, 2, 80, 3, weights, recipe.crop, 6, recipe.seed)
    assert sampler.refresh() == 2
    longest = corpus.weights(1.0, 0.0)
    assert longest.sum() == pytest.approx(len(corpus.samples) / RATE_HZ)
    least_s = float(np.median(longest))
    some = CropSampler(tmp_path, 2, 80, 3, corpus.weights(0.5, least_s), recipe.crop, 6, 1)
    some.refresh()
    drawn = {int(label) // 3 for step in range(20) for label in some.batch(2, 60, step)[1]}
    assert drawn == set(np.flatnonzero(longest >= least_s).tolist())
    crops, labels = sampler.batch(4, 60, 0)
    assert crops.shape == (4, 60, 80)
    assert len(set(labels // 3)) == 4
    assert np.array_equal(sampler.batch(4, 60, 0)[0], crops)
    small, other = recipe.networks
    train(recipe, small, sampler, 24, tmp_path)
    trained = train(recipe, small, sampler, 24, tmp_path)
    assert trained.step == 6
    second = train(recipe, other, sampler, 24, tmp_path)
    export(recipe, tmp_path, tmp_path / "pack")
    model = EmbeddingModel.open(load_pack(tmp_path / "pack"), "cpu")
    assert model.pack.embedding_dim == 64
    assert model.pack.cohort is not None
    assert model.pack.cohort.vectors.shape == (16, 64)
    row = int(np.flatnonzero(view.speaker == 7)[view.frames[view.speaker == 7].argmax()])
    start, frames = int(view.first_frame[row]), min(300, int(view.frames[row]))
    heard = normalise(view.features[start : start + frames].astype(np.float32), front_end)
    assert model.pack.cohort.vectors[15] @ model.embed_features(heard[None])[0] > 0.9999
    features = normalise(compute_features(golden_signal(RATE_HZ), front_end), front_end)
    vector = model.embed_windows(features[None])[0]
    with torch.no_grad():
        members = [
            run.averaged.eval()(torch.from_numpy(features[None])).numpy()[0]
            for run in (trained, second)
        ]
    for part, member in zip(np.split(vector, 2), members, strict=True):
        assert part @ member / np.linalg.norm(member) == pytest.approx(0.5**0.5, abs=1e-4)
    whitened = model.embed_features(features[None])[0]
    assert np.linalg.norm(whitened) == pytest.approx(1, abs=1e-5)
    assert np.abs(whitened - vector).max() > 0.01
    too_few = {"en": "too few", "ko": "화자가 적어 산출하지 않음"}
    notes = {"en": "What to tell.", "ko": "알릴 것입니다."}
    shutil.copytree(tmp_path / "pack", tmp_path / "carded")
    update_card(recipe, data, tmp_path, tmp_path / "carded", font_folders(Path()), notes)
    carded = load_pack(tmp_path / "carded")
    assert carded.model_sha256 == model.pack.model_sha256
    assert carded.validated_conditions["validated_on"] == "telephone"
    for language, name in CARDS.items():
        card = (tmp_path / "carded" / name).read_text(encoding="utf-8")
        assert notes[language] in card
        assert card.count(too_few[language]) == N_CONDITIONS
    (tmp_path / "first.pt").rename(tmp_path / "kept.pt")
    weights = weights_of(model.pack, small)
    last = train(recipe, small, sampler, 24, tmp_path, weights, begin="last")
    assert last.step == 6
    assert {int(state["step"]) for state in last.optimiser.state.values()} == {3}
    again = Trainer.fresh(recipe, small.config, 24, "cpu")
    again.start_from(weights_of(model.pack, small))
    expected = trained.averaged.state_dict()
    assert all(
        torch.allclose(value, expected[name], rtol=1e-3, atol=1e-6)
        for name, value in again.network.state_dict().items()
        if not name.endswith("num_batches_tracked")
    )
    pulled = copy.deepcopy(trained.averaged)
    begun = weights_of(model.pack, small)
    kernel = max(begun, key=lambda name: begun[name].numel())
    begun[kernel] = begun[kernel] + 1
    pull_back(pulled, begun, 0.25)
    moved = pulled.state_dict()[kernel] - expected[kernel]
    assert torch.allclose(moved, torch.full_like(moved, 0.25), atol=1e-3)
    with pytest.raises(ValueError, match="another network"):
        pull_back(pulled, {}, 0.25)
    with pytest.raises(ValueError, match="another network"):
        again.start_from({})
    random = again.head.weight.detach().numpy().copy()
    stage = small.stages[0]
    still = replace(small, name="still", stages=(replace(stage, head_rate=0.0),))
    moved_network = train(recipe, still, sampler, 24, tmp_path)
    assert np.array_equal(moved_network.head.weight.detach().numpy(), random)
    assert not torch.equal(moved_network.network.state_dict()[kernel], expected[kernel])
    crops, labels = sampler.batch(stage.batch, stage.crop_frames, 0)
    again.know_speakers(again.averaged, sampler, stage, 1)
    head = again.head.weight.detach().numpy()
    with torch.no_grad():
        vectors = again.averaged(torch.from_numpy(crops)).numpy()
    cosines = np.sum(head[labels] * vectors, axis=1) / np.linalg.norm(vectors, axis=1)
    assert cosines.min() > 0.999  # each speaker is met once in a batch
    others = np.setdiff1d(np.arange(24), labels)
    assert np.array_equal(head[others], random[others])


def test_every_crop_is_disturbed_anew(tmp_path: Path) -> None:
    """On features made by hand; a share of 0 leaves the mean-normalised crop as it is."""
    rng = np.random.default_rng(0)
    features = rng.normal(10, 2, (2, 300, 80)).astype(np.float16)
    for number in range(2):
        features[number].tofile(tmp_path / f"view_{number:02d}.f16")
        rows = [(0, 150, 0, number), (150, 150, 1, number)]
        np.savez(tmp_path / f"view_{number:02d}.npz", index=np.array(rows, np.int64))

    def batch(step: int, window: int = 2, **shares: float) -> tuple[Any, Any]:
        none = dict.fromkeys(("noise", "band", "mask", "tempo", "dynamics"), 0.0)
        none = {f"{kind}_share": share for kind, share in none.items()}
        ranges = {"snr_db": (0.0, 0.0), "tempo": (0.8, 0.8), "dynamics": (1.5, 1.5)}
        config = CropConfig(**ranges | none | shares)
        sampler = CropSampler(tmp_path, 2, 80, 3, np.ones(2), config, window, 7)
        assert sampler.refresh() == 2
        return sampler.batch(2, 150, step)

    plain, labels = batch(0)
    for crop, label in zip(plain, labels, strict=True):
        piece = features[label % 3, 150 * (label // 3) :][:150].astype(np.float32)
        assert crop == pytest.approx(piece - piece.mean(axis=0), abs=1e-4)
    assert {label % 3 for step in range(20) for label in batch(step, window=1)[1]} == {1}
    assert {label % 3 for step in range(20) for label in batch(step)[1]} == {0, 1}
    noisy, banded, masked = (
        batch(0, **{share: 1.0})[0] for share in ("noise_share", "band_share", "mask_share")
    )
    assert noisy.std() < 0.9 * plain.std()  # steady noise fills the pauses
    assert (banded.std(axis=1) < 0.7).any()  # beyond the limit there is the floor alone
    assert (plain.std(axis=1) > 1).all()
    assert ((masked == 0).all(axis=1)).any(axis=1).all()  # whole bins, in every crop
    assert ((masked == 0).all(axis=2)).any(axis=1).all()  # whole frames
    assert not (plain == 0).all(axis=1).any()
    lively = batch(0, dynamics_share=1.0)[0]
    assert lively == pytest.approx(1.5 * plain, abs=1e-4)
    slow, labels = batch(0, tempo_share=1.0)
    for crop, label in zip(slow, labels, strict=True):  # 120 of the piece's frames become 150
        piece = features[label % 3, 150 * (label // 3) :][:150].astype(np.float64)
        at = np.linspace(0, 119, 150)
        found = [
            np.array([np.interp(at, np.arange(120), b) for b in piece[start : start + 120].T]).T
            for start in range(31)
        ]
        assert min(np.abs(crop - (f - f.mean(axis=0))).max() for f in found) < 1e-3


def test_pairs_of_a_speaker_in_a_batch(tmp_path: Path) -> None:
    """Both of a pair are one class, from two views where two hold the class."""
    features = np.zeros((4, 2, 100, 80), np.float16)
    features += np.random.default_rng(0).normal(10, 2, features.shape).astype(np.float16)
    for number in range(4):
        features[number].tofile(tmp_path / f"view_{number:02d}.f16")
        rows = [(0, 100, 0, number % 2), (100, 100, 1, min(number, 2))]
        np.savez(tmp_path / f"view_{number:02d}.npz", index=np.array(rows, np.int64))
    full = load_recipe()
    plain = replace(
        full.crop, noise_share=0, band_share=0, mask_share=0, tempo_share=0, dynamics_share=0
    )
    sampler = CropSampler(tmp_path, 4, 80, 3, np.ones(2), plain, 4, 7, crops_per_speaker=2)
    sampler.refresh()
    same_view = set()
    for step in range(40):
        crops, labels = sampler.batch(4, 100, step)
        assert np.array_equal(labels[:2], labels[2:])
        assert set(labels // 3) == {0, 1}
        same_view |= {
            int(label)
            for label, a, b in zip(labels, crops, crops[2:], strict=False)
            if (a == b).all()
        }
    assert same_view == {3, 4}  # the classes that one view alone holds: speaker 1, speeds 0 and 1


def test_a_batch_of_speakers_who_are_alike(tmp_path: Path) -> None:
    """Drawn speakers come with some of their nearest; nobody is in a batch twice."""
    features = np.random.default_rng(0).normal(10, 2, (60, 50, 80)).astype(np.float16)
    features.tofile(tmp_path / "view_00.f16")
    rows = [(50 * speaker, 50, speaker, 0) for speaker in range(60)]
    np.savez(tmp_path / "view_00.npz", index=np.array(rows, np.int64))
    weights = np.ones(60)
    weights[:7] = 0  # never drawn, whoever they are like
    crop = load_recipe().crop
    sampler = CropSampler(tmp_path, 1, 80, 3, weights, crop, 1, 7, alike_share=1.0)
    sampler.refresh()
    directions = np.random.default_rng(1).normal(size=(60, 8))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    sampler.know_alike(directions.astype(np.float32))
    cosines = directions @ directions.T
    cosines[:, :7] = -2
    for step in range(20):
        drawn = sampler.batch(32, 50, step)[1] // 3
        assert len(set(drawn)) == 32
        nearest = set(np.argsort(-cosines[drawn[0]])[1:11])
        assert len(nearest & set(drawn[1:6])) == 5


def test_pair_loss_is_the_mean_of_two_cross_entropies() -> None:
    rng = np.random.default_rng(3)
    vectors = rng.normal(size=(6, 16))
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    logits = 15 * unit[:3] @ unit[3:].T
    found = [
        -np.mean(np.diag(table - np.log(np.exp(table).sum(axis=1, keepdims=True))))
        for table in (logits, logits.T)
    ]
    loss = pair_loss(torch.from_numpy(vectors), 15.0).item()
    assert loss == pytest.approx(np.mean(found), rel=1e-5)


def test_features_are_the_products_own(recipe: Recipe) -> None:
    """Without augmentation a view holds, to half precision, what the product computes."""
    signal = golden_signal(RATE_HZ)
    assert np.array_equal(change_speed(signal, 1.0), signal)
    features = compute_features(signal, FrontEnd())
    assert np.abs(features.astype(np.float16) - features).max() < 0.01


def test_schedules() -> None:
    networks = load_recipe().networks
    for stage in (stage for network in networks for stage in network.stages):
        rates = [learning_rate(stage, step) for step in range(stage.steps)]
        assert max(rates) == pytest.approx(stage.learning_rate[0], rel=1e-6)
        assert rates[-1] == pytest.approx(stage.learning_rate[1], rel=0.01)
        assert margin(stage, 0) == stage.margin[0]
        assert margin(stage, stage.steps) == pytest.approx(stage.margin[1])
    network = networks[0]
    first = network.stages[0]
    assert learning_rate(first, 0) < learning_rate(first, first.warmup_steps - 1)
    assert network.crops(network.steps + 10) == sum(s.steps * s.batch for s in network.stages)
    assert network.crops(first.steps + 1) == first.steps * first.batch + network.stages[1].batch


def test_whitening_adds_the_dot_product_of_whitened_vectors() -> None:
    """Against the two dot products written out, each in units of its mean over the voices."""
    rng = np.random.default_rng(5)
    vectors = rng.normal(size=(400, 12)) @ rng.normal(size=(12, 12))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    whitening = Whitening(12)
    plain = whitening(torch.from_numpy(vectors[:2].astype(np.float32))).numpy()
    assert plain == pytest.approx(vectors[:2], abs=1e-6)
    whitening.fit(vectors.astype(np.float32), weight=0.7, floor=0.1)
    centred = vectors - vectors.mean(axis=0)
    floored = np.cov(vectors.T) + 0.1 * np.trace(np.cov(vectors.T)) / 12 * np.eye(12)
    table = centred @ centred.T
    other = centred @ np.linalg.solve(floored, centred.T)
    table = table / np.trace(table) + 0.7 * other / np.trace(other)
    lengths = np.sqrt(np.diag(table))
    found = whitening(torch.from_numpy(vectors.astype(np.float32))).numpy()
    assert found @ found.T == pytest.approx(table / np.outer(lengths, lengths), abs=1e-4)


@pytest.mark.parametrize("config", TINY, ids=lambda config: type(config).__name__)
def test_every_architecture_becomes_the_same_network_in_onnx(config: NetworkConfig) -> None:
    network = Ensemble({"one": build(config)}, config.embedding_dim).eval()
    rng = np.random.default_rng(0)
    network.whitening.fit(rng.normal(size=(90, config.embedding_dim)), 1.0, 0.1)
    content = to_onnx(network, config.mel_bins)
    check_equal(network, content, config.mel_bins)
    other = Ensemble({"one": build(config)}, config.embedding_dim).eval()
    with pytest.raises(ValueError, match="cosine"):
        check_equal(other, content, config.mel_bins)


@pytest.mark.parametrize("codec", ["mulaw", "alaw", "gsm", "amr", "opus", "pcm"])
def test_codecs_keep_the_length_and_the_voice(codec: str) -> None:
    signal = golden_signal(RATE_HZ)[::2].copy() * np.float32(0.5)
    coded = apply_codec(signal, codec, np.random.default_rng(0))
    assert coded.shape == signal.shape
    loudness = np.sqrt(np.mean(coded**2) / np.mean(signal**2))
    assert 0.5 < loudness < 1.5
    assert codec == "pcm" or not np.allclose(coded, signal, atol=1e-4)


def test_phones_level_the_voice_and_lose_frames() -> None:
    signal = golden_signal(RATE_HZ)[::2].copy()
    swelling = signal * np.geomspace(0.05, 1, len(signal), dtype=np.float32)
    third = len(signal) // 3

    def growth(samples: Any) -> float:
        return float(np.std(samples[-third:]) / np.std(samples[:third]))

    assert growth(leveled := level(swelling, 0.7)) < 0.6 * growth(swelling)
    assert leveled.dtype == np.float32
    lost = lose_frames(signal, 0.2, np.random.default_rng(0))
    frames, heard = lost[: 160 * 100].reshape(100, 160), signal[: 160 * 100].reshape(100, 160)
    changed = np.flatnonzero((frames != heard).any(axis=1))
    assert 10 <= len(changed) <= 30
    assert np.array_equal(lost, lose_frames(signal, 0.2, np.random.default_rng(0)))
    for i in changed[:1]:
        assert np.array_equal(frames[i], heard[i - 1] / 2)


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


def test_cards_in_both_languages_and_to_print(
    recipe: Recipe, tool: Callable[..., bytes], tmp_path: Path
) -> None:
    rng = np.random.default_rng(0)
    speakers = np.repeat(np.arange(20), 4)
    i, j = np.triu_indices(len(speakers), 1)
    same = speakers[i] == speakers[j]
    names = speakers.astype(np.str_)
    trials = LabelledScores(rng.normal(same * 3.0, 1.0), same, names[i], names[j])
    rows = [("telephone", None, validate(trials, 20)), ("duration", 30, None)]
    steps = {network.name: 6 for network in recipe.networks}
    cards = {language: write_card(recipe, steps, rows, language, "A note.") for language in CARDS}
    assert "Where it fails" in cards["en"]
    assert "한계" in cards["ko"]
    assert all(f"| 20 | {same.sum()} / {(~same).sum()} |" in card for card in cards.values())
    assert "양쪽 발화 각 30초 |  | 화자가 적어 산출하지 않음" in cards["ko"]
    pdf = to_pdf(list(cards.values()), font_folders(Path()))
    assert pdf == to_pdf(list(cards.values()), font_folders(Path()))
    (tmp_path / "card.pdf").write_bytes(pdf)
    text = " ".join(tool("pdftotext", tmp_path / "card.pdf", "-").decode().split())
    assert "모델 명세서" in text
    assert "too few for figures" in text
