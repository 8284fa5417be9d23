"""The case folder: `case.sqlite`, `media/<sha256>` (originals, read-only), `cache/` (deletable).

Format history: 1, the case with exhibits, media and audit trail (0.1.0).
"""

from __future__ import annotations

import sqlite3
import stat
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.casefile.audit import append_event, broken_link, read_events, utc_now
from engine.casefile.lock import WriterLock
from engine.errors import ErrorCode, SeongmunError
from engine.files import copy_atomic, hash_file
from engine.progress import CancelToken, Progress, no_progress
from engine.types import AuditEvent, Check, CheckStatus

APPLICATION_ID = 0x53454F4E
DATABASE, MEDIA, CACHE = "case.sqlite", "media", "cache"
MIGRATIONS = Path(__file__).with_name("migrations")
ROLES = ("questioned", "known", "reference")
CASE_COLUMNS = ("case_uuid", "number", "agency", "requester", "examiner", "created_utc")
MEDIA_COLUMNS = ("sha256", "size_bytes", "added_utc")
EXHIBIT_COLUMNS = ("id", "media_sha256", "file_name", "role", "note", "added_utc")
COLUMNS: dict[str, tuple[str, ...]] = {
    "case_info": CASE_COLUMNS,
    "media": MEDIA_COLUMNS,
    "exhibit": EXHIBIT_COLUMNS,
}
BUSY_MS = 5000


@dataclass(frozen=True, slots=True)
class Exhibit:
    """One recording of a case in one role."""

    id: int
    media_sha256: str
    file_name: str
    role: str
    note: str
    added_utc: str


@dataclass(frozen=True, slots=True)
class CaseInfo:
    """What the case is."""

    case_uuid: str
    number: str
    agency: str
    requester: str
    examiner: str
    created_utc: str


