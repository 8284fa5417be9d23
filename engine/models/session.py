"""The ONNX Runtime session of a pack, checked against its manifest and its golden vector."""

from __future__ import annotations

import io
import logging
import os
import zipfile
from dataclasses import dataclass

import numpy as np
import onnxruntime

from engine.errors import ErrorCode, SeongmunError
from engine.models.frontend import compute_features, normalise
from engine.models.pack import GOLDEN, MODEL, read_file
from engine.types import FloatArray, ModelPack

GOLDEN_FEATURE_TOLERANCE = 2e-3
GOLDEN_COSINE_TOLERANCE = 1e-4
SHORTEST_VECTOR = 1e-12
MAX_THREADS = 4
SILENT = 4
DEVICES = ("auto", "cpu", "cuda")
CUDA = ("CUDAExecutionProvider", {"cudnn_conv_algo_search": "HEURISTIC"})
CPU = "CPUExecutionProvider"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class EmbeddingModel:
    """An opened pack. `provider` is the execution provider that really runs."""

    pack: ModelPack
    provider: str
    _session: onnxruntime.InferenceSession

    @classmethod
    def open(
        cls, pack: ModelPack, device: str = "auto", threads: int | None = None
    ) -> EmbeddingModel:
        """Open a pack on ``auto``, ``cpu`` or ``cuda`` and reproduce its golden vector.

        ``auto`` takes the CPU where CUDA does not run; `provider` and the log say which it is.
        `threads` is the number of CPU threads; None takes every core up to `MAX_THREADS`.

        Raises
        ------
        SeongmunError
            MODEL_HASH, MODEL_LOAD, MODEL_TENSORS, MODEL_GOLDEN; DEVICE_UNAVAILABLE where ``cuda``
            was asked for and does not run.
        """
        session = open_session(read_file(pack, MODEL), device, str(pack.directory), threads)
        model = cls(pack, session.get_providers()[0], session)
        model._check_tensors()
        model._check_golden()
        return model

    def embed_features(self, features: FloatArray) -> FloatArray:
        """Embed a batch.

        Parameters
        ----------
        features : float32 [shape=(batch, frames, mel_bins)], normalised

        Returns
        -------
        float32 [shape=(batch, dim)], L2-normalised.

        Raises
        ------
        SeongmunError
            MODEL_OUTPUT where the network refuses the batch, or a vector is not finite, has no
            length or the wrong size.
        """
        return self._embed(features, self.pack.output_name)

    def embed_windows(self, features: FloatArray) -> FloatArray:
        """As `embed_features`, for windows of a second or two of one recording, which are compared
        with each other only."""
        return self._embed(features, self.pack.windows_name)

    def _embed(self, features: FloatArray, output: str) -> FloatArray:
        try:
            outputs = self._session.run([output], {self.pack.input_name: features})
        except Exception as error:  # ONNX Runtime raises bare exceptions of its own
            raise self._error(ErrorCode.MODEL_OUTPUT, str(error)) from error
        vectors = np.asarray(outputs[0], np.float64)
        if vectors.size != len(features) * self.pack.embedding_dim:
            raise self._error(ErrorCode.MODEL_OUTPUT, f"output has shape {vectors.shape}")
        vectors = vectors.reshape(len(features), -1)
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        if not np.isfinite(vectors).all() or (lengths < SHORTEST_VECTOR).any():
            raise self._error(ErrorCode.MODEL_OUTPUT, "not finite or no length")
        return np.asarray(vectors / lengths, np.float32)

    def _check_tensors(self) -> None:
        inputs = {tensor.name: tensor for tensor in self._session.get_inputs()}
        outputs = {tensor.name: tensor for tensor in self._session.get_outputs()}
        pack = self.pack
        if set(inputs) != {pack.input_name}:
            raise self._error(ErrorCode.MODEL_TENSORS, f"inputs are {sorted(inputs)}")
        if not {pack.output_name, pack.windows_name} <= set(outputs):
            raise self._error(ErrorCode.MODEL_TENSORS, f"outputs are {sorted(outputs)}")
        shape = inputs[pack.input_name].shape
        if inputs[pack.input_name].type != "tensor(float)" or len(shape) != 3:
            raise self._error(ErrorCode.MODEL_TENSORS, f"input has shape {shape}")
        if not _fits(shape[2], pack.front_end.mel_bins):
            raise self._error(ErrorCode.MODEL_TENSORS, f"input has {shape[2]} mel bins")
        for name in (pack.output_name, pack.windows_name):
            produced = outputs[name].shape
            if not produced or not _fits(produced[-1], pack.embedding_dim):
                raise self._error(ErrorCode.MODEL_TENSORS, f"output has shape {produced}")

    def _check_golden(self) -> None:
        """Front end and network against the vectors that were stored when the pack was made."""
        samples, expected_features, expected = self._golden()
        features = normalise(compute_features(samples, self.pack.front_end), self.pack.front_end)
        if features.shape != expected_features.shape or not len(features):
            raise self._error(ErrorCode.MODEL_GOLDEN, "feature shape")
        if not np.abs(features - expected_features).max() <= GOLDEN_FEATURE_TOLERANCE:
            raise self._error(ErrorCode.MODEL_GOLDEN, "features")
        vector = self.embed_features(features[None])[0]
        if expected.shape != vector.shape or not _equal_direction(vector, expected):
            raise self._error(ErrorCode.MODEL_GOLDEN, "embedding")

    def _golden(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Samples, normalised features and unit embedding of the pack's golden vector."""
        content = io.BytesIO(read_file(self.pack, GOLDEN))
        try:
            with np.load(content, allow_pickle=False) as golden:
                arrays = golden["samples"], golden["features"], golden["embedding"]
        except (ValueError, KeyError, TypeError, OSError, EOFError, zipfile.BadZipFile) as error:
            raise self._error(ErrorCode.MODEL_GOLDEN, str(error)) from error
        if [(a.ndim, a.dtype) for a in arrays] != [(n, np.float32) for n in (1, 2, 1)]:
            raise self._error(ErrorCode.MODEL_GOLDEN, "arrays")
        return arrays

    def _error(self, code: ErrorCode, reason: str) -> SeongmunError:
        return SeongmunError(code, path=str(self.pack.directory), reason=reason)


def _fits(declared: int | str | None, expected: int) -> bool:
    """A named or free axis fits; the golden vector then shows its real size."""
    return not isinstance(declared, int) or declared == expected


def _equal_direction(vector: FloatArray, expected: FloatArray) -> bool:
    """Whether `expected` has unit length and points where the unit vector `vector` does."""
    reference = expected.astype(np.float64)
    unit = abs(float(np.linalg.norm(reference)) - 1) <= GOLDEN_COSINE_TOLERANCE
    return unit and bool(1 - vector @ reference <= GOLDEN_COSINE_TOLERANCE)


def open_session(
    content: bytes, device: str, name: str, threads: int | None = None
) -> onnxruntime.InferenceSession:
    """Open ONNX bytes on a device, see `EmbeddingModel.open`; `name` is for the error only.

    Raises
    ------
    SeongmunError
        MODEL_LOAD, DEVICE_UNAVAILABLE.
    """
    if device not in DEVICES:
        raise SeongmunError(ErrorCode.DEVICE_UNAVAILABLE, device=device)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = SILENT
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.intra_op_num_threads = threads or min(os.cpu_count() or 1, MAX_THREADS)
    providers: list[object] = [CPU]
    if device != "cpu" and CUDA[0] in onnxruntime.get_available_providers():
        onnxruntime.set_default_logger_severity(SILENT)
        providers.insert(0, CUDA)
    try:
        session = onnxruntime.InferenceSession(content, options, providers=providers)
    except Exception as error:  # ONNX Runtime raises bare exceptions of its own
        raise SeongmunError(ErrorCode.MODEL_LOAD, path=name, reason=str(error)) from error
    provider = session.get_providers()[0]
    if device == "cuda" and provider != CUDA[0]:
        raise SeongmunError(ErrorCode.DEVICE_UNAVAILABLE, device=device)
    log.info("%s runs on %s (asked for %s)", name, provider, device)
    return session
