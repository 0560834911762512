//! The only SQL: a file a table, each query written once for MySQL and SQLite.

pub mod adoption;
pub mod attempts;
pub mod audit;
pub mod bulk;
pub mod conversations;
pub mod counted;
pub mod db;
mod delete;
pub mod listing_counts;
pub mod listings;
pub mod messages;
pub mod outbox;
pub mod points;
pub mod refresh_tokens;
pub mod schema;
pub mod server;
pub mod sessions;
pub mod slice;
pub mod statement;
pub mod users;
pub mod wechat_codes;

pub use db::{Conn, Db, DbZone, Tx};
