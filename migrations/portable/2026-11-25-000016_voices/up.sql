-- What people say of procedures, dossiers and offices, with a term to answer it in.
CREATE TABLE feedback (
    id TEXT NOT NULL PRIMARY KEY,
    -- Whose it is to answer.
    agency TEXT NOT NULL REFERENCES agencies (code),
    kind TEXT NOT NULL CHECK (kind IN ('feedback', 'petition', 'complaint')),
    channel TEXT NOT NULL CHECK (channel IN ('direct', 'online', 'postal', 'phone', 'email')),
    procedure_code TEXT REFERENCES procedures (code),
    dossier TEXT REFERENCES dossiers (code),
    content TEXT NOT NULL,
    -- The sender, as far as they say who they are; no identity numbers.
    sender_name TEXT,
    sender_phone TEXT,
    sender_email TEXT,
    sender_address TEXT,
    assignee TEXT,
    note TEXT,
    status TEXT NOT NULL CHECK (status IN ('received', 'processing', 'answered', 'forwarded', 'refused', 'withdrawn')),
    received_at TIMESTAMP NOT NULL,
    -- Only complaints: the day by which they are to be accepted.
    acceptance_due_on DATE,
    last_move_at TIMESTAMP NOT NULL,
    -- NULL: none is set yet.
    due_at TIMESTAMP,
    late_from TIMESTAMP,
    ended_at TIMESTAMP,
    ended_class TEXT CHECK (ended_class IN ('early', 'on_time', 'late')),
    answer TEXT,
    finding TEXT CHECK (finding IN ('upheld', 'partly_upheld', 'not_upheld')),
    answered_by TEXT,
    reason TEXT,
    forwarded_to TEXT,
    recorded_by TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    version BIGINT NOT NULL,
    CHECK ((due_at IS NULL) = (late_from IS NULL)),
    CHECK ((ended_at IS NULL) = (ended_class IS NULL))
);
CREATE INDEX feedback_by_receipt ON feedback (received_at, id);
CREATE INDEX feedback_of_agency ON feedback (agency, received_at, id);
CREATE INDEX feedback_of_dossier ON feedback (dossier) WHERE dossier IS NOT NULL;

-- How the applicant was served, said once for each dossier.
CREATE TABLE ratings (
    dossier TEXT NOT NULL PRIMARY KEY REFERENCES dossiers (code),
    score INTEGER NOT NULL CHECK (score BETWEEN 1 AND 5),
    -- JSON: a score for each aspect that one was given for.
    aspects TEXT NOT NULL,
    comment TEXT,
    rated_at TIMESTAMP NOT NULL
);
CREATE INDEX ratings_by_time ON ratings (rated_at, dossier);

-- The log of citizen reception.
CREATE TABLE reception_visits (
    id TEXT NOT NULL PRIMARY KEY,
    agency TEXT NOT NULL REFERENCES agencies (code),
    visited_on DATE NOT NULL,
    session TEXT NOT NULL CHECK (session IN ('regular', 'leader_regular', 'leader_extra')),
    host_name TEXT NOT NULL,
    host_position TEXT,
    people INTEGER NOT NULL CHECK (people > 0),
    -- One of those who came; no identity numbers.
    visitor_name TEXT,
    visitor_phone TEXT,
    visitor_email TEXT,
    visitor_address TEXT,
    content TEXT NOT NULL,
    outcome TEXT NOT NULL CHECK (outcome IN ('explained', 'accepted', 'guided', 'forwarded')),
    forwarded_to TEXT,
    note TEXT,
    recorded_by TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    version BIGINT NOT NULL
);
CREATE INDEX reception_visits_by_day ON reception_visits (visited_on, id);
CREATE INDEX reception_visits_of_agency ON reception_visits (agency, visited_on, id);

CREATE TABLE reception_subjects (
    visit TEXT NOT NULL REFERENCES reception_visits (id),
    subject TEXT NOT NULL CHECK (subject IN ('complaint', 'denunciation', 'petition', 'feedback', 'procedure')),
    PRIMARY KEY (visit, subject)
);

-- Plans of administrative reform, and their tasks.
CREATE TABLE plans (
    id TEXT NOT NULL PRIMARY KEY,
    agency TEXT NOT NULL REFERENCES agencies (code),
    number TEXT NOT NULL,
    promulgated_on DATE NOT NULL,
    title TEXT NOT NULL,
    period TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    version BIGINT NOT NULL
);
CREATE UNIQUE INDEX plans_by_number ON plans (agency, number, promulgated_on);
CREATE INDEX plans_by_date ON plans (promulgated_on, id);

CREATE TABLE plan_tasks (
    id TEXT NOT NULL PRIMARY KEY,
    plan TEXT NOT NULL REFERENCES plans (id),
    -- Whose it is to do.
    agency TEXT NOT NULL REFERENCES agencies (code),
    officer TEXT,
    title TEXT NOT NULL,
    product TEXT,
    assigned_at TIMESTAMP NOT NULL,
    due_on DATE NOT NULL,
    late_from TIMESTAMP NOT NULL,
    ended_at TIMESTAMP,
    ended_class TEXT CHECK (ended_class IN ('early', 'on_time', 'late')),
    evidence TEXT,
    created_at TIMESTAMP NOT NULL,
    version BIGINT NOT NULL,
    CHECK ((ended_at IS NULL) = (ended_class IS NULL))
);
CREATE INDEX plan_tasks_of_plan ON plan_tasks (plan, due_on, id);
CREATE INDEX plan_tasks_by_day_due ON plan_tasks (due_on, id);
CREATE INDEX plan_tasks_of_agency ON plan_tasks (agency, due_on, id);

CREATE TABLE plan_task_notes (
    id TEXT NOT NULL PRIMARY KEY,
    task TEXT NOT NULL REFERENCES plan_tasks (id),
    written_at TIMESTAMP NOT NULL,
    written_by TEXT NOT NULL,
    text TEXT NOT NULL
);
CREATE INDEX plan_task_notes_of_task ON plan_task_notes (task, id);
