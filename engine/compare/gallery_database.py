"""The database of a gallery: what it holds, how it is made and opened."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from sqlcipher3 import dbapi2 as sqlite

from engine.errors import ErrorCode, SeongmunError
from engine.files import DISK_FULL

DATABASE = "gallery.sqlite"
APPLICATION_ID = 0x53454F47
FORMAT = 1
BUSY_S = 5.0

SCHEMA = """
CREATE TABLE gallery (
    model_sha256 TEXT NOT NULL,
    dim INTEGER NOT NULL,
    precision TEXT NOT NULL,
    created_utc TEXT NOT NULL
) STRICT;
CREATE TABLE entry (
    id INTEGER PRIMARY KEY,
    vector_row INTEGER NOT NULL UNIQUE,
    voice TEXT NOT NULL,
    source TEXT NOT NULL,
    content_key TEXT NOT NULL,
    net_speech_s REAL NOT NULL,
    watched INTEGER NOT NULL CHECK (watched IN (0, 1)),
    enrolled_utc TEXT NOT NULL,
    enrolled_by TEXT NOT NULL,
    removed_utc TEXT,
    removed_by TEXT
) STRICT;
CREATE UNIQUE INDEX entry_by_content ON entry (content_key) WHERE removed_utc IS NULL;
CREATE INDEX entry_removed ON entry (vector_row) WHERE removed_utc IS NOT NULL;
CREATE INDEX entry_watched ON entry (vector_row) WHERE watched = 1;
CREATE TRIGGER entry_no_delete BEFORE DELETE ON entry
BEGIN SELECT RAISE (ABORT, 'entries are never deleted'); END;
"""


def connect(folder: Path, mode: str) -> sqlite.Connection:
    """Open a gallery's database; `mode` is SQLite's ``ro`` or ``rw`` (raises sqlite.Error)."""
    uri = f"{(folder / DATABASE).absolute().as_uri()}?mode={mode}"
    connection = sqlite.connect(
        uri, uri=True, isolation_level=None, timeout=BUSY_S, check_same_thread=False
    )
    try:
        for setting in ("journal_mode = WAL", "synchronous = FULL", "trusted_schema = OFF"):
            connection.execute(f"PRAGMA {setting}").fetchall()
    except sqlite.Error:
        connection.close()
        raise
    return connection


def make_database(folder: Path, header: tuple[str, int, str, str]) -> None:
    """A database that appears whole or not at all."""
    scratch = folder / f".seongmun-{DATABASE}"
    with closing(sqlite.connect(scratch, isolation_level=None)) as connection:
        connection.executescript(
            f"BEGIN IMMEDIATE;\n{SCHEMA}\nPRAGMA application_id = {APPLICATION_ID};\n"
            f"PRAGMA user_version = {FORMAT};\nCOMMIT;"
        )
        connection.execute("INSERT INTO gallery VALUES (?, ?, ?, ?)", header)
    scratch.replace(folder / DATABASE)


def write_error(error: Exception, folder: Path) -> SeongmunError:
    """What a failed write is called."""
    full = "full" in str(error) or getattr(error, "errno", 0) in DISK_FULL
    code = ErrorCode.FILE_DISK_FULL if full else ErrorCode.FILE_WRITE_FAILED
    return SeongmunError(code, path=str(folder))
