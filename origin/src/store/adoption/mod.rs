//! Brings the database of an old back end to our schema while that goes on using it: columns, keys and tables are
//! added, nothing is removed, and no column that was there is written to. Each step is looked for before it is
//! done: what broke off goes on where it was.

mod migrations;
mod places;
mod plan;
mod survey;
mod target;

use std::time::Duration;

pub use places::{MAX_PLACED, place, with_unplaced};
use plan::Act;
pub use plan::{Plan, Step};
use sqlx::{AssertSqlSafe, Connection as _, MySqlConnection, mysql::MySqlDatabaseError};

use self::target::DONE_HERE;
use super::db::Db;

/// Conversations whose messages get their places in one transaction.
const CONVERSATIONS: u32 = 20;
/// The staff's sessions of one statement.
const SESSIONS: u32 = 1_000;
/// How often a change of a table is tried that other transactions keep from beginning.
const TRIES: u32 = 60;
/// Between two tries.
const PAUSE: Duration = Duration::from_secs(1);
/// `ER_ALTER_OPERATION_NOT_SUPPORTED` and the same with a reason.
const CANNOT: [u16; 2] = [1845, 1846];
/// `ER_LOCK_WAIT_TIMEOUT`.
const BUSY: u16 = 1205;

/// What kept an adoption from being done.
#[derive(Debug, thiserror::Error)]
pub enum NotAdopted {
    /// The database is none that can be adopted.
    #[error("only a MySQL or MariaDB database can be adopted")]
    NotMySql,
    /// Another adoption is under way.
    #[error(
        "another adoption of this database is under way, or the server is still at the last step of one that was killed: wait, and run this again"
    )]
    UnderWay,
    /// Something must be settled first.
    #[error("nothing was done; settle this first: {}", .0.join("; "))]
    Conflicts(Vec<String>),
    /// The server can do a step only while writers wait.
    #[error(
        "{0}: this server cannot do it while others write; do it in a quiet hour with --allow-blocking"
    )]
    Blocking(String),
    /// Other transactions kept a step from beginning.
    #[error("{0}: other transactions held the table for too long; run this again")]
    Held(String),
    /// The database's.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    /// A migration failed.
    #[error(transparent)]
    Migration(#[from] sqlx::migrate::MigrateError),
}

/// What would be done; changes nothing.
///
/// # Errors
/// The database's, or that it is not MySQL's.
pub async fn check(db: &Db) -> Result<Plan, NotAdopted> {
    let mut handle = db.acquire().await?;
    Ok(Plan::make(places::mysql(handle.conn()).map_err(|_| NotAdopted::NotMySql)?).await?)
}

/// Whether an old back end has made this database, and no adoption has been finished.
///
/// # Errors
/// The database's.
pub async fn is_due(db: &Db) -> sqlx::Result<bool> {
    let mut handle = db.acquire().await?;
    let Ok(c) = places::mysql(handle.conn()) else { return Ok(false) };
    sqlx::query_scalar(
        "SELECT COUNT(*) = 1 AND MIN(table_name) = 'users' FROM information_schema.tables
         WHERE table_schema = DATABASE() AND table_name IN ('users', '_sqlx_migrations')",
    )
    .fetch_one(c)
    .await
    .map(|is_due: Option<i64>| is_due == Some(1))
}

