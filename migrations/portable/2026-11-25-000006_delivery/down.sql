DROP TABLE deliveries;
DROP TABLE webhooks;
DROP TABLE feed_readers;
DROP TABLE feed_head;

CREATE TABLE outbox_after AS
    SELECT dossier, seq, name FROM changes UNION ALL SELECT dossier, seq, name FROM outbox;
DROP TABLE changes;
DROP TABLE outbox;
CREATE TABLE outbox (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    dossier TEXT NOT NULL,
    seq BIGINT NOT NULL,
    created_at TIMESTAMP NOT NULL
);
INSERT INTO outbox (id, name, dossier, seq, created_at)
    SELECT o.dossier || '/' || o.seq, o.name, o.dossier, o.seq, j.recorded_at
    FROM outbox_after o JOIN journal j ON j.dossier = o.dossier AND j.seq = o.seq;
DROP TABLE outbox_after;
