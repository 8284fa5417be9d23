"""The domain: frozen dataclasses, units in every name, arrays validated and read-only.

Log base is always in the name (`log10_lr`). Times are seconds from the start of the recording.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]
ParamValue = str | int | float | bool


def read_only(array: NDArray[Any]) -> NDArray[Any]:
    """Return `array` contiguous and write-protected (a copy only if it was not contiguous)."""
    result = np.ascontiguousarray(array)
    result.flags.writeable = False
    return result


EXAMINER_STEP = "examiner_segments"
"""The processing step of a recording whose segments the examiner chose."""


@dataclass(frozen=True, slots=True)
class ProcessingStep:
    """One thing that was done to the samples, e.g. ``decode``, ``resample``, ``select_channel``."""

    name: str
    params: Mapping[str, ParamValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Recording:
    """One evidence file, as its bytes and its container describe it. Never changed by us.

    `n_samples` counts samples per channel as decoded; `container` and `codec` use FFmpeg's names.
    `created` is when the container says that it was made, which anybody can have written there.
    """

    path: Path
    sha256: str
    size_bytes: int
    container: str
    codec: str
    sample_rate_hz: int
    channels: int
    n_samples: int
    decoder: str
    decoder_version: str
    warnings: tuple[str, ...] = ()
    created: str = ""

    @property
    def duration_s(self) -> float:
        return self.n_samples / self.sample_rate_hz


@dataclass(frozen=True, slots=True)
class Audio:
    """Decoded samples: float32 [shape=(channels, n)], full scale ±1, at `sample_rate_hz`.

    `steps` lists everything between the file's bytes and these samples.
    """

    samples: FloatArray
    sample_rate_hz: int
    recording: Recording
    steps: tuple[ProcessingStep, ...]

    def __post_init__(self) -> None:
        if self.samples.ndim != 2 or self.samples.dtype != np.float32:
            raise ValueError("samples must be float32 [channels, n]")
        object.__setattr__(self, "samples", read_only(self.samples))

    @property
    def duration_s(self) -> float:
        return float(self.samples.shape[1] / self.sample_rate_hz)


@dataclass(frozen=True, slots=True)
class SpeechSegment:
    """A stretch of speech in one channel. `origin` tells a proposal from an examiner's edit."""

    start_s: float
    end_s: float
    channel: int = 0
    speaker: str = ""
    overlap: bool = False
    origin: Literal["auto", "manual"] = "auto"

    def __post_init__(self) -> None:
        if not 0 <= self.start_s < self.end_s:
            raise ValueError(f"segment {self.start_s}..{self.end_s} s")

    @property
    def duration_s(self) -> float:
        return self.end_s - self.start_s


@dataclass(frozen=True, slots=True)
class QualityReport:
    """Quality of one channel, or of a selection of it. None is "not measured" or "not measurable".

    `snr_db` is the power of speech over that of what lies beneath and between it.
    `bandwidth_hz` is the highest frequency that carries speech energy. `clipped_share` is the
    share of samples in flat runs at the extreme values.
    `codec_guess` is what the signal looks as if it had gone through (see
    `engine.audio.channel.CODEC_CLASSES`; ``unknown`` where the evidence is weak), and
    `codec_probability` the guess's probability among these classes.
    `dropout_share` is the share of speech time that is missing or repeated.
    `hum_hz` is 50 or 60 where mains hum stands out, else 0; `hum_dbfs` its power, or what hum could
    hide below. `reverberation_s` estimates the time in which sound decays by 60 dB.
    """

    channel: int
    duration_s: float
    net_speech_s: float
    snr_db: float | None
    clipped_share: float
    bandwidth_hz: float
    level_dbfs: float
    peak_dbfs: float
    dc_offset: float
    codec_guess: str | None = None
    codec_probability: float | None = None
    dropout_share: float | None = None
    hum_hz: float | None = None
    hum_dbfs: float | None = None
    reverberation_s: float | None = None


@dataclass(frozen=True, slots=True)
class SuitabilityReason:
    """Why a recording's use is limited or refused: a code, what was measured, and the limit.

    `value` is None where it could not be measured.
    """

    code: str
    value: float | None
    limit: float


@dataclass(frozen=True, slots=True)
class Suitability:
    """Can a voice be compared? `limited` says why with care, `unsuitable` why not at all."""

    verdict: Literal["suitable", "limited", "unsuitable"]
    reasons: tuple[SuitabilityReason, ...] = ()


@dataclass(frozen=True, slots=True)
class FrontEnd:
    """Filter-bank parameters of a model pack; see `engine.models.frontend.compute_features`."""

    sample_rate_hz: int = 16000
    sample_scale: float = 32768.0
    window: str = "hamming"
    frame_length_ms: float = 25.0
    frame_shift_ms: float = 10.0
    mel_bins: int = 80
    low_hz: float = 20.0
    high_hz: float = 0.0
    preemphasis: float = 0.97
    mean_normalisation: bool = True
    variance_normalisation: bool = False


