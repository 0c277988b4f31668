-- Journal and audit log only grow. An entry leaves the queue when it stands in the log, and the chain's end only moves on.
CREATE TRIGGER journal_refuses_update BEFORE UPDATE ON journal
BEGIN
    SELECT RAISE(ABORT, 'journal is append-only');
END;
CREATE TRIGGER journal_refuses_delete BEFORE DELETE ON journal
BEGIN
    SELECT RAISE(ABORT, 'journal is append-only');
END;
CREATE TRIGGER audit_refuses_update BEFORE UPDATE ON audit
BEGIN
    SELECT RAISE(ABORT, 'audit is append-only');
END;
CREATE TRIGGER audit_refuses_delete BEFORE DELETE ON audit
BEGIN
    SELECT RAISE(ABORT, 'audit is append-only');
END;
CREATE TRIGGER audit_queue_refuses_update BEFORE UPDATE ON audit_queue
BEGIN
    SELECT RAISE(ABORT, 'audit_queue is append-only');
END;
CREATE TRIGGER audit_queue_keeps_unsealed BEFORE DELETE ON audit_queue
WHEN NOT EXISTS (SELECT 1 FROM audit WHERE audit.id = OLD.id)
BEGIN
    SELECT RAISE(ABORT, 'audit_queue is append-only');
END;
CREATE TRIGGER audit_head_moves_on BEFORE UPDATE ON audit_head
WHEN NEW.position <= OLD.position
BEGIN
    SELECT RAISE(ABORT, 'audit_head only moves on');
END;
CREATE TRIGGER audit_head_refuses_delete BEFORE DELETE ON audit_head
BEGIN
    SELECT RAISE(ABORT, 'audit_head only moves on');
END;
