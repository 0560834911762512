//! A database that goes away for a while.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use sqlx::{Connection as _, Executor as _, SqliteConnection};
use xtask::mysql::Mysql;

use crate::{chat::Proxy, system::System};

/// How the database of a run is stopped.
pub enum Database {
    /// A lock is held that nobody writes past, in this file.
    Locked(String),
    /// The way to it is cut.
    Behind(Proxy),
    /// The server itself is killed, and started again.
    Server(Arc<Mutex<Mysql>>),
}

impl Database {
    /// The way to take away the database of a system, whose server others use, too: on MySQL the origin is
    /// started anew, behind a proxy.
    ///
    /// # Panics
    /// Where the database's URL is none of ours.
    pub async fn of(system: &mut System) -> Self {
        let url = system.database_url().to_owned();
        let Some(rest) = url.strip_prefix("mysql://") else { return Self::Locked(url) };
        let (log_in, place) = rest.rsplit_once('@').expect("a log-in");
        let (server, schema) = place.split_once('/').expect("a schema");
        let proxy = Proxy::open(server).await;
        system.move_database(&format!("mysql://{log_in}@{}/{schema}", proxy.address()));
        Self::Behind(proxy)
    }

    /// Takes it away for so long.
    pub async fn stop_for(&self, time: Duration) {
        match self {
            Self::Locked(url) => {
                let mut connection = SqliteConnection::connect(url).await.expect("a connection");
                connection.execute("PRAGMA busy_timeout = 10000").await.expect("patience");
                connection.execute("BEGIN IMMEDIATE").await.expect("the lock");
                tokio::time::sleep(time).await;
                connection.execute("ROLLBACK").await.expect("the lock is given back");
            }
            Self::Behind(proxy) => {
                proxy.cut();
                tokio::time::sleep(time).await;
                proxy.mend();
            }
            Self::Server(server) => {
                self.with(server, Mysql::kill).await;
                tokio::time::sleep(time).await;
                self.with(server, |server| server.start_again().expect("the server starts")).await;
            }
        }
    }

    async fn with(
        &self,
        server: &Arc<Mutex<Mysql>>,
        act: impl FnOnce(&mut Mysql) + Send + 'static,
    ) {
        let server = Arc::clone(server);
        let done =
            tokio::task::spawn_blocking(move || act(&mut server.lock().expect("nobody else")));
        done.await.expect("it is done");
    }
}
