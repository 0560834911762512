mod browse;
mod listing;
mod my_listings;
mod withdraw;

use serde_json::Value;
use tests::TestApp;

/// Adds a listing as another service does; `columns` and `values` beside those that each has.
pub async fn add(
    app: &TestApp,
    seller: i64,
    status: &str,
    minute: i64,
    columns: &str,
    values: &str,
) {
    let at = format!(
        "'2026-02-{:02} {:02}:{:02}:00'",
        10 + minute / 1440,
        minute / 60 % 24,
        minute % 60
    );
    app.database
        .execute(&format!(
            "INSERT INTO market_listings (seller_user_id, status, created_at, updated_at, {columns})
             VALUES ({seller}, '{status}', {at}, {at}, {values})"
        ))
        .await;
}

/// The keys of the listings of a page.
pub fn keys(listings: &[Value]) -> Vec<i64> {
    listings.iter().map(|listing| listing["market_listing_id"].as_i64().unwrap()).collect()
}

/// The listings of an answer.
pub fn listings(data: &Value) -> Vec<Value> {
    data["listings"].as_array().unwrap().clone()
}
