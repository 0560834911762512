-- Overview: how many messages were written in each of some stretches of time. Readers and writers go on meanwhile.
ALTER TABLE chat_messages
    ADD KEY idx_chat_messages_created (created_at),
    ALGORITHM=INPLACE, LOCK=NONE;
