"""A laboratory's gallery: enrol, search, watch, and make it anew for another model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from app.services.calls import CallSource, CallVoice, Skipped, hear_calls
from app.services.casework import actor
from app.services.grouping import member_document, skipped_document
from engine.casefile.store import CaseFile
from engine.compare.gallery import Entry, Gallery, Hit, NewEntry, Precision, Provenance
from engine.compare.gallery_database import DATABASE
from engine.errors import ErrorCode, SeongmunError
from engine.files import Source, hash_file
from engine.lr.false_hits import expected_false_hits
from engine.lr.population import require_model
from engine.models.session import EmbeddingModel
from engine.progress import CancelToken, Progress, no_progress
from engine.types import Population, SpeechSegment


@dataclass(frozen=True, slots=True)
class Enrolment:
    """How voices are enrolled: under which name (empty: the file's and the speaker's), watched or
    not, from which case."""

    voice: str = ""
    watched: bool = False
    case_number: str = ""
    case_uuid: str = ""
    case_path: str = ""


@dataclass(frozen=True, slots=True)
class Watching:
    """From which log10 LR on a watched voice is a hit."""

    population: Population
    min_log10_lr: float = 0.0


@dataclass(frozen=True, slots=True)
class VoiceHits:
    """What a search found for one speaker among `n_searched` entries of other recordings."""

    voice: CallVoice
    hits: tuple[Hit, ...]
    n_searched: int


def open_or_make(folder: Path, model: EmbeddingModel, precision: Precision | None) -> Gallery:
    """The gallery in a folder, made where there is none (raises GALLERY_*)."""
    pack = model.pack
    if (folder / DATABASE).exists():
        return Gallery.open(folder, pack.model_sha256)
    return Gallery.create(folder, pack.model_sha256, pack.embedding_dim, precision or "float32")


def enrol(
    folder: Path,
    calls: Sequence[CallSource],
    model: EmbeddingModel,
    how: Enrolment | None = None,
    precision: Precision | None = None,
    progress: Progress = no_progress,
    cancel: CancelToken | None = None,
    watching: Watching | None = None,
) -> dict[str, Any]:
    """Store every speaker of every call, call by call: what is reported as enrolled is on the disk,
    and after a crash the same command goes on where it stopped. With `watching` every speaker is
    compared with the watch-list as it was before; ``watch`` is None where there is none.

    Raises
    ------
    SeongmunError
        GALLERY_MODEL, GALLERY_INVALID, GALLERY_LOCKED, FILE_DISK_FULL, FILE_WRITE_FAILED, MODEL_*,
        CANCELLED; a single call's own error.
    """
    how = how or Enrolment()
    enrolled, known, skipped = [], [], []
    watched: list[dict[str, Any]] = []
    with open_or_make(folder, model, precision) as gallery:
        for done, call in enumerate(calls):
            progress("calls", done, len(calls))
            heard = hear_calls([call], model, cancel=cancel)
            skipped += _skipped(heard.skipped, len(calls))
            if watching is not None and gallery.count(watched_only=True):
                least = watching.min_log10_lr
                found = watch(folder, heard.voices, watching.population, least, cancel)
                watched += hits_document(found, watching.population)
            new = [_entry(voice, how) for voice in heard.voices]
            stored, double = gallery.enrol(new, actor())
            enrolled += [entry_document(entry) for entry in stored]
            known += [
                {
                    "path": str(call.path),
                    "speaker": entry.provenance.speaker,
                    "code": ErrorCode.GALLERY_DUPLICATE.value,
                }
                for entry in double
            ]
        return {
            "gallery": str(folder),
            "model_sha256": gallery.model_sha256,
            "precision": gallery.precision,
            "n_entries": len(gallery),
            "enrolled": enrolled,
            "already_there": known,
            "skipped": skipped,
            "watch": watched if watching is not None else None,
        }


def _skipped(items: Sequence[Skipped], n_calls: int) -> list[dict[str, Any]]:
    """The only call's error is the command's."""
    for item in items:
        if n_calls == 1 and item.speaker is None:
            raise item.error
    return [skipped_document(item) for item in items]


def _entry(voice: CallVoice, how: Enrolment) -> NewEntry:
    provenance = Provenance(
        voice.path.name,
        voice.recording.sha256,
        voice.channel,
        voice.speaker,
        how.case_number,
        how.case_uuid,
        "" if how.case_path else str(voice.path.absolute()),
        how.case_path,
        tuple((s.start_s, s.end_s) for s in voice.segments),
    )
    name = how.voice or f"{voice.path.stem} {voice.speaker}".strip()
    return NewEntry(name, provenance, voice.embedding, how.watched)


def search(
    folder: Path,
    call: CallSource,
    model: EmbeddingModel,
    population: Population,
    top: int = 50,
    progress: Progress = no_progress,
    cancel: CancelToken | None = None,
) -> tuple[list[VoiceHits], list[Skipped]]:
    """Search the gallery for every speaker of a call.

    Raises
    ------
    SeongmunError
        GALLERY_*, POPULATION_MODEL, MODEL_*, CANCELLED; the call's own error, and the first
        speaker's where none can be searched for.
    """
    with Gallery.open(folder, model.pack.model_sha256) as gallery:
        if not len(gallery):
            raise SeongmunError(ErrorCode.GALLERY_EMPTY, path=str(folder))
        heard = hear_calls([call], model, progress, cancel)
        if not heard.voices:
            raise heard.skipped[0].error
        found = [
            _hits(gallery, voice, population, top, False, progress, cancel)
            for voice in heard.voices
        ]
        return found, list(heard.skipped)


def _hits(
    gallery: Gallery,
    voice: CallVoice,
    population: Population,
    top: int,
    watched_only: bool,
    progress: Progress = no_progress,
    cancel: CancelToken | None = None,
) -> VoiceHits:
    require_model(population, gallery.model_sha256)
    own = [e for e in gallery.of_recording(voice.recording.sha256) if e.watched or not watched_only]
    every = gallery.count(watched_only)
    if not every:
        return VoiceHits(voice, (), 0)
    hits = gallery.search(
        voice.embedding, population.calibration, top, watched_only, progress, cancel
    )
    return VoiceHits(voice, tuple(hits), every - len(own))


def watch(
    folder: Path,
    voices: Sequence[CallVoice],
    population: Population,
    min_log10_lr: float,
    cancel: CancelToken | None = None,
) -> list[VoiceHits]:
    """Watched voices whose log10 LR with the voices of new recordings is `min_log10_lr` or more.

    Every voice is listed, also without a hit, so that it is seen what was searched (raises
    GALLERY_*, POPULATION_MODEL, CANCELLED).
    """
    with Gallery.open(folder) as gallery:
        every = gallery.count(watched_only=True)
        found = [_hits(gallery, v, population, every, True, cancel=cancel) for v in voices]
    return [
        replace(
            each,
            hits=tuple(
                hit
                for hit in each.hits
                if hit.log10_lr >= min_log10_lr and not _is_itself(each, hit)
            ),
        )
        for each in found
    ]


def _is_itself(found: VoiceHits, hit: Hit) -> bool:
    return hit.entry.provenance.media_sha256 == found.voice.recording.sha256


def hits_document(found: Sequence[VoiceHits], population: Population) -> list[dict[str, Any]]:
    """Hits with the number of voices of other people that are expected at their ratio or above
    among those searched."""
    return [
        {
            **member_document(each.voice),
            "n_searched": each.n_searched,
            "hits": [
                {"rank": rank, **_hit_document(each, hit, population)}
                for rank, hit in enumerate(each.hits, 1)
            ],
        }
        for each in found
    ]


def _hit_document(found: VoiceHits, hit: Hit, population: Population) -> dict[str, Any]:
    """A recording is no evidence about itself: its own entries have no ratio."""
    itself = _is_itself(found, hit)
    expected = expected_false_hits(population, hit.log10_lr, found.n_searched)
    return {
        **entry_document(hit.entry),
        "score": hit.score,
        "log10_lr": None if itself else hit.log10_lr,
        "expected_false_hits": None if itself else expected,
        "flags": [ErrorCode.COMPARE_SAME_BYTES.value] * itself,
    }


def search_document(
    found: Sequence[VoiceHits], skipped: Sequence[Skipped], population: Population
) -> dict[str, Any]:
    """A search as data: `queries` by speaker, `hits` of all of them, the best first."""
    queries = hits_document(found, population)
    hits = [hit | {"speaker": query["speaker"]} for query in queries for hit in query["hits"]]
    return {
        "queries": queries,
        "hits": sorted(hits, key=lambda hit: -hit["score"]),
        "skipped": [skipped_document(item) for item in skipped],
        "bounds": list(population.calibration.bounds_log10),
        "population_id": population.id,
        "model_sha256": population.model_sha256,
    }


def entry_document(entry: Entry) -> dict[str, Any]:
    """An entry with its provenance."""
    source = entry.provenance
    return {
        "id": entry.id,
        "voice": entry.voice,
        "file_name": source.file_name,
        "path": source.path or source.case_path,
        "entry_speaker": source.speaker,
        "media_sha256": source.media_sha256,
        "case_number": source.case_number,
        "net_speech_s": round(entry.net_speech_s, 3),
        "watched": entry.watched,
        "enrolled_utc": entry.enrolled_utc,
        "enrolled_by": entry.enrolled_by,
    }


def reembed(
    old: Path,
    new: Path,
    model: EmbeddingModel,
    progress: Progress = no_progress,
    cancel: CancelToken | None = None,
) -> dict[str, Any]:
    """A gallery of this model in a new folder, from the recordings that another one tells of.

    The old gallery stays as it is. Entries whose recordings are not found where they were, or not
    with the same bytes, are listed, as are those that cannot be embedded any more. The same
    command goes on after a crash (raises GALLERY_*, MODEL_*, CANCELLED).
    """
    failed = []
    with Gallery.open(old) as before, open_or_make(new, model, before.precision) as gallery:
        there = {(e.provenance.media_sha256, e.provenance.speaker) for e in gallery.entries()}
        entries = before.entries()
        for done, entry in enumerate(entries):
            progress("reembed", done, len(entries))
            if (entry.provenance.media_sha256, entry.provenance.speaker) in there:
                continue
            try:
                voice = _heard_again(entry, model, cancel)
            except SeongmunError as error:
                if error.code is ErrorCode.CANCELLED:
                    raise
                failed.append(entry_document(entry) | {"code": error.code.value})
            else:
                renewed = NewEntry(entry.voice, entry.provenance, voice.embedding, entry.watched)
                gallery.enrol([renewed], actor())
        return {
            "gallery": str(new),
            "model_sha256": gallery.model_sha256,
            "n_entries": len(gallery),
            "failed": failed,
        }


def _heard_again(entry: Entry, model: EmbeddingModel, cancel: CancelToken | None) -> CallVoice:
    source = entry.provenance
    segments = tuple(
        SpeechSegment(start_s, end_s, source.channel, source.speaker)
        for start_s, end_s in source.segments
    )
    call = CallSource(_media_of(source, cancel), Path(source.file_name), segments=segments)
    heard = hear_calls([call], model, cancel=cancel)
    if not heard.voices:
        raise heard.skipped[0].error
    return heard.voices[0]


def _media_of(source: Provenance, cancel: CancelToken | None) -> Source:
    """The recording, in its case or at its path, with the bytes that it had."""
    missing = SeongmunError(ErrorCode.FILE_MISSING, path=source.path or source.case_path)
    found: Source = Path(source.path)
    if source.case_path:
        with CaseFile.open(Path(source.case_path)) as case:
            found = case.media(source.media_sha256)
    elif not source.path:
        raise missing
    if hash_file(found, cancel=cancel)[0] != source.media_sha256:
        raise missing
    return found
