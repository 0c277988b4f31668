-- What partition-by-year.sql and partition-by-year-back.sql do their work with.

CREATE SCHEMA IF NOT EXISTS pieces;

-- Foreign keys while the table they refer to is made anew; some are of tables that are made anew themselves, hence by name.
CREATE TEMPORARY TABLE lifted (child TEXT NOT NULL, name TEXT NOT NULL, definition TEXT NOT NULL) ON COMMIT DROP;

CREATE OR REPLACE FUNCTION pieces.keep_code() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO pieces.dossier_codes (code) VALUES (NEW.code);
    RETURN NEW;
END $$;
CREATE OR REPLACE FUNCTION pieces.drop_code() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM pieces.dossier_codes WHERE code = OLD.code;
    RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION pieces.refuse_other_code() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the code of a dossier never changes';
END $$;

CREATE OR REPLACE PROCEDURE pieces.refuse_unless_partitioned() LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT relkind FROM pg_class WHERE oid = 'dossiers'::regclass) <> 'p' THEN
        RAISE EXCEPTION 'the tables are not partitioned';
    END IF;
END $$;

CREATE OR REPLACE PROCEDURE pieces.lift_references(onto REGCLASS) LANGUAGE plpgsql AS $$
DECLARE
    one RECORD;
BEGIN
    FOR one IN SELECT conrelid::regclass::text AS child, conname, pg_get_constraintdef(oid) AS definition
        FROM pg_constraint WHERE contype = 'f' AND confrelid = onto AND conparentid = 0
    LOOP
        INSERT INTO lifted VALUES (one.child, one.conname, one.definition);
        EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', one.child, one.conname);
    END LOOP;
END $$;

-- Every row is checked.
CREATE OR REPLACE PROCEDURE pieces.lay_references(onto TEXT) LANGUAGE plpgsql AS $$
DECLARE
    one RECORD;
BEGIN
    FOR one IN SELECT * FROM lifted LOOP
        EXECUTE format('ALTER TABLE %s ADD CONSTRAINT %I %s', one.child, one.name,
            regexp_replace(one.definition, 'REFERENCES [^ (]+\(', format('REFERENCES %s(', onto)));
    END LOOP;
END $$;

-- The column that says where a row belongs.
CREATE OR REPLACE FUNCTION pieces.key_of(name TEXT) RETURNS TEXT IMMUTABLE LANGUAGE sql AS $$
    SELECT CASE name WHEN 'dossiers' THEN 'code' WHEN 'journal' THEN 'dossier' ELSE 'position' END
$$;

-- What the piece itself has: the unique key that its whole table cannot have, and the guard that a statement on the whole
-- table's would not reach.
CREATE OR REPLACE PROCEDURE pieces.furnish(name TEXT, piece TEXT) LANGUAGE plpgsql AS $$
BEGIN
    CASE name
        WHEN 'dossiers' THEN EXECUTE format('CREATE UNIQUE INDEX ON pieces.%I (code)', piece);
        WHEN 'journal' THEN EXECUTE format('CREATE UNIQUE INDEX ON pieces.%I (dossier, seq)', piece);
        WHEN 'audit' THEN EXECUTE format('CREATE UNIQUE INDEX ON pieces.%I (id)', piece);
        ELSE NULL;
    END CASE;
    IF name IN ('journal', 'audit') THEN
        EXECUTE format('CREATE TRIGGER refuses_truncate BEFORE TRUNCATE ON pieces.%I FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()',
            piece);
    END IF;
END $$;

CREATE OR REPLACE PROCEDURE pieces.make_years(name TEXT, years TEXT[]) LANGUAGE plpgsql AS $$
DECLARE
    year TEXT;
    piece TEXT;
BEGIN
    FOREACH year IN ARRAY years LOOP
        piece := format('%s_20%s', name, year);
        IF to_regclass('pieces.' || piece) IS NULL THEN
            EXECUTE format('CREATE TABLE pieces.%I PARTITION OF %I FOR VALUES IN (%L)', piece, name, year);
            CALL pieces.furnish(name, piece);
        END IF;
    END LOOP;
    -- A year that nobody made a piece for is still taken in.
    piece := name || '_other';
    IF to_regclass('pieces.' || piece) IS NULL THEN
        EXECUTE format('CREATE TABLE pieces.%I PARTITION OF %I DEFAULT', piece, name);
        CALL pieces.furnish(name, piece);
    END IF;
END $$;

CREATE OR REPLACE FUNCTION pieces.years_in(name TEXT, rows REGCLASS) RETURNS TEXT[] LANGUAGE plpgsql AS $$
DECLARE
    years TEXT[];
BEGIN
    EXECUTE format('SELECT array_agg(DISTINCT left(split_part(%I, ''-'', -2), 2)) FROM %s', pieces.key_of(name), rows) INTO years;
    RETURN coalesce(years, '{}');
END $$;

