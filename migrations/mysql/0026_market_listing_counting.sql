-- One row: whether the counts can be believed, and the lock of whoever sums them up. Set `ready_at` to NULL, and all
-- listings are counted anew; until then they are counted where they are asked for.
CREATE TABLE market_listing_counting (
    market_listing_counting_id INT NOT NULL PRIMARY KEY,
    ready_at                   DATETIME(3) NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
