ALTER TABLE users
    -- Console, users: those of a role, the newest first; whether there is another admin.
    ADD KEY idx_users_role (role, user_id),
    -- Console, users: those of a status, the newest first.
    ADD KEY idx_users_status (status, user_id);
