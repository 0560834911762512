CREATE TABLE market_listings (
    market_listing_id         BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    listing_kind              ENUM('item_instance','fungible_asset') NOT NULL,
    seller_user_id            INT NOT NULL,
    offer_item_instance_id    BIGINT NULL,
    offer_item_template_id    BIGINT NULL,
    offer_item_category_code  VARCHAR(50) NULL,
    offer_item_rarity         VARCHAR(50) NULL,
    offer_item_display_name   VARCHAR(200) NULL,
    offer_asset_group_code    VARCHAR(50) NULL,
    offer_asset_code          VARCHAR(50) NULL,
    offer_asset_display_name  VARCHAR(100) NULL,
    offer_amount              BIGINT NULL,
    price_asset_code          VARCHAR(50) NOT NULL DEFAULT 'DIAMOND',
    price_amount              BIGINT NOT NULL,
    status                    ENUM('on_sale','locked','sold','withdrawn','admin_withdrawn') NOT NULL,
    created_at                DATETIME(3) NOT NULL,
    updated_at                DATETIME(3) NOT NULL,
    -- my-listings of one status, newest first; and the counts by status.
    KEY idx_market_listings_seller_status (seller_user_id, status, created_at, market_listing_id),
    -- my-listings of every status, newest first.
    KEY idx_market_listings_seller (seller_user_id, created_at, market_listing_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
