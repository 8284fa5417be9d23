"""A laboratory's stored voices, across cases: enrolled with their provenance, searched exactly.

A gallery is a folder: ``gallery.sqlite`` tells of every entry, ``vectors`` holds the embeddings,
one row after another, as float32 or, at half the size, in 1/32767 as int16, and ``statistics`` the
mean and the deviation of their cosines with the model's cohort (float32). A row is on the disk
before the database knows of it, so that a crash leaves nothing but a row that the next entry
overwrites. Nothing is ever deleted from the database: a removed entry says when and by whom.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from sqlcipher3 import dbapi2 as sqlite

from engine.casefile.audit import utc_now
from engine.compare.gallery_database import (
    APPLICATION_ID,
    DATABASE,
    FORMAT,
    connect,
    make_database,
    write_error,
)
from engine.errors import ErrorCode, SeongmunError
from engine.progress import CancelToken, Progress, no_progress
from engine.types import CalibrationModel, Embedding, FloatArray

VECTORS, STATISTICS = "vectors", "statistics"
BLOCK_ROWS = 1 << 18
CACHE_ROWS = 1 << 10
FLOAT32_BYTES = 4
Precision = Literal["float32", "int16"]
SCALES: Mapping[Precision, float] = {"float32": 1.0, "int16": 32767.0}


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a stored voice was heard: the recording, the stretches of it (in seconds) and, as far
    as it is known, the case, and where recording and case lay when the voice was enrolled."""

    file_name: str
    media_sha256: str
    channel: int
    speaker: str = ""
    case_number: str = ""
    case_uuid: str = ""
    path: str = ""
    case_path: str = ""
    segments: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True, slots=True)
class NewEntry:
    """A voice to be stored. Entries of one `voice` are one person's, says who enrols them."""

    voice: str
    provenance: Provenance
    embedding: Embedding
    watched: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """A stored voice."""

    id: int
    voice: str
    provenance: Provenance
    net_speech_s: float
    watched: bool
    enrolled_utc: str
    enrolled_by: str


@dataclass(frozen=True, slots=True)
class Hit:
    """An entry that a search found; `log10_lr` is within the supported range, `score` is not."""

    entry: Entry
    score: float
    log10_lr: float


