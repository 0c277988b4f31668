DROP TABLE payments;
DROP TABLE fees;
