ALTER TABLE authentication_sessions
    -- Clean-up: sessions that ended long ago. The last change of a row that is not live is its end, which
    -- rows of the old back end say in no other way.
    ADD KEY idx_authentication_sessions_ended (is_active, updated_at);
