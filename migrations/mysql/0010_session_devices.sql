-- Which device a log-in came from, by its user agent, and where from; and how suspicious it was.
ALTER TABLE authentication_sessions
    ADD COLUMN browser         VARCHAR(50) NULL,
    ADD COLUMN browser_version VARCHAR(32) NULL,
    ADD COLUMN os              VARCHAR(50) NULL,
    ADD COLUMN os_version      VARCHAR(32) NULL,
    ADD COLUMN latitude        DOUBLE NULL,
    ADD COLUMN longitude       DOUBLE NULL,
    ADD COLUMN risk_score      SMALLINT NOT NULL DEFAULT 0,
    ADD COLUMN risk_causes     JSON NULL,
    -- The log-in that device, place and risk are of: the newest one, which may have renewed the
    -- session. NULL in rows of before: theirs is `created_at`.
    ADD COLUMN logged_in_at    DATETIME(3) NULL,
    -- Log-in: the sessions of a user's latest log-ins, which it is compared with.
    ADD KEY idx_authentication_sessions_history (user_id, logged_in_at, authentication_session_id);

ALTER TABLE edge_outbox
    MODIFY COLUMN kind ENUM('session_ended','message_stored','security_alert') NOT NULL;
