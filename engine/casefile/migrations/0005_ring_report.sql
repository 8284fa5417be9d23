-- A report on voices across calls, as it was written: its PDF lies among the media and carries the
-- document that everything in it follows from.
CREATE TABLE ring_report (
    id INTEGER PRIMARY KEY,
    report_id TEXT NOT NULL,
    media_sha256 TEXT NOT NULL REFERENCES media (sha256),
    signed INTEGER NOT NULL CHECK (signed IN (0, 1)),
    author TEXT NOT NULL,
    utc TEXT NOT NULL
) STRICT;

CREATE TRIGGER ring_report_no_update BEFORE UPDATE ON ring_report
BEGIN SELECT RAISE (ABORT, 'reports are append-only'); END;
CREATE TRIGGER ring_report_no_delete BEFORE DELETE ON ring_report
BEGIN SELECT RAISE (ABORT, 'reports are append-only'); END;
