-- How many messages of the other side are unread; marks: those that are not so far, up to a message.
CREATE INDEX idx_chat_messages_side ON chat_messages (customer_service_session_id, sender_type, status, seq);
DROP INDEX idx_chat_messages_unread;
