CREATE TABLE customer_service_sessions (
    customer_service_session_id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    user_id            INTEGER NOT NULL,
    admin_id           INTEGER NULL,
    status             TEXT NOT NULL CHECK (status IN ('waiting','assigned','active','closed')),
    source             TEXT NOT NULL,
    priority           INTEGER NOT NULL DEFAULT 0,
    is_active_session  BOOLEAN NOT NULL DEFAULT TRUE,
    last_message_at    DATETIME NULL,
    first_response_at  DATETIME NULL,
    closed_at          DATETIME NULL,
    close_reason       TEXT NULL,
    satisfaction_score INTEGER NULL,
    -- The newest message's seq: the next one is taken under the write lock, so that there is no gap.
    last_seq           INTEGER NOT NULL DEFAULT 0,
    created_at         DATETIME NOT NULL,
    updated_at         DATETIME NOT NULL,
    -- The user while the conversation is open: the unique key on it is what keeps a user at one.
    open_user_id       INTEGER GENERATED ALWAYS AS (CASE WHEN status = 'closed' THEN NULL ELSE user_id END) VIRTUAL
);
CREATE UNIQUE INDEX uq_customer_service_sessions_open_user_id ON customer_service_sessions (open_user_id);
-- A user's conversations, newest first.
CREATE INDEX idx_customer_service_sessions_user ON customer_service_sessions (user_id, updated_at, customer_service_session_id);

CREATE TABLE chat_messages (
    chat_message_id    INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    customer_service_session_id INTEGER NOT NULL
        REFERENCES customer_service_sessions (customer_service_session_id),
    -- Place in the conversation, gapless from 1.
    seq                INTEGER NOT NULL,
    sender_id          INTEGER NULL,
    sender_type        TEXT NOT NULL CHECK (sender_type IN ('user','admin')),
    message_source     TEXT NOT NULL CHECK (message_source IN ('user_client','admin_client','system')),
    content            TEXT NOT NULL,
    message_type       TEXT NOT NULL CHECK (message_type IN ('text','image','system')),
    status             TEXT NOT NULL CHECK (status IN ('sending','sent','delivered','read')),
    reply_to_id        INTEGER NULL,
    temp_message_id    TEXT NULL,
    metadata           TEXT NULL,
    created_at         DATETIME NOT NULL,
    updated_at         DATETIME NOT NULL
);
-- History in order; the last message of a conversation.
CREATE UNIQUE INDEX uq_chat_messages_seq ON chat_messages (customer_service_session_id, seq);
-- A message that is sent twice is stored once.
CREATE UNIQUE INDEX uq_chat_messages_temp_message_id ON chat_messages (customer_service_session_id, sender_id, temp_message_id);
-- How many messages of the other side are unread.
CREATE INDEX idx_chat_messages_unread ON chat_messages (customer_service_session_id, sender_type, status);
