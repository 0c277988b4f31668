-- The outbox becomes the queue of events that have no place in the feed yet; the feed, webhooks and deliveries follow it.

CREATE TABLE outbox_before AS SELECT dossier, seq, name, created_at FROM outbox;
DROP TABLE outbox;

CREATE TABLE outbox (
    -- Taken while the dossier is locked: a dossier's events have it in their order. It is no position of the feed, since a
    -- lower one may be committed later.
    place BIGSERIAL NOT NULL PRIMARY KEY,
    dossier TEXT NOT NULL,
    seq BIGINT NOT NULL,
    name TEXT NOT NULL,
    -- Whose the dossier was when it happened.
    agency TEXT NOT NULL,
    received_by TEXT NOT NULL,
    -- Whose it was before, where the event moved it.
    former_agency TEXT,
    -- Part of a history that was imported: nobody is to be notified of it.
    imported BOOLEAN NOT NULL
);

-- What was written before stands in front of everything to come.
INSERT INTO outbox (place, dossier, seq, name, agency, received_by, imported)
    SELECT ROW_NUMBER() OVER (ORDER BY known_by, dossier, seq) - (SELECT COUNT(*) FROM outbox_before),
        dossier, seq, name, agency, received_by, TRUE
    FROM (
        SELECT o.dossier, o.seq, o.name, d.agency, d.received_by,
            MAX(o.created_at) OVER (PARTITION BY o.dossier ORDER BY o.seq) AS known_by
        FROM outbox_before o JOIN dossiers d ON d.code = o.dossier
    ) AS placed;
DROP TABLE outbox_before;

-- The feed: every event once, at dense positions that become visible in order.
CREATE TABLE changes (
    position BIGINT NOT NULL PRIMARY KEY,
    dossier TEXT NOT NULL,
    seq BIGINT NOT NULL,
    name TEXT NOT NULL,
    agency TEXT NOT NULL,
    received_by TEXT NOT NULL,
    former_agency TEXT,
    imported BOOLEAN NOT NULL
);

-- One row: the last position given. Whoever gives positions locks the table first; writers of events never touch it.
CREATE TABLE feed_head (
    id INTEGER NOT NULL PRIMARY KEY,
    last BIGINT NOT NULL
);
INSERT INTO feed_head (id, last) VALUES (1, 0);

-- How far each consumer inside the service has read.
CREATE TABLE feed_readers (
    name TEXT NOT NULL PRIMARY KEY,
    position BIGINT NOT NULL
);

CREATE TABLE webhooks (
    id TEXT NOT NULL PRIMARY KEY,
    url TEXT NOT NULL,
    description TEXT,
    -- Patterns of event names, separated by spaces.
    events TEXT NOT NULL,
    -- Events of dossiers of this agency and those below it; NULL: of all.
    agency TEXT REFERENCES agencies (code),
    active BOOLEAN NOT NULL,
    -- Why the service itself switched it off.
    switched_off TEXT,
    secret TEXT NOT NULL,
    -- Signs, too, until then.
    old_secret TEXT,
    old_secret_until TIMESTAMP,
    created_at TIMESTAMP NOT NULL,
    version BIGINT NOT NULL
);

CREATE TABLE deliveries (
    id TEXT NOT NULL PRIMARY KEY,
    -- A webhook's identifier, or email, or gateway.
    line TEXT NOT NULL,
    -- Position in the feed; for tests that of the last event before.
    place BIGINT NOT NULL,
    -- Not waited for by those behind it: notices, tests, replays.
    aside BOOLEAN NOT NULL,
    kind TEXT NOT NULL,
    dossier TEXT,
    seq BIGINT,
    body TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('waiting', 'delivered', 'dead', 'skipped')),
    attempts INTEGER NOT NULL,
    -- The three days of retries run from here.
    queued_at TIMESTAMP NOT NULL,
    -- When it is tried next.
    due_at TIMESTAMP,
    attempted_at TIMESTAMP,
    response INTEGER,
    fault TEXT,
    created_at TIMESTAMP NOT NULL
);
CREATE INDEX deliveries_of_line ON deliveries (line, place, id);
CREATE INDEX deliveries_waiting ON deliveries (line, aside, place, id) WHERE status = 'waiting';
CREATE INDEX deliveries_of_dossier ON deliveries (dossier) WHERE dossier IS NOT NULL;
CREATE INDEX deliveries_by_age ON deliveries (created_at) WHERE status <> 'waiting';
