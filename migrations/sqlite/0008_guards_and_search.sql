-- What guards look at beside role and VIP: scopes as OAuth writes them, separated by spaces, and the
-- team that a member of staff is in.
ALTER TABLE users ADD COLUMN scopes TEXT NOT NULL DEFAULT '';
ALTER TABLE users ADD COLUMN team TEXT NULL;

-- Console, search: any sessions, by time.
CREATE INDEX idx_authentication_sessions_created ON authentication_sessions (created_at, authentication_session_id);
-- Console, search and timeline: a user's sessions, by time.
CREATE INDEX idx_authentication_sessions_user ON authentication_sessions (user_id, created_at, authentication_session_id);
-- Console, search: sessions from an address, by time.
CREATE INDEX idx_authentication_sessions_ip ON authentication_sessions (login_ip, created_at, authentication_session_id);
-- Console, search: live sessions, by time.
CREATE INDEX idx_authentication_sessions_open ON authentication_sessions (is_active, created_at, authentication_session_id);
-- Console, search: sessions that ended for a reason, by time.
CREATE INDEX idx_authentication_sessions_reason ON authentication_sessions (end_reason, created_at, authentication_session_id);

-- Console, audit log: all events, by time.
CREATE INDEX idx_audit_events_created ON audit_events (created_at, audit_event_id);
-- Console, audit log: events of a kind, by time.
CREATE INDEX idx_audit_events_event ON audit_events (event, created_at, audit_event_id);
-- Console, audit log: a user's events of a kind, by time.
CREATE INDEX idx_audit_events_user_event ON audit_events (user_id, event, created_at, audit_event_id);
