ALTER TABLE edge_outbox
    -- Taking rows by lease, ends of sessions before all else: however many messages wait, none is in the way.
    ADD KEY idx_edge_outbox_kind (kind, dead_at, available_at, edge_outbox_id),
    DROP KEY idx_edge_outbox_available;
