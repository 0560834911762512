//! As many rows as are asked for, the same ones each time, to measure with.
//!
//! What row `n` of a table holds is a function of the plan and of `n`. Rows are added in the order of their keys, a
//! transaction after the other, so that what is there of a plan is always its beginning, and can be gone on with.

mod draw;
mod market;
mod people;
mod plan;
mod talk;

use std::time::Duration;

use serde::Serialize;
use shared::{time::Timestamp, user::Role};

pub use plan::{FIRST_KEY, Plan, Sizes};

use crate::{
    clock::Ambient,
    store::{
        self, Db, DbZone,
        bulk::{Cell, Table},
        users::NewUser,
    },
};

/// Rows of a transaction.
const ROWS_A_TRANSACTION: i64 = 20_000;
/// Keys of the demo's people.
const DEMO_USERS: i64 = 100;

/// A table, and what it is filled with.
#[derive(Clone, Copy)]
struct Part {
    table: Table,
    count: fn(&Plan) -> i64,
    row: fn(&Plan, DbZone, i64, &mut Vec<Cell>),
}

/// In this order: what refers to rows comes after them.
const PARTS: [Part; 5] = [
    Part { table: people::USERS, count: people::count_users, row: people::user },
    Part { table: people::SESSIONS, count: people::count_sessions, row: people::session },
    Part { table: market::LISTINGS, count: market::count, row: market::listing },
    Part { table: talk::CONVERSATIONS, count: talk::count_conversations, row: talk::conversation },
    Part { table: talk::MESSAGES, count: talk::count_messages, row: talk::message },
];

/// What to do with what is there already.
#[derive(Clone, Copy, Debug, Default)]
pub struct Leave {
    /// Go on where the same seed stopped.
    pub resume: bool,
    /// Do it even where people's own data is.
    pub beside_other_data: bool,
}

/// What was done to a table.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Filled {
    /// Its name.
    pub table: &'static str,
    /// Rows that are there now.
    pub rows: i64,
    /// Rows that were added.
    pub added: i64,
    /// How long that took.
    pub seconds: f64,
}

