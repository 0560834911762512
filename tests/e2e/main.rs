//! The whole way: real sockets to the real edge in workerd, a real origin process, both databases.

mod alerts;
mod bad_input;
mod browser;
mod chat;
mod dead_tokens;
mod incident;
mod kv;
mod listings;
mod operator;
mod outages;
mod refresh;
