-- What whoever runs the service looks at: when background work was last done whole, what waits, and whose trace caused it.

-- The last complete round of a piece of background work, by whichever process.
CREATE TABLE rounds (
    name TEXT NOT NULL PRIMARY KEY,
    ended_at TIMESTAMP NOT NULL,
    milliseconds BIGINT NOT NULL
);

-- The W3C trace context of the request that caused an event, where it had one. Versions before this leave it out.
ALTER TABLE outbox ADD COLUMN trace TEXT;
ALTER TABLE changes ADD COLUMN trace TEXT;
ALTER TABLE deliveries ADD COLUMN trace TEXT;

CREATE INDEX letters_unissued ON letters (kind, status) WHERE status IN ('draft', 'submitted', 'rejected');
CREATE INDEX deliveries_waiting_since ON deliveries (queued_at) WHERE status = 'waiting';
