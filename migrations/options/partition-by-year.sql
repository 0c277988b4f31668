-- An option for PostgreSQL 15 or later, which the program never runs: dossiers and their journal in one piece for each year, the feed
-- and the audit log in pieces of so many positions. When, why and at what cost: docs/SCALING.md.
--
--   psql "$MOTCUA_DATABASE_URL" -f migrations/options/partition-by-year.sql                          # no process serving
--   psql "$MOTCUA_DATABASE_URL" -v ahead=2 -v positions=100000000 -v spare=10 -f …                   # the same, said in full
--
-- All or nothing, in one transaction, as the owner of the tables. Run again it only adds the pieces that the years and positions to
-- come will need (do so every autumn). partition-by-year-back.sql undoes it.
--
-- The year of a dossier is that in its code, the day it was filed: a code never changes and lies in one piece only, so that a unique
-- index on each piece keeps codes unique in all. (`filed_at` is corrected now and then, `received_at` may be missing.) A partitioned
-- table has no primary key that leaves its partition key out; what refers to dossiers therefore refers to `pieces.dossier_codes`, which
-- a trigger keeps. The pieces lie in a schema of their own, where `motcua export` does not take them for tables of the program.
\set ON_ERROR_STOP on
\set QUIET on
\if :{?ahead}
\else
    \set ahead 2
\endif
\if :{?positions}
\else
    \set positions 100000000
\endif
\if :{?spare}
\else
    \set spare 10
\endif

BEGIN;
SET LOCAL client_min_messages = warning;
-- The lock that `motcua migrate` takes.
SELECT pg_advisory_xact_lock(1836019811) \g /dev/null
\ir partition-by-year/functions.sql
LOCK TABLE dossiers, journal, changes, audit IN ACCESS EXCLUSIVE MODE;
SELECT relkind = 'p' AS done FROM pg_class WHERE oid = 'dossiers'::regclass \gset
\if :done
\else
    CREATE TABLE pieces.size (positions BIGINT NOT NULL);
    INSERT INTO pieces.size VALUES (:positions);
    CREATE TABLE pieces.dossier_codes (code TEXT NOT NULL);
    INSERT INTO pieces.dossier_codes SELECT code FROM dossiers;
    ALTER TABLE pieces.dossier_codes ADD PRIMARY KEY (code);
    CALL pieces.lift_references('dossiers');
    CALL pieces.rebuild('dossiers', 'PARTITION BY LIST (left(split_part(code, ''-'', -2), 2))');
    CALL pieces.rebuild('journal', 'PARTITION BY LIST (left(split_part(dossier, ''-'', -2), 2))');
    CALL pieces.rebuild('changes', 'PARTITION BY RANGE (position)');
    CALL pieces.rebuild('audit', 'PARTITION BY RANGE (position)');
    CALL pieces.lay_references('pieces.dossier_codes');
    CREATE TRIGGER code_is_kept BEFORE INSERT ON dossiers FOR EACH ROW EXECUTE FUNCTION pieces.keep_code();
    CREATE TRIGGER code_stays BEFORE UPDATE OF code ON dossiers FOR EACH ROW
        WHEN (OLD.code <> NEW.code) EXECUTE FUNCTION pieces.refuse_other_code();
    CREATE TRIGGER code_goes AFTER DELETE ON dossiers FOR EACH ROW EXECUTE FUNCTION pieces.drop_code();
\endif
CALL pieces.add_years('dossiers', :ahead);
CALL pieces.add_years('journal', :ahead);
CALL pieces.add_positions('changes', :spare);
CALL pieces.add_positions('audit', :spare);
COMMIT;
ANALYZE dossiers, journal, changes, audit, pieces.dossier_codes;
SELECT inhparent::regclass AS table, count(*) AS pieces, pg_size_pretty(sum(pg_total_relation_size(inhrelid))) AS size
    FROM pg_inherits WHERE inhparent IN ('dossiers'::regclass, 'journal'::regclass, 'changes'::regclass, 'audit'::regclass)
    GROUP BY inhparent ORDER BY inhparent::regclass::text;
