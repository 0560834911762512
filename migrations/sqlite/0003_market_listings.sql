CREATE TABLE market_listings (
    market_listing_id         INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    listing_kind              TEXT NOT NULL CHECK (listing_kind IN ('item_instance','fungible_asset')),
    seller_user_id            INTEGER NOT NULL,
    offer_item_instance_id    INTEGER NULL,
    offer_item_template_id    INTEGER NULL,
    offer_item_category_code  TEXT NULL,
    offer_item_rarity         TEXT NULL,
    offer_item_display_name   TEXT NULL,
    offer_asset_group_code    TEXT NULL,
    offer_asset_code          TEXT NULL,
    offer_asset_display_name  TEXT NULL,
    offer_amount              INTEGER NULL,
    price_asset_code          TEXT NOT NULL DEFAULT 'DIAMOND',
    price_amount              INTEGER NOT NULL,
    status                    TEXT NOT NULL CHECK (status IN ('on_sale','locked','sold','withdrawn','admin_withdrawn')),
    created_at                DATETIME NOT NULL,
    updated_at                DATETIME NOT NULL
);
-- my-listings of one status, newest first; and the counts by status.
CREATE INDEX idx_market_listings_seller_status ON market_listings (seller_user_id, status, created_at, market_listing_id);
-- my-listings of every status, newest first.
CREATE INDEX idx_market_listings_seller ON market_listings (seller_user_id, created_at, market_listing_id);
