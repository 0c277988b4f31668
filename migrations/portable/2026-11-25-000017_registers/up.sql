-- Rows of offices' own registers that were taken in, each under a keyed hash of what it is known by: they are known again.
CREATE TABLE register_rows (
    register TEXT NOT NULL,
    key TEXT NOT NULL,
    dossier TEXT NOT NULL REFERENCES dossiers (code),
    PRIMARY KEY (register, key)
);
