//! What an error of the database says of whose fault it is.

/// Whether this is what a unique key says to the second of two.
#[must_use]
pub fn is_unique_violation(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(sqlx::error::DatabaseError::is_unique_violation)
}

/// Whether the database will never take what was to be written: another try says the same.
#[must_use]
pub fn is_of_the_data(error: &sqlx::Error) -> bool {
    // MySQL: SQLSTATE class 22, data exception. SQLite: TOOBIG, CONSTRAINT and MISMATCH.
    error.as_database_error().and_then(sqlx::error::DatabaseError::code).is_some_and(|code| {
        let sqlite =
            code.len() != 5 && code.parse().is_ok_and(|n: i32| (18..=20).contains(&(n & 0xff)));
        sqlite || (code.len() == 5 && code.starts_with("22"))
    })
}

/// Whether the server ended a statement because it took too long.
#[must_use]
pub fn is_over_time(error: &sqlx::Error) -> bool {
    // ER_QUERY_TIMEOUT of MySQL, ER_STATEMENT_TIMEOUT of MariaDB.
    mysql_number(error).is_some_and(|number| matches!(number, 3024 | 1969))
}

/// Whether it is a state of the machines, worth coming back for, and no fault of ours.
#[must_use]
pub fn is_unavailable(error: &sqlx::Error) -> bool {
    use sqlx::Error::{Io, PoolClosed, PoolTimedOut, WorkerCrashed};
    matches!(error, PoolTimedOut | PoolClosed | Io(_) | WorkerCrashed)
        || is_over_time(error)
        || is_worth_retrying(error)
        // Too many connections, a server that goes down or ends our connection, one that only reads.
        || mysql_number(error).is_some_and(|number| {
            matches!(number, 1040 | 1053 | 1077 | 1079 | 1203 | 1226 | 1290 | 1836 | 1927 | 4031)
        })
}

fn mysql_number(error: &sqlx::Error) -> Option<u16> {
    let error = error.as_database_error()?;
    error.try_downcast_ref().map(sqlx::mysql::MySqlDatabaseError::number)
}

/// Whether the same work may well succeed when it is done again: it lost a dead-lock or waited too
/// long for a lock.
pub(super) fn is_worth_retrying(error: &sqlx::Error) -> bool {
    if let Some(number) = mysql_number(error) {
        // ER_LOCK_WAIT_TIMEOUT, ER_LOCK_DEADLOCK, and MariaDB's ER_CHECKREAD.
        return matches!(number, 1205 | 1213 | 1020);
    }
    let Some(error) = error.as_database_error() else {
        return false;
    };
    // SQLITE_BUSY and SQLITE_LOCKED, whatever their extension.
    error
        .code()
        .and_then(|code| code.parse::<i32>().ok())
        .is_some_and(|code| matches!(code & 0xff, 5 | 6))
}
