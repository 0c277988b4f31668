DROP TABLE file_reads;
DROP TABLE file_claims;
DROP TABLE files;
