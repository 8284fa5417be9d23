"""From a checkpoint to a model pack: ONNX, golden vectors, manifest, model card."""

from __future__ import annotations

import copy
import io
import logging
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnxruntime import InferenceSession
from torch import Tensor, nn

from engine.models.frontend import compute_features, normalise
from engine.models.pack import CARD, COHORT, GOLDEN, MODEL, read_file, write_pack
from engine.models.session import open_session
from engine.training.card import write_card
from engine.training.network import Ensemble
from engine.training.recipe import Network, Recipe, ReferenceConfig
from engine.training.train import averaged_network, load_weights, steps_done
from engine.training.views import View, newest_views
from engine.types import FloatArray, FrontEnd, ModelPack

log = logging.getLogger(__name__)

INPUT, OUTPUT, WINDOWS = "feats", "embs", "windows"
COSINE_TOLERANCE = 1e-4
GOLDEN_S = 3.0
HALF = ".half"


def export(recipe: Recipe, work: Path, out: Path, initial: ModelPack | None = None) -> None:
    """Write the averaged networks of the checkpoints in `work` as a pack into `out`, part of the
    way back to those of the pack `initial` where they began there, see `Recipe.initial_share`.

    Raises
    ------
    RuntimeError, ValueError
        ONNX and PyTorch disagree, a batch changes an embedding, or `initial` holds other networks.
    """
    members = {network.name: averaged_network(network, work) for network in recipe.networks}
    steps = {network.name: steps_done(network, work) for network in recipe.networks}
    if initial is not None:
        for network in recipe.networks:
            pull_back(members[network.name], weights_of(initial, network), recipe.initial_share)
    ensemble = Ensemble(members, recipe.embedding_dim).eval()
    front_end = FrontEnd(mel_bins=recipe.mel_bins)
    plain = open_session(to_onnx(ensemble, recipe.mel_bins), "cpu", MODEL)
    references = reference_vectors(plain, front_end, work, recipe.references)
    ensemble.whitening.fit(references, recipe.whitening.weight, recipe.whitening.floor)
    content = to_onnx(ensemble, recipe.mel_bins)
    check_equal(ensemble, content, recipe.mel_bins)
    golden = golden_vectors(content, front_end)
    cohort = io.BytesIO()
    np.save(cohort, ensemble.whitening(torch.from_numpy(references)).numpy().astype(np.float16))
    card = write_card(recipe, steps, [], "en")
    write_pack(
        out,
        identity={
            "id": recipe.model_id,
            "version": recipe.model_version,
            "licence": recipe.licence,
            "training_data": recipe.sources["en"],
        },
        files={
            MODEL: content,
            GOLDEN: golden,
            COHORT: cohort.getvalue(),
            CARD: card.encode("utf-8"),
        },
        front_end=front_end,
        tensors={
            "input": INPUT,
            "output": OUTPUT,
            "windows": WINDOWS,
            "embedding_dim": recipe.embedding_dim,
        },
        validated_conditions={},
        top=recipe.references.top,
    )
    log.info("steps %s exported, %.1f MB", steps, len(content) / 1e6)


def pull_back(network: nn.Module, initial: Mapping[str, Tensor], share: float) -> None:
    """Move a network's weights by `share` of the way to `initial` (Wortsman et al. 2022, WiSE-FT:
    what the run before knew of strangers is kept beside what this one learned).

    Raises
    ------
    RuntimeError, ValueError
        `initial` is of another network.
    """
    begun = copy.deepcopy(network)
    load_weights(begun, initial)
    weights = begun.state_dict()
    with torch.no_grad():
        for name, value in network.state_dict().items():
            if value.dtype.is_floating_point:
                value.lerp_(weights[name], share)


def to_onnx(network: nn.Module, mel_bins: int) -> bytes:
    """ONNX with free batch and frame axes; every weight keeps its name, see `weights_of`.

    Matrices and kernels are kept in half precision and widened when the model is opened.
    """
    buffer = io.BytesIO()
    torch.onnx.export(
        network,
        (torch.randn(2, 200, mel_bins),),
        buffer,
        input_names=[INPUT],
        output_names=[OUTPUT, WINDOWS],
        dynamic_axes={
            INPUT: {0: "batch", 1: "frames"},
            OUTPUT: {0: "batch"},
            WINDOWS: {0: "batch"},
        },
        opset_version=17,
        training=torch.onnx.TrainingMode.PRESERVE,
        do_constant_folding=False,
        dynamo=False,
    )
    return _halved(buffer.getvalue())


