CREATE TABLE authentication_sessions (
    authentication_session_id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    session_token       VARCHAR(255) NOT NULL,
    user_type           ENUM('user','admin') NOT NULL,
    user_id             INT NOT NULL,
    is_active           TINYINT(1) NOT NULL DEFAULT 1,
    expires_at          DATETIME(3) NOT NULL,
    last_activity       DATETIME(3) NOT NULL,
    login_ip            VARCHAR(45) NULL,
    -- Which of a user's sessions a log-in competes with, and how it is recognised as the same device.
    client_type         VARCHAR(20) NOT NULL,
    device_id           VARCHAR(128) NULL,
    -- What a device token names: made here, so that only a device that was given it can prove it.
    device_key          VARCHAR(64) NULL,
    device_name         VARCHAR(100) NULL,
    device_type         VARCHAR(32) NULL,
    user_agent          VARCHAR(512) NULL,
    country             VARCHAR(2) NULL,
    city                VARCHAR(100) NULL,
    -- The newest access token's id; finds it in the logs, decides nothing.
    current_jti         VARCHAR(64) NULL,
    -- Why the session is dead, which its client is told; who ended it, which its user is shown.
    end_reason          ENUM('EXPIRED','IDLE','REPLACED','DEACTIVATED','REVOKED','LOGGED_OUT','PASSWORD_CHANGED','REUSE_DETECTED','USER_INACTIVE') NULL,
    ended_at            DATETIME(3) NULL,
    ended_by_session_id BIGINT NULL,
    ended_by_user_id    INT NULL,
    created_at          DATETIME(3) NOT NULL,
    updated_at          DATETIME(3) NOT NULL,
    -- Every request: the session that a token names.
    UNIQUE KEY uq_authentication_sessions_session_token (session_token),
    -- Log-in: the live sessions of a user and client type.
    KEY idx_authentication_sessions_live (user_id, is_active, client_type),
    -- Sweep: live sessions whose absolute or idle end has passed.
    KEY idx_authentication_sessions_expiry (is_active, expires_at),
    KEY idx_authentication_sessions_idle (is_active, last_activity)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
