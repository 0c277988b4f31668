DROP TABLE hand_offs;
DROP INDEX dossiers_returned;
DROP INDEX dossiers_at_work;
