-- The examiner's work. Rows are only ever added: an edit retires rows and adds others, so that
-- every earlier state can be read, and undoing is one more edit.
CREATE TABLE edit (
    id INTEGER PRIMARY KEY,
    action TEXT NOT NULL,
    author TEXT NOT NULL,
    utc TEXT NOT NULL,
    undoes INTEGER REFERENCES edit (id)
) STRICT;

-- A fact about the case, or about one exhibit.
CREATE TABLE fact (
    id INTEGER PRIMARY KEY,
    edit_id INTEGER NOT NULL REFERENCES edit (id),
    exhibit_id INTEGER REFERENCES exhibit (id),
    name TEXT NOT NULL,
    value TEXT NOT NULL
) STRICT;

CREATE TABLE segment (
    id INTEGER PRIMARY KEY,
    edit_id INTEGER NOT NULL REFERENCES edit (id),
    exhibit_id INTEGER NOT NULL REFERENCES exhibit (id),
    channel INTEGER NOT NULL CHECK (channel >= 0),
    start_s REAL NOT NULL CHECK (start_s >= 0),
    end_s REAL NOT NULL CHECK (end_s > start_s),
    speaker TEXT NOT NULL,
    language TEXT NOT NULL,
    remark TEXT NOT NULL,
    excluded INTEGER NOT NULL CHECK (excluded IN (0, 1)),
    overlap INTEGER NOT NULL CHECK (overlap IN (0, 1)),
    origin TEXT NOT NULL CHECK (origin IN ('auto', 'manual'))
) STRICT;

CREATE TABLE retired_fact (
    fact_id INTEGER PRIMARY KEY REFERENCES fact (id),
    edit_id INTEGER NOT NULL REFERENCES edit (id)
) STRICT;

CREATE TABLE retired_segment (
    segment_id INTEGER PRIMARY KEY REFERENCES segment (id),
    edit_id INTEGER NOT NULL REFERENCES edit (id)
) STRICT;

-- One comparison: what went in (profile, segments, quality), what came out. Canonical JSON.
CREATE TABLE analysis (
    id INTEGER PRIMARY KEY,
    questioned_id INTEGER NOT NULL REFERENCES exhibit (id),
    known_id INTEGER NOT NULL REFERENCES exhibit (id),
    profile TEXT NOT NULL,
    inputs TEXT NOT NULL,
    result TEXT NOT NULL,
    author TEXT NOT NULL,
    utc TEXT NOT NULL
) STRICT;

-- The document lies among the media; a correction names the report that it supersedes.
CREATE TABLE report (
    id INTEGER PRIMARY KEY,
    analysis_id INTEGER NOT NULL REFERENCES analysis (id),
    report_id TEXT NOT NULL UNIQUE,
    version INTEGER NOT NULL CHECK (version > 0),
    supersedes INTEGER UNIQUE REFERENCES report (id),
    media_sha256 TEXT NOT NULL REFERENCES media (sha256),
    signed INTEGER NOT NULL CHECK (signed IN (0, 1)),
    author TEXT NOT NULL,
    utc TEXT NOT NULL
) STRICT;

CREATE TRIGGER case_info_no_update BEFORE UPDATE ON case_info
BEGIN SELECT RAISE (ABORT, 'case_info is append-only'); END;
CREATE TRIGGER case_info_no_delete BEFORE DELETE ON case_info
BEGIN SELECT RAISE (ABORT, 'case_info is append-only'); END;
CREATE TRIGGER edit_no_update BEFORE UPDATE ON edit
BEGIN SELECT RAISE (ABORT, 'edits are append-only'); END;
CREATE TRIGGER edit_no_delete BEFORE DELETE ON edit
BEGIN SELECT RAISE (ABORT, 'edits are append-only'); END;
CREATE TRIGGER fact_no_update BEFORE UPDATE ON fact
BEGIN SELECT RAISE (ABORT, 'facts are append-only'); END;
CREATE TRIGGER fact_no_delete BEFORE DELETE ON fact
BEGIN SELECT RAISE (ABORT, 'facts are append-only'); END;
CREATE TRIGGER segment_no_update BEFORE UPDATE ON segment
BEGIN SELECT RAISE (ABORT, 'segments are append-only'); END;
CREATE TRIGGER segment_no_delete BEFORE DELETE ON segment
BEGIN SELECT RAISE (ABORT, 'segments are append-only'); END;
CREATE TRIGGER retired_fact_no_update BEFORE UPDATE ON retired_fact
BEGIN SELECT RAISE (ABORT, 'retired_fact is append-only'); END;
CREATE TRIGGER retired_fact_no_delete BEFORE DELETE ON retired_fact
BEGIN SELECT RAISE (ABORT, 'retired_fact is append-only'); END;
CREATE TRIGGER retired_segment_no_update BEFORE UPDATE ON retired_segment
BEGIN SELECT RAISE (ABORT, 'retired_segment is append-only'); END;
CREATE TRIGGER retired_segment_no_delete BEFORE DELETE ON retired_segment
BEGIN SELECT RAISE (ABORT, 'retired_segment is append-only'); END;
CREATE TRIGGER analysis_no_update BEFORE UPDATE ON analysis
BEGIN SELECT RAISE (ABORT, 'analyses are append-only'); END;
CREATE TRIGGER analysis_no_delete BEFORE DELETE ON analysis
BEGIN SELECT RAISE (ABORT, 'analyses are append-only'); END;
CREATE TRIGGER report_no_update BEFORE UPDATE ON report
BEGIN SELECT RAISE (ABORT, 'reports are append-only'); END;
CREATE TRIGGER report_no_delete BEFORE DELETE ON report
BEGIN SELECT RAISE (ABORT, 'reports are append-only'); END;
CREATE INDEX segment_by_exhibit ON segment (exhibit_id);
