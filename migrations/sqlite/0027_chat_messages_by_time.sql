-- Overview: how many messages were written in each of some stretches of time.
CREATE INDEX idx_chat_messages_created ON chat_messages (created_at);