@dataclass(frozen=True, slots=True)
class Cohort:
    """Embeddings of other speakers, against which scores are normalised.

    `vectors` is float32 [shape=(n, dim)], L2-normalised; `top` is how many of the nearest count.
    """

    vectors: FloatArray
    top: int

    def __post_init__(self) -> None:
        if self.vectors.ndim != 2 or not 2 <= self.top <= len(self.vectors):
            raise ValueError("vectors must be [n, dim], top between 2 and n")
        if not np.allclose(np.linalg.norm(self.vectors, axis=1), 1, atol=1e-3):
            raise ValueError("vectors must have unit norm")
        object.__setattr__(self, "vectors", read_only(self.vectors))


@dataclass(frozen=True, slots=True)
class ModelPack:
    """A verified model pack: its manifest and where its files lie.

    `model_sha256` is the hash of everything that shapes a score: of ``model.onnx``, or, with a
    cohort, of ``cat model.onnx cohort.npy``. `windows_name` is the network's output for short
    windows of one recording; of a pack without one it is `output_name`.
    """

    id: str
    version: str
    directory: Path
    model_sha256: str
    manifest_sha256: str
    front_end: FrontEnd
    input_name: str
    output_name: str
    windows_name: str
    embedding_dim: int
    licence: str
    training_data: str
    validated_conditions: Mapping[str, ParamValue]
    cohort: Cohort | None = None


@dataclass(frozen=True, slots=True)
class Embedding:
    """One voice: float32 [shape=(dim,)], L2-normalised, bound to the model that made it.

    `cohort_mean` and `cohort_deviation` are of its cosines with the nearest voices of the model's
    cohort; 0 and 1 where the model has none.
    """

    vector: FloatArray
    model_sha256: str
    recording_sha256: str
    net_speech_s: float
    cohort_mean: float = 0.0
    cohort_deviation: float = 1.0

    def __post_init__(self) -> None:
        if self.vector.ndim != 1 or not np.isfinite(self.vector).all():
            raise ValueError("vector must be finite [dim]")
        if abs(float(np.linalg.norm(self.vector)) - 1) > 1e-4:
            raise ValueError("vector must have unit norm")
        object.__setattr__(self, "vector", read_only(self.vector))


@dataclass(frozen=True, slots=True)
class HypothesisPair:
    """The two propositions, in words. They are always printed together."""

    same_source: str
    different_source: str


@dataclass(frozen=True, slots=True)
class Score:
    """Normalised cosine of two embeddings, with its provenance. Meaningless without a
    calibration."""

    value: float
    model_sha256: str
    questioned_sha256: str
    known_sha256: str


@dataclass(frozen=True, slots=True)
class CalibrationModel:
    """Affine score → log10 LR, with lines that tell how far it varies, and its supported range.

    log10_lr = slope * score + intercept. `replicates` is float64 [shape=(n, 2)], columns slope and
    intercept; `method` says what they are (`engine.lr.variability`). `bounds_log10` is the range of
    log10 LR that the calibration data support.
    """

    slope: float
    intercept: float
    replicates: NDArray[np.float64]
    bounds_log10: tuple[float, float]
    method: str = "logistic"

    def __post_init__(self) -> None:
        if self.replicates.ndim != 2 or self.replicates.shape[1] != 2:
            raise ValueError("replicates must be [n, 2]")
        low, high = self.bounds_log10
        if not low <= 0 <= high:
            raise ValueError("bounds must contain 0")
        object.__setattr__(self, "replicates", read_only(self.replicates))


@dataclass(frozen=True, slots=True)
class LabelledScores:
    """Scores of trials whose truth is known. Arrays of equal length [shape=(n,)].

    A trial within one speaker cannot be labelled as different-source.
    """

    scores: NDArray[np.float64]
    same: NDArray[np.bool_]
    speaker_a: NDArray[np.str_]
    speaker_b: NDArray[np.str_]

    def __post_init__(self) -> None:
        for name in ("scores", "same", "speaker_a", "speaker_b"):
            array = getattr(self, name)
            if array.shape != self.scores.shape or array.ndim != 1:
                raise ValueError(f"{name}: arrays must be [n] and of equal length")
            object.__setattr__(self, name, read_only(array))
        if not np.isfinite(self.scores).all():
            raise ValueError("scores must be finite")
        if (~self.same & (self.speaker_a == self.speaker_b)).any():
            raise ValueError("a trial within one speaker is labelled as different-source")


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its speaker-bootstrap 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class ValidationResult:
    """Validation figures, speakers weighted equally; EER as a share (0.1 is 10 %)."""

    n_speakers: int
    n_same: int
    n_different: int
    eer: Estimate
    min_dcf: Estimate
    cllr: Estimate
    cllr_min: Estimate
    cllr_cal: Estimate


