CREATE TABLE authentication_sessions (
    authentication_session_id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    session_token       TEXT NOT NULL,
    user_type           TEXT NOT NULL CHECK (user_type IN ('user','admin')),
    user_id             INTEGER NOT NULL,
    is_active           BOOLEAN NOT NULL DEFAULT TRUE,
    expires_at          DATETIME NOT NULL,
    last_activity       DATETIME NOT NULL,
    login_ip            TEXT NULL,
    -- Which of a user's sessions a log-in competes with, and how it is recognised as the same device.
    client_type         TEXT NOT NULL,
    device_id           TEXT NULL,
    -- What a device token names: made here, so that only a device that was given it can prove it.
    device_key          TEXT NULL,
    device_name         TEXT NULL,
    device_type         TEXT NULL,
    user_agent          TEXT NULL,
    country             TEXT NULL,
    city                TEXT NULL,
    -- The newest access token's id; finds it in the logs, decides nothing.
    current_jti         TEXT NULL,
    -- Why the session is dead, which its client is told; who ended it, which its user is shown.
    end_reason          TEXT NULL CHECK (end_reason IN ('EXPIRED','IDLE','REPLACED','DEACTIVATED','REVOKED','LOGGED_OUT','PASSWORD_CHANGED','REUSE_DETECTED','USER_INACTIVE')),
    ended_at            DATETIME NULL,
    ended_by_session_id INTEGER NULL,
    ended_by_user_id    INTEGER NULL,
    created_at          DATETIME NOT NULL,
    updated_at          DATETIME NOT NULL
);
-- Every request: the session that a token names.
CREATE UNIQUE INDEX uq_authentication_sessions_session_token ON authentication_sessions (session_token);
-- Log-in: the live sessions of a user and client type.
CREATE INDEX idx_authentication_sessions_live ON authentication_sessions (user_id, is_active, client_type);
-- Sweep: live sessions whose absolute or idle end has passed.
CREATE INDEX idx_authentication_sessions_expiry ON authentication_sessions (is_active, expires_at);
CREATE INDEX idx_authentication_sessions_idle ON authentication_sessions (is_active, last_activity);
