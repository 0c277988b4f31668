-- Hand-overs of dossiers from where they were handed in to the agency that resolves them. A row is made with the receipt.
CREATE TABLE transfers (
    id TEXT NOT NULL PRIMARY KEY,
    dossier TEXT NOT NULL REFERENCES dossiers (code),
    from_agency TEXT NOT NULL REFERENCES agencies (code),
    to_agency TEXT NOT NULL REFERENCES agencies (code),
    due_at TIMESTAMP NOT NULL,
    sent_at TIMESTAMP,
    sent_by TEXT,
    note TEXT,
    -- By when the receiver confirms; known once it is sent.
    confirm_due_at TIMESTAMP,
    confirmed_at TIMESTAMP,
    confirmed_by TEXT,
    UNIQUE (dossier, to_agency)
);
CREATE INDEX transfers_by_due ON transfers (due_at, id);

-- What the resolving agency asks of another: its opinion, or a part of an interlinked procedure.
CREATE TABLE errands (
    id TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('consultation', 'part')),
    dossier TEXT NOT NULL REFERENCES dossiers (code),
    -- The agency asked.
    agency TEXT NOT NULL REFERENCES agencies (code),
    subject TEXT NOT NULL,
    started_at TIMESTAMP NOT NULL,
    started_by TEXT NOT NULL,
    due_at TIMESTAMP NOT NULL,
    late_from TIMESTAMP NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('open', 'done', 'withdrawn')),
    ended_at TIMESTAMP,
    ended_by TEXT,
    -- Of what is done.
    ended_class TEXT CHECK (ended_class IN ('early', 'on_time', 'late')),
    -- The answer, or why it was withdrawn.
    outcome TEXT,
    version BIGINT NOT NULL
);
CREATE INDEX errands_of_dossier ON errands (dossier, kind, id);
CREATE INDEX errands_of_agency ON errands (agency, kind, due_at, id);
CREATE INDEX errands_by_due ON errands (kind, due_at, id);
