-- Console, users: those of a role, the newest first; whether there is another admin.
CREATE INDEX idx_users_role ON users (role, user_id);
-- Console, users: those of a status, the newest first.
CREATE INDEX idx_users_status ON users (status, user_id);
