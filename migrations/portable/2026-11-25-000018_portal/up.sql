-- How far the national portal was told of each dossier. What is sent is made of the dossier when it is sent: nothing of it
-- stands here.
CREATE TABLE portal_tellings (
    dossier TEXT NOT NULL PRIMARY KEY REFERENCES dossiers (code),
    -- The portal has it: it is updated, not created.
    known BOOLEAN NOT NULL,
    -- Places in the journal: of the last change that is owed, and up to which record and steps were told.
    changed_seq BIGINT NOT NULL,
    record_seq BIGINT NOT NULL,
    progress_seq BIGINT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('waiting', 'told', 'parked')),
    -- When the first change that is owed was recorded.
    since TIMESTAMP,
    attempts INTEGER NOT NULL,
    refusals INTEGER NOT NULL,
    due_at TIMESTAMP,
    attempted_at TIMESTAMP,
    told_at TIMESTAMP,
    reason TEXT,
    version BIGINT NOT NULL
);
CREATE INDEX portal_tellings_due ON portal_tellings (due_at, dossier) WHERE status = 'waiting';
CREATE INDEX portal_tellings_owed ON portal_tellings (since) WHERE since IS NOT NULL;
CREATE INDEX portal_tellings_parked ON portal_tellings (dossier) WHERE status = 'parked';
