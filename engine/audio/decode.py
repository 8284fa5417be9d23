"""Decode evidence in a separate process with limits on time, memory and length.

A hostile file may kill that process, never the program. The file is only read; its SHA-256 is taken
before decoding, and a file that changed meanwhile is refused.
"""

from __future__ import annotations

import json
import multiprocessing
import time
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np

from engine.audio.decode_worker import serve
from engine.errors import ErrorCode, SeongmunError
from engine.files import file_error, hash_file
from engine.progress import CancelToken, Progress, no_progress
from engine.types import Audio, ProcessingStep, Recording

POLL_S = 0.1
MAXIMUM_CHANNELS = 64
MAXIMUM_RATE_HZ = 768_000


@dataclass(frozen=True, slots=True)
class DecodeLimits:
    """`decoded_bytes` counts float32 samples of all channels; the default holds 10 hours of 48 kHz
    mono. `memory_bytes` is the decoding process's address space."""

    wall_s: float = 900.0
    memory_bytes: int = 4 << 30
    decoded_bytes: int = 8 << 30


def decode(
    path: Path,
    limits: DecodeLimits | None = None,
    *,
    allow_truncated: bool = False,
    progress: Progress = no_progress,
    cancel: CancelToken | None = None,
) -> Audio:
    """Decode every channel at the native rate.

    Integer codings are scaled by their full scale; nothing is resampled, mixed or normalised.

    Parameters
    ----------
    path : Path
    limits : DecodeLimits, optional
    allow_truncated : bool
        Take what a cut recording still holds; ``audio.truncated`` then stands in its warnings.

    Raises
    ------
    SeongmunError
        FILE_*, AUDIO_NOT_AUDIO, AUDIO_NO_STREAM, AUDIO_TRUNCATED, AUDIO_FORMAT_CHANGES,
        AUDIO_NOT_FINITE, AUDIO_DECODER_CRASHED, AUDIO_TIME_LIMIT, AUDIO_MEMORY_LIMIT,
        AUDIO_TOO_LONG, CANCELLED.
    """
    limits = limits or DecodeLimits()
    before = _state(path)
    sha256, size_bytes = hash_file(path, progress, cancel)
    if size_bytes == 0:
        raise SeongmunError(ErrorCode.FILE_EMPTY, path=str(path))
    header, warnings, data = _run(path, limits, allow_truncated, progress, cancel)
    if _state(path) != before:
        raise SeongmunError(ErrorCode.FILE_CHANGED, path=str(path))
    channels, rate_hz = header["channels"], header["sample_rate_hz"]
    samples = np.frombuffer(data, "<f4")
    samples = samples[: len(samples) // channels * channels].reshape(-1, channels).T
    if not np.isfinite(samples).all():
        raise SeongmunError(ErrorCode.AUDIO_NOT_FINITE, path=str(path))
    if samples.shape[1] == 0:
        raise SeongmunError(ErrorCode.AUDIO_NOT_AUDIO, path=str(path))
    recording = Recording(
        path=path,
        sha256=sha256,
        size_bytes=size_bytes,
        container=header["container"],
        codec=header["codec"],
        sample_rate_hz=rate_hz,
        channels=channels,
        n_samples=samples.shape[1],
        decoder=header["decoder"],
        decoder_version=header["decoder_version"],
        warnings=warnings,
    )
    step = ProcessingStep(
        "decode", {"decoder": recording.decoder, "version": recording.decoder_version}
    )
    return Audio(np.asarray(samples, np.float32), rate_hz, recording, (step,))


def _state(path: Path) -> tuple[int, int, int]:
    try:
        status = path.stat()
    except OSError as error:
        raise file_error(error, path) from error
    return status.st_ino, status.st_size, status.st_mtime_ns


def _run(
    path: Path,
    limits: DecodeLimits,
    allow_truncated: bool,
    progress: Progress,
    cancel: CancelToken | None,
) -> tuple[dict[str, Any], tuple[str, ...], bytearray]:
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(
        target=serve,
        args=(sender, str(path), limits.memory_bytes, int(limits.wall_s) + 1, allow_truncated),
        daemon=False,
    )
    process.start()
    sender.close()
    try:
        return _receive(receiver, path, limits, progress, cancel)
    except EOFError as error:
        raise SeongmunError(ErrorCode.AUDIO_DECODER_CRASHED, path=str(path)) from error
    finally:
        receiver.close()
        process.kill()
        process.join()
        process.close()


def _receive(
    receiver: Connection,
    path: Path,
    limits: DecodeLimits,
    progress: Progress,
    cancel: CancelToken | None,
) -> tuple[dict[str, Any], tuple[str, ...], bytearray]:
    deadline = time.monotonic() + limits.wall_s
    header: dict[str, Any] = {}
    data = bytearray()
    while True:
        arrived = False
        while not arrived:
            if cancel is not None:
                cancel.check()
            if time.monotonic() > deadline:
                raise SeongmunError(ErrorCode.AUDIO_TIME_LIMIT, path=str(path))
            arrived = receiver.poll(POLL_S)
        message = receiver.recv_bytes()
        tag, body = message[:1], message[1:]
        if tag == b"D" and header:
            data += body
            if len(data) > limits.decoded_bytes:
                raise SeongmunError(ErrorCode.AUDIO_TOO_LONG, path=str(path))
            progress("decode", len(data) / (4 * header["channels"] * header["sample_rate_hz"]), 0)
        elif tag == b"H" and not header:
            header = _checked_header(body, path)
        elif tag == b"T" and header:
            warnings = json.loads(body)["warnings"]
            return header, tuple(str(warning) for warning in warnings), data
        elif tag == b"E":
            raise SeongmunError(ErrorCode(json.loads(body)["code"]), path=str(path))
        else:
            raise SeongmunError(ErrorCode.AUDIO_DECODER_CRASHED, path=str(path))


def _checked_header(body: bytes, path: Path) -> dict[str, Any]:
    """The child may have been taken over by the file: believe nothing it says unchecked."""
    try:
        header = json.loads(body)
        checked = {
            key: str(header[key])[:100]
            for key in ("container", "codec", "decoder", "decoder_version")
        }
        numbers = {key: int(header[key]) for key in ("channels", "sample_rate_hz")}
    except (ValueError, KeyError, TypeError) as error:
        raise SeongmunError(ErrorCode.AUDIO_DECODER_CRASHED, path=str(path)) from error
    if not 1 <= numbers["channels"] <= MAXIMUM_CHANNELS:
        raise SeongmunError(ErrorCode.AUDIO_NOT_AUDIO, path=str(path))
    if not 1000 <= numbers["sample_rate_hz"] <= MAXIMUM_RATE_HZ:
        raise SeongmunError(ErrorCode.AUDIO_NOT_AUDIO, path=str(path))
    return checked | numbers
