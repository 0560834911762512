-- What guards look at beside role and VIP: scopes as OAuth writes them, separated by spaces, and the
-- team that a member of staff is in.
ALTER TABLE users
    ADD COLUMN scopes VARCHAR(500) NOT NULL DEFAULT '',
    ADD COLUMN team   VARCHAR(50) NULL;

ALTER TABLE authentication_sessions
    -- Console, search: any sessions, by time.
    ADD KEY idx_authentication_sessions_created (created_at, authentication_session_id),
    -- Console, search and timeline: a user's sessions, by time.
    ADD KEY idx_authentication_sessions_user (user_id, created_at, authentication_session_id),
    -- Console, search: sessions from an address, by time.
    ADD KEY idx_authentication_sessions_ip (login_ip, created_at, authentication_session_id),
    -- Console, search: live sessions, by time.
    ADD KEY idx_authentication_sessions_open (is_active, created_at, authentication_session_id),
    -- Console, search: sessions that ended for a reason, by time.
    ADD KEY idx_authentication_sessions_reason (end_reason, created_at, authentication_session_id);

ALTER TABLE audit_events
    -- Console, audit log: all events, by time.
    ADD KEY idx_audit_events_created (created_at, audit_event_id),
    -- Console, audit log: events of a kind, by time.
    ADD KEY idx_audit_events_event (event, created_at, audit_event_id),
    -- Console, audit log: a user's events of a kind, by time.
    ADD KEY idx_audit_events_user_event (user_id, event, created_at, audit_event_id);
