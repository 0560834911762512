-- What access tokens are renewed with. A token itself is never stored, nor anything that makes one without it.
CREATE TABLE refresh_tokens (
    refresh_token_id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    user_id       INTEGER NOT NULL,
    authentication_session_id INTEGER NOT NULL,
    -- SHA-256 of the token, in hexadecimal.
    token_hash    TEXT NOT NULL,
    -- All that descend from one log-in, and how far down: of a generation there is one.
    family        TEXT NOT NULL,
    generation    INTEGER NOT NULL,
    -- What the token was derived with, so that who asks again gets the same; of generation 0, nothing.
    nonce         TEXT NOT NULL,
    kid           TEXT NOT NULL,
    expires_at    DATETIME NOT NULL,
    used_at       DATETIME NULL,
    -- Set when a log-in from the same device began another family: this one is over, and no theft.
    retired_at    DATETIME NULL,
    created_at    DATETIME NOT NULL
);
-- Refresh: the token that was sent.
CREATE UNIQUE INDEX uq_refresh_tokens_token_hash ON refresh_tokens (token_hash);
-- Refresh: the newest of a family; and of two that rotate at once, one.
CREATE UNIQUE INDEX uq_refresh_tokens_generation ON refresh_tokens (family, generation);
-- Log-in: the families of a session that it retires.
CREATE INDEX idx_refresh_tokens_session ON refresh_tokens (authentication_session_id, retired_at);
-- Clean-up: tokens that are long past.
CREATE INDEX idx_refresh_tokens_expiry ON refresh_tokens (expires_at);
