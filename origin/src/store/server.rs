//! What the database says of itself.

use chrono::{NaiveDateTime, TimeZone as _, Utc};
use serde::Serialize;
use shared::time::Timestamp;
use utoipa::ToSchema;

use super::db::{Conn, Driver};

/// Which database it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DatabaseKind {
    /// A file.
    Sqlite,
    /// A MySQL server.
    Mysql,
    /// A MariaDB server.
    Mariadb,
}

/// What the database says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// Which it is.
    pub kind: DatabaseKind,
    /// Its version, in its own words.
    pub version: String,
    /// What its clock shows; `None` where it has none of its own.
    pub time: Option<Timestamp>,
}

/// Asks the database what it is. The one place where it is asked for the time: to tell whose clock is wrong.
///
/// # Errors
/// The database's.
pub async fn server(conn: Conn<'_>) -> sqlx::Result<Server> {
    match conn.driver {
        Driver::Sqlite(connection) => {
            let version =
                sqlx::query_scalar("SELECT sqlite_version()").fetch_one(connection).await?;
            Ok(Server { kind: DatabaseKind::Sqlite, version, time: None })
        }
        Driver::MySql(connection) => {
            let (version, time): (String, NaiveDateTime) =
                sqlx::query_as("SELECT VERSION(), UTC_TIMESTAMP(3)").fetch_one(connection).await?;
            let is_mariadb = version.contains("MariaDB");
            let kind = if is_mariadb { DatabaseKind::Mariadb } else { DatabaseKind::Mysql };
            Ok(Server { kind, version, time: Some(Timestamp::new(Utc.from_utc_datetime(&time))) })
        }
    }
}
