-- Frozen reports: figures and sheet as they were, never changed and never deleted.
CREATE TABLE reports (
    id TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('06a')),
    -- NULL: all agencies.
    agency TEXT REFERENCES agencies (code),
    period_from DATE NOT NULL,
    period_to DATE NOT NULL,
    -- The last instant looked at.
    as_of TIMESTAMP NOT NULL,
    -- Whether the period was not over yet.
    open BOOLEAN NOT NULL,
    figures TEXT NOT NULL,
    sheet BYTEA NOT NULL,
    frozen_by TEXT NOT NULL,
    frozen_at TIMESTAMP NOT NULL
);
CREATE INDEX reports_by_freezing ON reports (frozen_at, id);
CREATE INDEX reports_of_agency ON reports (agency, frozen_at, id);
