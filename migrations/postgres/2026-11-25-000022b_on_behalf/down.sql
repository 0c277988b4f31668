COMMENT ON COLUMN journal.on_behalf_of IS NULL;
