-- Whether this program opened the conversation; see the same file for MySQL.
ALTER TABLE customer_service_sessions
    ADD COLUMN opened_here BOOLEAN NOT NULL DEFAULT 1;
