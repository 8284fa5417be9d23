-- The case, its exhibits and the audit trail. Every change is an event in the same transaction.
CREATE TABLE case_info (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    case_uuid TEXT NOT NULL,
    number TEXT NOT NULL,
    agency TEXT NOT NULL,
    requester TEXT NOT NULL,
    examiner TEXT NOT NULL,
    created_utc TEXT NOT NULL
) STRICT;

CREATE TABLE media (
    sha256 TEXT PRIMARY KEY CHECK (length(sha256) = 64),
    size_bytes INTEGER NOT NULL,
    added_utc TEXT NOT NULL
) STRICT;

CREATE TABLE exhibit (
    id INTEGER PRIMARY KEY,
    media_sha256 TEXT NOT NULL REFERENCES media (sha256),
    file_name TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('questioned', 'known', 'reference')),
    note TEXT NOT NULL,
    added_utc TEXT NOT NULL,
    UNIQUE (media_sha256, role)
) STRICT;

CREATE TABLE event (
    sequence INTEGER PRIMARY KEY,
    utc TEXT NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    content TEXT NOT NULL,
    previous_hash TEXT NOT NULL,
    hash TEXT NOT NULL
) STRICT;

CREATE TRIGGER event_no_update BEFORE UPDATE ON event
BEGIN SELECT RAISE (ABORT, 'events are append-only'); END;
CREATE TRIGGER event_no_delete BEFORE DELETE ON event
BEGIN SELECT RAISE (ABORT, 'events are append-only'); END;
CREATE TRIGGER media_no_update BEFORE UPDATE ON media
BEGIN SELECT RAISE (ABORT, 'media are append-only'); END;
CREATE TRIGGER media_no_delete BEFORE DELETE ON media
BEGIN SELECT RAISE (ABORT, 'media are append-only'); END;
CREATE TRIGGER exhibit_no_update BEFORE UPDATE ON exhibit
BEGIN SELECT RAISE (ABORT, 'exhibits are append-only'); END;
CREATE TRIGGER exhibit_no_delete BEFORE DELETE ON exhibit
BEGIN SELECT RAISE (ABORT, 'exhibits are append-only'); END;
