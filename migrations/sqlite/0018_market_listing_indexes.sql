-- Lists of listings at ten million rows. Each index ends in what clients filter by, so that a filter is judged in
-- the index and rows are read only for the page that is shown.
-- Browse, newest and oldest; console, of one status; what is of one status, counted.
CREATE INDEX idx_market_listings_status ON market_listings (status, created_at, market_listing_id, listing_kind, offer_item_rarity, offer_item_category_code, offer_asset_code, price_asset_code, price_amount);
-- Browse, cheapest and dearest, of any or of a range of prices.
CREATE INDEX idx_market_listings_price ON market_listings (status, price_amount, market_listing_id, listing_kind, offer_item_rarity, offer_item_category_code, offer_asset_code, price_asset_code);
-- Console, of any seller and any status, by time.
CREATE INDEX idx_market_listings_created ON market_listings (created_at, market_listing_id);
