DROP TABLE audit_head;
DROP TABLE audit;
DROP TABLE audit_queue;
