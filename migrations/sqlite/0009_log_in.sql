-- Guesses, counted for all processes of the origin. A row is made for whatever someone tries, so that
-- the table does not say which accounts there are; account names are in it as hashes alone.
CREATE TABLE login_attempts (
    -- What is counted: an address, an account, an account from an address, a proven device…
    attempt_key TEXT PRIMARY KEY NOT NULL,
    -- Tries that failed, less those that time has forgotten by `counted_at`.
    failures    INTEGER NOT NULL,
    counted_at  DATETIME NOT NULL,
    -- Tries whose outcome is open; past `open_until` nobody will tell it, and they count as failed.
    open_tries  INTEGER NOT NULL,
    open_until  DATETIME NULL,
    -- Nobody tries before this.
    wait_until  DATETIME NULL,
    -- The `wait_until` that the audit log has been told of, so that it is told of each wait once.
    noted_until DATETIME NULL,
    -- From here on the row says nothing that no row would not say.
    expires_at  DATETIME NOT NULL
);
-- The clean-up.
CREATE INDEX idx_login_attempts_expires ON login_attempts (expires_at);

-- What WeChat said to a code, kept for a minute, so that a code posted twice is one answer.
CREATE TABLE wechat_codes (
    -- SHA-256 of the code, in base64url.
    code_hash     TEXT PRIMARY KEY NOT NULL,
    -- Hash of what the first caller was known by; the answer is for nobody else.
    bound_to      TEXT NOT NULL,
    -- Who asks WeChat, and until when the others wait for that.
    claimant      TEXT NOT NULL,
    claimed_until DATETIME NOT NULL,
    -- WeChat may have been asked before the claimant asks.
    was_asked     BOOLEAN NOT NULL,
    openid        TEXT NULL,
    refusal       TEXT NULL CHECK (refusal IN ('invalid','blocked','lost')),
    expires_at    DATETIME NOT NULL
);
-- The clean-up.
CREATE INDEX idx_wechat_codes_expires ON wechat_codes (expires_at);
