-- What triggers say of each listing that comes, goes, or changes its seller or status, whoever writes it. They only
-- ever add rows, so that no writer waits for another.
CREATE TABLE market_listing_count_deltas (
    market_listing_count_delta_id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    seller_user_id                INT NOT NULL,
    status                        ENUM('on_sale','locked','sold','withdrawn','admin_withdrawn') NOT NULL,
    delta                         INT NOT NULL,
    -- A seller's counts.
    KEY idx_market_listing_count_deltas_seller (seller_user_id, status, delta)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