/// Why nothing was done, or not all.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// There are users whom no seed has made.
    #[error("the database holds data of its own: {0} users that no seed has made")]
    OtherData(i64),
    /// A seed was here before.
    #[error("the database holds synthetic rows already: {rows} in {table}")]
    Again {
        /// Where.
        table: &'static str,
        /// How many.
        rows: i64,
    },
    /// What is there is not the beginning of this plan.
    #[error(
        "the synthetic rows of {0} are of other sizes, another --random-seed or --until, or were changed since"
    )]
    OtherPlan(&'static str),
    /// The database failed.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// Fills the tables as planned. `progress` hears, for each table and each transaction, how many of how many rows
/// there are.
///
/// # Errors
/// Where something else is there, or the database fails; what was committed until then stays, and can be gone
/// on with.
pub async fn synthetic(
    db: &Db,
    ambient: &Ambient,
    plan: &Plan,
    leave: Leave,
    mut progress: impl FnMut(&'static str, i64, i64),
) -> Result<Vec<Filled>, Refused> {
    if !leave.beside_other_data {
        let others =
            store::users::count_between(db.acquire().await?.conn(), DEMO_USERS, FIRST_KEY).await?;
        if others > 0 {
            return Err(Refused::OtherData(others));
        }
    }
    let mut begun = Vec::new();
    for part in PARTS {
        begun.push(there_is(db, plan, part, leave).await?);
    }
    make_big_seller(db, plan, ambient.now()).await?;
    let mut filled = Vec::new();
    for (part, mut next) in PARTS.into_iter().zip(begun) {
        let (rows, start, before) = ((part.count)(plan), ambient.now(), next);
        while next < rows {
            let end = rows.min(next + ROWS_A_TRANSACTION);
            add(db, plan, part, next, end).await?;
            next = end;
            progress(part.table.name, next, rows);
        }
        let seconds = ambient.now().since(start).as_secs_f64();
        filled.push(Filled { table: part.table.name, rows, added: rows - before, seconds });
    }
    Ok(filled)
}

/// How many rows of a part are there.
async fn there_is(db: &Db, plan: &Plan, part: Part, leave: Leave) -> Result<i64, Refused> {
    let (table, name) = (part.table, part.table.name);
    let mut handle = db.acquire().await?;
    let zone = handle.conn().zone;
    let last = plan::key((part.count)(plan).max(1) - 1);
    let Some(key) = table.last_key(handle.conn(), FIRST_KEY, last).await? else { return Ok(0) };
    let rows = key - FIRST_KEY + 1;
    if !leave.resume {
        return Err(Refused::Again { table: name, rows });
    }
    if (part.count)(plan) == 0 {
        return Err(Refused::OtherPlan(name));
    }
    let mut row = Vec::new();
    (part.row)(plan, zone, rows - 1, &mut row);
    if table.holds(handle.conn(), row).await? { Ok(rows) } else { Err(Refused::OtherPlan(name)) }
}

/// Adds rows `from` to `to - 1` in one transaction, again where it lost a lock.
async fn add(db: &Db, plan: &Plan, part: Part, from: i64, to: i64) -> sqlx::Result<()> {
    let step = i64::try_from(part.table.rows_a_statement()).unwrap_or(1).max(1);
    db.retrying(|| async move {
        let mut tx = db.begin().await?;
        let zone = tx.conn().zone;
        let mut begin = from;
        while begin < to {
            let end = to.min(begin + step);
            let mut cells = Vec::new();
            for n in begin..end {
                (part.row)(plan, zone, n, &mut cells);
            }
            part.table.insert(tx.conn(), cells).await?;
            begin = end;
        }
        tx.commit().await
    })
    .await
}

/// Makes the big seller where there is none.
async fn make_big_seller(db: &Db, plan: &Plan, now: Timestamp) -> sqlx::Result<()> {
    let Some(user_id) = plan.sizes.big_seller else { return Ok(()) };
    let mut tx = db.begin().await?;
    if store::users::find(tx.conn(), user_id).await?.is_none() {
        let user = NewUser {
            user_id: Some(user_id),
            mobile: None,
            email: None,
            nickname: "大卖家",
            password_hash: None,
            role: Role::User,
        };
        store::users::insert(tx.conn(), &user, now).await?;
    }
    tx.commit().await
}

/// The end of a plan that does not say it: the day's beginning, so that it is the same all day.
#[must_use]
pub fn today(now: Timestamp) -> Timestamp {
    const DAY: i64 = 24 * 60 * 60 * 1000;
    now.minus(Duration::from_millis(now.as_millis().rem_euclid(DAY).unsigned_abs()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(sizes: Sizes) -> Plan {
        Plan { sizes, seed: 7, until: Timestamp::from_millis(1_800_000_000_000).unwrap() }
    }

    const SIZES: Sizes = Sizes {
        users: 7,
        sellers: Some(3),
        listings: 1_000,
        big_seller: Some(31),
        big_seller_listings: 137,
        sessions: 40,
        conversations: 11,
        messages: 101,
    };

    fn rows(part: Part, plan: &Plan) -> Vec<Vec<Cell>> {
        let row = |n| {
            let mut cells = Vec::new();
            (part.row)(plan, DbZone::UTC, n, &mut cells);
            cells
        };
        (0..(part.count)(plan)).map(row).collect()
    }

    #[test]
    fn each_row_has_a_value_for_each_column_and_a_key_of_its_own() {
        let plan = plan(SIZES);
        for part in PARTS {
            let rows = rows(part, &plan);
            for (n, row) in (0..).zip(&rows) {
                assert_eq!(row.len(), part.table.columns.len(), "{}", part.table.name);
                assert_eq!(row[0], Cell::Int(FIRST_KEY + n));
            }
            assert_eq!(rows, self::rows(part, &plan), "the same each time");
        }
    }

    #[test]
    fn the_big_seller_has_what_was_asked_for_to_the_row() {
        let rows = rows(PARTS[2], &plan(SIZES));
        let big = rows.iter().filter(|row| row[2] == Cell::Int(31)).count();
        assert_eq!((rows.len(), big), (1_000, 137));
    }

    #[test]
    fn messages_are_gapless_and_conversations_know_their_last() {
        for (conversations, messages) in [(11, 101), (11, 5), (1, 30), (5, 0)] {
            let plan = plan(Sizes { conversations, messages, ..SIZES });
            let mut last: std::collections::BTreeMap<i64, i64> = std::collections::BTreeMap::new();
            for row in rows(PARTS[4], &plan) {
                let (Cell::Int(conversation), Cell::Int(seq)) = (&row[1], &row[2]) else {
                    panic!()
                };
                let before = last.insert(*conversation, *seq).unwrap_or(0);
                assert_eq!(*seq, before + 1);
            }
            for row in rows(PARTS[3], &plan) {
                let (Cell::Int(key), Cell::Int(seq)) = (&row[0], &row[10]) else { panic!() };
                assert_eq!(last.get(key).copied().unwrap_or(0), *seq);
            }
        }
    }

    #[test]
    fn sizes_that_contradict_each_other_are_told() {
        assert!(SIZES.contradiction().is_none());
        for wrong in [
            Sizes { sellers: Some(8), ..SIZES },
            Sizes { big_seller_listings: 1_001, ..SIZES },
            Sizes { conversations: 0, ..SIZES },
        ] {
            assert!(wrong.contradiction().is_some(), "{wrong:?}");
        }
    }
}
