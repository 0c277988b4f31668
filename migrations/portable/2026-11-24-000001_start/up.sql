-- One text for SQLite and PostgreSQL. Timestamps are civil time of the office zone (UTC+7), whole seconds.

CREATE TABLE agencies (
    code TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    level TEXT NOT NULL CHECK (level IN ('ministry', 'province', 'department', 'district', 'commune')),
    parent TEXT REFERENCES agencies (code),
    created_at TIMESTAMP NOT NULL,
    version BIGINT NOT NULL
);

-- Every agency with itself and each one above it: a subtree is one index range.
CREATE TABLE agency_tree (
    ancestor TEXT NOT NULL REFERENCES agencies (code),
    descendant TEXT NOT NULL REFERENCES agencies (code),
    distance INTEGER NOT NULL,
    PRIMARY KEY (ancestor, descendant)
);
CREATE INDEX agency_tree_upwards ON agency_tree (descendant, distance);

CREATE TABLE fields (
    code TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    version BIGINT NOT NULL
);

CREATE TABLE procedures (
    code TEXT NOT NULL PRIMARY KEY,
    version BIGINT NOT NULL
);

CREATE TABLE procedure_versions (
    procedure_code TEXT NOT NULL REFERENCES procedures (code),
    version BIGINT NOT NULL,
    name TEXT NOT NULL,
    field TEXT NOT NULL REFERENCES fields (code),
    level TEXT NOT NULL CHECK (level IN ('ministry', 'province', 'district', 'commune')),
    online_level TEXT NOT NULL CHECK (online_level IN ('full', 'partial', 'information')),
    rule TEXT NOT NULL,
    online_rule TEXT,
    valid_from DATE,
    decision TEXT,
    created_at TIMESTAMP NOT NULL,
    PRIMARY KEY (procedure_code, version)
);

CREATE TABLE calendar_years (
    year INTEGER NOT NULL PRIMARY KEY,
    days TEXT NOT NULL,
    version BIGINT NOT NULL
);

CREATE TABLE office_hours (
    agency TEXT NOT NULL REFERENCES agencies (code),
    valid_from DATE NOT NULL,
    weekdays TEXT NOT NULL,
    version BIGINT NOT NULL,
    PRIMARY KEY (agency, valid_from)
);

CREATE TABLE closures (
    id TEXT NOT NULL PRIMARY KEY,
    agency TEXT NOT NULL REFERENCES agencies (code),
    closed_on DATE NOT NULL,
    reason TEXT NOT NULL,
    UNIQUE (agency, closed_on)
);

CREATE TABLE code_counters (
    agency TEXT NOT NULL,
    day DATE NOT NULL,
    last BIGINT NOT NULL,
    PRIMARY KEY (agency, day)
);

CREATE TABLE dossiers (
    code TEXT NOT NULL PRIMARY KEY,
    procedure_code TEXT NOT NULL,
    procedure_version BIGINT NOT NULL,
    field TEXT NOT NULL,
    level TEXT NOT NULL,
    agency TEXT NOT NULL REFERENCES agencies (code),
    received_by TEXT NOT NULL REFERENCES agencies (code),
    -- Unit of the time limit: it says when the day due is over.
    unit TEXT NOT NULL,
    channel TEXT NOT NULL CHECK (channel IN ('direct', 'online', 'postal')),
    status SMALLINT NOT NULL CHECK (status BETWEEN 1 AND 10),
    void BOOLEAN NOT NULL,
    filed_at TIMESTAMP NOT NULL,
    received_at TIMESTAMP,
    acceptance_due_at TIMESTAMP,
    original_due_at TIMESTAMP,
    due_at TIMESTAMP,
    -- First late instant; NULL while the clock stands still, without an appointment and before receipt.
    late_from TIMESTAMP,
    stopped_since TIMESTAMP,
    span_from TIMESTAMP,
    ended_at TIMESTAMP,
    ended_class TEXT CHECK (ended_class IN ('early', 'on_time', 'late')),
    ended_from SMALLINT,
    ended_previous_move_at TIMESTAMP,
    -- The move before an end at intake, which is in no column but can be undone.
    before_intake_end TIMESTAMP,
    outcome TEXT CHECK (outcome IN ('granted', 'refused')),
    returned_at TIMESTAMP,
    last_move_at TIMESTAMP NOT NULL,
    supplement_requests INTEGER NOT NULL,
    supplement_late BOOLEAN NOT NULL,
    accepted_late BOOLEAN NOT NULL,
    reappointed_at TIMESTAMP,
    -- Date of the letter about the deadline, once that is out.
    letter_on DATE,
    -- Whether the lateness has its letter.
    lateness_noted BOOLEAN NOT NULL,
    applicant_kind TEXT NOT NULL,
    applicant_name TEXT NOT NULL,
    identity_no TEXT,
    phone TEXT,
    email TEXT,
    address TEXT,
    summary TEXT,
    assignee TEXT,
    note TEXT,
    -- Sets, delivery, who submitted, documents: kept and shown, never searched.
    papers TEXT NOT NULL,
    -- Name and code without diacritics, lower case.
    search_text TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    version BIGINT NOT NULL
);
CREATE INDEX dossiers_by_receipt ON dossiers (agency, filed_at, code);
CREATE INDEX dossiers_by_receiver ON dossiers (received_by, filed_at, code);
CREATE INDEX dossiers_by_due ON dossiers (agency, due_at, code);
CREATE INDEX dossiers_received ON dossiers
    (agency, received_at, field, procedure_code, level, channel, ended_at, ended_class, late_from, span_from, stopped_since, letter_on)
    WHERE received_at IS NOT NULL AND NOT void;
