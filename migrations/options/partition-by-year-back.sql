-- Undoes partition-by-year.sql: whole tables again, with the keys that the migrations gave them. Nothing is lost; no process may serve.
-- Refuses when there is nothing to undo, and when a year was detached whose journal, letters or files are still there.
--
--   psql "$MOTCUA_DATABASE_URL" -f migrations/options/partition-by-year-back.sql
\set ON_ERROR_STOP on
\set QUIET on

BEGIN;
SET LOCAL client_min_messages = warning;
SELECT pg_advisory_xact_lock(1836019811) \g /dev/null
\ir partition-by-year/functions.sql
LOCK TABLE dossiers, journal, changes, audit IN ACCESS EXCLUSIVE MODE;
CALL pieces.refuse_unless_partitioned();
CALL pieces.lift_references('pieces.dossier_codes');
DROP TRIGGER code_is_kept ON dossiers;
DROP TRIGGER code_stays ON dossiers;
DROP TRIGGER code_goes ON dossiers;
CALL pieces.rebuild('dossiers', '');
CALL pieces.rebuild('journal', '');
CALL pieces.rebuild('changes', '');
CALL pieces.rebuild('audit', '');
ALTER TABLE dossiers ADD CONSTRAINT dossiers_pkey PRIMARY KEY (code);
ALTER TABLE journal ADD CONSTRAINT journal_pkey PRIMARY KEY (dossier, seq);
ALTER TABLE audit ADD CONSTRAINT audit_id_key UNIQUE (id);
CALL pieces.lay_references('dossiers');
DROP SCHEMA pieces CASCADE;
COMMIT;
ANALYZE dossiers, journal, changes, audit;
