-- The journal's guard compares every column by itself; SQLite's has to name them.
COMMENT ON COLUMN journal.on_behalf_of IS 'Append-only as all others';
