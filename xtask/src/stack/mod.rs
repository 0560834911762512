//! Origin and edge as child processes, for `cargo xtask dev` and the end-to-end tests alike.

mod edge;
mod origin;
mod port;
mod server;

pub(crate) use edge::WRANGLER_OFFLINE;
pub use edge::{Edge, EdgeOptions};
pub use origin::{Origin, OriginOptions};
pub use port::{check_free, free_port};
pub use server::Log;
pub(crate) use server::Server;

/// The pages that may call, as origins of browsers: where Vite serves a front end that is worked on.
pub const WEB_ORIGINS: &str = "http://localhost:5173,http://127.0.0.1:5173";
