-- Letters that an e-office fetched: what it has, and whether it answered.
CREATE TABLE letter_holds (
    letter TEXT NOT NULL PRIMARY KEY REFERENCES letters (id),
    -- The identifier its packets bear.
    document_id TEXT NOT NULL,
    -- Counts the times the letter went there.
    round INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('held', 'recall_refused', 'over')),
    sent_as TEXT NOT NULL CHECK (sent_as IN ('new', 'update')),
    fetched_at TIMESTAMP NOT NULL,
    -- The text that was fetched.
    reason TEXT,
    new_return_at TIMESTAMP
);
CREATE INDEX letter_holds_held ON letter_holds (letter) WHERE state = 'held';

-- What went to the e-office and what came back.
CREATE TABLE letter_exchange (
    letter TEXT NOT NULL REFERENCES letters (id),
    seq BIGINT NOT NULL,
    -- What a repetition has in common with the first.
    repeat_key TEXT NOT NULL,
    at TIMESTAMP NOT NULL,
    actor TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('packet', 'result', 'document', 'status')),
    code TEXT NOT NULL,
    effect TEXT NOT NULL,
    told TEXT NOT NULL,
    PRIMARY KEY (letter, seq)
);
CREATE UNIQUE INDEX letter_exchange_once ON letter_exchange (letter, repeat_key);

-- The signed paper of a letter.
CREATE TABLE signed_papers (
    letter TEXT NOT NULL PRIMARY KEY REFERENCES letters (id),
    name TEXT NOT NULL,
    -- By content, not by name.
    content_type TEXT NOT NULL,
    content BYTEA NOT NULL,
    sha256 TEXT NOT NULL,
    received_at TIMESTAMP NOT NULL
);

CREATE INDEX letters_submitted ON letters (created_at, id) WHERE status = 'submitted';
CREATE INDEX letters_by_number ON letters (promulgated_on, number) WHERE number IS NOT NULL;
