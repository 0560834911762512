-- How many listings of each status a seller has, as far as it is summed up: what is true is this and the deltas that
-- wait. The seller 0 is the whole table. Means nothing until `market_listing_counting` says that it is ready.
CREATE TABLE market_listing_counts (
    seller_user_id INTEGER NOT NULL,
    status         TEXT NOT NULL CHECK (status IN ('on_sale','locked','sold','withdrawn','admin_withdrawn')),
    listings       INTEGER NOT NULL,
    -- A seller's counts.
    PRIMARY KEY (seller_user_id, status)
);
