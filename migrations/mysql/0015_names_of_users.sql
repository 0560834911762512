ALTER TABLE users
    -- Desk, list: users whose name begins so.
    ADD KEY idx_users_nickname (nickname);
