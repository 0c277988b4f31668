DROP TABLE portal_tellings;
DELETE FROM feed_readers WHERE name = 'portal';
