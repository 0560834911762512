-- How many listings of each status a seller has, as far as it is summed up: what is true is this and the deltas that
-- wait. The seller 0 is the whole table. Means nothing until `market_listing_counting` says that it is ready.
CREATE TABLE market_listing_counts (
    seller_user_id INT NOT NULL,
    status         ENUM('on_sale','locked','sold','withdrawn','admin_withdrawn') NOT NULL,
    listings       BIGINT NOT NULL,
    -- A seller's counts.
    PRIMARY KEY (seller_user_id, status)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