@dataclass(frozen=True, slots=True)
class PopulationRecording:
    """One recording of a population as it was used, after any cutting; empty is "not known".

    `codec` is what its signal looks as if it had gone through (`QualityReport.codec_guess`).
    """

    name: str
    sha256: str
    speaker: str
    session: str
    sex: str
    language: str
    channel: str
    net_speech_s: float
    snr_db: float | None
    bandwidth_hz: float
    codec: str


@dataclass(frozen=True, slots=True)
class PopulationRecordings:
    """The recordings behind a population's trials, and every choice that led to them.

    `first` and `second` are positions in `items` [shape=(n_trials,)]. `choices` holds filters, cuts
    and normalisation; `left_out` counts recordings that were not used, by reason.
    """

    items: tuple[PopulationRecording, ...]
    first: NDArray[np.intp]
    second: NDArray[np.intp]
    choices: Mapping[str, ParamValue]
    left_out: Mapping[str, int]

    def __post_init__(self) -> None:
        for name in ("first", "second"):
            array = getattr(self, name)
            if array.ndim != 1 or ((array < 0) | (array >= len(self.items))).any():
                raise ValueError(f"{name}: positions in items [n]")
            object.__setattr__(self, name, read_only(array))


@dataclass(frozen=True, slots=True)
class Population:
    """A reference population and the calibration fitted on it, bound to one model.

    `recordings` is None where only labelled scores are known.
    """

    id: str
    description: str
    model_sha256: str
    file_sha256: str
    n_speakers: int
    n_same: int
    n_different: int
    conditions: Mapping[str, ParamValue]
    calibration: CalibrationModel
    validation: ValidationResult
    trials: LabelledScores
    recordings: PopulationRecordings | None = None


@dataclass(frozen=True, slots=True)
class LikelihoodRatio:
    """The result: log10 LR with its 95 % interval, supported range and flags."""

    log10_lr: float
    interval_log10: tuple[float, float]
    bounds_log10: tuple[float, float]
    unbounded_log10_lr: float
    population_id: str
    population_sha256: str
    model_sha256: str
    flags: tuple[str, ...] = ()


class Place(StrEnum):
    """Where a case lies in what a population covers; what could not be checked is not inside."""

    INSIDE = "inside"
    EDGE = "edge"
    OUTSIDE = "outside"
    NOT_CHECKED = "not_checked"


@dataclass(frozen=True, slots=True)
class ConditionCheck:
    """One condition of a case against the population's.

    `role` is empty where the condition is not that of one recording. `low` and `high` are the
    limits that the population supports, `allowed` its classes, separated by spaces; None and empty
    where it states none.
    """

    condition: str
    role: str
    place: Place
    code: str
    value: float | str | None = None
    low: float | None = None
    high: float | None = None
    allowed: str = ""


@dataclass(frozen=True, slots=True)
class VoiceFacts:
    """What is known of the person in a recording from elsewhere; empty is "not known"."""

    sex: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True)
class AnalysisProfile:
    """Everything that can change a number. Stored with the analysis, printed in the report."""

    model_id: str
    model_sha256: str
    population_id: str
    population_sha256: str
    front_end: FrontEnd
    vad: Mapping[str, ParamValue]
    suitability: Mapping[str, ParamValue]
    software_version: str


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """One event of a case's audit trail; `hash` covers all other fields."""

    sequence: int
    utc: str
    actor: str
    action: str
    content: Mapping[str, Any]
    previous_hash: str
    hash: str


@dataclass(frozen=True, slots=True)
class CaseAnchor:
    """Which case a report belongs to, and how far its audit trail went; empty without a case."""

    uuid: str = ""
    number: str = ""
    events: int = 0
    audit_head: str = ""


@dataclass(frozen=True, slots=True)
class ReportManifest:
    """The machine-readable content of a report; every printed number comes from here.

    `content` is JSON-serialisable; `engine.report.manifest` defines its keys and canonical bytes.
    """

    content: Mapping[str, Any]


class CheckStatus(StrEnum):
    PASS = "PASS"
    FAIL = "FAIL"
    NOT_CHECKED = "NOT_CHECKED"


@dataclass(frozen=True, slots=True)
class Check:
    """One fact about a report. `reason` is a code; `params` are the facts behind it. What is not
    `required`, such as a second signature, may be absent from a report that holds; a check that
    fails counts in any case."""

    id: str
    status: CheckStatus
    reason: str
    params: Mapping[str, ParamValue] = field(default_factory=dict)
    required: bool = True


@dataclass(frozen=True, slots=True)
class VerificationResult:
    """Facts first; the verdict follows from them. A check that was not made is never passed."""

    checks: tuple[Check, ...]

    @property
    def verdict(self) -> CheckStatus:
        if any(check.status is CheckStatus.FAIL for check in self.checks):
            return CheckStatus.FAIL
        statuses = {check.status for check in self.checks if check.required}
        if CheckStatus.NOT_CHECKED in statuses or not statuses:
            return CheckStatus.NOT_CHECKED
        return CheckStatus.PASS
