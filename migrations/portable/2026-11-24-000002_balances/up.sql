-- Balances struck at midnight: what each agency's subtree amounts to as of an instant, cumulated since the beginning.

-- From this instant on nothing but the passing of its deadline changes the figures of a dossier.
ALTER TABLE dossiers ADD COLUMN settled_at TIMESTAMP;
UPDATE dossiers SET settled_at = (SELECT MAX(journal.at) FROM journal WHERE journal.dossier = dossiers.code)
    WHERE received_at IS NOT NULL;
CREATE INDEX dossiers_settled ON dossiers (settled_at) WHERE received_at IS NOT NULL AND NOT void;
CREATE INDEX dossiers_noted_overdue ON dossiers (late_from)
    WHERE ended_at IS NULL AND late_from IS NOT NULL AND NOT void AND lateness_noted;
-- Letters that came after the end: a period must not count those of dossiers that ended before it.
CREATE INDEX dossiers_lettered_after_end ON dossiers (letter_on, ended_at)
    WHERE ended_class = 'late' AND letter_on > ended_at AND NOT void;

-- The instants for which there are balances. One that is announced is minded by writers, one that is struck is read.
CREATE TABLE balance_stamps (
    at TIMESTAMP NOT NULL PRIMARY KEY,
    struck BOOLEAN NOT NULL,
    -- Which run announced it.
    run TEXT NOT NULL
);

-- Always empty: writers and the striking of balances meet at its lock.
CREATE TABLE balance_gate (
    id INTEGER NOT NULL PRIMARY KEY
);

CREATE TABLE balances (
    at TIMESTAMP NOT NULL,
    -- An agency with all below it; the empty text stands for everything.
    scope TEXT NOT NULL,
    field TEXT NOT NULL,
    level TEXT NOT NULL,
    channel TEXT NOT NULL,
    received INTEGER NOT NULL,
    early INTEGER NOT NULL,
    on_time INTEGER NOT NULL,
    late INTEGER NOT NULL,
    late_with_letter INTEGER NOT NULL,
    overdue INTEGER NOT NULL,
    overdue_with_letter INTEGER NOT NULL,
    paused INTEGER NOT NULL,
    PRIMARY KEY (at, scope, field, level, channel)
);

-- Changes of the past that are not in the struck balances yet: each holds for every balance after `at`.
CREATE TABLE balance_corrections (
    id TEXT NOT NULL PRIMARY KEY,
    at TIMESTAMP NOT NULL,
    agency TEXT NOT NULL,
    field TEXT NOT NULL,
    level TEXT NOT NULL,
    channel TEXT NOT NULL,
    received INTEGER NOT NULL,
    early INTEGER NOT NULL,
    on_time INTEGER NOT NULL,
    late INTEGER NOT NULL,
    late_with_letter INTEGER NOT NULL,
    overdue INTEGER NOT NULL,
    overdue_with_letter INTEGER NOT NULL,
    paused INTEGER NOT NULL
);
