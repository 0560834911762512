-- Messages are told in a new shape, under a new word. Rows of the old word are left to the older program, which
-- may be running still: this one takes none of them, and none is removed.
-- SQLite changes no CHECK of a table that is there: edge_outbox is made anew with three kinds more.
CREATE TABLE edge_outbox_new (
    edge_outbox_id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    kind           TEXT NOT NULL CHECK (kind IN ('session_ended','message_stored','security_alert','conversation_updated','messages_marked','chat_message')),
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
-- Taking rows by lease, ends of sessions before all else: however many messages wait, none is in the way.
CREATE INDEX idx_edge_outbox_kind ON edge_outbox (kind, dead_at, available_at, edge_outbox_id);
