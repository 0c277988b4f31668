-- Words of code and name without diacritics, each behind a space.
ALTER TABLE procedures ADD COLUMN search_text TEXT NOT NULL DEFAULT '';

ALTER TABLE procedure_versions ADD COLUMN old_online_level TEXT CHECK (old_online_level IN ('1', '2', '3', '4'));
-- The agency whose list the procedure stands in.
ALTER TABLE procedure_versions ADD COLUMN agency TEXT;
-- The last day, once the procedure is abolished.
ALTER TABLE procedure_versions ADD COLUMN valid_to DATE;
-- Components, fees, cases and whatever else is posted: kept and shown, never searched.
ALTER TABLE procedure_versions ADD COLUMN details TEXT NOT NULL DEFAULT '{}';

-- The case of the procedure that the dossier is, where its rule differs.
ALTER TABLE dossiers ADD COLUMN procedure_case TEXT;

-- Announcing decisions (quyết định công bố).
CREATE TABLE decisions (
    id TEXT NOT NULL PRIMARY KEY,
    number TEXT NOT NULL,
    decided_on DATE NOT NULL,
    issuer TEXT NOT NULL,
    agency TEXT REFERENCES agencies (code),
    summary TEXT,
    created_at TIMESTAMP NOT NULL,
    version BIGINT NOT NULL,
    UNIQUE (number, decided_on)
);
CREATE INDEX decisions_by_day ON decisions (decided_on, id);

CREATE TABLE decision_items (
    decision TEXT NOT NULL REFERENCES decisions (id),
    place INTEGER NOT NULL,
    change TEXT NOT NULL CHECK (change IN ('new', 'amended', 'replaced', 'abolished')),
    procedure_code TEXT NOT NULL,
    procedure_version BIGINT NOT NULL,
    effective_on DATE NOT NULL,
    PRIMARY KEY (decision, place)
);
CREATE INDEX decision_items_by_day ON decision_items (effective_on, decision, place);
CREATE INDEX decision_items_of_procedure ON decision_items (procedure_code);

-- How many dossiers of a quarter took how many working days: derived from the dossiers, for the public.
CREATE TABLE processing_times (
    quarter TEXT NOT NULL,
    procedure_code TEXT NOT NULL,
    days INTEGER NOT NULL,
    ended BIGINT NOT NULL,
    on_time BIGINT NOT NULL,
    PRIMARY KEY (quarter, procedure_code, days)
);
CREATE TABLE processing_quarters (
    quarter TEXT NOT NULL PRIMARY KEY,
    derived_at TIMESTAMP NOT NULL
);