CREATE INDEX dossiers_ended ON dossiers (agency, ended_at) WHERE ended_at IS NOT NULL AND NOT void;
CREATE INDEX dossiers_to_sweep ON dossiers (late_from, code)
    WHERE ended_at IS NULL AND late_from IS NOT NULL AND NOT void AND NOT lateness_noted;
CREATE INDEX dossiers_by_assignee ON dossiers (assignee, filed_at) WHERE assignee IS NOT NULL;

-- Stretches of a dossier's life that are over; the running one stands in its row.
CREATE TABLE past_spans (
    dossier TEXT NOT NULL REFERENCES dossiers (code),
    starts_at TIMESTAMP NOT NULL,
    ends_at TIMESTAMP NOT NULL,
    late_from TIMESTAMP,
    paused BOOLEAN NOT NULL,
    PRIMARY KEY (dossier, starts_at)
);

CREATE TABLE journal (
    dossier TEXT NOT NULL REFERENCES dossiers (code),
    seq BIGINT NOT NULL,
    at TIMESTAMP NOT NULL,
    recorded_at TIMESTAMP NOT NULL,
    actor TEXT NOT NULL,
    name TEXT NOT NULL,
    event TEXT NOT NULL,
    PRIMARY KEY (dossier, seq)
);

CREATE TABLE letters (
    id TEXT NOT NULL PRIMARY KEY,
    dossier TEXT NOT NULL REFERENCES dossiers (code),
    kind TEXT NOT NULL CHECK (kind IN ('late', 'at_risk', 'lost', 'damaged', 'misconduct')),
    status TEXT NOT NULL CHECK (status IN ('draft', 'submitted', 'issued', 'delivered', 'rejected', 'cancelled')),
    reason TEXT,
    new_return_at TIMESTAMP,
    number BIGINT,
    notation TEXT,
    promulgated_on DATE,
    signer_name TEXT,
    signer_position TEXT,
    delivered_channel TEXT,
    delivered_at TIMESTAMP,
    remark TEXT,
    notice_late BOOLEAN NOT NULL,
    created_at TIMESTAMP NOT NULL,
    version BIGINT NOT NULL
);
CREATE UNIQUE INDEX letters_one_about_deadline ON letters (dossier)
    WHERE kind IN ('late', 'at_risk') AND status <> 'cancelled';
CREATE INDEX letters_of_dossier ON letters (dossier);
CREATE INDEX letters_by_creation ON letters (created_at, id);

CREATE TABLE outbox (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    dossier TEXT NOT NULL,
    seq BIGINT NOT NULL,
    created_at TIMESTAMP NOT NULL
);

CREATE TABLE idempotency_keys (
    caller TEXT NOT NULL,
    route TEXT NOT NULL,
    key TEXT NOT NULL,
    body_hash TEXT NOT NULL,
    status SMALLINT NOT NULL,
    headers TEXT NOT NULL,
    answer TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    PRIMARY KEY (caller, route, key)
);
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);

CREATE TABLE users (
    id TEXT NOT NULL PRIMARY KEY,
    username TEXT NOT NULL UNIQUE,
    password_hash TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('front_desk', 'officer', 'leader', 'auditor', 'admin')),
    agency TEXT REFERENCES agencies (code),
    created_at TIMESTAMP NOT NULL,
    version BIGINT NOT NULL
);

CREATE TABLE sessions (
    id TEXT NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id),
    refresh_hash TEXT NOT NULL UNIQUE,
    created_at TIMESTAMP NOT NULL,
    expires_at TIMESTAMP NOT NULL
);

CREATE TABLE clients (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    secret_hash TEXT NOT NULL,
    scopes TEXT NOT NULL,
    agency TEXT REFERENCES agencies (code),
    created_at TIMESTAMP NOT NULL,
    version BIGINT NOT NULL
);

CREATE TABLE leases (
    name TEXT NOT NULL PRIMARY KEY,
    holder TEXT NOT NULL,
    until TIMESTAMP NOT NULL
);
