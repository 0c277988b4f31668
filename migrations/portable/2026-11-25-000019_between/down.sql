DROP TABLE errands;
DROP TABLE transfers;
