-- Who may not sign in any more.
ALTER TABLE users ADD COLUMN disabled BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE clients ADD COLUMN disabled BOOLEAN NOT NULL DEFAULT FALSE;
-- The secret before the present one, which goes on for a while.
ALTER TABLE clients ADD COLUMN old_secret_hash TEXT;
ALTER TABLE clients ADD COLUMN old_secret_until TIMESTAMP;

-- The refresh token used last: it may come again within moments, when its answer was lost.
ALTER TABLE sessions ADD COLUMN retry_hash TEXT;
ALTER TABLE sessions ADD COLUMN retry_until TIMESTAMP;
CREATE INDEX sessions_of_user ON sessions (user_id);
CREATE INDEX sessions_by_end ON sessions (expires_at);

-- Refresh tokens that are used up: one that comes again ends its session.
CREATE TABLE spent_tokens (
    refresh_hash TEXT NOT NULL PRIMARY KEY,
    session TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    spent_at TIMESTAMP NOT NULL
);
CREATE INDEX spent_tokens_of_session ON spent_tokens (session);
CREATE INDEX spent_tokens_by_age ON spent_tokens (spent_at);

-- Failed sign-ins, by the hash of a name or of an address, whether or not there is such a user.
CREATE TABLE sign_in_failures (
    subject TEXT NOT NULL PRIMARY KEY,
    failures INTEGER NOT NULL,
    last_at TIMESTAMP NOT NULL,
    locked_until TIMESTAMP
);
CREATE INDEX sign_in_failures_by_age ON sign_in_failures (last_at);
