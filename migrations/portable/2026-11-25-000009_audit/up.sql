-- Who did what from where. An entry is written to the queue in the transaction of its deed, so that no writer waits for
-- another, and moves to the log when it gets its position in the chain. What refuses changes stands in
-- migrations/sqlite and migrations/postgres.
CREATE TABLE audit_queue (
    place BIGSERIAL NOT NULL PRIMARY KEY,
    id TEXT NOT NULL,
    -- The entry as JSON, as it is hashed.
    entry TEXT NOT NULL
);

CREATE TABLE audit (
    -- From 1, without gaps.
    position BIGINT NOT NULL PRIMARY KEY,
    -- SHA-256 over the hash before it, the position and the entry.
    hash TEXT NOT NULL,
    id TEXT NOT NULL UNIQUE,
    at TIMESTAMP NOT NULL,
    actor TEXT,
    actor_name TEXT,
    role TEXT,
    actor_agency TEXT,
    address TEXT,
    request TEXT,
    action TEXT NOT NULL,
    resource TEXT,
    part TEXT,
    agency TEXT,
    received_by TEXT,
    outcome TEXT NOT NULL CHECK (outcome IN ('done', 'refused')),
    reason TEXT
);
CREATE INDEX audit_by_time ON audit (at, position);
CREATE INDEX audit_of_actor ON audit (actor, position);
CREATE INDEX audit_of_actor_name ON audit (actor_name, position);
CREATE INDEX audit_of_resource ON audit (resource, position);
CREATE INDEX audit_of_action ON audit (action, position);
CREATE INDEX audit_of_actor_agency ON audit (actor_agency, position);
CREATE INDEX audit_of_agency ON audit (agency, position);
CREATE INDEX audit_of_received_by ON audit (received_by, position);

-- The end of the chain: one row.
CREATE TABLE audit_head (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    position BIGINT NOT NULL,
    hash TEXT NOT NULL
);
INSERT INTO audit_head (id, position, hash)
    VALUES (1, 0, '0000000000000000000000000000000000000000000000000000000000000000');
