DROP TABLE balance_corrections;
DROP TABLE balances;
DROP TABLE balance_gate;
DROP TABLE balance_stamps;
DROP INDEX dossiers_lettered_after_end;
DROP INDEX dossiers_noted_overdue;
DROP INDEX dossiers_settled;
ALTER TABLE dossiers DROP COLUMN settled_at;
