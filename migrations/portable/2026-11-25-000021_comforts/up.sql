-- The work list of an officer: what is open in the order in which it comes. The condition and the expression are those of
-- storage/listing.rs.
CREATE INDEX dossiers_at_work ON dossiers (
    assignee,
    (CASE WHEN late_from IS NOT NULL THEN due_at
        WHEN status = 1 AND acceptance_due_at IS NOT NULL THEN acceptance_due_at
        ELSE '9999-12-31 00:00:00' END),
    code
) WHERE status IN (1, 2, 4, 5, 6) AND NOT void;

-- What somebody has open of a procedure, newest first; the second for those of whom no identity number is known.
CREATE INDEX dossiers_open_of_identity ON dossiers (identity_hash, procedure_code, filed_at, code)
    WHERE identity_hash IS NOT NULL AND status IN (1, 2, 4, 5, 6) AND NOT void;
CREATE INDEX dossiers_open_of_phone ON dossiers (phone_hash, procedure_code, filed_at, code)
    WHERE identity_hash IS NULL AND phone_hash IS NOT NULL AND status IN (1, 2, 4, 5, 6) AND NOT void;

-- What was handed over to its applicant, by the day.
CREATE INDEX dossiers_returned ON dossiers (returned_at) WHERE returned_at IS NOT NULL AND NOT void;

-- Dossiers that one officer hands to another within the office, and what became of it.
CREATE TABLE hand_offs (
    id TEXT NOT NULL PRIMARY KEY,
    dossier TEXT NOT NULL REFERENCES dossiers (code),
    -- Names of accounts; the receiver is empty where it is for whoever of the office takes it.
    giver TEXT NOT NULL,
    receiver TEXT,
    note TEXT,
    offered_at TIMESTAMP NOT NULL,
    offered_by TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('pending', 'confirmed', 'declined', 'taken_back')),
    ended_at TIMESTAMP,
    ended_by TEXT,
    -- Why it was declined.
    reason TEXT
);
CREATE UNIQUE INDEX hand_offs_pending ON hand_offs (dossier) WHERE status = 'pending';
CREATE INDEX hand_offs_of_dossier ON hand_offs (dossier, offered_at, id);
CREATE INDEX hand_offs_of_receiver ON hand_offs (receiver, offered_at, id);
CREATE INDEX hand_offs_of_giver ON hand_offs (giver, offered_at, id);
CREATE INDEX hand_offs_by_time ON hand_offs (offered_at, id);
