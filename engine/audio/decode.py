"""Decode evidence in a separate process with limits on time, memory and length.

A hostile file may kill that process, never the program. The file is only read; its SHA-256 is taken
before decoding, and a file that changed meanwhile is refused.
"""

from __future__ import annotations

import json
import multiprocessing
import stat
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np

from engine.audio.decode_worker import serve
from engine.errors import ErrorCode, SeongmunError
from engine.files import Source, file_error, hash_file, path_of
from engine.progress import CancelToken, Progress, no_progress
from engine.sealed import SealedFile
from engine.types import Audio, ProcessingStep, Recording

POLL_S = 0.1
MAXIMUM_CHANNELS = 64
MINIMUM_RATE_HZ = 1000
MAXIMUM_RATE_HZ = 768_000
MAXIMUM_MESSAGE_BYTES = 256 << 20
WARNINGS = {"audio.truncated", "audio.damaged", "audio.length_unknown", "audio.several_tracks"}
# What reading from a child raises that has died or does not speak as it should.
MISCONDUCT = (
    EOFError,
    OSError,
    ValueError,
    KeyError,
    TypeError,
    OverflowError,
    RecursionError,
)


@dataclass(frozen=True, slots=True)
class DecodeLimits:
    """`decoded_bytes` counts float32 samples of all channels; the default holds 10 hours of 48 kHz
    mono. `memory_bytes` is the decoding process's address space."""

    wall_s: float = 900.0
    memory_bytes: int = 4 << 30
    decoded_bytes: int = 8 << 30


@dataclass(frozen=True, slots=True)
class StreamHeader:
    """What is known of a stream before its samples come."""

    channels: int
    sample_rate_hz: int


