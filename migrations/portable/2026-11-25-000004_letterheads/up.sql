-- What stands on the papers of an agency beside its name: place (địa danh), address, telephone, abbreviation in notations.
ALTER TABLE agencies ADD COLUMN place TEXT;
ALTER TABLE agencies ADD COLUMN address TEXT;
ALTER TABLE agencies ADD COLUMN phone TEXT;
ALTER TABLE agencies ADD COLUMN symbol TEXT;
