-- Taking rows by lease, ends of sessions before all else: however many messages wait, none is in the way.
CREATE INDEX idx_edge_outbox_kind ON edge_outbox (kind, dead_at, available_at, edge_outbox_id);
DROP INDEX idx_edge_outbox_available;
