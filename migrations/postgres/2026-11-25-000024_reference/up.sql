-- A stamp of the catalogue, the calendar and the tree of agencies: another one after every change to them, and none comes twice,
-- so that a process may keep what it read for as long as the stamp is the same.
CREATE TABLE reference_state (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    stamp BIGINT NOT NULL
);
INSERT INTO reference_state (id, stamp) VALUES (1, hashtextextended(gen_random_uuid()::text, 1));
CREATE FUNCTION stamp_reference() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE reference_state SET stamp = hashtextextended(gen_random_uuid()::text, 1);
    RETURN NULL;
END $$;
CREATE TRIGGER agencies_stamps AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON agencies
    FOR EACH STATEMENT EXECUTE FUNCTION stamp_reference();
CREATE TRIGGER agency_tree_stamps AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON agency_tree
    FOR EACH STATEMENT EXECUTE FUNCTION stamp_reference();
CREATE TRIGGER agency_lineage_stamps AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON agency_lineage
    FOR EACH STATEMENT EXECUTE FUNCTION stamp_reference();
CREATE TRIGGER calendar_years_stamps AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON calendar_years
    FOR EACH STATEMENT EXECUTE FUNCTION stamp_reference();
CREATE TRIGGER office_hours_stamps AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON office_hours
    FOR EACH STATEMENT EXECUTE FUNCTION stamp_reference();
CREATE TRIGGER closures_stamps AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON closures
    FOR EACH STATEMENT EXECUTE FUNCTION stamp_reference();
CREATE TRIGGER procedures_stamps AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON procedures
    FOR EACH STATEMENT EXECUTE FUNCTION stamp_reference();
CREATE TRIGGER procedure_versions_stamps AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON procedure_versions
    FOR EACH STATEMENT EXECUTE FUNCTION stamp_reference();
