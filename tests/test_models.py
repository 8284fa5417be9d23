"""Model packs, sessions, embeddings and scores, with a network small enough to redo in numpy."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import soundfile
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from engine.compare.embed import embed_speech
from engine.compare.score import cohort_statistics, cosine, cosine_matrix, make_score
from engine.errors import ErrorCode, SeongmunError
from engine.models.frontend import compute_features, normalise
from engine.models.pack import (
    CARD,
    COHORT,
    GOLDEN,
    MANIFEST,
    MODEL,
    load_pack,
    read_file,
    write_pack,
)
from engine.models.session import EmbeddingModel
from engine.progress import CancelToken
from engine.types import Cohort, Embedding, FrontEnd, ModelPack

DIM = 8
RATE_HZ = 16000
FRONT_END = FrontEnd()
PROJECTION = np.random.default_rng(5).standard_normal((80, DIM)).astype(np.float32)


def network(
    projection: np.ndarray = PROJECTION, mel_bins: int | str = 80, inputs: int = 1
) -> bytes:
    """ONNX: the variance of every mel bin, projected."""
    names = [f"feats{i or ''}" for i in range(inputs)]
    shape, produced = ["batch", "frames", mel_bins], ["batch", projection.shape[1]]
    nodes = [
        helper.make_node("Mul", [names[0], names[-1]], ["squares"]),
        helper.make_node("ReduceMean", ["squares"], ["variances"], axes=[1], keepdims=0),
        helper.make_node("MatMul", ["variances", "projection"], ["embs"]),
    ]
    graph = helper.make_graph(
        nodes,
        "variances",
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name in names],
        [helper.make_tensor_value_info("embs", TensorProto.FLOAT, produced)],
        [numpy_helper.from_array(projection, "projection")],
    )
    opset = [helper.make_opsetid("", 17)]
    return onnx.helper.make_model(graph, opset_imports=opset, ir_version=9).SerializeToString()


def expected_vector(features: np.ndarray) -> np.ndarray:
    vector = (features.astype(np.float64) ** 2).mean(axis=0) @ PROJECTION
    return vector / np.linalg.norm(vector)


def noise(duration_s: float, seed: int = 0) -> np.ndarray:
    """Noise whose spectrum and loudness change with time."""
    n = int(duration_s * RATE_HZ)
    white = np.random.default_rng(seed).standard_normal(n + 1)
    slow = 1 + 0.8 * np.sin(2 * np.pi * np.arange(n) / RATE_HZ / 37)
    return (0.02 * slow * (white[1:] + (slow - 1) * white[:-1])).astype(np.float32)


def golden(**changes: np.ndarray) -> bytes:
    samples = noise(1.0)
    features = normalise(compute_features(samples, FRONT_END), FRONT_END)
    arrays = {
        "samples": samples,
        "features": features,
        "embedding": expected_vector(features).astype(np.float32),
    }
    buffer = io.BytesIO()
    np.savez(buffer, **(arrays | changes))
    return buffer.getvalue()


def make_pack(
    directory: Path,
    content: bytes | None = None,
    vectors: bytes | None = None,
    **outputs: str,
) -> Path:
    write_pack(
        directory,
        identity={
            "id": "tiny",
            "version": "1.0.0",
            "licence": "none",
            "training_data": '음성 없음 "x"',
        },
        files={MODEL: content or network(), GOLDEN: vectors or golden(), CARD: b"# tiny\n"},
        front_end=FRONT_END,
        tensors={"input": "feats", "output": "embs", "embedding_dim": DIM} | outputs,
        validated_conditions={"minimum_net_speech_s": 3.0, "channel": "telephone"},
    )
    return directory


def code_of(action: Callable[[], object]) -> ErrorCode:
    with pytest.raises(SeongmunError) as caught:
        action()
    return caught.value.code


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> EmbeddingModel:
    directory = make_pack(tmp_path_factory.mktemp("모델 팩") / "작은 모델")
    return EmbeddingModel.open(load_pack(directory), "cpu")


def test_pack_keeps_what_was_written(tmp_path: Path) -> None:
    pack = load_pack(make_pack(tmp_path / "p"))
    assert (pack.id, pack.version, pack.embedding_dim) == ("tiny", "1.0.0", DIM)
    assert pack.training_data == '음성 없음 "x"'
    assert pack.front_end == FRONT_END
    assert pack.validated_conditions == {"minimum_net_speech_s": 3.0, "channel": "telephone"}
    for name, found in ((MODEL, pack.model_sha256), (MANIFEST, pack.manifest_sha256)):
        assert found == hashlib.sha256((tmp_path / "p" / name).read_bytes()).hexdigest()


def test_missing_pack(tmp_path: Path) -> None:
    assert code_of(lambda: load_pack(tmp_path / "none")) is ErrorCode.MODEL_MISSING


@pytest.mark.parametrize("name", [MODEL, GOLDEN, CARD])
def test_one_flipped_bit_is_noticed(tmp_path: Path, name: str) -> None:
    path = make_pack(tmp_path) / name
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    assert code_of(lambda: load_pack(tmp_path)) is ErrorCode.MODEL_HASH


def test_extra_and_missing_files_are_errors(tmp_path: Path) -> None:
    extra, missing = make_pack(tmp_path / "a"), make_pack(tmp_path / "b")
    (extra / "model.onnx.data").write_bytes(b"weights")
    (missing / CARD).unlink()
    for directory in (extra, missing):
        assert code_of(lambda d=directory: load_pack(d)) is ErrorCode.MODEL_MANIFEST


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("format = 1", "format = 2"),
        ("format = 1", "format ="),
        ("format = 1", "\udcff"),
        ('"id" = "tiny"', ""),
        ('"window" = "hamming"', '"window" = "triangle"'),
        ('"window" = "hamming"', '"window" = 3'),
        ('"window" = "hamming"', ""),
        ('"window" = "hamming"', '"window" = "hamming"\ndither = 1.0'),
        ('"mel_bins" = 80', '"mel_bins" = "80"'),
        ('"mel_bins" = 80', '"mel_bins" = 2'),
        ('"frame_shift_ms" = 10.0', '"frame_shift_ms" = 0.0'),
        ('"frame_shift_ms" = 10.0', '"frame_shift_ms" = nan'),
        ('"frame_length_ms" = 25.0', '"frame_length_ms" = -25.0'),
        ('"sample_rate_hz" = 16000', '"sample_rate_hz" = 0'),
        ('"sample_rate_hz" = 16000', '"sample_rate_hz" = true'),
        ('"sample_scale" = 32768.0', '"sample_scale" = 0.0'),
        ('"high_hz" = 0.0', '"high_hz" = 9000.0'),
        ('"preemphasis" = 0.97', '"preemphasis" = 2.0'),
        ('"embedding_dim" = 8', '"embedding_dim" = "many"'),
        ('"embedding_dim" = 8', ""),
        ('"model.onnx" =', '"../model.onnx" ='),
        ('"channel" = "telephone"', '"channel" = ["telephone"]'),
        ("[front_end]", "[[front_end]]"),
    ],
)
def test_invalid_manifests_are_refused(tmp_path: Path, old: str, new: str) -> None:
    path = make_pack(tmp_path) / MANIFEST
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_bytes(text.replace(old, new).encode("utf-8", "surrogateescape"))
    assert code_of(lambda: load_pack(tmp_path)) is ErrorCode.MODEL_MANIFEST


def test_files_exchanged_after_loading_are_noticed(tmp_path: Path) -> None:
    pack = load_pack(make_pack(tmp_path))
    make_pack(tmp_path, network(PROJECTION * 2))
    assert code_of(lambda: EmbeddingModel.open(pack, "cpu")) is ErrorCode.MODEL_HASH
    (tmp_path / MANIFEST).unlink()
    assert code_of(lambda: EmbeddingModel.open(pack, "cpu")) is ErrorCode.MODEL_MISSING


def test_embedding_equals_numpy(tiny: EmbeddingModel) -> None:
    features = np.random.default_rng(2).normal(0, 2, (3, 150, 80)).astype(np.float32)
    vectors = tiny.embed_features(features)
    assert vectors.dtype == np.float32
    for vector, one in zip(vectors, features, strict=True):
        assert np.abs(vector - expected_vector(one)).max() < 1e-5
        assert np.abs(tiny.embed_features(one[None])[0] - vector).max() < 1e-5


def test_sessions_and_thread_counts_agree(tiny: EmbeddingModel) -> None:
    features = np.random.default_rng(3).normal(0, 2, (1, 500, 80)).astype(np.float32)
    first = tiny.embed_features(features)
    for threads in (None, 1, 2):
        again = EmbeddingModel.open(tiny.pack, "cpu", threads).embed_features(features)
        assert np.abs(again - first).max() < 1e-4


@pytest.mark.parametrize(
    "content", [network(PROJECTION[:40], 40), network(inputs=2), network(PROJECTION[:, :5])]
)
def test_manifest_must_fit_the_tensors(tmp_path: Path, content: bytes) -> None:
    pack = load_pack(make_pack(tmp_path, content))
    assert code_of(lambda: EmbeddingModel.open(pack, "cpu")) is ErrorCode.MODEL_TENSORS


def test_a_free_axis_fits(tmp_path: Path) -> None:
    pack = load_pack(make_pack(tmp_path, network(mel_bins="mel")))
    assert EmbeddingModel.open(pack, "cpu").pack.embedding_dim == DIM


def test_what_is_no_onnx_is_not_loaded(tmp_path: Path) -> None:
    pack = load_pack(make_pack(tmp_path, b"not a network"))
    assert code_of(lambda: EmbeddingModel.open(pack, "cpu")) is ErrorCode.MODEL_LOAD


@pytest.mark.parametrize(
    "vectors",
    [
        b"no archive",
        golden(embedding=np.eye(DIM, dtype=np.float32)[0]),
        golden(embedding=np.full(DIM, np.nan, np.float32)),
        golden(embedding=np.full(DIM, 1e6, np.float32)),
        golden(embedding=np.ones(3, np.float32)),
        golden(features=np.full((98, 80), np.nan, np.float32)),
        golden(features=np.zeros((97, 80), np.float32)),
        golden(samples=np.zeros(0, np.float32), features=np.zeros((0, 80), np.float32)),
        golden(samples=np.array([{}], object)),
        golden(samples=noise(1.0) * np.float32(1.01)[None] + np.float32(0.001) * noise(1.0, 1)),
    ],
)
def test_golden_vector_must_be_reproduced(tmp_path: Path, vectors: bytes) -> None:
    pack = load_pack(make_pack(tmp_path, vectors=vectors))
    assert code_of(lambda: EmbeddingModel.open(pack, "cpu")) is ErrorCode.MODEL_GOLDEN


@pytest.mark.parametrize("value", [0.0, np.nan, np.inf])
def test_invalid_outputs_are_refused(tmp_path: Path, value: float) -> None:
    broken = network(np.full((80, DIM), value, np.float32))
    pack = load_pack(make_pack(tmp_path, broken))
    assert code_of(lambda: EmbeddingModel.open(pack, "cpu")) is ErrorCode.MODEL_OUTPUT


def test_windows_have_an_output_of_their_own_where_the_pack_says_so(tmp_path: Path) -> None:
    graph = onnx.load_from_string(network())
    graph.graph.node.append(onnx.helper.make_node("Neg", ["embs"], ["turns"]))
    shape = [None, DIM]
    graph.graph.output.append(onnx.helper.make_tensor_value_info("turns", 1, shape))
    content = graph.SerializeToString()
    features = normalise(compute_features(noise(1.0), FRONT_END), FRONT_END)[None]
    one = EmbeddingModel.open(load_pack(make_pack(tmp_path / "one", content)), "cpu")
    two = EmbeddingModel.open(
        load_pack(make_pack(tmp_path / "two", content, windows="turns")), "cpu"
    )
    assert np.array_equal(one.embed_windows(features), one.embed_features(features))
    assert np.array_equal(two.embed_features(features), one.embed_features(features))
    assert two.embed_windows(features) == pytest.approx(-one.embed_features(features), abs=1e-6)
    pack = load_pack(make_pack(tmp_path / "three", content, windows="missing"))
    assert code_of(lambda: EmbeddingModel.open(pack, "cpu")) is ErrorCode.MODEL_TENSORS


def test_a_batch_that_the_network_refuses_is_a_coded_error(tiny: EmbeddingModel) -> None:
    narrow = np.ones((1, 100, 40), np.float32)
    assert code_of(lambda: tiny.embed_features(narrow)) is ErrorCode.MODEL_OUTPUT


def test_provider_is_the_one_that_runs(
    tiny: EmbeddingModel, capfd: pytest.CaptureFixture[str]
) -> None:
    assert tiny.provider == "CPUExecutionProvider"
    automatic = EmbeddingModel.open(tiny.pack, "auto").provider
    if automatic == "CUDAExecutionProvider":
        assert EmbeddingModel.open(tiny.pack, "cuda").provider == automatic
    else:
        unavailable = code_of(lambda: EmbeddingModel.open(tiny.pack, "cuda"))
        assert unavailable is ErrorCode.DEVICE_UNAVAILABLE
    assert code_of(lambda: EmbeddingModel.open(tiny.pack, "tpu")) is ErrorCode.DEVICE_UNAVAILABLE
    assert capfd.readouterr() == ("", "")


def test_speech_up_to_a_minute_is_seen_at_once(tiny: EmbeddingModel) -> None:
    for duration_s in (0.5, 1.0, 60.0):
        speech = noise(duration_s)
        features = normalise(compute_features(speech, FRONT_END), FRONT_END)
        assert np.abs(embed_speech(tiny, speech) - expected_vector(features)).max() < 1e-5


def test_longer_speech_averages_equal_windows(tiny: EmbeddingModel) -> None:
    speech = noise(130.0)
    windows = [
        normalise(compute_features(part, FRONT_END), FRONT_END)
        for part in (speech[:693_334], speech[693_334:1_386_667], speech[1_386_667:])
    ]
    mean = np.mean([expected_vector(window) for window in windows], axis=0)
    steps: list[tuple[str, float, float]] = []
    vector = embed_speech(tiny, speech, lambda *step: steps.append(step))
    assert np.abs(vector - mean / np.linalg.norm(mean)).max() < 1e-5
    assert steps == [("embed", 1, 3), ("embed", 2, 3), ("embed", 3, 3)]
    assert not np.allclose(expected_vector(windows[0]), expected_vector(windows[1]), atol=1e-3)


def test_too_little_speech_is_refused(tiny: EmbeddingModel) -> None:
    for n_samples in (0, 399, RATE_HZ // 2 - 1):
        speech = np.zeros(n_samples, np.float32)
        assert code_of(lambda s=speech: embed_speech(tiny, s)) is ErrorCode.SPEECH_TOO_SHORT


def test_embedding_can_be_cancelled_between_windows(tiny: EmbeddingModel) -> None:
    cancel, done = CancelToken(), []

    def stop(stage: str, count: float, total: float) -> None:
        done.append(count)
        cancel.cancel()

    assert code_of(lambda: embed_speech(tiny, noise(180.0), stop, cancel)) is ErrorCode.CANCELLED
    assert done == [1]


def test_real_speech_gives_a_unit_vector(tiny: EmbeddingModel, shared_data: Path) -> None:
    path = shared_data / "train/arabic_speech_commands/a01.ogg"
    speech, _ = soundfile.read(path, dtype="float32", frames=5 * RATE_HZ)
    assert np.linalg.norm(embed_speech(tiny, speech)) == pytest.approx(1, abs=1e-6)


def test_cosine_by_hand() -> None:
    a, b = np.array([3, 4], np.float32), np.array([4, 3], np.float32)
    assert cosine(a, b) == pytest.approx(24 / 25, abs=1e-12)
    assert cosine(a, -a) == pytest.approx(-1, abs=1e-12)


def test_cosine_matrix_equals_every_pair() -> None:
    vectors = np.random.default_rng(4).standard_normal((6, 32)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    expected = [[cosine(a, b) for b in vectors[4:]] for a in vectors[:4]]
    assert np.abs(cosine_matrix(vectors[:4], vectors[4:]) - expected).max() < 1e-6


def test_scores_of_two_models_are_never_mixed() -> None:
    vector = np.array([0.6, 0.8], np.float32)
    a, b, other = (Embedding(vector, m, r, 5.0) for m, r in (("m", "q"), ("m", "k"), ("n", "k")))
    score = make_score(a, b)
    assert score.value == pytest.approx(1)
    assert (score.questioned_sha256, score.known_sha256, score.model_sha256) == ("q", "k", "m")
    assert code_of(lambda: make_score(a, other)) is ErrorCode.MODEL_HASH


def test_normalisation_follows_its_formula() -> None:
    """Against AS-norm written out with sorted lists; without a cohort it is the cosine."""
    rng = np.random.default_rng(5)
    vectors = rng.standard_normal((62, 16)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    cohort = Cohort(vectors[2:], 10)
    sides = []
    for vector in vectors[:2]:
        nearest = sorted((float(vector @ other) for other in vectors[2:]), reverse=True)[:10]
        mean = sum(nearest) / 10
        deviation = (sum((c - mean) ** 2 for c in nearest) / 10) ** 0.5
        sides.append((mean, deviation))
    assert cohort_statistics(vectors[:2], cohort) == pytest.approx(np.array(sides), abs=1e-6)
    a, b = (
        Embedding(vector, "m", "r", 5.0, mean, deviation)
        for vector, (mean, deviation) in zip(vectors[:2], sides, strict=True)
    )
    plain = cosine(vectors[0], vectors[1])
    expected = sum((plain - mean) / deviation for mean, deviation in sides) / 2
    assert make_score(a, b).value == pytest.approx(expected, rel=1e-6)
    assert make_score(b, a).value == pytest.approx(expected, rel=1e-6)
    assert make_score(
        *(replace(e, cohort_mean=0.0, cohort_deviation=1.0) for e in (a, b))
    ).value == (pytest.approx(plain, abs=1e-9))
    assert (cohort_statistics(vectors[:1], None) == [[0.0, 1.0]]).all()
    assert (cohort_statistics(vectors[2:3], Cohort(vectors[[2, 2, 2]], 3))[:, 1] > 0).all()


def test_pack_with_a_cohort_is_bound_to_it(model: EmbeddingModel, tmp_path: Path) -> None:
    """The hash that populations are bound to is that of `cat model.onnx cohort.npy`."""
    pack, cohort = model.pack, np.eye(model.pack.embedding_dim, dtype=np.float16)[:50]

    def write(folder: Path, vectors: NDArray[Any], top: int = 20) -> ModelPack:
        buffer = io.BytesIO()
        np.save(buffer, vectors)
        files = {name: read_file(pack, name) for name in (MODEL, GOLDEN, CARD)}
        write_pack(
            folder,
            identity={
                "id": "x",
                "version": "1",
                "licence": "none",
                "training_data": "none",
            },
            files=files | {COHORT: buffer.getvalue()},
            front_end=pack.front_end,
            tensors={
                "input": pack.input_name,
                "output": pack.output_name,
                "embedding_dim": pack.embedding_dim,
            },
            validated_conditions={},
            top=top,
        )
        return load_pack(folder)

    first, second = write(tmp_path / "a", cohort), write(tmp_path / "b", cohort[::-1])
    parts = [(tmp_path / "a" / name).read_bytes() for name in (MODEL, COHORT)]
    assert first.model_sha256 == hashlib.sha256(b"".join(parts)).hexdigest()
    assert first.model_sha256 != second.model_sha256
    assert first.cohort is not None
    assert (first.cohort.vectors.shape, first.cohort.top) == (cohort.shape, 20)
    for bad in (cohort.astype(np.float32), cohort[:, 1:], 2 * cohort, cohort[:10]):
        code = code_of(lambda bad=bad: write(tmp_path / "bad", bad))
        assert code is ErrorCode.MODEL_MANIFEST
