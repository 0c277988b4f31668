DROP INDEX letters_by_number;
DROP INDEX letters_submitted;
DROP TABLE signed_papers;
DROP TABLE letter_exchange;
DROP TABLE letter_holds;
