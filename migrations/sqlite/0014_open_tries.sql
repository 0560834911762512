-- Of each try whose outcome is open, when it is given up and counts as failed, as a list; null for none.
ALTER TABLE login_attempts ADD COLUMN open_ends TEXT NULL;
ALTER TABLE login_attempts DROP COLUMN open_tries;
ALTER TABLE login_attempts DROP COLUMN open_until;
