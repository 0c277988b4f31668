ALTER TABLE agencies DROP COLUMN symbol;
ALTER TABLE agencies DROP COLUMN phone;
ALTER TABLE agencies DROP COLUMN address;
ALTER TABLE agencies DROP COLUMN place;
