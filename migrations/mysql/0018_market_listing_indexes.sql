-- Lists of listings at ten million rows. Each index ends in what clients filter by, so that a filter is judged in
-- the index and rows are read only for the page that is shown. The table stays open to readers and writers meanwhile.
ALTER TABLE market_listings
    -- Browse, newest and oldest; console, of one status; what is of one status, counted.
    ADD KEY idx_market_listings_status (status, created_at, market_listing_id, listing_kind, offer_item_rarity, offer_item_category_code, offer_asset_code, price_asset_code, price_amount),
    -- Browse, cheapest and dearest, of any or of a range of prices.
    ADD KEY idx_market_listings_price (status, price_amount, market_listing_id, listing_kind, offer_item_rarity, offer_item_category_code, offer_asset_code, price_asset_code),
    -- Console, of any seller and any status, by time.
    ADD KEY idx_market_listings_created (created_at, market_listing_id),
    ALGORITHM=INPLACE, LOCK=NONE;
