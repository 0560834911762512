ALTER TABLE login_attempts
    -- Of each try whose outcome is open, when it is given up and counts as failed, as a list; null for none.
    ADD COLUMN open_ends JSON NULL,
    -- With `open_until` of the older program alone, which may be running still: this one does not name them.
    MODIFY COLUMN open_tries INT NOT NULL DEFAULT 0;