class CaseFile:
    """An open case; use as a context manager. A writer holds the lock until it is closed."""

    def __init__(
        self, folder: Path, connection: sqlite3.Connection, lock: WriterLock | None
    ) -> None:
        self.folder = folder
        self._connection = connection
        self._lock = lock

    @classmethod
    def create(
        cls, folder: Path, number: str, examiner: str, agency: str = "", requester: str = ""
    ) -> CaseFile:
        """Make a new case in a folder that does not exist or is empty.

        Raises
        ------
        SeongmunError
            CASE_EXISTS, CASE_READ_ONLY, FILE_DISK_FULL.
        """
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if any(folder.iterdir()):
                raise SeongmunError(ErrorCode.CASE_EXISTS, path=str(folder))
            for name in (MEDIA, CACHE):
                (folder / name).mkdir()
        except OSError as error:
            raise SeongmunError(ErrorCode.CASE_READ_ONLY, path=str(folder)) from error
        lock = WriterLock(folder, examiner)
        lock.acquire()
        connection = _connect(folder / DATABASE, "rwc")
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            _migrate(connection, folder)
            case = cls(folder, connection, lock)
            now = utc_now()
            info = CaseInfo(str(uuid.uuid4()), number, agency, requester, examiner, now)
            values = [getattr(info, name) for name in CASE_COLUMNS]
            with case._change(examiner, "case.create", dict(_pairs(CASE_COLUMNS, values))) as db:
                db.execute("INSERT INTO case_info VALUES (1, ?, ?, ?, ?, ?, ?)", values)
        except BaseException:
            connection.close()
            lock.release()
            raise
        return case

    @classmethod
    def open(cls, folder: Path, *, writable: bool = False, actor: str = "") -> CaseFile:
        """Open a case; a writer migrates it and removes what a crash left behind.

        Raises
        ------
        SeongmunError
            CASE_MISSING, CASE_INVALID, CASE_NEWER, CASE_LOCKED, CASE_READ_ONLY.
        """
        path = folder / DATABASE
        if not path.is_file():
            raise SeongmunError(ErrorCode.CASE_MISSING, path=str(folder))
        lock = WriterLock(folder, actor) if writable else None
        if lock is not None:
            lock.acquire()
        try:
            connection = _connect(path, "rw" if writable else "ro")
            _require_case(connection, folder)
            case = cls(folder, connection, lock)
            if writable:
                _migrate(connection, folder)
                case._remove_orphans()
        except sqlite3.Error as error:
            if lock is not None:
                lock.release()
            raise SeongmunError(ErrorCode.CASE_INVALID, path=str(folder)) from error
        except SeongmunError:
            if lock is not None:
                lock.release()
            raise
        return case

    def close(self) -> None:
        """Close the database and give the lock back."""
        self._connection.close()
        if self._lock is not None:
            self._lock.release()

    def __enter__(self) -> CaseFile:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    @property
    def info(self) -> CaseInfo:
        """What the case is."""
        row = self._connection.execute(f"SELECT {', '.join(CASE_COLUMNS)} FROM case_info")
        return CaseInfo(*row.fetchone())

    def exhibits(self) -> list[Exhibit]:
        """Every exhibit in the order in which it was added."""
        columns = ", ".join(EXHIBIT_COLUMNS)
        rows = self._connection.execute(f"SELECT {columns} FROM exhibit ORDER BY id")
        return [Exhibit(*row) for row in rows]

    def events(self) -> list[AuditEvent]:
        """The audit trail."""
        return read_events(self._connection)

    def media_path(self, sha256: str) -> Path:
        """Where the original with this hash lies."""
        return self.folder / MEDIA / sha256

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
        sha256, size_bytes = hash_file(source, progress, cancel)
        if size_bytes == 0:
            raise SeongmunError(ErrorCode.FILE_EMPTY, path=str(source))
        for exhibit in self.exhibits():
            if (exhibit.media_sha256, exhibit.role) == (sha256, role):
                return exhibit, False
        target = self.media_path(sha256)
        if not target.exists():
            if copy_atomic(source, target, cancel) != sha256:
                target.unlink()
                raise SeongmunError(ErrorCode.FILE_CHANGED, path=str(source))
            target.chmod(stat.S_IREAD | stat.S_IRGRP | stat.S_IROTH)
        now = utc_now()
        known = self._connection.execute("SELECT 1 FROM media WHERE sha256 = ?", (sha256,))
        media = None if known.fetchone() else (sha256, size_bytes, now)
        number = self._connection.execute("SELECT coalesce(max(id), 0) + 1 FROM exhibit")
        exhibit = Exhibit(number.fetchone()[0], sha256, source.name, role, note, now)
        row = [getattr(exhibit, name) for name in EXHIBIT_COLUMNS]
        content: dict[str, Any] = {"exhibit": dict(_pairs(EXHIBIT_COLUMNS, row))}
        if media is not None:
            content["media"] = dict(_pairs(MEDIA_COLUMNS, media))
        with self._change(actor, "exhibit.add", content) as db:
            if media is not None:
                db.execute("INSERT INTO media VALUES (?, ?, ?)", media)
            db.execute("INSERT INTO exhibit VALUES (?, ?, ?, ?, ?, ?)", row)
        return exhibit, True

    def copy_database(self, target: Path) -> None:
        """A consistent copy of the database, the write-ahead log included."""
        with closing(sqlite3.connect(target)) as copy:
            self._connection.backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE")

    def check(
        self, progress: Progress = no_progress, cancel: CancelToken | None = None
    ) -> tuple[Check, ...]:
        """Database integrity, audit chain, rows against events, media against hashes."""
        return (
            self._check_database(),
            self._check_chain(),
            self._check_rows(),
            self._check_media(progress, cancel),
        )

    def _check_database(self) -> Check:
        problems = [row[0] for row in self._connection.execute("PRAGMA integrity_check")]
        keys = self._connection.execute("PRAGMA foreign_key_check").fetchall()
        sound = problems == ["ok"] and not keys
        return _check("case.database", sound, "sound", "damaged")

    def _check_chain(self) -> Check:
        try:
            events = self.events()
        except ValueError:
            return _check("case.audit_chain", False, "", "broken")
        broken = broken_link(events)
        if not events or broken is not None:
            return _check("case.audit_chain", False, "", "broken", at=broken or 0)
        head = events[-1].hash
        return _check("case.audit_chain", True, "whole", "", events=len(events), head=head)

    def _check_rows(self) -> Check:
        """The tables must be what the events say, row for row."""
        told: dict[str, list[tuple[Any, ...]]] = {"case_info": [], "media": [], "exhibit": []}
        try:
            for event in self.events():
                content = event.content
                if event.action == "case.create":
                    told["case_info"].append(tuple(content[name] for name in CASE_COLUMNS))
                for table in ("media", "exhibit"):
                    if event.action == "exhibit.add" and table in content:
                        row = content[table]
                        told[table].append(tuple(row[name] for name in COLUMNS[table]))
        except (KeyError, TypeError, ValueError):
            return _check("case.rows", False, "", "events_unreadable")
        for table, columns in COLUMNS.items():
            rows = self._connection.execute(f"SELECT {', '.join(columns)} FROM {table}").fetchall()
            if sorted(rows) != sorted(told[table]):
                return _check("case.rows", False, "", "differ_from_events", table=table)
        return _check("case.rows", True, "follow_from_events", "")

    def _check_media(self, progress: Progress, cancel: CancelToken | None) -> Check:
        hashes = [row[0] for row in self._connection.execute("SELECT sha256 FROM media")]
        for done, sha256 in enumerate(hashes):
            progress("case_media", done, len(hashes))
            try:
                found = hash_file(self.media_path(sha256), cancel=cancel)[0]
            except SeongmunError as error:
                if error.code is ErrorCode.CANCELLED:
                    raise
                return _check("case.media", False, "", "missing", sha256=sha256)
            if found != sha256:
                return _check("case.media", False, "", "hash_differs", sha256=sha256)
        return _check("case.media", True, "hashes_equal", "", files=len(hashes))

    @contextmanager
    def _change(
        self, actor: str, action: str, content: dict[str, Any]
    ) -> Iterator[sqlite3.Connection]:
        """One transaction: the change and its event, or neither."""
        if self._lock is None:
            raise SeongmunError(ErrorCode.CASE_READ_ONLY, path=str(self.folder))
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                append_event(self._connection, actor, action, content, utc_now())
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")
        except sqlite3.OperationalError as error:
            full = "full" in str(error)
            code = ErrorCode.FILE_DISK_FULL if full else ErrorCode.CASE_READ_ONLY
            raise SeongmunError(code, path=str(self.folder)) from error

    def _remove_orphans(self) -> None:
        """Copies that a crash left behind before the database knew of them."""
        known = {row[0] for row in self._connection.execute("SELECT sha256 FROM media")}
        for path in (self.folder / MEDIA).iterdir():
            if path.name not in known:
                path.chmod(stat.S_IREAD | stat.S_IWRITE)
                path.unlink()


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    uri = f"{path.absolute().as_uri()}?mode={mode}"
    connection = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=BUSY_MS / 1000)
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA trusted_schema = OFF")
    return connection


