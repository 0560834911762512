//! Which migrations an adopted database counts as having.

use sqlx::{
    Connection as _, MySqlConnection,
    migrate::{Migrate, MigrateError},
    mysql::MySqlDatabaseError,
};

use crate::store::schema::{MYSQL_MIGRATIONS, TABLE};

/// From here on a file is one statement.
const FIRST_OF_ONE_STATEMENT: i64 = 13;
/// What a server says to a statement that it has done before: a table, column, key or trigger that is there, or a
/// key that is gone.
const DONE_BEFORE: [u16; 5] = [1050, 1060, 1061, 1091, 1359];

/// How many migrations for MySQL this program has.
pub fn count() -> usize {
    MYSQL_MIGRATIONS.iter().count()
}

/// Marks migrations as done, all of them or none.
///
/// # Errors
/// The database's.
pub async fn mark(c: &mut MySqlConnection, versions: &[i64]) -> Result<(), MigrateError> {
    c.ensure_migrations_table(TABLE).await?;
    let mut tx = c.begin().await?;
    for migration in MYSQL_MIGRATIONS.iter().filter(|one| versions.contains(&one.version)) {
        // Of a start of `origin serve` that failed at the old back end's tables, a row is there.
        sqlx::query(
            "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
             VALUES (?, ?, TRUE, ?, 0) ON DUPLICATE KEY UPDATE success = TRUE",
        )
        .bind(migration.version)
        .bind(&*migration.description)
        .bind(&*migration.checksum)
        .execute(&mut *tx)
        .await?;
    }
    Ok(tx.commit().await?)
}

/// Finishes a migration that a process began and was killed in: of one statement, the server has done all or
/// nothing.
///
/// # Errors
/// The database's.
pub async fn settle(c: &mut MySqlConnection) -> Result<(), MigrateError> {
    let Some(version) = c.dirty_version(TABLE).await? else { return Ok(()) };
    let known = MYSQL_MIGRATIONS.iter().find(|one| one.version == version);
    let Some(migration) = known.filter(|_| version >= FIRST_OF_ONE_STATEMENT) else {
        return Err(MigrateError::Dirty(version));
    };
    if let Err(error) = sqlx::raw_sql(migration.sql.clone()).execute(&mut *c).await {
        let code = error
            .as_database_error()
            .and_then(|error| error.try_downcast_ref::<MySqlDatabaseError>())
            .map(MySqlDatabaseError::number);
        if !code.is_some_and(|code| DONE_BEFORE.contains(&code)) {
            return Err(MigrateError::ExecuteMigration(error, version));
        }
    }
    sqlx::query("UPDATE _sqlx_migrations SET success = TRUE WHERE version = ?")
        .bind(version)
        .execute(c)
        .await?;
    Ok(())
}
