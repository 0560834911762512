-- One row: whether the counts can be believed, and the lock of whoever sums them up. Set `ready_at` to NULL, and all
-- listings are counted anew; until then they are counted where they are asked for.
CREATE TABLE market_listing_counting (
    market_listing_counting_id INTEGER PRIMARY KEY NOT NULL,
    ready_at                   DATETIME NULL
);
