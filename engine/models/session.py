"""The ONNX Runtime session of a pack, checked against its manifest and its golden vector."""

from __future__ import annotations

import io
import os
from dataclasses import dataclass

import numpy as np
import onnxruntime

from engine.errors import ErrorCode, SeongmunError
from engine.models.frontend import compute_features, normalise
from engine.models.pack import GOLDEN, MODEL, read_file
from engine.types import FloatArray, ModelPack

GOLDEN_FEATURE_TOLERANCE = 2e-3
GOLDEN_COSINE_TOLERANCE = 1e-4
MAX_THREADS = 4
CUDA = ("CUDAExecutionProvider", {"cudnn_conv_algo_search": "HEURISTIC"})
CPU = "CPUExecutionProvider"


@dataclass(frozen=True, slots=True)
class EmbeddingModel:
    """An opened pack. `provider` is the execution provider that really runs."""

    pack: ModelPack
    provider: str
    _session: onnxruntime.InferenceSession

    @classmethod
    def open(cls, pack: ModelPack, device: str = "auto") -> EmbeddingModel:
        """Open a pack on ``auto``, ``cpu`` or ``cuda`` and reproduce its golden vector.

        Raises
        ------
        SeongmunError
            MODEL_HASH, MODEL_LOAD, MODEL_TENSORS, MODEL_GOLDEN; DEVICE_UNAVAILABLE where ``cuda``
            was asked for and does not run.
        """
        session = open_session(read_file(pack, MODEL), device, str(pack.directory))
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
            MODEL_OUTPUT where a vector is not finite or has no length.
        """
        outputs = self._session.run([self.pack.output_name], {self.pack.input_name: features})
        vectors = np.asarray(outputs[0], np.float64).reshape(len(features), -1)
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        if not np.isfinite(vectors).all() or (lengths < 1e-12).any():
            raise SeongmunError(ErrorCode.MODEL_OUTPUT)
        return np.asarray(vectors / lengths, np.float32)

    def _check_tensors(self) -> None:
        inputs = {tensor.name: tensor for tensor in self._session.get_inputs()}
        outputs = {tensor.name: tensor for tensor in self._session.get_outputs()}
        pack = self.pack
        if set(inputs) != {pack.input_name}:
            raise self._error(ErrorCode.MODEL_TENSORS, f"inputs are {sorted(inputs)}")
        if pack.output_name not in outputs:
            raise self._error(ErrorCode.MODEL_TENSORS, f"outputs are {sorted(outputs)}")
        shape = inputs[pack.input_name].shape
        if inputs[pack.input_name].type != "tensor(float)" or len(shape) != 3:
            raise self._error(ErrorCode.MODEL_TENSORS, f"input has shape {shape}")
        if shape[2] != pack.front_end.mel_bins:
            raise self._error(ErrorCode.MODEL_TENSORS, f"input has {shape[2]} mel bins")
        if outputs[pack.output_name].shape[-1] != pack.embedding_dim:
            raise self._error(ErrorCode.MODEL_TENSORS, "embedding size")

    def _check_golden(self) -> None:
        """Front end and network against the vectors that were stored when the pack was made."""
        try:
            with np.load(io.BytesIO(read_file(self.pack, GOLDEN)), allow_pickle=False) as golden:
                samples, expected_features = golden["samples"], golden["features"]
                expected = golden["embedding"].astype(np.float64)
        except (ValueError, KeyError, OSError) as error:
            raise self._error(ErrorCode.MODEL_GOLDEN, str(error)) from error
        features = normalise(compute_features(samples, self.pack.front_end), self.pack.front_end)
        if features.shape != expected_features.shape:
            raise self._error(ErrorCode.MODEL_GOLDEN, "feature shape")
        if np.abs(features - expected_features).max() > GOLDEN_FEATURE_TOLERANCE:
            raise self._error(ErrorCode.MODEL_GOLDEN, "features")
        vector = self.embed_features(features[None])[0]
        if expected.shape != vector.shape or 1 - float(vector @ expected) > GOLDEN_COSINE_TOLERANCE:
            raise self._error(ErrorCode.MODEL_GOLDEN, "embedding")

    def _error(self, code: ErrorCode, reason: str) -> SeongmunError:
        return SeongmunError(code, path=str(self.pack.directory), reason=reason)


def open_session(content: bytes, device: str, name: str) -> onnxruntime.InferenceSession:
    """Open ONNX bytes on a device; `name` is for the error only.

    Raises
    ------
    SeongmunError
        MODEL_LOAD, DEVICE_UNAVAILABLE.
    """
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.intra_op_num_threads = min(os.cpu_count() or 1, MAX_THREADS)
    providers: list[object] = [CPU]
    if device != "cpu" and CUDA[0] in onnxruntime.get_available_providers():
        onnxruntime.set_default_logger_severity(4)
        providers.insert(0, CUDA)
    try:
        session = onnxruntime.InferenceSession(content, options, providers=providers)
    except Exception as error:  # ONNX Runtime raises bare exceptions of its own
        raise SeongmunError(ErrorCode.MODEL_LOAD, path=name, reason=str(error)) from error
    if device == "cuda" and session.get_providers()[0] != CUDA[0]:
        raise SeongmunError(ErrorCode.DEVICE_UNAVAILABLE, device=device)
    return session
