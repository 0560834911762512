use clap::Args;

use super::{ConfigError, http_url};

/// What the console's pages are told.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Console")]
pub struct ConsoleArgs {
    /// Base URL of the edge as browsers reach it, which the console's pages open sockets at; `EDGE_URL`
    /// where it is not set
    #[arg(long, env = "EDGE_PUBLIC_URL")]
    pub edge_public_url: Option<String>,

    /// Has the console show a page to look into the system with, at /debug
    #[arg(long, env = "DEBUG_PAGE")]
    pub debug_page: bool,
}

/// What the console's pages are told; checked.
#[derive(Clone, Debug)]
pub struct Console {
    /// Base URL of the edge as browsers reach it, without a slash at its end.
    pub edge_public_url: String,
    /// Whether the console shows a page to look into the system with.
    pub debug_page: bool,
}

impl ConsoleArgs {
    pub(super) fn check(self, edge_url: &str) -> Result<Console, ConfigError> {
        const CURE: &str =
            "Set it to the base URL of the edge for browsers, such as https://api.example.com";
        let edge_public_url = match self.edge_public_url.filter(|url| !url.trim().is_empty()) {
            Some(url) => http_url("EDGE_PUBLIC_URL", &url, CURE)?,
            None => edge_url.to_owned(),
        };
        Ok(Console { edge_public_url, debug_page: self.debug_page })
    }
}
