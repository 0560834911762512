CREATE TABLE customer_service_sessions (
    customer_service_session_id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    user_id            INT NOT NULL,
    admin_id           INT NULL,
    status             ENUM('waiting','assigned','active','closed') NOT NULL,
    source             VARCHAR(32) NOT NULL,
    priority           INT NOT NULL DEFAULT 0,
    is_active_session  TINYINT(1) NOT NULL DEFAULT 1,
    last_message_at    DATETIME(3) NULL,
    first_response_at  DATETIME(3) NULL,
    closed_at          DATETIME(3) NULL,
    close_reason       VARCHAR(500) NULL,
    satisfaction_score INT NULL,
    -- The newest message's seq: the next one is taken under a lock on this row, so that there is no gap.
    last_seq           BIGINT NOT NULL DEFAULT 0,
    created_at         DATETIME(3) NOT NULL,
    updated_at         DATETIME(3) NOT NULL,
    -- The user while the conversation is open: the unique key on it is what keeps a user at one.
    open_user_id       INT GENERATED ALWAYS AS (CASE WHEN status = 'closed' THEN NULL ELSE user_id END) VIRTUAL,
    UNIQUE KEY uq_customer_service_sessions_open_user_id (open_user_id),
    -- A user's conversations, newest first.
    KEY idx_customer_service_sessions_user (user_id, updated_at, customer_service_session_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE chat_messages (
    chat_message_id    BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    customer_service_session_id BIGINT NOT NULL,
    -- Place in the conversation, gapless from 1.
    seq                BIGINT NOT NULL,
    sender_id          INT NULL,
    sender_type        ENUM('user','admin') NOT NULL,
    message_source     ENUM('user_client','admin_client','system') NOT NULL,
    content            TEXT NOT NULL,
    message_type       ENUM('text','image','system') NOT NULL,
    status             ENUM('sending','sent','delivered','read') NOT NULL,
    reply_to_id        BIGINT NULL,
    temp_message_id    VARCHAR(64) NULL,
    metadata           JSON NULL,
    created_at         DATETIME(3) NOT NULL,
    updated_at         DATETIME(3) NOT NULL,
    -- History in order; the last message of a conversation.
    UNIQUE KEY uq_chat_messages_seq (customer_service_session_id, seq),
    -- A message that is sent twice is stored once.
    UNIQUE KEY uq_chat_messages_temp_message_id (customer_service_session_id, sender_id, temp_message_id),
    -- How many messages of the other side are unread.
    KEY idx_chat_messages_unread (customer_service_session_id, sender_type, status),
    CONSTRAINT fk_chat_messages_conversation FOREIGN KEY (customer_service_session_id)
        REFERENCES customer_service_sessions (customer_service_session_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
