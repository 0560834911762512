-- Guesses, counted for all processes of the origin. A row is made for whatever someone tries, so that
-- the table does not say which accounts there are; account names are in it as hashes alone.
CREATE TABLE login_attempts (
    -- What is counted: an address, an account, an account from an address, a proven device…
    attempt_key VARCHAR(64) NOT NULL PRIMARY KEY,
    -- Tries that failed, less those that time has forgotten by `counted_at`.
    failures    INT NOT NULL,
    counted_at  DATETIME(3) NOT NULL,
    -- Tries whose outcome is open; past `open_until` nobody will tell it, and they count as failed.
    open_tries  INT NOT NULL,
    open_until  DATETIME(3) NULL,
    -- Nobody tries before this.
    wait_until  DATETIME(3) NULL,
    -- The `wait_until` that the audit log has been told of, so that it is told of each wait once.
    noted_until DATETIME(3) NULL,
    -- From here on the row says nothing that no row would not say.
    expires_at  DATETIME(3) NOT NULL,
    -- The clean-up.
    KEY idx_login_attempts_expires (expires_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- What WeChat said to a code, kept for a minute, so that a code posted twice is one answer.
CREATE TABLE wechat_codes (
    -- SHA-256 of the code, in base64url.
    code_hash     VARCHAR(64) NOT NULL PRIMARY KEY,
    -- Hash of what the first caller was known by; the answer is for nobody else.
    bound_to      VARCHAR(64) NOT NULL,
    -- Who asks WeChat, and until when the others wait for that.
    claimant      VARCHAR(64) NOT NULL,
    claimed_until DATETIME(3) NOT NULL,
    -- WeChat may have been asked before the claimant asks.
    was_asked     TINYINT(1) NOT NULL,
    openid        VARCHAR(64) NULL,
    refusal       ENUM('invalid','blocked','lost') NULL,
    expires_at    DATETIME(3) NOT NULL,
    -- The clean-up.
    KEY idx_wechat_codes_expires (expires_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
