ALTER TABLE login_attempts
    -- Of each try whose outcome is open, when it is given up and counts as failed, as a list; null for none.
    ADD COLUMN open_ends JSON NULL,
    DROP COLUMN open_tries,
    DROP COLUMN open_until;
