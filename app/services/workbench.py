"""Recordings that the window has open: their samples on the disk, ready to be shown and played."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.services.synthetic import is_synthetic
from engine.audio.peaks import Envelope
from engine.audio.spectrogram import (
    LEVEL_STEP_DB,
    LOWEST_DB,
    TILE_COLUMNS,
    TILE_ROWS,
    SpectrogramSettings,
    column_s,
    hz_of_mel,
    mel_of_hz,
)
from engine.audio.spectrogram import tile as tile_of
from engine.audio.stored import StoredAudio, StoredChannel, decode_stored
from engine.files import Source, write_atomic
from engine.progress import CancelToken, Progress
from engine.types import Recording

__all__ = [
    "LEVEL_STEP_DB",
    "LOWEST_DB",
    "TILE_COLUMNS",
    "TILE_ROWS",
    "Envelope",
    "OpenedRecording",
    "SpectrogramSettings",
    "StoredChannel",
    "column_s",
    "hz_of_mel",
    "mel_of_hz",
    "new_token",
    "open_recording",
    "tile",
]


@dataclass(frozen=True, slots=True)
class OpenedRecording:
    """An exhibit that is open; `name` is its file's own name."""

    exhibit_id: int
    name: str
    audio: StoredAudio
    synthetic: bool

    @property
    def recording(self) -> Recording:
        return self.audio.recording

    @property
    def channels(self) -> tuple[StoredChannel, ...]:
        return self.audio.channels

    @property
    def duration_s(self) -> float:
        return self.audio.recording.duration_s

    def close(self) -> None:
        """Remove its samples from the disk."""
        self.audio.close()


def open_recording(
    source: Source, exhibit_id: int, name: str, progress: Progress, cancel: CancelToken
) -> OpenedRecording:
    """Decode a recording for the window; a cut one is shown as far as it goes (raises as
    `decode_stored`)."""
    audio = decode_stored(source, allow_truncated=True, progress=progress, cancel=cancel)
    return OpenedRecording(exhibit_id, name, audio, is_synthetic(audio.recording))


def tile(
    channel: StoredChannel, settings: SpectrogramSettings, zoom: int, index: int
) -> NDArray[np.uint8]:
    """A tile of a channel, see `engine.audio.spectrogram.tile`."""
    with channel.opened() as samples:
        return tile_of(samples, settings, zoom, index)


def new_token() -> CancelToken:
    """A token for one job."""
    return CancelToken()


def write_file(target: Path, content: bytes) -> None:
    """Write a file whole or not at all (raises FILE_*)."""
    write_atomic(target, content)
