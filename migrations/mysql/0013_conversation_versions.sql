-- One statement a file from here on: of a start that is killed within, the database has all of it or nothing.
ALTER TABLE customer_service_sessions
    -- Grows with each change of status or agent: what rooms hear late undoes nothing.
    ADD COLUMN version     BIGINT NOT NULL DEFAULT 1,
    -- When an agent first had it: until then it waited.
    ADD COLUMN accepted_at DATETIME(3) NULL,
    -- Desk, queue: who waits, the most urgent first, then who has waited longest.
    ADD KEY idx_customer_service_sessions_queue (status, priority DESC, created_at, customer_service_session_id),
    -- Desk, list: all conversations, the latest changed first.
    ADD KEY idx_customer_service_sessions_latest (updated_at, customer_service_session_id),
    -- Desk, list: those of one status, the latest changed first.
    ADD KEY idx_customer_service_sessions_status (status, updated_at, customer_service_session_id),
    -- Desk, list: those of an agent, and those that no agent has, the latest changed first.
    ADD KEY idx_customer_service_sessions_admin (admin_id, updated_at, customer_service_session_id),
    -- Desk, list: all conversations, who has waited longest first; stats: those that began in a time, and what they waited for.
    ADD KEY idx_customer_service_sessions_began (created_at, customer_service_session_id, first_response_at, accepted_at),
    -- Desk, list: those of one status, who has waited longest first.
    ADD KEY idx_customer_service_sessions_status_began (status, created_at, customer_service_session_id),
    -- Desk, list: those of an agent, and those that no agent has, who has waited longest first.
    ADD KEY idx_customer_service_sessions_admin_began (admin_id, created_at, customer_service_session_id),
    -- Stats: those that were closed in a time, and what was said of them.
    ADD KEY idx_customer_service_sessions_closed (closed_at, satisfaction_score);