class Gallery:
    """An open gallery; use as a context manager."""

    def __init__(self, folder: Path, connection: sqlite.Connection) -> None:
        self.folder = folder
        self._connection = connection
        self._maps: tuple[NDArray[Any], FloatArray, FloatArray] | None = None
        try:
            row = self._header()
            self.model_sha256, self.dim = str(row[0]), int(row[1])
            self.precision: Precision = row[2]
            if self._rows_on_disk() < self._next_row():
                raise ValueError("vectors are missing")
        except BaseException:
            connection.close()
            raise

    def _header(self) -> Any:
        """Model, size and precision (raises ValueError, sqlite.Error where this is no gallery)."""
        found = [
            self._connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("application_id", "user_version")
        ]
        row = self._connection.execute(
            "SELECT model_sha256, dim, precision FROM gallery"
        ).fetchone()
        if found != [APPLICATION_ID, FORMAT] or row is None or row[2] not in SCALES:
            raise ValueError("not a gallery of this format")
        return row

    @classmethod
    def create(
        cls, folder: Path, model_sha256: str, dim: int, precision: Precision = "float32"
    ) -> Gallery:
        """Make a gallery in a folder that does not exist or is empty.

        Raises
        ------
        SeongmunError
            GALLERY_EXISTS, FILE_WRITE_FAILED, FILE_DISK_FULL.
        """
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if any(folder.iterdir()):
                raise SeongmunError(ErrorCode.GALLERY_EXISTS, path=str(folder))
            for name in (VECTORS, STATISTICS):
                (folder / name).touch()
            make_database(folder, (model_sha256, dim, precision, utc_now()))
            return cls(folder, connect(folder, "rw"))
        except (OSError, sqlite.Error) as error:
            raise write_error(error, folder) from error

    @classmethod
    def open(cls, folder: Path, model_sha256: str | None = None) -> Gallery:
        """Open a gallery; with `model_sha256`, one of this model.

        Raises
        ------
        SeongmunError
            GALLERY_MISSING, GALLERY_INVALID, GALLERY_MODEL.
        """
        if not (folder / DATABASE).is_file():
            raise SeongmunError(ErrorCode.GALLERY_MISSING, path=str(folder))
        try:
            gallery = cls(folder, connect(folder, "rw"))
        except (sqlite.Error, TypeError, ValueError) as error:
            raise SeongmunError(ErrorCode.GALLERY_INVALID, path=str(folder)) from error
        if model_sha256 is not None and gallery.model_sha256 != model_sha256:
            gallery.close()
            raise SeongmunError(ErrorCode.GALLERY_MODEL, path=str(folder))
        return gallery

    def close(self) -> None:
        """Close the database."""
        self._connection.close()

    def __enter__(self) -> Gallery:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def __len__(self) -> int:
        return self.count()

    def enrol(self, new: Sequence[NewEntry], actor: str) -> tuple[list[Entry], list[NewEntry]]:
        """Store voices in one transaction; returns what was stored and what was there already
        (the same speaker of the same channel of the same recording).

        Raises
        ------
        SeongmunError
            MODEL_HASH where a voice was embedded by another model; GALLERY_LOCKED,
            FILE_DISK_FULL, FILE_WRITE_FAILED.
        """
        for entry in new:
            if entry.embedding.model_sha256 != self.model_sha256:
                raise SeongmunError(ErrorCode.GALLERY_MODEL, path=str(self.folder))
        with self._transaction():
            known = {row[0] for row in self._connection.execute(_STANDING_KEYS)}
            fresh: dict[str, NewEntry] = {}
            double = []
            for entry in new:
                key = _content_key(entry.provenance)
                if key in known or key in fresh:
                    double.append(entry)
                else:
                    fresh[key] = entry
            first = self._next_row()
            self._append([entry.embedding for entry in fresh.values()], first)
            now = utc_now()
            rows = [
                (
                    first + i,
                    entry.voice,
                    json.dumps(asdict(entry.provenance), ensure_ascii=False, sort_keys=True),
                    key,
                    entry.embedding.net_speech_s,
                    int(entry.watched),
                    now,
                    actor,
                )
                for i, (key, entry) in enumerate(fresh.items())
            ]
            self._connection.executemany(_INSERT, rows)
        return self._entries("vector_row >= ?", (first,)), double

    def remove(self, ids: Sequence[int], actor: str) -> None:
        """Take entries out of every later search (raises GALLERY_NO_SUCH_ENTRY, GALLERY_LOCKED)."""
        with self._transaction():
            for number in ids:
                self._require(number)
                self._connection.execute(
                    "UPDATE entry SET removed_utc = ?, removed_by = ? WHERE id = ?",
                    (utc_now(), actor, number),
                )

    def update(self, number: int, voice: str | None = None, watched: bool | None = None) -> Entry:
        """Rename an entry's voice, or watch it (raises GALLERY_NO_SUCH_ENTRY, GALLERY_LOCKED)."""
        with self._transaction():
            self._require(number)
            self._connection.execute(
                "UPDATE entry SET voice = coalesce(?, voice), watched = coalesce(?, watched) "
                "WHERE id = ?",
                (voice, None if watched is None else int(watched), number),
            )
        return self._entries("id = ?", (number,))[0]

    def count(self, watched_only: bool = False) -> int:
        """How many entries a search compares."""
        condition = " AND watched = 1" if watched_only else ""
        row = self._connection.execute(
            f"SELECT count(*) FROM entry WHERE removed_utc IS NULL{condition}"
        )
        return int(row.fetchone()[0])

    def of_recording(self, media_sha256: str) -> list[Entry]:
        """What is stored of one recording."""
        return self._entries(
            "content_key > ? AND content_key < ?", (f"{media_sha256}/", f"{media_sha256}0")
        )

    def entries(self, watched_only: bool = False) -> list[Entry]:
        """What is stored, in the order in which it came."""
        return self._entries("watched = 1" if watched_only else "1")

    def search(
        self,
        query: Embedding,
        calibration: CalibrationModel,
        top: int = 50,
        watched_only: bool = False,
        progress: Progress = no_progress,
        cancel: CancelToken | None = None,
    ) -> list[Hit]:
        """The entries with the highest scores, all of them compared, best first.

        Raises
        ------
        SeongmunError
            GALLERY_EMPTY, GALLERY_MODEL, CANCELLED.
        """
        if query.model_sha256 != self.model_sha256:
            raise SeongmunError(ErrorCode.GALLERY_MODEL, path=str(self.folder))
        scores = self._scores(query, progress, cancel)
        scores[self._is_out(watched_only)] = -np.inf
        count = min(top, int(np.isfinite(scores).sum()))
        if not count:
            raise SeongmunError(ErrorCode.GALLERY_EMPTY, path=str(self.folder))
        best = _highest(scores, count)
        low, high = calibration.bounds_log10
        log10_lr = np.clip(calibration.slope * scores[best] + calibration.intercept, low, high)
        return [
            Hit(self._entries("vector_row = ?", (int(row),))[0], float(scores[row]), float(value))
            for row, value in zip(best, log10_lr, strict=True)
        ]

    def _scores(
        self, query: Embedding, progress: Progress, cancel: CancelToken | None
    ) -> FloatArray:
        """With every row that was ever stored, float32 [shape=(rows,)]; as
        `engine.compare.score.normalised`, block by block."""
        count = self._next_row()
        result = np.empty(count, np.float32)
        if not count:
            return result
        vectors, inverse, offset = self._stored(count)
        vector = query.vector / np.float32(2 * SCALES[self.precision])
        own_inverse = np.float32(1 / query.cohort_deviation)
        own_offset = np.float32(query.cohort_mean / query.cohort_deviation / 2)
        for start in range(0, count, BLOCK_ROWS):
            if cancel is not None:
                cancel.check()
            progress("search", start, count)
            rows = slice(start, min(count, start + BLOCK_ROWS))
            scores = _product(vectors[rows], vector)
            scores *= inverse[rows] + own_inverse
            scores -= offset[rows] + own_offset
            result[rows] = scores
        return result

    def _stored(self, count: int) -> tuple[NDArray[Any], FloatArray, FloatArray]:
        """The first `count` vectors, and what normalises their scores: the inverse deviation, and
        half the mean over the deviation. Mapping the files anew costs as much as a search."""
        if self._maps is None or len(self._maps[0]) != count:
            vectors = np.memmap(self.folder / VECTORS, self.precision, "r", shape=(count, self.dim))
            statistics = np.fromfile(self.folder / STATISTICS, np.float32, 2 * count)
            mean, deviation = statistics.reshape(-1, 2).T
            normalising = (1 / deviation, mean / deviation / 2)
            inverse, offset = (np.asarray(part, np.float32) for part in normalising)
            self._maps = np.asarray(vectors), inverse, offset
        return self._maps

    def _is_out(self, watched_only: bool) -> NDArray[np.bool_]:
        """Per row whether no search may find it: of a removed entry, or, where only watched ones
        are asked for, of any other."""
        out = np.full(self._next_row(), watched_only)
        for condition, value in (("watched = 1", False), ("removed_utc IS NOT NULL", True)):
            found = self._connection.execute(f"SELECT vector_row FROM entry WHERE {condition}")
            if value or watched_only:
                out[[row for (row,) in found]] = value
        return out

    def _entries(self, where: str, values: Sequence[Any] = ()) -> list[Entry]:
        found = self._connection.execute(
            "SELECT id, voice, source, net_speech_s, watched, enrolled_utc, enrolled_by "
            f"FROM entry WHERE removed_utc IS NULL AND {where} ORDER BY id",
            tuple(values),
        )
        return [_entry(row) for row in found]

    def _require(self, number: int) -> None:
        if not self._entries("id = ?", (number,)):
            raise SeongmunError(ErrorCode.GALLERY_NO_SUCH_ENTRY, path=str(self.folder), id=number)

    def _next_row(self) -> int:
        row = self._connection.execute("SELECT coalesce(max(vector_row) + 1, 0) FROM entry")
        return int(row.fetchone()[0])

    def _rows_on_disk(self) -> int:
        row_bytes = self.dim * np.dtype(self.precision).itemsize
        vectors = (self.folder / VECTORS).stat().st_size // row_bytes
        return min(vectors, (self.folder / STATISTICS).stat().st_size // (2 * FLOAT32_BYTES))

    def _append(self, embeddings: Sequence[Embedding], first: int) -> None:
        """Write rows after the last one that the database knows of."""
        if not embeddings:
            return
        vectors = np.stack([e.vector for e in embeddings])
        if self.precision == "int16":
            vectors = np.round(vectors * SCALES["int16"]).astype(np.int16)
        statistics = [(e.cohort_mean, e.cohort_deviation) for e in embeddings]
        for name, rows in (
            (VECTORS, vectors),
            (STATISTICS, np.array(statistics, np.float32)),
        ):
            with (self.folder / name).open("r+b") as file:
                file.seek(first * rows[0].nbytes)
                file.write(rows.tobytes())
                file.flush()
                os.fsync(file.fileno())

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """One writer at a time; all or nothing."""
        try:
            self._connection.execute("BEGIN IMMEDIATE")
        except sqlite.OperationalError as error:
            raise SeongmunError(ErrorCode.GALLERY_LOCKED, path=str(self.folder)) from error
        try:
            yield
            self._connection.execute("COMMIT")
        except BaseException as error:
            self._connection.execute("ROLLBACK")
            if isinstance(error, OSError | sqlite.Error):
                raise write_error(error, self.folder) from error
            raise


_STANDING_KEYS = "SELECT content_key FROM entry WHERE removed_utc IS NULL"
_INSERT = (
    "INSERT INTO entry (vector_row, voice, source, content_key, net_speech_s, watched, "
    "enrolled_utc, enrolled_by) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
)


def _highest(scores: FloatArray, count: int) -> NDArray[np.int64]:
    """Places of the highest scores, the best first. What a part of the scores cannot beat is not
    sorted out of the whole."""
    part = scores[:BLOCK_ROWS]
    likely = np.arange(len(scores))
    if count < len(part) < len(scores):
        likely = np.flatnonzero(scores >= np.partition(part, -count)[-count])
    best = likely[np.argpartition(-scores[likely], count - 1)[:count]]
    return np.asarray(best[np.argsort(-scores[best], kind="stable")], np.int64)


def _product(vectors: NDArray[Any], vector: FloatArray) -> FloatArray:
    """Products [shape=(n,)] of rows with a vector; integers are made floats in the cache."""
    if vectors.dtype == np.float32:
        return np.asarray(vectors @ vector, np.float32)
    result = np.empty(len(vectors), np.float32)
    for start in range(0, len(vectors), CACHE_ROWS):
        rows = slice(start, start + CACHE_ROWS)
        result[rows] = vectors[rows].astype(np.float32) @ vector
    return result


def _content_key(provenance: Provenance) -> str:
    return f"{provenance.media_sha256}/{provenance.channel}/{provenance.speaker}"


def _entry(row: Sequence[Any]) -> Entry:
    source = json.loads(row[2])
    source["segments"] = tuple((start_s, end_s) for start_s, end_s in source["segments"])
    return Entry(row[0], row[1], Provenance(**source), row[3], bool(row[4]), row[5], row[6])
