//! The project's own commands, and the pieces of them that the end-to-end tests share.
//!
//! `cargo xtask dev` runs edge and origin, `cargo xtask test` runs every check, `cargo xtask soak` puts chat to
//! the test at its whole size, `cargo xtask fuzz-api` holds the API against its document, `cargo xtask bench` measures
//! it beside what it is to beat, `cargo xtask build-edge` builds what is deployed, `cargo xtask build-console` the pages
//! that the origin has within it.

mod apt;
pub mod bench;
mod browser;
mod build;
mod cache;
mod console;
pub mod dev;
#[cfg(test)]
mod documents;
pub mod fuzz_api;
mod hash;
mod http;
mod interrupt;
mod lock;
pub mod mysql;
mod npm;
mod private_file;
mod process;
mod progress;
pub mod secrets;
pub mod soak;
mod source;
pub mod stack;
pub mod suite;
mod tools;
mod wasm;
mod workspace;

pub use build::{Variant, build_edge, edge_dir};
pub use console::{build_console, console_dir};
pub use npm::{console_tests, node, socketio_tests, typescript_client};
pub use progress::{say, say_error};
pub use workspace::{origin_binary, workspace_root};
