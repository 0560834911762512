-- Clean-up: sessions that ended long ago. The last change of a row that is not live is its end, which
-- rows of the old back end say in no other way.
CREATE INDEX idx_authentication_sessions_ended ON authentication_sessions (is_active, updated_at);
