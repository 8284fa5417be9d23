"""What the desktop program asks for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from app.services.comparing import Comparison, compare
from app.services.loading import open_model, open_population
from app.services.reporting import ReportRequest, write_report
from app.services.synthetic import is_synthetic
from app.services.voices import Voice, load_voice
from engine.audio.peaks import PeakPyramid
from engine.audio.spectrogram import spectrogram_db
from engine.models.session import EmbeddingModel
from engine.progress import CancelToken, Progress
from engine.types import FloatArray, Population

SPECTROGRAM_COLUMNS, SPECTROGRAM_ROWS = 2400, 256
NARROW_BAND_S = 0.025


@dataclass(frozen=True, slots=True)
class OpenedRecording:
    """A recording ready to be shown: levels are float32 [shape=(rows, columns)] in dB."""

    voice: Voice
    peaks: PeakPyramid
    levels_db: FloatArray
    highest_hz: float
    synthetic: bool


@dataclass(frozen=True, slots=True)
class FinishedComparison:
    """A comparison with what a report of it needs."""

    comparison: Comparison
    model: EmbeddingModel
    population: Population

    def save_report(self, request: ReportRequest, target: Path, progress: Progress) -> None:
        """Write the report; see `app.services.reporting.write_report`."""
        write_report(self.comparison, self.model, self.population, request, target, progress)


def open_recording(path: Path, progress: Progress, cancel: CancelToken) -> OpenedRecording:
    """Decode, find speech, summarise for display (raises as `load_voice`, and CANCELLED)."""
    progress("decode", 0, 2)
    voice = load_voice(path)
    cancel.check()
    progress("speech", 1, 2)
    levels_db, highest_hz = spectrogram_db(
        voice.samples,
        voice.recording.sample_rate_hz,
        SPECTROGRAM_COLUMNS,
        SPECTROGRAM_ROWS,
        NARROW_BAND_S,
    )
    return OpenedRecording(
        voice, PeakPyramid(voice.samples), levels_db, highest_hz, is_synthetic(voice.recording)
    )


def run_comparison(
    questioned: Path, known: Path, progress: Progress, cancel: CancelToken
) -> FinishedComparison:
    """Compare with the embedded model and its population (raises as `compare`)."""
    model = open_model(None, "auto")
    population = open_population(None, model)
    comparison = compare(questioned, known, model, population, progress=progress, cancel=cancel)
    return FinishedComparison(comparison, model, population)


def new_token() -> CancelToken:
    """A token for one job."""
    return CancelToken()
