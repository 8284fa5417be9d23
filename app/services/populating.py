"""Populations from a laboratory's own recordings: decoded, selected, cut, embedded and scored."""

from __future__ import annotations

import csv
import datetime
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from app.services.scoring import FileIndex
from app.services.voices import SPEECH_RATE_HZ, Voice, load_voices
from engine.audio.resample import resample
from engine.audio.suitability import REFUSALS, judge_suitability
from engine.compare.embed import embed_speech
from engine.compare.score import cohort_statistics, normalised
from engine.errors import ErrorCode, SeongmunError
from engine.lr.calibrate import MINIMUM_SPEAKERS
from engine.lr.conditions import measured_conditions
from engine.lr.population import make_population
from engine.models.session import EmbeddingModel
from engine.progress import CancelToken, Progress, no_progress
from engine.speech.vad import VadSettings
from engine.types import (
    FloatArray,
    LabelledScores,
    ModelPack,
    ParamValue,
    Population,
    PopulationRecording,
    PopulationRecordings,
)

OPTIONAL = ("session", "sex", "language", "channel")


@dataclass(frozen=True, slots=True)
class Selection:
    """Which recordings make up the relevant population; empty and 0 take all."""

    sex: str = ""
    language: str = ""
    channel: str = ""
    minimum_net_speech_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Cut:
    """What matches the recordings to a case: the first seconds of speech, and the highest
    frequency; None leaves them whole."""

    duration_s: float | None = None
    band_hz: float | None = None


@dataclass(frozen=True, slots=True)
class Sample:
    """One recording that is used: what is known of it, and its embedding [shape=(dim,)]."""

    about: PopulationRecording
    vector: FloatArray


def population_from_recordings(
    table: Path,
    root: Path,
    population_id: str,
    out: Path,
    model: EmbeddingModel,
    description: str,
    licence: str = "",
    selection: Selection = Selection(),
    cut: Cut = Cut(),
    conditions: Mapping[str, ParamValue] | None = None,
    progress: Progress = no_progress,
    cancel: CancelToken | None = None,
) -> Population:
    """Fit and write a population; `out` is its file, or a folder that gets ``<id>.json``.

    Every pair of recordings of different speakers is scored, and every pair of one speaker's
    recordings of different sessions (without a column ``session`` each recording is a session).
    A recording that cannot be decoded or compared, or is too short for the cut, is left out and
    counted by its reason.

    Parameters
    ----------
    table : CSV with the columns ``path`` (under `root`, or a name without extension), ``speaker``
        and optionally ``session``, ``sex``, ``language``, ``channel``
    conditions : take the place of measured ones of their names

    Raises
    ------
    SeongmunError
        TABLE_INVALID, FILE_*, POPULATION_INVALID (no description), POPULATION_TOO_SMALL also
        before anything is decoded, CANCELLED.
    """
    path = out / f"{population_id}.json" if out.is_dir() else out
    if not description.strip():
        raise SeongmunError(
            ErrorCode.POPULATION_INVALID, path=str(path), reason="description is mandatory"
        )
    rows = [row for row in read_recordings(table) if _is_selected(row, selection)]
    _require_speakers([row["speaker"] for row in rows])
    samples, left_out = _samples(rows, root, model, selection, cut, progress, cancel)
    _require_speakers([sample.about.speaker for sample in samples])
    trials, first, second = score_pairs(samples, model.pack)
    items = tuple(sample.about for sample in samples)
    choices = {
        **{f"select_{name}": value for name, value in asdict(selection).items()},
        **{f"cut_{name}": value for name, value in asdict(cut).items() if value is not None},
        "pairs": "different sessions, same sex where known",
        "normalisation": "cohort" if model.pack.cohort is not None else "none",
        "detector": str(VadSettings().as_params()),
    }
    now = datetime.datetime.now(datetime.UTC)
    return make_population(
        path,
        population_id=population_id,
        description=description,
        created_utc=f"{now:%Y-%m-%dT%H:%M:%SZ}",
        model_sha256=model.pack.model_sha256,
        source=table.name,
        licence=licence,
        conditions=measured_conditions(items) | dict(conditions or {}),
        trials=trials,
        recordings=PopulationRecordings(items, first, second, choices, left_out),
        progress=progress,
        cancel=cancel,
    )


def read_recordings(table: Path) -> list[dict[str, str]]:
    """Rows with ``path``, ``speaker`` and the optional columns, empty where there are none.

    Raises
    ------
    SeongmunError
        FILE_MISSING, TABLE_INVALID.
    """
    try:
        with table.open(encoding="utf-8-sig", newline="") as file:
            rows = [
                {name: row[name].strip() for name in ("path", "speaker")}
                | {name: (row.get(name) or "").strip() for name in OPTIONAL}
                for row in csv.DictReader(file, strict=True)
            ]
    except FileNotFoundError as error:
        raise SeongmunError(ErrorCode.FILE_MISSING, path=str(table)) from error
    except (OSError, ValueError, KeyError, AttributeError, csv.Error) as error:
        reason = f"{type(error).__name__} {error}"
        raise SeongmunError(ErrorCode.TABLE_INVALID, path=str(table), reason=reason) from error
    if not all(row["path"] and row["speaker"] for row in rows):
        raise SeongmunError(ErrorCode.TABLE_INVALID, path=str(table), reason="path, speaker")
    return rows


