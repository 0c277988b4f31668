DROP TABLE register_rows;
