DROP INDEX dossiers_by_deadline;
DROP INDEX dossiers_by_filing;
