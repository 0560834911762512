-- What the edge must be told, written in the transaction that makes it true.
CREATE TABLE edge_outbox (
    edge_outbox_id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    kind           TEXT NOT NULL CHECK (kind IN ('session_ended','message_stored')),
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
-- Taking rows by lease.
CREATE INDEX idx_edge_outbox_available ON edge_outbox (dead_at, available_at, edge_outbox_id);
