-- Desk, list: users whose name begins so.
CREATE INDEX idx_users_nickname ON users (nickname);
