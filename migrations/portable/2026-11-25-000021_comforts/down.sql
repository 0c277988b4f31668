DROP TABLE hand_offs;
DROP INDEX dossiers_returned;
DROP INDEX dossiers_open_of_phone;
DROP INDEX dossiers_open_of_identity;
DROP INDEX dossiers_at_work;
