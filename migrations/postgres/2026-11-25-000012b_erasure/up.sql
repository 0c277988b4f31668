-- The journal still only grows, with one exception: the reason that an event of an anonymised dossier gave is emptied. Nothing
-- else of the event may differ, and of no other dossier.
CREATE FUNCTION refuse_change_of_journal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND to_jsonb(NEW) - 'event' = to_jsonb(OLD) - 'event'
        AND NEW.event::jsonb - 'reason' = OLD.event::jsonb - 'reason' AND NEW.event::jsonb ->> 'reason' = ''
        AND EXISTS (SELECT 1 FROM dossiers WHERE dossiers.code = OLD.dossier AND dossiers.anonymised_at IS NOT NULL)
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'journal is append-only';
END $$;
DROP TRIGGER journal_refuses_change ON journal;
CREATE TRIGGER journal_refuses_change BEFORE UPDATE OR DELETE ON journal
    FOR EACH ROW EXECUTE FUNCTION refuse_change_of_journal();
