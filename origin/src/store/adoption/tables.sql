-- Tables of ours as migrations 0005 to 0017 leave them; those after 0017 do to them what they do everywhere.
CREATE TABLE IF NOT EXISTS edge_outbox (
    edge_outbox_id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    kind           ENUM('session_ended','message_stored','security_alert','conversation_updated','messages_marked','chat_message') NOT NULL,
    payload        JSON NOT NULL,
    attempts       INT NOT NULL DEFAULT 0,
    refusals       INT NOT NULL DEFAULT 0,
    available_at   DATETIME(3) NOT NULL,
    dead_at        DATETIME(3) NULL,
    created_at     DATETIME(3) NOT NULL,
    KEY idx_edge_outbox_kind (kind, dead_at, available_at, edge_outbox_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
CREATE TABLE IF NOT EXISTS audit_events (
    audit_event_id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    event          VARCHAR(40) NOT NULL,
    user_id        INT NULL,
    authentication_session_id BIGINT NULL,
    actor_user_id  INT NULL,
    client_ip      VARCHAR(45) NULL,
    request_id     VARCHAR(64) NULL,
    detail         JSON NULL,
    created_at     DATETIME(3) NOT NULL,
    KEY idx_audit_events_user (user_id, created_at, audit_event_id),
    KEY idx_audit_events_created (created_at, audit_event_id),
    KEY idx_audit_events_event (event, created_at, audit_event_id),
    KEY idx_audit_events_user_event (user_id, event, created_at, audit_event_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
CREATE TABLE IF NOT EXISTS refresh_tokens (
    refresh_token_id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    user_id       INT NOT NULL,
    authentication_session_id BIGINT NOT NULL,
    token_hash    VARCHAR(64) NOT NULL,
    family        VARCHAR(64) NOT NULL,
    generation    BIGINT NOT NULL,
    nonce         VARCHAR(64) NOT NULL,
    kid           VARCHAR(64) NOT NULL,
    expires_at    DATETIME(3) NOT NULL,
    used_at       DATETIME(3) NULL,
    retired_at    DATETIME(3) NULL,
    created_at    DATETIME(3) NOT NULL,
    UNIQUE KEY uq_refresh_tokens_token_hash (token_hash),
    UNIQUE KEY uq_refresh_tokens_generation (family, generation),
    KEY idx_refresh_tokens_session (authentication_session_id, retired_at),
    KEY idx_refresh_tokens_expiry (expires_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
CREATE TABLE IF NOT EXISTS login_attempts (
    attempt_key VARCHAR(64) NOT NULL PRIMARY KEY,
    failures    INT NOT NULL,
    counted_at  DATETIME(3) NOT NULL,
    open_tries  INT NOT NULL DEFAULT 0,
    open_until  DATETIME(3) NULL,
    wait_until  DATETIME(3) NULL,
    noted_until DATETIME(3) NULL,
    expires_at  DATETIME(3) NOT NULL,
    open_ends   JSON NULL,
    KEY idx_login_attempts_expires (expires_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
CREATE TABLE IF NOT EXISTS wechat_codes (
    code_hash     VARCHAR(64) NOT NULL PRIMARY KEY,
    bound_to      VARCHAR(64) NOT NULL,
    claimant      VARCHAR(64) NOT NULL,
    claimed_until DATETIME(3) NOT NULL,
    was_asked     TINYINT(1) NOT NULL,
    openid        VARCHAR(64) NULL,
    refusal       ENUM('invalid','blocked','lost') NULL,
    expires_at    DATETIME(3) NOT NULL,
    KEY idx_wechat_codes_expires (expires_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
