-- A validation study: its figures (canonical JSON) and its report (PDF) lie among the media.
CREATE TABLE study (
    id INTEGER PRIMARY KEY,
    study_id TEXT NOT NULL,
    document_sha256 TEXT NOT NULL REFERENCES media (sha256),
    report_sha256 TEXT NOT NULL REFERENCES media (sha256),
    signed INTEGER NOT NULL CHECK (signed IN (0, 1)),
    author TEXT NOT NULL,
    utc TEXT NOT NULL
) STRICT;

CREATE TRIGGER study_no_update BEFORE UPDATE ON study
BEGIN SELECT RAISE (ABORT, 'studies are append-only'); END;
CREATE TRIGGER study_no_delete BEFORE DELETE ON study
BEGIN SELECT RAISE (ABORT, 'studies are append-only'); END;
