-- Which device a log-in came from, by its user agent, and where from; and how suspicious it was.
ALTER TABLE authentication_sessions ADD COLUMN browser TEXT NULL;
ALTER TABLE authentication_sessions ADD COLUMN browser_version TEXT NULL;
ALTER TABLE authentication_sessions ADD COLUMN os TEXT NULL;
ALTER TABLE authentication_sessions ADD COLUMN os_version TEXT NULL;
ALTER TABLE authentication_sessions ADD COLUMN latitude REAL NULL;
ALTER TABLE authentication_sessions ADD COLUMN longitude REAL NULL;
ALTER TABLE authentication_sessions ADD COLUMN risk_score INTEGER NOT NULL DEFAULT 0;
ALTER TABLE authentication_sessions ADD COLUMN risk_causes TEXT NULL;
-- The log-in that device, place and risk are of: the newest one, which may have renewed the
-- session. NULL in rows of before: theirs is `created_at`.
ALTER TABLE authentication_sessions ADD COLUMN logged_in_at DATETIME NULL;
-- Log-in: the sessions of a user's latest log-ins, which it is compared with.
CREATE INDEX idx_authentication_sessions_history ON authentication_sessions (user_id, logged_in_at, authentication_session_id);

-- SQLite changes no CHECK of a table that is there: edge_outbox is made anew with one kind more.
CREATE TABLE edge_outbox_new (
    edge_outbox_id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    kind           TEXT NOT NULL CHECK (kind IN ('session_ended','message_stored','security_alert')),
    payload        TEXT NOT NULL,
    attempts       INTEGER NOT NULL DEFAULT 0,
    -- How often the edge answered and did not take the row; while it cannot be reached, no row is to blame.
    refusals       INTEGER NOT NULL DEFAULT 0,
    -- When a process may take the row: now, after a lease that ran out, or after a pause.
    available_at   DATETIME NOT NULL,
    -- Set on a row that the edge keeps refusing; it waits for a person and blocks nobody.
    dead_at        DATETIME NULL,
    created_at     DATETIME NOT NULL
);
INSERT INTO edge_outbox_new SELECT edge_outbox_id, kind, payload, attempts, refusals, available_at, dead_at, created_at FROM edge_outbox;
-- Keys go on from where they were, though the table be empty: the edge knows events by them.
DELETE FROM sqlite_sequence WHERE name = 'edge_outbox_new';
INSERT INTO sqlite_sequence (name, seq) SELECT 'edge_outbox_new', seq FROM sqlite_sequence WHERE name = 'edge_outbox';
DROP TABLE edge_outbox;
ALTER TABLE edge_outbox_new RENAME TO edge_outbox;
-- Taking rows by lease.
CREATE INDEX idx_edge_outbox_available ON edge_outbox (dead_at, available_at, edge_outbox_id);
