"""Batches: embed many files, score a table of trials."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from app.services.comparing import embed_voice, judge
from app.services.gate import require_speech
from app.services.voices import Voice, load_voices
from engine.audio.suitability import REFUSALS, judge_suitability
from engine.compare.score import make_score
from engine.errors import ErrorCode, SeongmunError
from engine.lr.population import require_model
from engine.models.session import EmbeddingModel
from engine.progress import CancelToken, Progress, no_progress
from engine.types import Embedding, FloatArray, Population

ADDED_COLUMNS = ("score", "log10_lr", "flags")


@dataclass(frozen=True, slots=True)
class EmbeddedVoice:
    """An embedded voice without its samples."""

    voice: Voice
    embedding: Embedding


def embed_files(
    paths: Sequence[Path],
    model: EmbeddingModel,
    progress: Progress = no_progress,
    cancel: CancelToken | None = None,
) -> Iterable[EmbeddedVoice | SeongmunError]:
    """Decode and embed every file once, in order; a failure stands in its file's place."""
    for voice in load_voices(paths, progress=progress, cancel=cancel):
        if isinstance(voice, SeongmunError):
            yield voice
            continue
        try:
            require_speech(voice)
            yield EmbeddedVoice(_without_samples(voice), embed_voice(voice, model))
        except SeongmunError as error:
            yield error


def _without_samples(voice: Voice) -> Voice:
    nothing: FloatArray = np.zeros(0, np.float32)
    return Voice(
        voice.recording,
        voice.channel,
        nothing,
        voice.segments,
        voice.quality,
        nothing,
        voice.steps,
    )


def score_trials(
    table: Path,
    root: Path,
    model: EmbeddingModel,
    population: Population | None,
    progress: Progress = no_progress,
    cancel: CancelToken | None = None,
) -> tuple[bytes, int, int]:
    """Score every row of a CSV with the columns ``a`` and ``b``.

    A row gets its score wherever both voices can be embedded. Its ``log10_lr`` stays empty, with
    the reason among its flags, where a comparison would be refused or no population is given.

    Returns
    -------
    (CSV, rows, rows without log10_lr); the input's columns are kept, in the same order.

    Raises
    ------
    SeongmunError
        TABLE_INVALID, POPULATION_MODEL, FILE_*, CANCELLED.
    """
    if population is not None:
        require_model(population, model.pack.model_sha256)
    rows, columns = read_trials(table)
    files = FileIndex(root)
    names = list(dict.fromkeys(row[side] for row in rows for side in ("a", "b")))
    paths = [files.find(name) for name in names]
    present = [path for path in paths if path is not None]
    embedded = dict(zip(present, embed_files(present, model, progress, cancel), strict=True))
    missing = SeongmunError(ErrorCode.FILE_MISSING, path=str(root))
    voices = {
        name: missing if path is None else embedded[path]
        for name, path in zip(names, paths, strict=True)
    }
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, [*columns, *ADDED_COLUMNS], lineterminator="\n")
    writer.writeheader()
    refused = 0
    for row in rows:
        result = _score_row(voices[row["a"]], voices[row["b"]], population)
        refused += result["log10_lr"] == ""
        writer.writerow(row | result)
    return buffer.getvalue().encode("utf-8"), len(rows), refused


def read_trials(table: Path) -> tuple[list[dict[str, str]], list[str]]:
    """Rows and column names of a trial table (TABLE_INVALID without ``a`` and ``b``)."""
    try:
        with table.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            columns = [name for name in reader.fieldnames or [] if name not in ADDED_COLUMNS]
            rows = [{name: row[name] for name in columns} for row in reader]
    except FileNotFoundError as error:
        raise SeongmunError(ErrorCode.FILE_MISSING, path=str(table)) from error
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = type(error).__name__
        raise SeongmunError(ErrorCode.TABLE_INVALID, path=str(table), reason=reason) from error
    if not {"a", "b"} <= set(columns) or any(None in row.values() for row in rows):
        raise SeongmunError(
            ErrorCode.TABLE_INVALID, path=str(table), reason="columns a, b; whole rows"
        )
    return rows, columns


class FileIndex:
    """Finds recordings by their path under a root, or by name without extension."""

    def __init__(self, root: Path) -> None:
        if not root.is_dir():
            raise SeongmunError(ErrorCode.FILE_MISSING, path=str(root))
        self._root = root
        self._by_stem: dict[str, list[Path]] = {}
        for path in sorted(p for p in root.rglob("*") if p.is_file()):
            self._by_stem.setdefault(path.stem, []).append(path)

    def find(self, name: str) -> Path | None:
        """The file; a name that several files share is none."""
        path = self._root / name
        if path.is_file():
            return path
        candidates = [p for p in self._by_stem.get(name, []) if p.suffix.lower() != ".csv"]
        return candidates[0] if len(candidates) == 1 else None


def _score_row(
    a: EmbeddedVoice | SeongmunError,
    b: EmbeddedVoice | SeongmunError,
    population: Population | None,
) -> dict[str, str]:
    for side in (a, b):
        if isinstance(side, SeongmunError):
            return {"score": "", "log10_lr": "", "flags": side.code.value}
    assert isinstance(a, EmbeddedVoice)
    assert isinstance(b, EmbeddedVoice)
    score = make_score(a.embedding, b.embedding)
    if population is None:
        log10_lr = ""
        flags: tuple[str, ...] = (ErrorCode.POPULATION_MISSING.value,)
    else:
        ratio = judge(score, a.voice, b.voice, population)
        log10_lr, flags = f"{ratio.log10_lr:.6f}", ratio.flags
    if a.voice.recording.sha256 == b.voice.recording.sha256:
        log10_lr, flags = "", (ErrorCode.COMPARE_SAME_BYTES.value, *flags)
    judged = [judge_suitability(side.voice.quality) for side in (a, b)]
    refusals = [
        reason.code for side in judged for reason in side.reasons if reason.code in REFUSALS
    ]
    if refusals:
        log10_lr, flags = "", tuple(dict.fromkeys((*refusals, *flags)))
    return {"score": f"{score.value:.6f}", "log10_lr": log10_lr, "flags": " ".join(flags)}
