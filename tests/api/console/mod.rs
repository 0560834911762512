mod audit;
mod configuration;
mod customer_service;
mod customer_service_stats;
mod deactivate;
mod deactivate_user;
mod door;
mod inspect_token;
mod marketplace;
mod overview;
mod search;
mod timeline;
mod users;

use origin::store::DbZone;
use shared::time::Timestamp;
use sqlx::{Connection as _, MySqlConnection, SqliteConnection};
use tests::TestApp;

/// Ends a session as the old back end did, which left neither reason nor `ended_at`.
async fn end_as_of_old(app: &TestApp, id: i64, at: Timestamp) {
    const SQL: &str = "UPDATE authentication_sessions SET is_active = 0, updated_at = ?
         WHERE authentication_session_id = ?";
    let at = DbZone::UTC.write(at);
    let url = &app.database.url;
    if url.starts_with("sqlite") {
        let mut connection = SqliteConnection::connect(url).await.unwrap();
        sqlx::query(SQL).bind(at).bind(id).execute(&mut connection).await.unwrap();
    } else {
        let mut connection = MySqlConnection::connect(url).await.unwrap();
        sqlx::query(SQL).bind(at).bind(id).execute(&mut connection).await.unwrap();
    }
}