def _require_case(connection: sqlite3.Connection, folder: Path) -> None:
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    newest = len(_scripts())
    if application != APPLICATION_ID or version == 0:
        connection.close()
        raise SeongmunError(ErrorCode.CASE_INVALID, path=str(folder))
    if version > newest:
        connection.close()
        raise SeongmunError(ErrorCode.CASE_NEWER, path=str(folder), version=version, newest=newest)


def _migrate(connection: sqlite3.Connection, folder: Path) -> None:
    """Run the scripts that the database has not seen, each in a transaction after a backup."""
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    for number, script in enumerate(_scripts()[version:], start=version + 1):
        if version:
            backup = folder / f"{DATABASE}.before-{number:04d}"
            with closing(sqlite3.connect(backup)) as copy:
                connection.backup(copy)
        statements = script.read_text(encoding="utf-8")
        connection.executescript(
            f"BEGIN IMMEDIATE;\n{statements}\nPRAGMA application_id = {APPLICATION_ID};\n"
            f"PRAGMA user_version = {number};\nCOMMIT;"
        )


def _scripts() -> list[Path]:
    return sorted(MIGRATIONS.glob("*.sql"))


def _pairs(names: tuple[str, ...], values: Any) -> zip[tuple[str, Any]]:
    return zip(names, values, strict=True)


def _check(check_id: str, passed: bool, good: str, bad: str, **params: str | int) -> Check:
    status = CheckStatus.PASS if passed else CheckStatus.FAIL
    return Check(check_id, status, good if passed else bad, params)
