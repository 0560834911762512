-- What happened to accounts and sessions and by whom; rows are only ever added.
CREATE TABLE audit_events (
    audit_event_id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    event          VARCHAR(40) NOT NULL,
    user_id        INT NULL,
    authentication_session_id BIGINT NULL,
    actor_user_id  INT NULL,
    client_ip      VARCHAR(45) NULL,
    request_id     VARCHAR(64) NULL,
    detail         JSON NULL,
    created_at     DATETIME(3) NOT NULL,
    -- A user's events in time.
    KEY idx_audit_events_user (user_id, created_at, audit_event_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
