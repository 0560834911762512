//! The origin's API, through its router, on both databases. The folders are those of the URLs.

mod assertion;
mod auth;
mod bad_input;
mod chat;
mod cleanup;
mod console;
mod console_page;
mod cursors;
mod document;
mod guards;
mod internal;
mod keys;
mod market;
mod metrics;
mod operations;
mod outbox;
mod overload;
mod plans;
mod replica;
mod totals;
mod users;
