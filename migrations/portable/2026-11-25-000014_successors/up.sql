-- The days on which an agency is there; null: open.
ALTER TABLE agencies ADD COLUMN valid_from DATE;
ALTER TABLE agencies ADD COLUMN valid_to DATE;

-- Who takes over from an agency that ended: many from one, and one from many.
CREATE TABLE agency_successors (
    agency TEXT NOT NULL REFERENCES agencies (code),
    successor TEXT NOT NULL REFERENCES agencies (code),
    PRIMARY KEY (agency, successor)
);

-- Every agency with itself and each one whose work came to it, through others, too.
CREATE TABLE agency_lineage (
    agency TEXT NOT NULL REFERENCES agencies (code),
    predecessor TEXT NOT NULL REFERENCES agencies (code),
    PRIMARY KEY (agency, predecessor)
);
CREATE INDEX agency_lineage_onwards ON agency_lineage (predecessor);
INSERT INTO agency_lineage SELECT code, code FROM agencies;
