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

/// The pages that may call, as origins of browsers: where Vite serves a front end that is worked on, and the console
/// of the origin at `origin_port`.
pub(crate) fn web_origins(origin_port: &str) -> String {
    let hosts = ["localhost", "127.0.0.1"];
    let at = |port: &str| hosts.map(|host| format!("http://{host}:{port}"));
    [at("5173"), at(origin_port)].concat().join(",")
}
