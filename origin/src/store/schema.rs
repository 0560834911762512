//! The schema: which migrations this program has, and which of them the database has.

use serde::Serialize;
use sqlx::migrate::{AppliedMigration, Migrate, MigrateError, Migrator};

use super::db::{Db, Pool};

pub(super) static MYSQL_MIGRATIONS: Migrator = sqlx::migrate!("../migrations/mysql");
static SQLITE_MIGRATIONS: Migrator = sqlx::migrate!("../migrations/sqlite");

/// Where sqlx keeps which migrations a database has.
pub(super) const TABLE: &str = "_sqlx_migrations";

/// A migration, as its file is named.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Migration {
    /// The number that its file begins with.
    pub version: i64,
    /// The words after it.
    pub description: String,
}

/// How the database's schema stands to this program's migrations.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Schema {
    /// Whether there is nothing to do, and nothing in the way.
    pub is_current: bool,
    /// Migrations that the database has.
    pub applied: Vec<Migration>,
    /// Those that it lacks.
    pub missing: Vec<Migration>,
    /// Those that it has in another text than this program does.
    pub changed: Vec<Migration>,
    /// Numbers that it has and this program does not know: a newer one was here.
    pub unknown: Vec<i64>,
    /// A migration that was begun and not finished, and which a person has to look at.
    pub unfinished: Option<i64>,
}

impl Db {
    /// Brings the schema up to date; several processes may do so at once.
    ///
    /// # Errors
    /// Where a migration fails, or the database has one that this program does not know.
    pub async fn migrate(&self) -> Result<(), MigrateError> {
        match &self.pool {
            Pool::MySql(pool) => MYSQL_MIGRATIONS.run(pool.behind()).await,
            Pool::Sqlite(pool) => SQLITE_MIGRATIONS.run(pool.behind()).await,
        }
    }

    /// Whether every migration of this program has been applied.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn is_current(&self) -> Result<bool, MigrateError> {
        Ok(self.schema().await?.missing.is_empty())
    }

    /// How the database stands to this program's migrations; changes nothing.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn schema(&self) -> Result<Schema, MigrateError> {
        match &self.pool {
            Pool::MySql(pool) => schema(&mut *pool.take().await?, &MYSQL_MIGRATIONS).await,
            Pool::Sqlite(pool) => schema(&mut *pool.take().await?, &SQLITE_MIGRATIONS).await,
        }
    }
}

async fn schema(connection: &mut impl Migrate, known: &Migrator) -> Result<Schema, MigrateError> {
    let applied = if_there(connection.list_applied_migrations(TABLE).await)?;
    let unfinished = if_there(connection.dirty_version(TABLE).await)?;
    let of = |version: i64| applied.iter().find(|one: &&AppliedMigration| one.version == version);
    let named = |wanted: &dyn Fn(&sqlx::migrate::Migration) -> bool| {
        let named = known.iter().filter(|one| wanted(one));
        let named = named.map(|one| Migration {
            version: one.version,
            description: one.description.to_string(),
        });
        named.collect::<Vec<_>>()
    };
    let missing = named(&|one| of(one.version).is_none());
    let changed =
        named(&|one| of(one.version).is_some_and(|applied| applied.checksum != one.checksum));
    let unknown = applied.iter().map(|one| one.version);
    let unknown: Vec<_> = unknown.filter(|version| !known.version_exists(*version)).collect();
    let is_current = unfinished.is_none()
        && [missing.len(), changed.len(), unknown.len()].iter().all(|count| *count == 0);
    let applied = named(&|one| of(one.version).is_some());
    Ok(Schema { is_current, applied, missing, changed, unknown, unfinished })
}

/// Of a database that nobody has migrated yet, nothing.
fn if_there<T: Default>(read: Result<T, MigrateError>) -> Result<T, MigrateError> {
    match read {
        Err(MigrateError::Execute(error)) if is_no_table(&error) => Ok(T::default()),
        read => read,
    }
}

fn is_no_table(error: &sqlx::Error) -> bool {
    let Some(error) = error.as_database_error() else { return false };
    match error.try_downcast_ref::<sqlx::mysql::MySqlDatabaseError>() {
        // ER_NO_SUCH_TABLE.
        Some(mysql) => mysql.number() == 1146,
        // SQLite has no code of its own for it.
        None => error.message().starts_with("no such table"),
    }
}
