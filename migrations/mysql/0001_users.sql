-- Binary collation throughout: "Bob" and "bob" differ here as they do on SQLite; what must not
-- differ by case (e-mail) is put into lower case before it is stored.
CREATE TABLE users (
    user_id       INT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    mobile        VARCHAR(20) NULL,
    email         VARCHAR(254) NULL,
    wechat_openid VARCHAR(64) NULL,
    nickname      VARCHAR(50) NOT NULL,
    password_hash VARCHAR(255) NULL,
    status        ENUM('active','inactive','banned') NOT NULL DEFAULT 'active',
    role          ENUM('user','agent','admin') NOT NULL DEFAULT 'user',
    is_vip        TINYINT(1) NOT NULL DEFAULT 0,
    created_at    DATETIME(3) NOT NULL,
    updated_at    DATETIME(3) NOT NULL,
    -- Log-in looks a user up by one of these.
    UNIQUE KEY uq_users_mobile (mobile),
    UNIQUE KEY uq_users_email (email),
    UNIQUE KEY uq_users_wechat_openid (wechat_openid)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