def _is_selected(row: Mapping[str, str], selection: Selection) -> bool:
    wanted = {name: getattr(selection, name) for name in ("sex", "language", "channel")}
    return all(not value or row[name].lower() == value.lower() for name, value in wanted.items())


def _require_speakers(speakers: Sequence[str]) -> None:
    found = len(set(speakers))
    if found < MINIMUM_SPEAKERS:
        raise SeongmunError(
            ErrorCode.POPULATION_TOO_SMALL, n_speakers=found, minimum=MINIMUM_SPEAKERS
        )


def _samples(
    rows: Sequence[Mapping[str, str]],
    root: Path,
    model: EmbeddingModel,
    selection: Selection,
    cut: Cut,
    progress: Progress,
    cancel: CancelToken | None,
) -> tuple[list[Sample], dict[str, int]]:
    """The recordings that can be used, embedded, and how many cannot, by reason."""
    files = FileIndex(root)
    paths = [files.find(row["path"]) for row in rows]
    left_out: Counter[str] = Counter()
    left_out[ErrorCode.FILE_MISSING.value] += sum(path is None for path in paths)
    found = [(row, path) for row, path in zip(rows, paths, strict=True) if path is not None]
    samples: list[Sample] = []
    seen: set[str] = set()
    voices = load_voices([path for _, path in found], progress=progress, cancel=cancel)
    for (row, _), voice in zip(found, voices, strict=True):
        reason = voice.code.value if isinstance(voice, SeongmunError) else ""
        if isinstance(voice, Voice):
            voice = cut_voice(voice, cut)
            reason = _unused(voice, selection, cut, seen)
        if reason or isinstance(voice, SeongmunError):
            left_out[reason] += 1
            continue
        seen.add(voice.recording.sha256)
        vector = embed_speech(model, voice.speech, cancel=cancel)
        samples.append(Sample(about_recording(row, voice), vector))
    return samples, {reason: n for reason, n in sorted(left_out.items()) if n}


def cut_voice(voice: Voice, cut: Cut) -> Voice:
    """A voice's first seconds of speech, without what lies above a frequency; its figures of
    duration and bandwidth follow."""
    speech, quality = voice.speech, voice.quality
    if cut.duration_s is not None:
        speech = speech[: round(cut.duration_s * SPEECH_RATE_HZ)]
        kept_s = min(quality.net_speech_s, cut.duration_s)
        quality = replace(quality, net_speech_s=kept_s)
    if cut.band_hz is not None and 2 * cut.band_hz < SPEECH_RATE_HZ:
        narrow_hz = round(2 * cut.band_hz)
        speech = resample(resample(speech, SPEECH_RATE_HZ, narrow_hz), narrow_hz, SPEECH_RATE_HZ)
        quality = replace(quality, bandwidth_hz=min(quality.bandwidth_hz, cut.band_hz))
    return replace(voice, speech=speech, quality=quality)


def _unused(voice: Voice, selection: Selection, cut: Cut, seen: set[str]) -> str:
    """Why a recording is left out; empty where it is used."""
    if voice.recording.sha256 in seen:
        return ErrorCode.COMPARE_SAME_BYTES.value
    refusals = [r.code for r in judge_suitability(voice.quality).reasons if r.code in REFUSALS]
    if refusals:
        return refusals[0]
    needed_s = max(selection.minimum_net_speech_s, cut.duration_s or 0.0)
    return "speech.short" if voice.quality.net_speech_s < needed_s else ""


def about_recording(row: Mapping[str, str], voice: Voice) -> PopulationRecording:
    """What a population tells of a recording."""
    quality = voice.quality
    return PopulationRecording(
        name=voice.recording.path.name,
        sha256=voice.recording.sha256,
        speaker=row["speaker"],
        session=row["session"],
        sex=row["sex"].lower(),
        language=row["language"].lower(),
        channel=row["channel"],
        net_speech_s=quality.net_speech_s,
        snr_db=quality.snr_db,
        bandwidth_hz=quality.bandwidth_hz,
        codec=quality.codec_guess or "unknown",
    )


def score_pairs(
    samples: Sequence[Sample], pack: ModelPack
) -> tuple[LabelledScores, np.ndarray, np.ndarray]:
    """The product's scores of all pairs, but those of one speaker within one session, and those of
    speakers whose sexes are known and differ: nobody who hears a case's voice would take them for
    its relevant population, and they would make the likelihood ratios look better than they are.
    With the positions of both recordings."""
    vectors = np.stack([sample.vector for sample in samples])
    speakers = np.array([sample.about.speaker for sample in samples])
    sessions = np.array([s.about.session or f"\0{i}" for i, s in enumerate(samples)])
    first, second = np.triu_indices(len(samples), 1)
    same = speakers[first] == speakers[second]
    sexes = np.array([sample.about.sex for sample in samples])
    unlike = (sexes[first] != sexes[second]) & (sexes[first] != "") & (sexes[second] != "")
    kept = np.where(same, sessions[first] != sessions[second], ~unlike)
    first, second, same = first[kept], second[kept], same[kept]
    unit = vectors.astype(np.float64)
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    cosines = (unit @ unit.T)[first, second]
    statistics = cohort_statistics(vectors, pack.cohort)
    scores = normalised(cosines, statistics[first], statistics[second])
    return LabelledScores(scores, same, speakers[first], speakers[second]), first, second
