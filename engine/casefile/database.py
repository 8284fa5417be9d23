"""The case's database: SQLite, encrypted by SQLCipher where the case has a key.

Format history: 1, the case with exhibits, media and audit trail (0.1.0); 2, edits, segments,
analyses, reports (0.2.0); 3, validation studies; 4, decisions
about voices and rings (0.3.0); 5, reports on voices across calls.
"""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from sqlcipher3 import dbapi2 as sqlite

from engine.errors import ErrorCode, SeongmunError
from engine.sealed import derive_key

APPLICATION_ID = 0x53454F4E
DATABASE = "case.sqlite"
MIGRATIONS = Path(__file__).with_name("migrations")
BUSY_MS = 5000


def connect(folder: Path, mode: str, key: bytes | None) -> sqlite.Connection:
    """Open ``case.sqlite``; `mode` is SQLite's ``ro``, ``rw`` or ``rwc``, `key` the case key.

    Raises
    ------
    sqlite.Error
    """
    return _open(folder / DATABASE, mode, key)


def _open(path: Path, mode: str, key: bytes | None) -> sqlite.Connection:
    uri = f"{path.absolute().as_uri()}?mode={mode}"
    connection = sqlite.connect(
        uri,
        uri=True,
        isolation_level=None,
        timeout=BUSY_MS / 1000,
        check_same_thread=False,  # the window's jobs take turns, see app.services.workroom
    )
    settings = ["foreign_keys = ON", "synchronous = FULL", "temp_store = MEMORY"]
    if key is not None:
        raw = derive_key(key, "database").hex()
        settings = ["cipher_log_level = NONE", f"key = \"x'{raw}'\"", *settings]
    try:
        for setting in (*settings, "trusted_schema = OFF", "user_version"):
            connection.execute(f"PRAGMA {setting}").fetchall()
    except sqlite.Error:
        connection.close()
        raise
    return connection


def require_case(connection: sqlite.Connection, folder: Path) -> None:
    """Demand a case of a format that this program knows.

    Raises
    ------
    SeongmunError
        CASE_INVALID, CASE_NEWER.
    """
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    newest = len(_scripts())
    if application != APPLICATION_ID or version == 0:
        raise SeongmunError(ErrorCode.CASE_INVALID, path=str(folder))
    if version > newest:
        raise SeongmunError(ErrorCode.CASE_NEWER, path=str(folder), version=version, newest=newest)


def require_sound(connection: sqlite.Connection, folder: Path) -> None:
    """Demand a database without damage, before anything is written into it.

    Raises
    ------
    SeongmunError
        CASE_INVALID.
    """
    if connection.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
        raise SeongmunError(ErrorCode.CASE_INVALID, path=str(folder))


def migrate(connection: sqlite.Connection, folder: Path | None, key: bytes | None = None) -> None:
    """Run the scripts that the database has not seen, each in a transaction after a backup into
    `folder`."""
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    for number, script in enumerate(_scripts()[version:], start=version + 1):
        if version and folder is not None:
            copy_database(connection, folder / f"{DATABASE}.before-{number:04d}", key)
        statements = script.read_text(encoding="utf-8")
        connection.executescript(
            f"BEGIN IMMEDIATE;\n{statements}\nPRAGMA application_id = {APPLICATION_ID};\n"
            f"PRAGMA user_version = {number};\nCOMMIT;"
        )


def migrated_copy(connection: sqlite.Connection) -> sqlite.Connection:
    """A database of an older format as a reader sees it: migrated in memory, its file untouched.

    A database of the newest format is returned as it is.
    """
    if connection.execute("PRAGMA user_version").fetchone()[0] == len(_scripts()):
        return connection
    copy = sqlite.connect(":memory:", isolation_level=None, check_same_thread=False)
    connection.backup(copy)
    connection.close()
    migrate(copy, None)
    return copy


def copy_database(connection: sqlite.Connection, target: Path, key: bytes | None) -> None:
    """A consistent copy, the write-ahead log included, under the same key."""
    target.unlink(missing_ok=True)
    with closing(_open(target, "rwc", key)) as copy:
        connection.backup(copy)
        copy.execute("PRAGMA journal_mode = DELETE")


def _scripts() -> list[Path]:
    return sorted(MIGRATIONS.glob("*.sql"))
