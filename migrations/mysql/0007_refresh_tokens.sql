-- What access tokens are renewed with. A token itself is never stored, nor anything that makes one without it.
CREATE TABLE refresh_tokens (
    refresh_token_id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    user_id       INT NOT NULL,
    authentication_session_id BIGINT NOT NULL,
    -- SHA-256 of the token, in hexadecimal.
    token_hash    VARCHAR(64) NOT NULL,
    -- All that descend from one log-in, and how far down: of a generation there is one.
    family        VARCHAR(64) NOT NULL,
    generation    BIGINT NOT NULL,
    -- What the token was derived with, so that who asks again gets the same; of generation 0, nothing.
    nonce         VARCHAR(64) NOT NULL,
    kid           VARCHAR(64) NOT NULL,
    expires_at    DATETIME(3) NOT NULL,
    used_at       DATETIME(3) NULL,
    -- Set when a log-in from the same device began another family: this one is over, and no theft.
    retired_at    DATETIME(3) NULL,
    created_at    DATETIME(3) NOT NULL,
    -- Refresh: the token that was sent.
    UNIQUE KEY uq_refresh_tokens_token_hash (token_hash),
    -- Refresh: the newest of a family; and of two that rotate at once, one.
    UNIQUE KEY uq_refresh_tokens_generation (family, generation),
    -- Log-in: the families of a session that it retires.
    KEY idx_refresh_tokens_session (authentication_session_id, retired_at),
    -- Clean-up: tokens that are long past.
    KEY idx_refresh_tokens_expiry (expires_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