-- The pieces of this year and those to come. What lay in the piece of other years moves to a piece of its year.
CREATE OR REPLACE PROCEDURE pieces.add_years(name TEXT, ahead INTEGER) LANGUAGE plpgsql AS $$
DECLARE
    years TEXT[] := pieces.years_in(name, format('pieces.%I', name || '_other')::regclass);
BEGIN
    IF years <> '{}' THEN
        EXECUTE format('ALTER TABLE %I DETACH PARTITION pieces.%I', name, name || '_other');
        EXECUTE format('ALTER TABLE pieces.%I RENAME TO %I', name || '_other', name || '_moving');
        CALL pieces.make_years(name, years);
        EXECUTE format('ALTER TABLE %I DISABLE TRIGGER USER', name);
        EXECUTE format('INSERT INTO %I SELECT * FROM pieces.%I', name, name || '_moving');
        EXECUTE format('ALTER TABLE %I ENABLE TRIGGER USER', name);
        EXECUTE format('DROP TABLE pieces.%I', name || '_moving');
    END IF;
    years := ARRAY(SELECT to_char(now() + n * INTERVAL '1 year', 'YY') FROM generate_series(0, ahead) AS n);
    CALL pieces.make_years(name, years);
END $$;

-- Pieces for the positions up to the last one given, and so many more.
CREATE OR REPLACE PROCEDURE pieces.add_positions(name TEXT, spare INTEGER, rows REGCLASS DEFAULT NULL) LANGUAGE plpgsql AS $$
DECLARE
    size BIGINT := (SELECT positions FROM pieces.size);
    last BIGINT;
    piece TEXT;
BEGIN
    EXECUTE format('SELECT coalesce(max(position), 0) FROM %s', coalesce(rows::text, quote_ident(name))) INTO last;
    FOR n IN 0 .. last / size + spare LOOP
        piece := format('%s_%s', name, lpad(n::text, 5, '0'));
        -- One that was detached and dropped lies before all others and is not made again.
        CONTINUE WHEN to_regclass('pieces.' || piece) IS NOT NULL OR n < last / size AND rows IS NULL;
        EXECUTE format('CREATE TABLE pieces.%I PARTITION OF %I FOR VALUES FROM (%s) TO (%s)', piece, name, n * size, (n + 1) * size);
        CALL pieces.furnish(name, piece);
    END LOOP;
END $$;

-- Makes a table anew, partitioned or (with an empty clause) whole, with its rows and with the indexes, foreign keys and triggers that
-- the catalogue knows of it, but for the three unique keys that only a whole table can have.
CREATE OR REPLACE PROCEDURE pieces.rebuild(name TEXT, clause TEXT) LANGUAGE plpgsql AS $$
DECLARE
    old REGCLASS := quote_ident(name)::regclass;
    before TEXT := format('pieces.%I', name || '_before');
    one RECORD;
    definitions TEXT[] := '{}';
    definition TEXT;
BEGIN
    FOR one IN SELECT relowner, relacl FROM pg_class WHERE oid = old LOOP
        IF one.relowner <> current_user::regrole THEN
            RAISE EXCEPTION 'run this as %, the owner of %', one.relowner::regrole, name;
        END IF;
        IF one.relacl IS NOT NULL THEN
            RAISE WARNING 'grant again what was granted on %: %', name, one.relacl;
        END IF;
    END LOOP;
    FOR one IN
        SELECT 1 AS turn, oid AS id, format('ALTER TABLE %I ADD CONSTRAINT %I %s', name, conname, pg_get_constraintdef(oid)) AS text
            FROM pg_constraint WHERE conrelid = old AND contype IN ('p', 'u', 'f') AND conparentid = 0
                AND conname NOT IN ('dossiers_pkey', 'journal_pkey', 'audit_id_key')
        UNION ALL SELECT 2, indexrelid, replace(pg_get_indexdef(indexrelid), ' ON ONLY ', ' ON ')
            FROM pg_index WHERE indrelid = old AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND conrelid = old)
        UNION ALL SELECT 3, oid, pg_get_triggerdef(oid) FROM pg_trigger WHERE tgrelid = old AND NOT tgisinternal
        ORDER BY 1, 2
    LOOP
        definitions := definitions || one.text;
    END LOOP;
    EXECUTE format('ALTER TABLE %s RENAME TO %I', old, name || '_before');
    EXECUTE format('ALTER TABLE %I SET SCHEMA pieces', name || '_before');
    EXECUTE format('CREATE TABLE %I (LIKE %s INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING STORAGE INCLUDING COMMENTS) %s',
        name, before, clause);
    IF clause LIKE '%LIST%' THEN
        CALL pieces.make_years(name, pieces.years_in(name, before::regclass));
    ELSIF clause LIKE '%RANGE%' THEN
        CALL pieces.add_positions(name, 0, before::regclass);
    END IF;
    EXECUTE format('INSERT INTO %I SELECT * FROM %s', name, before);
    EXECUTE format('DROP TABLE %s', before);
    FOREACH definition IN ARRAY definitions LOOP
        EXECUTE definition;
    END LOOP;
END $$;
