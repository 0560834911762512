-- What triggers say of each listing that comes, goes, or changes its seller or status, whoever writes it. They only
-- ever add rows, so that no writer waits for another.
CREATE TABLE market_listing_count_deltas (
    market_listing_count_delta_id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    seller_user_id                INTEGER NOT NULL,
    status                        TEXT NOT NULL CHECK (status IN ('on_sale','locked','sold','withdrawn','admin_withdrawn')),
    delta                         INTEGER NOT NULL
);
-- A seller's counts.
CREATE INDEX idx_market_listing_count_deltas_seller ON market_listing_count_deltas (seller_user_id, status, delta);
