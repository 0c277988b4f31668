-- Identity and telephone numbers of a dossier, sealed together. Where it is set, the open columns and the papers hold none;
-- where it is not, they hold what an older version wrote.
ALTER TABLE dossiers ADD COLUMN sealed TEXT;
-- Keyed hashes that the numbers are found by: of the applicant, and of who handed it in for them.
ALTER TABLE dossiers ADD COLUMN identity_hash TEXT;
ALTER TABLE dossiers ADD COLUMN phone_hash TEXT;
ALTER TABLE dossiers ADD COLUMN submitter_identity_hash TEXT;
ALTER TABLE dossiers ADD COLUMN submitter_phone_hash TEXT;
-- When the persons in it were forgotten.
ALTER TABLE dossiers ADD COLUMN anonymised_at TIMESTAMP;
CREATE INDEX dossiers_of_identity ON dossiers (identity_hash) WHERE identity_hash IS NOT NULL;
CREATE INDEX dossiers_of_phone ON dossiers (phone_hash) WHERE phone_hash IS NOT NULL;
CREATE INDEX dossiers_of_submitter_identity ON dossiers (submitter_identity_hash) WHERE submitter_identity_hash IS NOT NULL;
CREATE INDEX dossiers_of_submitter_phone ON dossiers (submitter_phone_hash) WHERE submitter_phone_hash IS NOT NULL;

-- The secrets of a webhook, sealed together; where it is set, the open columns hold none.
ALTER TABLE webhooks ADD COLUMN sealed TEXT;

-- How many rows an export gave out.
ALTER TABLE audit ADD COLUMN row_count BIGINT;

-- The keys that something here is sealed under, each with a proof that only it opens.
CREATE TABLE data_keys (
    id TEXT NOT NULL PRIMARY KEY,
    proof TEXT NOT NULL
);

-- Who saw numbers in the open or was given a file, and where: after which event of the dossier, in the order of the identifiers.
CREATE TABLE personal_reads (
    dossier TEXT NOT NULL,
    after_seq BIGINT NOT NULL,
    id TEXT NOT NULL,
    reader TEXT NOT NULL,
    reader_name TEXT NOT NULL,
    what TEXT NOT NULL,
    read_at TIMESTAMP NOT NULL,
    PRIMARY KEY (dossier, after_seq, id)
);
-- Files that were given out stood in a table of their own.
INSERT INTO personal_reads (dossier, after_seq, id, reader, reader_name, what, read_at)
    SELECT r.dossier,
        (SELECT COALESCE(MAX(j.seq), 0) FROM journal j WHERE j.dossier = r.dossier AND j.recorded_at <= r.read_at),
        r.id, r.reader, r.reader_name, 'file ' || r.file, r.read_at
    FROM file_reads r;
DROP TABLE file_reads;
