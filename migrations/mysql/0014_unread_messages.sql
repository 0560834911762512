ALTER TABLE chat_messages
    -- How many messages of the other side are unread; marks: those that are not so far, up to a message.
    ADD KEY idx_chat_messages_side (customer_service_session_id, sender_type, status, seq),
    DROP KEY idx_chat_messages_unread;
