-- Grows with each change of status or agent: what rooms hear late undoes nothing.
ALTER TABLE customer_service_sessions ADD COLUMN version INTEGER NOT NULL DEFAULT 1;
-- When an agent first had it: until then it waited.
ALTER TABLE customer_service_sessions ADD COLUMN accepted_at DATETIME NULL;
-- Desk, queue: who waits, the most urgent first, then who has waited longest.
CREATE INDEX idx_customer_service_sessions_queue ON customer_service_sessions (status, priority DESC, created_at, customer_service_session_id);
-- Desk, list: all conversations, the latest changed first.
CREATE INDEX idx_customer_service_sessions_latest ON customer_service_sessions (updated_at, customer_service_session_id);
-- Desk, list: those of one status, the latest changed first.
CREATE INDEX idx_customer_service_sessions_status ON customer_service_sessions (status, updated_at, customer_service_session_id);
-- Desk, list: those of an agent, and those that no agent has, the latest changed first.
CREATE INDEX idx_customer_service_sessions_admin ON customer_service_sessions (admin_id, updated_at, customer_service_session_id);
-- Desk, list: all conversations, who has waited longest first; stats: those that began in a time.
CREATE INDEX idx_customer_service_sessions_began ON customer_service_sessions (created_at, customer_service_session_id);
-- Desk, list: those of one status, who has waited longest first.
CREATE INDEX idx_customer_service_sessions_status_began ON customer_service_sessions (status, created_at, customer_service_session_id);
-- Desk, list: those of an agent, and those that no agent has, who has waited longest first.
CREATE INDEX idx_customer_service_sessions_admin_began ON customer_service_sessions (admin_id, created_at, customer_service_session_id);
-- Stats: those that were closed in a time.
CREATE INDEX idx_customer_service_sessions_closed ON customer_service_sessions (closed_at);

-- How many messages of the other side are unread; marks: those that are not so far, up to a message.
CREATE INDEX idx_chat_messages_side ON chat_messages (customer_service_session_id, sender_type, status, seq);
DROP INDEX idx_chat_messages_unread;

-- Desk, list: users whose name begins so.
CREATE INDEX idx_users_nickname ON users (nickname);

-- SQLite changes no CHECK of a table that is there: edge_outbox is made anew with two kinds more.
CREATE TABLE edge_outbox_new (
    edge_outbox_id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    kind           TEXT NOT NULL CHECK (kind IN ('session_ended','message_stored','security_alert','conversation_updated','messages_marked')),
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
-- Messages of before are told in another shape; no socket outlives the program that would have told them.
INSERT INTO edge_outbox_new SELECT edge_outbox_id, kind, payload, attempts, refusals, available_at, dead_at, created_at FROM edge_outbox
    WHERE kind <> 'message_stored';
-- Keys go on from where they were, though the table be empty: the edge knows events by them.
DELETE FROM sqlite_sequence WHERE name = 'edge_outbox_new';
INSERT INTO sqlite_sequence (name, seq) SELECT 'edge_outbox_new', seq FROM sqlite_sequence WHERE name = 'edge_outbox';
DROP TABLE edge_outbox;
ALTER TABLE edge_outbox_new RENAME TO edge_outbox;
-- Taking rows by lease, ends of sessions before all else: however many messages wait, none is in the way.
CREATE INDEX idx_edge_outbox_kind ON edge_outbox (kind, dead_at, available_at, edge_outbox_id);
