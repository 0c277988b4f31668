CREATE TABLE file_reads (
    id TEXT NOT NULL PRIMARY KEY,
    file TEXT NOT NULL,
    dossier TEXT NOT NULL REFERENCES dossiers (code),
    -- Identifier and name of the caller.
    reader TEXT NOT NULL,
    reader_name TEXT NOT NULL,
    read_at TIMESTAMP NOT NULL
);
CREATE INDEX file_reads_of_dossier ON file_reads (dossier, read_at, id);
INSERT INTO file_reads (id, file, dossier, reader, reader_name, read_at)
    SELECT id, SUBSTR(what, 6), dossier, reader, reader_name, read_at FROM personal_reads WHERE what LIKE 'file %';
DROP TABLE personal_reads;
DROP TABLE data_keys;
ALTER TABLE audit DROP COLUMN row_count;
ALTER TABLE webhooks DROP COLUMN sealed;
DROP INDEX dossiers_of_submitter_phone;
DROP INDEX dossiers_of_submitter_identity;
DROP INDEX dossiers_of_phone;
DROP INDEX dossiers_of_identity;
ALTER TABLE dossiers DROP COLUMN anonymised_at;
ALTER TABLE dossiers DROP COLUMN submitter_phone_hash;
ALTER TABLE dossiers DROP COLUMN submitter_identity_hash;
ALTER TABLE dossiers DROP COLUMN phone_hash;
ALTER TABLE dossiers DROP COLUMN identity_hash;
ALTER TABLE dossiers DROP COLUMN sealed;
