-- What the examiner decides about voices and calls when they are grouped. `first` and `second` are
-- voices ("sha256/channel/speaker") or calls (sha256); a role has one voice and a value.
CREATE TABLE decision (
    id INTEGER PRIMARY KEY,
    edit_id INTEGER NOT NULL REFERENCES edit (id),
    kind TEXT NOT NULL
        CHECK (kind IN ('same_voice', 'different_voice', 'same_ring', 'different_ring', 'role')),
    first TEXT NOT NULL,
    second TEXT NOT NULL,
    value TEXT NOT NULL
) STRICT;

CREATE TABLE retired_decision (
    decision_id INTEGER PRIMARY KEY REFERENCES decision (id),
    edit_id INTEGER NOT NULL REFERENCES edit (id)
) STRICT;

CREATE TRIGGER decision_no_update BEFORE UPDATE ON decision
BEGIN SELECT RAISE (ABORT, 'decisions are append-only'); END;
CREATE TRIGGER decision_no_delete BEFORE DELETE ON decision
BEGIN SELECT RAISE (ABORT, 'decisions are append-only'); END;
CREATE TRIGGER retired_decision_no_update BEFORE UPDATE ON retired_decision
BEGIN SELECT RAISE (ABORT, 'retired_decision is append-only'); END;
CREATE TRIGGER retired_decision_no_delete BEFORE DELETE ON retired_decision
BEGIN SELECT RAISE (ABORT, 'retired_decision is append-only'); END;
