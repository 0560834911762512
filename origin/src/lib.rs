//! The origin: owns the database and answers session, listing and chat queries, for the edge and
//! for admin tools directly.

pub mod audit;
pub mod background;
pub mod chat;
pub mod clock;
pub mod command;
pub mod config;
pub mod document;
pub mod edge_client;
pub mod error;
mod extract;
mod http;
pub mod inspection;
pub mod keys;
pub mod listings;
pub mod metrics;
pub mod password;
pub mod router;
pub mod seed;
pub mod server;
pub mod sessions;
pub mod state;
pub mod store;
pub mod users;
pub mod wechat;

pub use extract::guard;
