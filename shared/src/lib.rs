//! What edge and origin must agree on: wire types, error codes and pure rules.
//!
//! Nothing here does I/O, reads a clock or draws a random number.

pub mod assertion;
pub mod audit;
pub mod chat;
pub mod digest;
pub mod envelope;
pub mod error;
pub mod internal;
pub mod listing;
pub mod page;
pub mod risk;
pub mod route;
pub mod seal;
pub mod session;
pub mod socket_io;
pub mod time;
pub mod token;
pub mod user;
pub mod web_origin;
mod wire_enum;
