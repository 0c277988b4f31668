DROP TABLE agency_lineage;
DROP TABLE agency_successors;
ALTER TABLE agencies DROP COLUMN valid_to;
ALTER TABLE agencies DROP COLUMN valid_from;
