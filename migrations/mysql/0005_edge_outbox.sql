-- What the edge must be told, written in the transaction that makes it true.
CREATE TABLE edge_outbox (
    edge_outbox_id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    kind           ENUM('session_ended','message_stored') NOT NULL,
    payload        JSON NOT NULL,
    attempts       INT NOT NULL DEFAULT 0,
    -- How often the edge answered and did not take the row; while it cannot be reached, no row is to blame.
    refusals       INT NOT NULL DEFAULT 0,
    -- When a process may take the row: now, after a lease that ran out, or after a pause.
    available_at   DATETIME(3) NOT NULL,
    -- Set on a row that the edge keeps refusing; it waits for a person and blocks nobody.
    dead_at        DATETIME(3) NULL,
    created_at     DATETIME(3) NOT NULL,
    -- Taking rows by lease.
    KEY idx_edge_outbox_available (dead_at, available_at, edge_outbox_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
