DROP TRIGGER journal_refuses_update;
CREATE TRIGGER journal_refuses_update BEFORE UPDATE ON journal
WHEN NOT (
    NEW.dossier IS OLD.dossier AND NEW.seq IS OLD.seq AND NEW.at IS OLD.at AND NEW.recorded_at IS OLD.recorded_at
    AND NEW.actor IS OLD.actor AND NEW.name IS OLD.name
    AND json_remove(NEW.event, '$.reason') IS json_remove(OLD.event, '$.reason')
    AND json_extract(NEW.event, '$.reason') IS ''
    AND EXISTS (SELECT 1 FROM dossiers WHERE dossiers.code = OLD.dossier AND dossiers.anonymised_at IS NOT NULL)
)
BEGIN
    SELECT RAISE(ABORT, 'journal is append-only');
END;
