-- Where another program shares the table (docs/adopting.md), a user may have several conversations open that it
-- opened: one at most is the promise of this program alone. There the default is 0, which that program's rows get.
ALTER TABLE customer_service_sessions
    ADD COLUMN opened_here TINYINT(1) NOT NULL DEFAULT 1;
