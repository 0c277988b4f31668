-- Files of dossiers. Their bytes lie in the file store under their SHA-256, once for all files that hold the same.
CREATE TABLE files (
    id TEXT NOT NULL PRIMARY KEY,
    dossier TEXT NOT NULL REFERENCES dossiers (code),
    kind TEXT NOT NULL CHECK (kind IN ('component', 'signed_paper', 'result')),
    name TEXT NOT NULL,
    -- The part of the dossier that it is a scan of (MaThanhPhanHoSo).
    component TEXT,
    -- By content, not by name.
    content_type TEXT NOT NULL,
    size BIGINT NOT NULL,
    sha256 TEXT NOT NULL,
    scan TEXT NOT NULL CHECK (scan IN ('clean', 'unscanned')),
    uploaded_by TEXT NOT NULL,
    uploaded_at TIMESTAMP NOT NULL
);
CREATE INDEX files_of_dossier ON files (dossier, id);
CREATE INDEX files_of_content ON files (sha256);

-- Contents on their way into the store or out of it: what lies there and no file uses has a row here.
CREATE TABLE file_claims (
    id TEXT NOT NULL PRIMARY KEY,
    sha256 TEXT NOT NULL,
    claimed_at TIMESTAMP NOT NULL
);
CREATE INDEX file_claims_of_content ON file_claims (sha256);
CREATE INDEX file_claims_by_age ON file_claims (claimed_at, id);

-- Who was given which file's content; it outlives the file.
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
