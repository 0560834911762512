-- The old back end's tables, as its ORM made them.
CREATE TABLE users (
    user_id       INT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    mobile        VARCHAR(20) DEFAULT NULL,
    email         VARCHAR(254) DEFAULT NULL,
    wechat_openid VARCHAR(64) DEFAULT NULL,
    nickname      VARCHAR(50) NOT NULL,
    password_hash VARCHAR(255) DEFAULT NULL,
    status        ENUM('active','inactive','banned') NOT NULL DEFAULT 'active',
    role          ENUM('user','agent','admin') NOT NULL DEFAULT 'user',
    is_vip        TINYINT(1) NOT NULL DEFAULT 0,
    points        INT NOT NULL DEFAULT 0,
    created_at    DATETIME NOT NULL,
    updated_at    DATETIME NOT NULL,
    UNIQUE KEY mobile (mobile),
    UNIQUE KEY mobile_2 (mobile),
    UNIQUE KEY email (email),
    UNIQUE KEY wechat_openid (wechat_openid)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
CREATE TABLE authentication_sessions (
    authentication_session_id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    session_token VARCHAR(255) NOT NULL,
    user_type     ENUM('user','admin') NOT NULL,
    user_id       INT NOT NULL,
    is_active     TINYINT(1) NOT NULL DEFAULT 1,
    expires_at    DATETIME NOT NULL,
    last_activity DATETIME NOT NULL,
    login_ip      VARCHAR(45) DEFAULT NULL,
    created_at    DATETIME NOT NULL,
    updated_at    DATETIME NOT NULL,
    UNIQUE KEY session_token (session_token),
    KEY idx_user_sessions_user_active (user_type, user_id, is_active)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
CREATE TABLE market_listings (
    market_listing_id        BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    listing_kind             ENUM('item_instance','fungible_asset') NOT NULL,
    seller_user_id           INT NOT NULL,
    offer_item_instance_id   BIGINT DEFAULT NULL,
    offer_item_template_id   BIGINT DEFAULT NULL,
    offer_item_category_code VARCHAR(50) DEFAULT NULL,
    offer_item_rarity        VARCHAR(50) DEFAULT NULL,
    offer_item_display_name  VARCHAR(200) DEFAULT NULL,
    offer_asset_group_code   VARCHAR(50) DEFAULT NULL,
    offer_asset_code         VARCHAR(50) DEFAULT NULL,
    offer_asset_display_name VARCHAR(100) DEFAULT NULL,
    offer_amount             BIGINT DEFAULT NULL,
    price_asset_code         VARCHAR(50) NOT NULL DEFAULT 'DIAMOND',
    price_amount             BIGINT NOT NULL,
    status                   ENUM('on_sale','locked','sold','withdrawn','admin_withdrawn') NOT NULL DEFAULT 'on_sale',
    created_at               DATETIME NOT NULL,
    updated_at               DATETIME NOT NULL,
    KEY idx_seller (seller_user_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
CREATE TABLE customer_service_sessions (
    customer_service_session_id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    user_id            INT NOT NULL,
    admin_id           INT DEFAULT NULL,
    status             ENUM('waiting','assigned','active','closed') NOT NULL DEFAULT 'waiting',
    source             VARCHAR(32) NOT NULL DEFAULT 'mobile',
    priority           INT NOT NULL DEFAULT 1,
    is_active_session  TINYINT(1) NOT NULL DEFAULT 1,
    last_message_at    DATETIME DEFAULT NULL,
    first_response_at  DATETIME DEFAULT NULL,
    closed_at          DATETIME DEFAULT NULL,
    close_reason       VARCHAR(500) DEFAULT NULL,
    satisfaction_score INT DEFAULT NULL,
    created_at         DATETIME NOT NULL,
    updated_at         DATETIME NOT NULL,
    KEY user_id (user_id),
    CONSTRAINT customer_service_sessions_ibfk_1 FOREIGN KEY (user_id) REFERENCES users (user_id) ON UPDATE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
-- Somebody once had the server itself keep `updated_at`.
CREATE TABLE chat_messages (
    chat_message_id             BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    customer_service_session_id BIGINT NOT NULL,
    sender_id                   INT DEFAULT NULL,
    sender_type                 ENUM('user','admin') NOT NULL,
    message_source              ENUM('user_client','admin_client','system') NOT NULL,
    content                     TEXT NOT NULL,
    message_type                ENUM('text','image','system') NOT NULL DEFAULT 'text',
    status                      ENUM('sending','sent','delivered','read') NOT NULL DEFAULT 'sent',
    reply_to_id                 BIGINT DEFAULT NULL,
    temp_message_id             VARCHAR(64) DEFAULT NULL,
    metadata                    JSON DEFAULT NULL,
    created_at                  DATETIME NOT NULL,
    updated_at                  DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
    KEY customer_service_session_id (customer_service_session_id),
    CONSTRAINT chat_messages_ibfk_1 FOREIGN KEY (customer_service_session_id)
        REFERENCES customer_service_sessions (customer_service_session_id) ON DELETE CASCADE ON UPDATE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
