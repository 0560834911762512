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
-- Desk, list: all conversations, who has waited longest first; stats: those that began in a time, and what they waited for.
CREATE INDEX idx_customer_service_sessions_began ON customer_service_sessions (created_at, customer_service_session_id, first_response_at, accepted_at);
-- Desk, list: those of one status, who has waited longest first.
CREATE INDEX idx_customer_service_sessions_status_began ON customer_service_sessions (status, created_at, customer_service_session_id);
-- Desk, list: those of an agent, and those that no agent has, who has waited longest first.
CREATE INDEX idx_customer_service_sessions_admin_began ON customer_service_sessions (admin_id, created_at, customer_service_session_id);
-- Stats: those that were closed in a time, and what was said of them.
CREATE INDEX idx_customer_service_sessions_closed ON customer_service_sessions (closed_at, satisfaction_score);
