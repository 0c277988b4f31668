-- Whether the dossier's version of its procedure has a ladder of warnings; and how far it has come for the deadline it has.
ALTER TABLE dossiers ADD COLUMN has_ladder BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE dossiers ADD COLUMN warn_due_at TIMESTAMP;
ALTER TABLE dossiers ADD COLUMN warn_passed_at TIMESTAMP;
ALTER TABLE dossiers ADD COLUMN warn_next_at TIMESTAMP;
CREATE INDEX dossiers_to_warn ON dossiers (warn_next_at, code) WHERE warn_next_at IS NOT NULL;

-- Rungs that were reached, each once for a dossier and a deadline.
CREATE TABLE warnings (
    id TEXT NOT NULL PRIMARY KEY,
    dossier TEXT NOT NULL REFERENCES dossiers (code),
    due_at TIMESTAMP NOT NULL,
    side TEXT NOT NULL CHECK (side IN ('before', 'after')),
    amount INTEGER NOT NULL CHECK (amount >= 0),
    unit TEXT NOT NULL CHECK (unit IN ('working_day', 'working_hour')),
    to_assignee BOOLEAN NOT NULL,
    to_leader BOOLEAN NOT NULL,
    reached_at TIMESTAMP NOT NULL,
    given_at TIMESTAMP NOT NULL,
    acknowledged_at TIMESTAMP,
    acknowledged_by TEXT,
    UNIQUE (dossier, due_at, side, amount, unit)
);
CREATE INDEX warnings_by_time ON warnings (reached_at, id);
CREATE INDEX warnings_waiting ON warnings (reached_at, id) WHERE acknowledged_at IS NULL;

-- Who stands in for whom, from a day to a day (uỷ quyền).
CREATE TABLE mandates (
    id TEXT NOT NULL PRIMARY KEY,
    absent TEXT NOT NULL REFERENCES users (username),
    stand_in TEXT NOT NULL REFERENCES users (username),
    first_day DATE NOT NULL,
    last_day DATE NOT NULL,
    reason TEXT NOT NULL,
    given_at TIMESTAMP NOT NULL,
    given_by TEXT NOT NULL,
    revoked_at TIMESTAMP,
    revoked_by TEXT,
    CHECK (absent <> stand_in),
    CHECK (first_day <= last_day)
);
CREATE INDEX mandates_of_stand_in ON mandates (stand_in, absent, last_day);
CREATE INDEX mandates_of_absent ON mandates (absent, last_day);
CREATE INDEX mandates_by_time ON mandates (given_at, id);

-- For whom it was done, where somebody stood in.
ALTER TABLE journal ADD COLUMN on_behalf_of TEXT;
ALTER TABLE audit ADD COLUMN on_behalf_of TEXT;
