//! The command line: real processes on both databases, what they write and how they end.

mod cleanup;
mod failures;
mod help;
mod keys;
mod migrate;
mod seed;
mod sessions;
mod shell;
mod users;
