-- What happened to accounts and sessions and by whom; rows are only ever added.
CREATE TABLE audit_events (
    audit_event_id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    event          TEXT NOT NULL,
    user_id        INTEGER NULL,
    authentication_session_id INTEGER NULL,
    actor_user_id  INTEGER NULL,
    client_ip      TEXT NULL,
    request_id     TEXT NULL,
    detail         TEXT NULL,
    created_at     DATETIME NOT NULL
);
-- A user's events in time.
CREATE INDEX idx_audit_events_user ON audit_events (user_id, created_at, audit_event_id);
