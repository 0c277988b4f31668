DROP INDEX deliveries_waiting_since;
DROP INDEX letters_unissued;
ALTER TABLE deliveries DROP COLUMN trace;
ALTER TABLE changes DROP COLUMN trace;
ALTER TABLE outbox DROP COLUMN trace;
DROP TABLE rounds;
