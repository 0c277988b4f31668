-- A stamp of the catalogue, the calendar and the tree of agencies: another one after every change to them, and none comes twice,
-- so that a process may keep what it read for as long as the stamp is the same.
CREATE TABLE reference_state (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    stamp BIGINT NOT NULL
);
INSERT INTO reference_state (id, stamp) VALUES (1, random());
CREATE TRIGGER agencies_stamps_insert AFTER INSERT ON agencies
BEGIN
    UPDATE reference_state SET stamp = random();
END;
CREATE TRIGGER agencies_stamps_update AFTER UPDATE ON agencies
BEGIN
    UPDATE reference_state SET stamp = random();
END;
CREATE TRIGGER agencies_stamps_delete AFTER DELETE ON agencies
BEGIN
    UPDATE reference_state SET stamp = random();
END;
CREATE TRIGGER agency_tree_stamps_insert AFTER INSERT ON agency_tree
BEGIN
    UPDATE reference_state SET stamp = random();
END;
CREATE TRIGGER agency_tree_stamps_update AFTER UPDATE ON agency_tree
BEGIN
    UPDATE reference_state SET stamp = random();
END;
CREATE TRIGGER agency_tree_stamps_delete AFTER DELETE ON agency_tree
BEGIN
    UPDATE reference_state SET stamp = random();
END;
CREATE TRIGGER agency_lineage_stamps_insert AFTER INSERT ON agency_lineage
BEGIN
    UPDATE reference_state SET stamp = random();
END;
CREATE TRIGGER agency_lineage_stamps_update AFTER UPDATE ON agency_lineage
BEGIN
    UPDATE reference_state SET stamp = random();
END;
CREATE TRIGGER agency_lineage_stamps_delete AFTER DELETE ON agency_lineage
BEGIN
    UPDATE reference_state SET stamp = random();
END;
CREATE TRIGGER calendar_years_stamps_insert AFTER INSERT ON calendar_years
BEGIN
    UPDATE reference_state SET stamp = random();
END;
CREATE TRIGGER calendar_years_stamps_update AFTER UPDATE ON calendar_years
BEGIN
    UPDATE reference_state SET stamp = random();
END;
CREATE TRIGGER calendar_years_stamps_delete AFTER DELETE ON calendar_years
BEGIN
    UPDATE reference_state SET stamp = random();
END;
CREATE TRIGGER office_hours_stamps_insert AFTER INSERT ON office_hours
BEGIN
    UPDATE reference_state SET stamp = random();
END;
CREATE TRIGGER office_hours_stamps_update AFTER UPDATE ON office_hours
BEGIN
    UPDATE reference_state SET stamp = random();
END;
CREATE TRIGGER office_hours_stamps_delete AFTER DELETE ON office_hours
BEGIN
    UPDATE reference_state SET stamp = random();
END;
CREATE TRIGGER closures_stamps_insert AFTER INSERT ON closures
BEGIN
    UPDATE reference_state SET stamp = random();
END;
CREATE TRIGGER closures_stamps_update AFTER UPDATE ON closures
BEGIN
    UPDATE reference_state SET stamp = random();
END;
CREATE TRIGGER closures_stamps_delete AFTER DELETE ON closures
BEGIN
    UPDATE reference_state SET stamp = random();
END;
CREATE TRIGGER procedures_stamps_insert AFTER INSERT ON procedures
BEGIN
    UPDATE reference_state SET stamp = random();
END;
CREATE TRIGGER procedures_stamps_update AFTER UPDATE ON procedures
BEGIN
    UPDATE reference_state SET stamp = random();
END;
CREATE TRIGGER procedures_stamps_delete AFTER DELETE ON procedures
BEGIN
    UPDATE reference_state SET stamp = random();
END;
CREATE TRIGGER procedure_versions_stamps_insert AFTER INSERT ON procedure_versions
BEGIN
    UPDATE reference_state SET stamp = random();
END;
CREATE TRIGGER procedure_versions_stamps_update AFTER UPDATE ON procedure_versions
BEGIN
    UPDATE reference_state SET stamp = random();
END;
CREATE TRIGGER procedure_versions_stamps_delete AFTER DELETE ON procedure_versions
BEGIN
    UPDATE reference_state SET stamp = random();
END;
