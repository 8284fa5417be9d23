"""Decoded samples on the disk: recordings of many hours are opened, shown and played without being
held in memory.

The samples lie in a folder that goes away with them, sealed under a key that nobody else has, so
that a recording of an encrypted case is never in plain on the disk.
"""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from engine.audio.decode import DecodeLimits, StreamHeader, decode_into
from engine.audio.peaks import PeakBuilder, PeakPyramid
from engine.errors import ErrorCode, SeongmunError
from engine.files import DISK_FULL, Source
from engine.progress import CancelToken, Progress, no_progress
from engine.sealed import KEY_BYTES, SealedFile, SealingWriter
from engine.types import FloatArray, ProcessingStep, Recording

BLOCK_FRAMES = 1 << 17
SAMPLE_BYTES = 4
BUFFER_BYTES = 1 << 12


@dataclass(frozen=True, slots=True)
class OpenChannel:
    """A stored channel whose file is open. A `SampleReader` for one thread."""

    source: BinaryIO
    n_samples: int
    sample_rate_hz: int

    def read(self, start: int, stop: int) -> FloatArray:
        """Samples [start, stop), cut to the recording; float32, full scale ±1."""
        start, stop = max(0, start), min(self.n_samples, stop)
        if stop <= start:
            return np.zeros(0, np.float32)
        self.source.seek(start * SAMPLE_BYTES)
        return np.frombuffer(self.source.read((stop - start) * SAMPLE_BYTES), "<f4")


@dataclass(frozen=True, slots=True)
class StoredChannel:
    """One channel of a stored recording, with its peaks. A `SampleReader`."""

    file: SealedFile
    n_samples: int
    sample_rate_hz: int
    peaks: PeakPyramid

    def read(self, start: int, stop: int) -> FloatArray:
        """Samples [start, stop), cut to the recording; float32, full scale ±1."""
        with self.opened() as channel:
            return channel.read(start, stop)

    @contextmanager
    def opened(self) -> Iterator[OpenChannel]:
        """For who reads many stretches: the file is opened once."""
        with self.file.open(BUFFER_BYTES) as source:
            yield OpenChannel(source, self.n_samples, self.sample_rate_hz)


@dataclass(frozen=True, slots=True)
class StoredAudio:
    """A decoded recording; `close` removes its samples from the disk."""

    recording: Recording
    steps: tuple[ProcessingStep, ...]
    channels: tuple[StoredChannel, ...]
    folder: tempfile.TemporaryDirectory[str]

    def close(self) -> None:
        """Remove the samples."""
        self.folder.cleanup()


def decode_stored(
    source: Source,
    limits: DecodeLimits | None = None,
    *,
    allow_truncated: bool = False,
    progress: Progress = no_progress,
    cancel: CancelToken | None = None,
) -> StoredAudio:
    """Decode a recording to the disk.

    Raises
    ------
    SeongmunError
        As `engine.audio.decode.decode`; FILE_DISK_FULL, FILE_WRITE_FAILED where the temporary
        folder takes no more. Nothing is left behind then.
    """
    with ExitStack() as stack:
        # The name of the folder tells nothing of the case.
        folder = tempfile.TemporaryDirectory(prefix="seongmun-", ignore_cleanup_errors=True)
        stack.callback(folder.cleanup)
        writer = _Writer(Path(folder.name), stack)
        try:
            recording, step = decode_into(
                source,
                writer.begin,
                limits,
                allow_truncated=allow_truncated,
                progress=progress,
                cancel=cancel,
            )
            channels = writer.finish()
        except OSError as error:
            full = error.errno in DISK_FULL
            code = ErrorCode.FILE_DISK_FULL if full else ErrorCode.FILE_WRITE_FAILED
            raise SeongmunError(code, path=folder.name) from error
        stack.pop_all()
    return StoredAudio(recording, (step,), channels, folder)


class _Writer:
    """Takes interleaved blocks and writes a sealed file and a pyramid per channel."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self._folder, self._stack = folder, stack
        self._waiting = bytearray()
        self._sealed: list[SealedFile] = []
        self._files: list[BinaryIO] = []
        self._seals: list[SealingWriter] = []
        self._peaks: list[PeakBuilder] = []
        self._sample_rate_hz = self._n_samples = 0

    def begin(self, header: StreamHeader) -> Callable[[bytes], None]:
        """Open the files."""
        self._sample_rate_hz = header.sample_rate_hz
        for channel in range(header.channels):
            sealed = SealedFile(self._folder / str(channel), secrets.token_bytes(KEY_BYTES))
            file = sealed.path.open("wb")
            self._stack.callback(file.close)
            self._sealed.append(sealed)
            self._files.append(file)
            self._seals.append(SealingWriter(file, sealed.key))
            self._peaks.append(PeakBuilder())
        return self._take

    def _take(self, block: bytes) -> None:
        self._waiting += block
        if len(self._waiting) >= BLOCK_FRAMES * SAMPLE_BYTES * len(self._files):
            self._flush()

    def _flush(self) -> None:
        frames = np.frombuffer(bytes(self._waiting), "<f4").reshape(-1, len(self._files))
        self._waiting.clear()
        self._n_samples += len(frames)
        for channel, samples in enumerate(np.ascontiguousarray(frames.T)):
            self._seals[channel].write(samples.tobytes())
            self._peaks[channel].add(samples)

    def finish(self) -> tuple[StoredChannel, ...]:
        """Write what is left."""
        self._flush()
        for seal in self._seals:
            seal.finish()
        self.close()
        return tuple(
            StoredChannel(sealed, self._n_samples, self._sample_rate_hz, peaks.finish())
            for sealed, peaks in zip(self._sealed, self._peaks, strict=True)
        )

    def close(self) -> None:
        for file in self._files:
            file.close()
