//! What steps need, made when the first of them asks, once.

use std::cell::OnceCell;

use anyhow::{Result, anyhow};

use crate::{
    browser,
    build::{EdgeTools, edge_tools},
    mysql::Mysql,
    npm,
    progress::{say, step},
};

/// What has been made so far.
#[derive(Default)]
pub struct Setup {
    edge_tools: OnceCell<Option<EdgeTools>>,
    mysql: OnceCell<Option<Mysql>>,
    socketio_tests: OnceCell<Option<()>>,
    typescript_client: OnceCell<Option<()>>,
    console_tests: OnceCell<Option<()>>,
}

impl Setup {
    /// npm packages, wasm toolchain and tools.
    pub fn edge_tools(&self) -> Result<&EdgeTools> {
        once(&self.edge_tools, "the edge's tools", edge_tools)
    }

    /// The clients and servers of Socket.IO that tests run.
    pub fn socketio_tests(&self) -> Result<()> {
        once(&self.socketio_tests, "the packages of the tests of Socket.IO", || {
            step("npm packages of the tests of Socket.IO", npm::install_socketio_tests)
        })
        .copied()
    }

    /// What the client in TypeScript is checked and tested with.
    pub fn typescript_client(&self) -> Result<()> {
        once(&self.typescript_client, "the packages of the client in TypeScript", || {
            step("npm packages of the client in TypeScript", || {
                // Node itself is one of the edge's.
                npm::install()?;
                npm::install_typescript_client()
            })
        })
        .copied()
    }

    /// A browser, and what steers it through the console.
    pub fn console_tests(&self) -> Result<()> {
        once(&self.console_tests, "the browser and the packages of the console's tests", || {
            step("browser of the console's tests", browser::ensure)?;
            step("npm packages of the console's tests", npm::install_console_tests)
        })
        .copied()
    }

    /// A database server.
    pub fn mysql(&self) -> Result<&Mysql> {
        once(&self.mysql, "the database server", || {
            let mysql = step("database server", Mysql::start)?;
            say(format!("  {}", mysql.version()));
            Ok(mysql)
        })
    }
}

/// The first who asks is told why it failed; the others, that it did.
fn once<'cell, T>(
    cell: &'cell OnceCell<Option<T>>,
    name: &str,
    make: impl FnOnce() -> Result<T>,
) -> Result<&'cell T> {
    if cell.get().is_none() {
        let outcome = make();
        if let Err(error) = outcome {
            let _ = cell.set(None);
            return Err(error);
        }
        let _ = cell.set(outcome.ok());
    }
    cell.get()
        .and_then(Option::as_ref)
        .ok_or_else(|| anyhow!("{name} could not be made, as said above: this step cannot run"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_told_in_full_once_and_is_not_tried_again() {
        let cell = OnceCell::<Option<u8>>::new();
        let first = once(&cell, "it", || Err(anyhow!("the reason"))).unwrap_err();
        assert_eq!(first.to_string(), "the reason");
        let second = once(&cell, "it", || Ok(1)).unwrap_err();
        assert!(second.to_string().contains("it could not be made"));
    }
}
