//! A database a test.

use std::sync::atomic::{AtomicU32, Ordering};

use origin::store::{Db, DbZone};
use sqlx::{Connection as _, Executor as _, MySqlConnection, SqliteConnection};
use tempfile::TempDir;

use crate::template;

/// Connections of a test's pool.
const POOL: u32 = 8;

/// The kinds of databases that everything runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    /// A file of its own.
    Sqlite,
    /// A schema of its own on the server of `TEST_MYSQL_URL`.
    MySql,
}

/// A database that exists for one test.
pub struct TestDatabase {
    /// How to reach it.
    pub url: String,
    home: Home,
}

enum Home {
    Folder(
        #[expect(dead_code, reason = "held so that the folder stays until the test ends")] TempDir,
    ),
    Schema {
        server: String,
        name: String,
    },
}

impl TestDatabase {
    /// An empty database.
    pub async fn create(backend: Backend) -> Self {
        match backend {
            Backend::Sqlite => {
                let folder = tempfile::tempdir().expect("a temporary folder");
                let url = format!("sqlite://{}", folder.path().join("test.db").display());
                Self { url, home: Home::Folder(folder) }
            }
            Backend::MySql => Self::create_at(&server_url()).await,
        }
    }

    /// A database that is up to date.
    pub async fn current(backend: Backend) -> Self {
        let database = Self::create(backend).await;
        if let Home::Schema { server, .. } = &database.home {
            let mut connection = connect(&database.url).await;
            let statements = template::mysql(server).await;
            sqlx::raw_sql(statements).execute(&mut connection).await.expect("a schema");
        } else {
            let path = database.url.trim_start_matches("sqlite://");
            tokio::fs::write(path, template::sqlite().await).await.expect("a database file");
        }
        database
    }

    /// A schema of its own on this server.
    pub async fn create_at(server: &str) -> Self {
        let name = unique_schema();
        let mut connection = connect(server).await;
        // No collation is named: tables must not depend on a server's or schema's default.
        connection
            .execute(sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}")))
            .await
            .expect("may create schemas");
        let url = format!("{server}/{name}");
        Self { url, home: Home::Schema { server: server.to_owned(), name } }
    }

    /// A pool of its own on this database, as each origin process has one.
    pub async fn connect(&self) -> Db {
        self.connect_in(DbZone::UTC).await
    }

    /// The same for a database whose columns hold the time of another zone.
    pub async fn connect_in(&self, zone: DbZone) -> Db {
        let db = Db::connect(&self.url, zone, POOL).await.expect("the test database answers");
        db.migrate().await.expect("migrations apply");
        db
    }

    /// Runs a statement on a connection of its own.
    pub async fn execute(&self, statement: &str) {
        let statement = sqlx::AssertSqlSafe(statement.to_owned());
        if self.url.starts_with("sqlite:") {
            let mut connection = SqliteConnection::connect(&self.url).await.expect("a connection");
            connection.execute(statement).await.expect("a statement");
        } else {
            let mut connection = MySqlConnection::connect(&self.url).await.expect("a connection");
            connection.execute(statement).await.expect("a statement");
        }
    }

    /// The one column of text that a query reads.
    pub async fn texts(&self, query: &str) -> Vec<String> {
        let query = sqlx::AssertSqlSafe(query.to_owned());
        let texts = if self.url.starts_with("sqlite:") {
            let mut connection = SqliteConnection::connect(&self.url).await.expect("a connection");
            sqlx::query_scalar(query).fetch_all(&mut connection).await
        } else {
            let mut connection = MySqlConnection::connect(&self.url).await.expect("a connection");
            sqlx::query_scalar(query).fetch_all(&mut connection).await
        };
        texts.expect("rows")
    }

    /// Whether it is of a MariaDB server, whose optimizer goes its own ways.
    pub async fn is_mariadb(&self) -> bool {
        !self.url.starts_with("sqlite:")
            && self.texts("SELECT VERSION()").await.iter().any(|text| text.contains("MariaDB"))
    }

    /// Removes the schema; a folder goes by itself.
    pub async fn remove(&self) {
        if let Home::Schema { server, name } = &self.home {
            let mut connection = connect(server).await;
            connection
                .execute(sqlx::AssertSqlSafe(format!("DROP DATABASE {name}")))
                .await
                .expect("may drop schemas");
        }
    }
}

fn server_url() -> String {
    std::env::var("TEST_MYSQL_URL")
        .expect("TEST_MYSQL_URL is not set: run `cargo xtask test`, which brings up a server, or set it to one")
        .trim_end_matches('/')
        .to_owned()
}

async fn connect(server: &str) -> MySqlConnection {
    MySqlConnection::connect(server).await.expect("the database server answers")
}

fn unique_schema() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("drawbridge_test_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}
