DROP TRIGGER journal_refuses_update;
DROP TRIGGER journal_refuses_delete;
DROP TRIGGER audit_refuses_update;
DROP TRIGGER audit_refuses_delete;
DROP TRIGGER audit_queue_refuses_update;
DROP TRIGGER audit_queue_keeps_unsealed;
DROP TRIGGER audit_head_moves_on;
DROP TRIGGER audit_head_refuses_delete;
