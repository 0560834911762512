//! The whole way: real sockets to the real edge in workerd, a real origin process, both databases.

mod alerts;
mod auth_paths;
mod bad_input;
mod browser;
mod chat;
mod chat_away;
mod chat_events;
mod chat_failed;
mod chat_hostile;
mod chat_loss;
mod chat_strangers;
mod dead_tokens;
mod gateway;
mod hostile_tokens;
mod incident;
mod keys;
mod kv;
mod listings;
mod operator;
mod outages;
mod refresh;
mod revocations;
mod session_life;
mod stand_in;
mod two_origins;