def _halved(content: bytes) -> bytes:
    model = onnx.load_from_string(content)
    casts = []
    for weight in model.graph.initializer:
        if weight.data_type != onnx.TensorProto.FLOAT or len(weight.dims) < 2:
            continue
        name, half = weight.name, onnx.numpy_helper.to_array(weight).astype(np.float16)
        weight.CopyFrom(onnx.numpy_helper.from_array(half, name + HALF))
        casts.append(
            onnx.helper.make_node("Cast", [name + HALF], [name], to=onnx.TensorProto.FLOAT)
        )
    nodes = [*casts, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def weights_of(pack: ModelPack, network: Network) -> dict[str, Tensor]:
    """The weights of a network of a pack that `export` wrote, by their names in it; none where the
    pack has no such network."""
    prefix = f"members.{network.name}."
    graph = onnx.load_from_string(read_file(pack, MODEL)).graph
    return {
        i.name.removeprefix(prefix).removesuffix(HALF): torch.from_numpy(
            onnx.numpy_helper.to_array(i).astype(np.float32)
        )
        for i in graph.initializer
        if i.name.startswith(prefix)
    }


def check_equal(network: nn.Module, content: bytes, mel_bins: int) -> None:
    """ONNX must equal PyTorch at several lengths, alone and in a batch."""
    session = open_session(content, "cpu", MODEL)
    rng = np.random.default_rng(0)
    for frames in (50, 200, 601, 3000):
        features = rng.standard_normal((2, frames, mel_bins)).astype(np.float32) * 3
        with torch.no_grad():
            wanted = [output.numpy() for output in network(torch.from_numpy(features))]
        batches = session.run([OUTPUT, WINDOWS], {INPUT: features})
        single = session.run([OUTPUT, WINDOWS], {INPUT: features[1:]})
        for expected, batch, alone in zip(wanted, batches, single, strict=True):
            for a, b in ((expected[0], batch[0]), (expected[1], batch[1]), (batch[1], alone[0])):
                if 1 - _cosine(a, b) > COSINE_TOLERANCE:
                    raise ValueError(f"{frames} frames: cosine {_cosine(a, b)}")


def reference_vectors(
    session: InferenceSession, front_end: FrontEnd, work: Path, config: ReferenceConfig
) -> FloatArray:
    """Embeddings of training voices [shape=(n, dim)], not whitened: a piece of every speaker from
    each of the newest views, all disturbed differently."""
    vectors = []
    for view in newest_views(work, front_end.mel_bins, config.views):
        longest = _longest_pieces(view, config.least_frames)
        count = min(config.speakers, len(longest))
        for at in np.linspace(0, len(longest), count, endpoint=False).astype(int):
            vectors.append(_embed(session, front_end, view, longest[at], config.most_frames))
    return np.array(vectors)


def _longest_pieces(view: View, least_frames: int) -> list[int]:
    """The row of every speaker's longest piece, speakers rising; none of fewer frames."""
    longest: dict[int, int] = {}
    for row in np.flatnonzero(view.frames >= least_frames).tolist():
        speaker = int(view.speaker[row])
        if speaker not in longest or view.frames[row] > view.frames[longest[speaker]]:
            longest[speaker] = row
    return [longest[speaker] for speaker in sorted(longest)]


def _embed(
    session: InferenceSession, front_end: FrontEnd, view: View, row: int, most_frames: int
) -> FloatArray:
    start = int(view.first_frame[row])
    stretch = view.features[start : start + min(int(view.frames[row]), most_frames)]
    features = normalise(stretch.astype(np.float32), front_end)
    vector = session.run([WINDOWS], {INPUT: features[None]})[0][0]
    return np.asarray(vector / np.linalg.norm(vector), np.float32)


def golden_vectors(content: bytes, front_end: FrontEnd) -> bytes:
    """A synthetic signal with its features and embedding, for `EmbeddingModel.open`."""
    samples = golden_signal(front_end.sample_rate_hz)
    features = normalise(compute_features(samples, front_end), front_end)
    session = open_session(content, "cpu", MODEL)
    vector = session.run([OUTPUT], {INPUT: features[None]})[0][0]
    buffer = io.BytesIO()
    np.savez(
        buffer,
        samples=samples,
        features=features,
        embedding=(vector / np.linalg.norm(vector)).astype(np.float32),
    )
    return buffer.getvalue()


def golden_signal(sample_rate_hz: int) -> FloatArray:
    """A buzz with moving resonances and a little noise; no person's voice."""
    time_s = np.arange(int(GOLDEN_S * sample_rate_hz)) / sample_rate_hz
    pitch = np.cumsum(120 + 30 * np.sin(2 * np.pi * 0.7 * time_s)) / sample_rate_hz
    harmonics = np.arange(1, 40)[:, None]
    centre_hz = 500 + 300 * np.sin(2 * np.pi * 1.3 * time_s)
    gain = np.exp(-(((harmonics * 120 - centre_hz) / 700) ** 2)) + 0.05
    buzz = (gain * np.sin(2 * np.pi * harmonics * pitch)).sum(axis=0)
    noise = np.random.default_rng(1).standard_normal(len(time_s))
    mixed = buzz / np.abs(buzz).max() * 0.5 + 0.005 * noise
    return np.asarray(mixed, np.float32)


def _cosine(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))
