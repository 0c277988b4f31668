ALTER TABLE audit DROP COLUMN on_behalf_of;
ALTER TABLE journal DROP COLUMN on_behalf_of;
DROP TABLE mandates;
DROP TABLE warnings;
DROP INDEX dossiers_to_warn;
ALTER TABLE dossiers DROP COLUMN warn_next_at;
ALTER TABLE dossiers DROP COLUMN warn_passed_at;
ALTER TABLE dossiers DROP COLUMN warn_due_at;
ALTER TABLE dossiers DROP COLUMN has_ladder;
