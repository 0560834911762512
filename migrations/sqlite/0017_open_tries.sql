-- SQLite gives no column a default that is there: login_attempts is made anew.
CREATE TABLE login_attempts_new (
    -- What is counted: an address, an account, an account from an address, a proven device…
    attempt_key TEXT NOT NULL PRIMARY KEY,
    -- Tries that failed, less those that time has forgotten by `counted_at`.
    failures    INTEGER NOT NULL,
    counted_at  DATETIME NOT NULL,
    -- These two are of the older program alone, which may be running still: this one does not name them.
    open_tries  INTEGER NOT NULL DEFAULT 0,
    open_until  DATETIME NULL,
    -- Nobody tries before this.
    wait_until  DATETIME NULL,
    -- The `wait_until` that the audit log has been told of, so that it is told of each wait once.
    noted_until DATETIME NULL,
    -- From here on the row says nothing that no row would not say.
    expires_at  DATETIME NOT NULL,
    -- Of each try whose outcome is open, when it is given up and counts as failed, as a list; null for none.
    open_ends   TEXT NULL
);
INSERT INTO login_attempts_new (attempt_key, failures, counted_at, open_tries, open_until, wait_until, noted_until, expires_at)
    SELECT attempt_key, failures, counted_at, open_tries, open_until, wait_until, noted_until, expires_at FROM login_attempts;
DROP TABLE login_attempts;
ALTER TABLE login_attempts_new RENAME TO login_attempts;
-- The clean-up.
CREATE INDEX idx_login_attempts_expires ON login_attempts (expires_at);
