"""The case folder: `case.sqlite`, `media/<sha256>` (originals, read-only), `cache/` (deletable),
and, where the case is encrypted, `case.key`."""

from __future__ import annotations

import contextlib
import shutil
import stat
import tempfile
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from sqlcipher3 import dbapi2 as sqlite

from engine.casefile.audit import append_event, last_event, read_events, utc_now
from engine.casefile.database import (
    DATABASE,
    connect,
    copy_database,
    migrate,
    migrated_copy,
    require_case,
    require_sound,
)
from engine.casefile.keys import is_sealed, looks_sealed, make_key, open_key
from engine.casefile.lock import WriterLock
from engine.casefile.tables import CaseInfo, Exhibit, Media, Row
from engine.errors import ErrorCode, SeongmunError
from engine.files import (
    DISK_FULL,
    Source,
    copy_atomic,
    hash_file,
    open_source,
    path_of,
    write_atomic,
)
from engine.progress import CancelToken, Progress, no_progress
from engine.sealed import SealedFile, derive_key
from engine.types import AuditEvent

MEDIA, CACHE = "media", "cache"
TEMPORARY = ".seongmun-*"
R = TypeVar("R", bound=Row)


class CaseFile:
    """An open case; use as a context manager. A writer holds the lock until it is closed."""

    def __init__(
        self,
        folder: Path,
        connection: sqlite.Connection,
        lock: WriterLock | None,
        key: bytes | None,
    ) -> None:
        self.folder = folder
        self.connection = connection
        self._lock = lock
        self._key = key

    @classmethod
    def create(
        cls,
        folder: Path,
        number: str,
        examiner: str,
        agency: str = "",
        requester: str = "",
        passphrase: str = "",
    ) -> CaseFile:
        """Make a new case in a folder that does not exist or is empty; it appears whole or not at
        all. With a passphrase everything in it is encrypted.

        Raises
        ------
        SeongmunError
            CASE_EXISTS, CASE_READ_ONLY, CASE_PASSPHRASE_WEAK, FILE_DISK_FULL.
        """
        parent = folder.absolute().parent
        try:
            if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
                raise SeongmunError(ErrorCode.CASE_EXISTS, path=str(folder))
            parent.mkdir(parents=True, exist_ok=True)
            scratch = Path(tempfile.mkdtemp(prefix=".seongmun-", dir=parent))
        except OSError as error:
            raise SeongmunError(ErrorCode.CASE_READ_ONLY, path=str(folder)) from error
        try:
            for name in (MEDIA, CACHE):
                (scratch / name).mkdir()
            key = make_key(scratch, passphrase) if passphrase else None
            connection = connect(scratch, "rwc", key)
            case = cls(scratch, connection, None, key)
            try:
                connection.execute("PRAGMA journal_mode = WAL")
                migrate(connection, scratch, key)
                now = utc_now()
                info = CaseInfo(str(uuid.uuid4()), number, agency, requester, examiner, now)
                case._write(examiner, "case.create", [info])
            finally:
                connection.close()
            scratch.chmod(0o755)
            if folder.exists():
                folder.rmdir()
            scratch.replace(folder)
        except (OSError, sqlite.OperationalError) as error:
            raise _write_error(error, folder) from error
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
        return cls.open(folder, writable=True, actor=examiner, passphrase=passphrase)

    @classmethod
    def open(
        cls, folder: Path, *, writable: bool = False, actor: str = "", passphrase: str = ""
    ) -> CaseFile:
        """Open a case; a writer migrates it and removes what a crash left behind.

        Raises
        ------
        SeongmunError
            CASE_MISSING, CASE_INVALID, CASE_NEWER, CASE_LOCKED, CASE_READ_ONLY,
            CASE_PASSPHRASE_MISSING, CASE_PASSPHRASE, CASE_KEY_DAMAGED.
        """
        if not (folder / DATABASE).is_file():
            raise SeongmunError(ErrorCode.CASE_MISSING, path=str(folder))
        sealed = is_sealed(folder) or looks_sealed(folder / DATABASE)
        key = open_key(folder, passphrase) if sealed else None
        lock = WriterLock(folder, actor) if writable else None
        if lock is not None:
            lock.acquire()
        connection = None
        try:
            connection = _connect_existing(folder, writable, key)
            require_case(connection, folder)
            if writable:
                require_sound(connection, folder)
                migrate(connection, folder, key)
            else:
                connection = migrated_copy(connection)
            case = cls(folder, connection, lock, key)
            if writable:
                case._remove_orphans()
        except BaseException as error:
            if connection is not None:
                connection.close()
            if lock is not None:
                lock.release()
            if isinstance(error, sqlite.OperationalError):
                raise _write_error(error, folder) from error
            if isinstance(error, sqlite.Error):
                raise SeongmunError(ErrorCode.CASE_INVALID, path=str(folder)) from error
            raise
        return case

    def reader(self) -> CaseFile:
        """The same case once more, for reading in another thread."""
        connection = _connect_existing(self.folder, False, self._key)
        return CaseFile(self.folder, connection, None, self._key)

    def close(self) -> None:
        """Close the database and give the lock back."""
        self.connection.close()
        if self._lock is not None:
            self._lock.release()

    def __enter__(self) -> CaseFile:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    @property
    def is_sealed(self) -> bool:
        """Whether the case is encrypted."""
        return self._key is not None

    @property
    def info(self) -> CaseInfo:
        """What the case is, as it was opened."""
        return self.rows(CaseInfo)[0]

    def rows(self, kind: type[R], where: str = "", values: Sequence[Any] = ()) -> list[R]:
        """Rows of a table, in the order in which they were added."""
        condition = f" WHERE {where}" if where else ""
        found = self.connection.execute(
            f"SELECT {', '.join(kind.columns())} FROM {kind.table}{condition} ORDER BY rowid",
            tuple(values),
        )
        return [kind(*row) for row in found]

    def exhibits(self) -> list[Exhibit]:
        """Every exhibit in the order in which it was added."""
        return self.rows(Exhibit)

    def exhibit(self, number: int) -> Exhibit:
        """One exhibit (raises CASE_NO_SUCH_ROW)."""
        return self.row(Exhibit, number)

    def row(self, kind: type[R], number: int) -> R:
        """The row with an id (raises CASE_NO_SUCH_ROW)."""
        found = self.rows(kind, "id = ?", (number,))
        if not found:
            raise SeongmunError(ErrorCode.CASE_NO_SUCH_ROW, table=kind.table, id=number)
        return found[0]

    def events(self) -> list[AuditEvent]:
        """The audit trail."""
        return read_events(self.connection)

    def head(self) -> AuditEvent:
        """The last event."""
        return last_event(self.connection)

    def media_path(self, sha256: str) -> Path:
        """Where the medium with this hash lies."""
        return self.folder / MEDIA / sha256

    def media(self, sha256: str) -> Source:
        """The medium with this hash, to be read through `engine.files`."""
        path = self.media_path(sha256)
        return path if self._key is None else SealedFile(path, derive_key(self._key, "media"))

    def add(
        self,
        source: Path,
        role: str,
        actor: str,
        note: str = "",
        progress: Progress = no_progress,
        cancel: CancelToken | None = None,
    ) -> tuple[Exhibit, bool]:
        """Copy an original into the case; False where it is there already in this role.

        The copy is whole and flushed before the database knows of it.

        Raises
        ------
        SeongmunError
            FILE_*, FILE_CHANGED where the copy differs from what was hashed, CANCELLED.
        """
        return self.add_copied(source, *self.copy(source, progress, cancel), role, actor, note)

    def copy(
        self, source: Path, progress: Progress = no_progress, cancel: CancelToken | None = None
    ) -> tuple[str, int]:
        """Copy an original among the media, where it is not; the database is neither read nor
        written. Returns its SHA-256 and size (raises as `add`)."""
        if self._lock is None:
            raise SeongmunError(ErrorCode.CASE_READ_ONLY, path=str(self.folder))
        sha256, size_bytes = hash_file(source, progress, cancel)
        if size_bytes == 0:
            raise SeongmunError(ErrorCode.FILE_EMPTY, path=str(source))
        if not self.media_path(sha256).exists():
            self._put(source, sha256, cancel)
        return sha256, size_bytes

    def add_copied(
        self, source: Path, sha256: str, size_bytes: int, role: str, actor: str, note: str = ""
    ) -> tuple[Exhibit, bool]:
        """Record an original that `copy` has copied; False where it is there already in this
        role (raises CASE_READ_ONLY, FILE_DISK_FULL)."""
        known = self.rows(Exhibit, "media_sha256 = ? AND role = ?", (sha256, role))
        if known:
            return known[0], False
        is_new = not self.rows(Media, "sha256 = ?", (sha256,))
        media = [Media(sha256, size_bytes, utc_now())] * is_new
        exhibit = Exhibit(self.next_id(Exhibit), sha256, source.name, role, note, utc_now())
        self.record(actor, "exhibit.add", [*media, exhibit])
        return exhibit, True

    def keep(self, document: bytes, sha256: str, size_bytes: int) -> list[Row]:
        """Put a document among the media; returns the row that `record` must add, if it is new
        (raises CASE_READ_ONLY, FILE_DISK_FULL)."""
        if self._lock is None:
            raise SeongmunError(ErrorCode.CASE_READ_ONLY, path=str(self.folder))
        if self.rows(Media, "sha256 = ?", (sha256,)):
            return []
        self._put(document, sha256)
        return [Media(sha256, size_bytes, utc_now())]

    def _put(self, source: Source | bytes, sha256: str, cancel: CancelToken | None = None) -> None:
        target = self.media_path(sha256)
        key = None if self._key is None else derive_key(self._key, "media")
        if isinstance(source, bytes):
            write_atomic(target, source, key, parents=False)
        elif copy_atomic(source, target, cancel, key, parents=False) != sha256:
            target.unlink()
            raise SeongmunError(ErrorCode.FILE_CHANGED, path=str(path_of(source)))
        target.chmod(stat.S_IREAD | stat.S_IRGRP | stat.S_IROTH)

    def cached(self, name: str) -> bytes | None:
        """What `cache` kept under this name, if it is still there and whole."""
        path = self.folder / CACHE / name
        source: Source = path if self._key is None else SealedFile(path, self._cache_key())
        try:
            with open_source(source) as file:
                return file.read()
        except OSError:
            return None

    def cache(self, name: str, content: bytes) -> None:
        """Keep something that can be made again; where it cannot be kept, it will be."""
        key = None if self._key is None else self._cache_key()
        with contextlib.suppress(SeongmunError):
            write_atomic(self.folder / CACHE / name, content, key)

    def _cache_key(self) -> bytes:
        return derive_key(self._key or b"", "cache")

    def next_id(self, kind: type[Row]) -> int:
        """The id of the next row of a table; there is one writer, so nobody takes it before."""
        highest = self.connection.execute(f"SELECT coalesce(max(id), 0) FROM {kind.table}")
        return int(highest.fetchone()[0]) + 1

    def record(self, actor: str, action: str, rows: Sequence[Row]) -> AuditEvent:
        """Add rows and the event that tells of them in one transaction, or neither.

        Raises
        ------
        SeongmunError
            CASE_READ_ONLY, FILE_DISK_FULL.
        """
        if self._lock is None:
            raise SeongmunError(ErrorCode.CASE_READ_ONLY, path=str(self.folder))
        return self._write(actor, action, rows)

    def _write(self, actor: str, action: str, rows: Sequence[Row]) -> AuditEvent:
        content: dict[str, list[Mapping[str, Any]]] = {}
        try:
            self.connection.execute("BEGIN IMMEDIATE")
            try:
                for row in rows:
                    values = row.as_content()
                    content.setdefault(row.table, []).append(values)
                    marks = ", ".join("?" * len(values))
                    self.connection.execute(
                        f"INSERT INTO {row.table} ({', '.join(values)}) VALUES ({marks})",
                        tuple(values.values()),
                    )
                event = append_event(self.connection, actor, action, content, utc_now())
            except BaseException:
                self.connection.execute("ROLLBACK")
                raise
            self.connection.execute("COMMIT")
        except sqlite.OperationalError as error:
            raise _write_error(error, self.folder) from error
        return event

    def copy_database(self, target: Path) -> None:
        """A consistent copy of the database, the write-ahead log included, under the same key."""
        copy_database(self.connection, target, self._key)

    def _remove_orphans(self) -> None:
        """What a crash left behind before the database knew of it."""
        known = {row[0] for row in self.connection.execute("SELECT sha256 FROM media")}
        lost = [path for path in (self.folder / MEDIA).iterdir() if path.name not in known]
        for path in (*lost, *self.folder.glob(TEMPORARY)):
            path.chmod(stat.S_IREAD | stat.S_IWRITE)
            path.unlink()


def _connect_existing(folder: Path, writable: bool, key: bytes | None) -> sqlite.Connection:
    """A reader of a drive that cannot be written needs a database without a log beside it."""
    if writable:
        return connect(folder, "rw", key)
    try:
        return connect(folder, "ro", key)
    except sqlite.OperationalError:
        log = folder / f"{DATABASE}-wal"
        if log.exists() and log.stat().st_size:
            raise
        return connect(folder, "ro&immutable=1", key)


def _write_error(error: Exception, folder: Path) -> SeongmunError:
    full = "full" in str(error) or getattr(error, "errno", 0) in DISK_FULL
    code = ErrorCode.FILE_DISK_FULL if full else ErrorCode.CASE_READ_ONLY
    return SeongmunError(code, path=str(folder))
