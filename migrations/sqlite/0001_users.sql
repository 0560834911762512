CREATE TABLE users (
    user_id       INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    mobile        TEXT NULL,
    email         TEXT NULL,
    wechat_openid TEXT NULL,
    nickname      TEXT NOT NULL,
    password_hash TEXT NULL,
    status        TEXT NOT NULL DEFAULT 'active' CHECK (status IN ('active','inactive','banned')),
    role          TEXT NOT NULL DEFAULT 'user' CHECK (role IN ('user','agent','admin')),
    is_vip        BOOLEAN NOT NULL DEFAULT FALSE,
    created_at    DATETIME NOT NULL,
    updated_at    DATETIME NOT NULL
);
-- Log-in looks a user up by one of these.
CREATE UNIQUE INDEX uq_users_mobile ON users (mobile);
CREATE UNIQUE INDEX uq_users_email ON users (email);
CREATE UNIQUE INDEX uq_users_wechat_openid ON users (wechat_openid);
