-- Messages are told in a new shape, under a new word. Rows of the old word are left to the older program, which
-- may be running still: this one takes none of them, and none is removed.
ALTER TABLE edge_outbox
    MODIFY COLUMN kind ENUM('session_ended','message_stored','security_alert','conversation_updated','messages_marked','chat_message') NOT NULL;