def decode(
    source: Source,
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
    source : Path or SealedFile
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
    data = bytearray()
    recording, step = decode_into(
        source,
        lambda header: data.extend,
        limits,
        allow_truncated=allow_truncated,
        progress=progress,
        cancel=cancel,
    )
    samples = np.frombuffer(data, "<f4").reshape(-1, recording.channels).T
    return Audio(np.asarray(samples, np.float32), recording.sample_rate_hz, recording, (step,))


def decode_into(
    source: Source,
    begin: Callable[[StreamHeader], Callable[[bytes], None]],
    limits: DecodeLimits | None = None,
    *,
    allow_truncated: bool = False,
    progress: Progress = no_progress,
    cancel: CancelToken | None = None,
) -> tuple[Recording, ProcessingStep]:
    """As `decode`, but the samples go where `begin` says, block by block: it is called once with
    what the stream is and returns what takes interleaved float32 bytes, whole frames at a time.

    Raises
    ------
    SeongmunError
        As `decode`; what was taken until then is worth nothing.
    """
    limits = limits or DecodeLimits()
    path = path_of(source)
    before = _state(path)
    sha256, size_bytes = hash_file(source, progress, cancel)
    if size_bytes == 0:
        raise SeongmunError(ErrorCode.FILE_EMPTY, path=str(path))
    heard = _Heard(path, limits, begin, progress)
    _run(source, heard, allow_truncated, cancel)
    if _state(path) != before:
        raise SeongmunError(ErrorCode.FILE_CHANGED, path=str(path))
    if not heard.frames:
        raise SeongmunError(ErrorCode.AUDIO_NOT_AUDIO, path=str(path))
    header = heard.header
    recording = Recording(
        path=path,
        sha256=sha256,
        size_bytes=size_bytes,
        container=header["container"],
        codec=header["codec"],
        sample_rate_hz=header["sample_rate_hz"],
        channels=header["channels"],
        n_samples=heard.frames,
        decoder=header["decoder"],
        decoder_version=header["decoder_version"],
        warnings=heard.warnings,
        created=header["created"],
    )
    return recording, ProcessingStep(
        "decode", {"decoder": recording.decoder, "version": recording.decoder_version}
    )


def _state(path: Path) -> tuple[int, int, int]:
    """What changes with the bytes. Only regular files are read: a pipe would never end."""
    try:
        status = path.stat()
    except OSError as error:
        raise file_error(error, path) from error
    except ValueError as error:  # a NUL in the name
        raise SeongmunError(ErrorCode.FILE_MISSING, path=str(path)) from error
    if stat.S_ISDIR(status.st_mode):
        raise SeongmunError(ErrorCode.FILE_IS_DIRECTORY, path=str(path))
    if not stat.S_ISREG(status.st_mode):
        raise SeongmunError(ErrorCode.FILE_UNREADABLE, path=str(path))
    return status.st_ino, status.st_size, status.st_mtime_ns


def _run(source: Source, heard: _Heard, allow_truncated: bool, cancel: CancelToken | None) -> None:
    """Start the decoding process, hear it out, and see that it is gone.

    A timer kills it at the time limit, so that not even half a message can hold the program.
    """
    path, limits = heard.path, heard.limits
    try:
        file_key = source.file_key() if isinstance(source, SealedFile) else None
    except OSError as error:
        raise file_error(error, path) from error
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(
        target=serve,
        args=(
            sender,
            str(path),
            file_key,
            limits.memory_bytes,
            int(limits.wall_s) + 1,
            allow_truncated,
        ),
        daemon=False,
    )
    process.start()
    sender.close()
    deadline = time.monotonic() + limits.wall_s
    timer = threading.Timer(limits.wall_s, process.kill)
    timer.start()
    try:
        while heard.take(_next_message(receiver, cancel)):
            pass
    except MISCONDUCT as error:
        late = time.monotonic() >= deadline
        code = ErrorCode.AUDIO_TIME_LIMIT if late else ErrorCode.AUDIO_DECODER_CRASHED
        raise SeongmunError(code, path=str(path)) from error
    finally:
        timer.cancel()
        timer.join()
        receiver.close()
        process.kill()
        process.join()
        process.close()


class _Heard:
    """What the decoding process said so far.

    It may have been taken over by the file: believe nothing that it says unchecked.
    """

    def __init__(
        self,
        path: Path,
        limits: DecodeLimits,
        begin: Callable[[StreamHeader], Callable[[bytes], None]],
        progress: Progress,
    ) -> None:
        self.path, self.limits = path, limits
        self.header: dict[str, Any] = {}
        self.warnings: tuple[str, ...] = ()
        self.frames = 0
        self._begin, self._progress, self._tell_at = begin, progress, 0.0
        self._frame_bytes = 0
        self._write: Callable[[bytes], None]

    def take(self, message: bytes) -> bool:
        """Take one message; False after the last. Raises one of `MISCONDUCT`, or a coded error."""
        tag, body = message[:1], message[1:]
        if tag == b"D" and self.header:
            self._take_samples(body)
        elif tag == b"H" and not self.header:
            self.header = _checked_header(body, self.path)
            self._frame_bytes = 4 * self.header["channels"]
            self._write = self._begin(
                StreamHeader(self.header["channels"], self.header["sample_rate_hz"])
            )
        elif tag == b"T" and self.header:
            self.warnings = _checked_warnings(body)
            return False
        elif tag == b"E":
            raise SeongmunError(_checked_code(body), path=str(self.path))
        else:
            raise ValueError("unexpected message")
        return True

    def _take_samples(self, body: bytes) -> None:
        frames, rest = divmod(len(body), self._frame_bytes)
        if rest:
            raise ValueError("a part of a frame")
        self.frames += frames
        if self.frames * self._frame_bytes > self.limits.decoded_bytes:
            raise SeongmunError(ErrorCode.AUDIO_TOO_LONG, path=str(self.path))
        if not np.isfinite(np.frombuffer(body, "<f4")).all():
            raise SeongmunError(ErrorCode.AUDIO_NOT_FINITE, path=str(self.path))
        self._write(body)
        if time.monotonic() >= self._tell_at:
            self._progress("decode", self.frames / self.header["sample_rate_hz"], 0)
            self._tell_at = time.monotonic() + POLL_S


def _next_message(receiver: Connection, cancel: CancelToken | None) -> bytes:
    while not receiver.poll(POLL_S):
        if cancel is not None:
            cancel.check()
    if cancel is not None:
        cancel.check()
    return receiver.recv_bytes(MAXIMUM_MESSAGE_BYTES)


def _checked_warnings(body: bytes) -> tuple[str, ...]:
    warnings = tuple(json.loads(body)["warnings"])
    if not set(warnings) <= WARNINGS:
        raise ValueError("unknown warning")
    return warnings


def _checked_code(body: bytes) -> ErrorCode:
    code = ErrorCode(json.loads(body)["code"])
    if not code.value.startswith(("audio.", "file.")):
        raise ValueError("not a code of decoding")
    return code


def _checked_header(body: bytes, path: Path) -> dict[str, Any]:
    header = json.loads(body)
    words = ("container", "codec", "decoder", "decoder_version")
    checked: dict[str, Any] = {key: str(header[key])[:100] for key in words}
    checked["created"] = str(header.get("created", ""))[:100]
    checked |= {key: int(header[key]) for key in ("channels", "sample_rate_hz")}
    if not 1 <= checked["channels"] <= MAXIMUM_CHANNELS:
        raise SeongmunError(ErrorCode.AUDIO_NOT_AUDIO, path=str(path))
    if not MINIMUM_RATE_HZ <= checked["sample_rate_hz"] <= MAXIMUM_RATE_HZ:
        raise SeongmunError(ErrorCode.AUDIO_NOT_AUDIO, path=str(path))
    return checked