/// Does what [`check`] says, and tells `progress` after each step and batch. With `allow_blocking`, what the server
/// cannot do beside writers is done while they wait.
///
/// # Errors
/// What [`NotAdopted`] says; what was done until then stays done, and another call goes on from there.
pub async fn adopt(
    db: &Db,
    allow_blocking: bool,
    mut progress: impl FnMut(&str) + Send,
) -> Result<Plan, NotAdopted> {
    let mut handle = db.acquire().await?;
    let c = places::mysql(handle.conn()).map_err(|_| NotAdopted::NotMySql)?;
    let name = "SELECT GET_LOCK(CONCAT('drawbridge adopt ', LEFT(DATABASE(), 40)), 0)";
    if sqlx::query_scalar::<_, Option<i64>>(name).fetch_one(&mut *c).await? != Some(1) {
        return Err(NotAdopted::UnderWay);
    }
    // A change of a table that waits makes all wait that come after it.
    sqlx::query("SET SESSION lock_wait_timeout = 3").execute(&mut *c).await?;
    let plan = Plan::make(c).await?;
    if !plan.conflicts.is_empty() {
        return Err(NotAdopted::Conflicts(plan.conflicts));
    }
    for step in &plan.steps {
        match &step.act {
            Act::Alter { table, clause } => alter(c, step, table, clause, allow_blocking).await?,
            Act::Create(statement) => {
                sqlx::raw_sql(AssertSqlSafe(statement.clone())).execute(&mut *c).await?;
            }
            Act::Place => place_all(c, &mut progress).await?,
            Act::StaffSessions => staff_sessions(c).await?,
            Act::Migrate => {
                migrations::mark(c, &DONE_HERE).await?;
                migrations::settle(c).await?;
                db.migrate().await?;
            }
        }
        progress(&step.what);
    }
    sqlx::query("SELECT RELEASE_LOCK(CONCAT('drawbridge adopt ', LEFT(DATABASE(), 40)))")
        .execute(c)
        .await?;
    Ok(plan)
}

/// Changes a table in the gentlest way that the server can.
async fn alter(
    c: &mut MySqlConnection,
    step: &Step,
    table: &str,
    clause: &str,
    allow_blocking: bool,
) -> Result<(), NotAdopted> {
    let gentle: &[&str] = if clause.contains(" KEY ") {
        &[", ALGORITHM=INPLACE, LOCK=NONE"]
    } else {
        &[", ALGORITHM=INSTANT", ", ALGORITHM=INPLACE, LOCK=NONE"]
    };
    let harsh: &[&str] =
        if allow_blocking { &[", ALGORITHM=INPLACE, LOCK=SHARED", ""] } else { &[] };
    'ways: for way in gentle.iter().chain(harsh) {
        for _ in 0..TRIES {
            let statement = AssertSqlSafe(format!("ALTER TABLE {table} {clause}{way}"));
            match sqlx::raw_sql(statement).execute(&mut *c).await {
                Ok(_) => return Ok(()),
                Err(error) if CANNOT.contains(&number(&error)) => continue 'ways,
                Err(error) if number(&error) == BUSY => tokio::time::sleep(PAUSE).await,
                Err(error) => return Err(error.into()),
            }
        }
        return Err(NotAdopted::Held(step.what.clone()));
    }
    Err(NotAdopted::Blocking(step.what.clone()))
}

fn number(error: &sqlx::Error) -> u16 {
    let error = error.as_database_error();
    error
        .and_then(|error| error.try_downcast_ref::<MySqlDatabaseError>())
        .map_or(0, MySqlDatabaseError::number)
}

async fn place_all(
    c: &mut MySqlConnection,
    progress: &mut (impl FnMut(&str) + Send),
) -> Result<(), NotAdopted> {
    let (mut after, mut total) = (0, 0);
    loop {
        let conversations = places::next_unplaced(c, after, CONVERSATIONS).await?;
        let Some(last) = conversations.last() else { return Ok(()) };
        after = *last;
        loop {
            let mut tx = c.begin().await?;
            places::lock(&mut tx, &conversations).await?;
            let placed = places::place_on(&mut tx, &conversations).await?;
            tx.commit().await?;
            if placed == 0 {
                break;
            }
            total += placed;
            progress(&format!("chat_messages: {total} have their seq, up to conversation {after}"));
        }
    }
}

/// In batches, so that none of them holds many rows.
async fn staff_sessions(c: &mut MySqlConnection) -> sqlx::Result<()> {
    loop {
        let changed = sqlx::query(
            "UPDATE authentication_sessions SET client_type = 'web', updated_at = updated_at
             WHERE is_active = 1 AND user_type = 'admin' AND client_type = 'mini_program' AND logged_in_at IS NULL
             LIMIT ?",
        )
        .bind(SESSIONS)
        .execute(&mut *c)
        .await?
        .rows_affected();
        if changed < u64::from(SESSIONS) {
            return Ok(());
        }
    }
}
