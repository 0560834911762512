//! Counts of listings are what a count would say at the same moment, whoever writes, folds and counts meanwhile.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use futures_util::future::join_all;
use origin::store::{
    Db, DbZone,
    listing_counts::{
        self, COUNT_ALL, COUNT_SELLER, Installed, OF_ALL, OF_SELLER, fold, install, is_ready,
        recount,
    },
};
use shared::listing::{ListingStatus, StatusCounts};
use sqlx::{
    AssertSqlSafe, Connection as _, Executor as _, MySqlConnection, Row as _, SqliteConnection,
};
use tests::{Backend, TestApp, both_databases, dice::Dice, run};

both_databases!(
    a_race_never_shows_a_wrong_count,
    each_way_of_change_is_counted,
    what_was_missed_is_counted_anew,
    whoever_writes_gets_the_key_of_their_own_row,
);

const SELLERS: i64 = 4;
/// Listings that are there before anything counts.
const BEFORE: i64 = 300;
const WRITERS: u64 = 6;
/// Changes that each writer makes.
const CHANGES: u32 = 120;
const FOLDERS: u32 = 3;

/// A connection such as other services have: settings of their own, not the origin's.
enum Line {
    MySql(MySqlConnection),
    Sqlite(SqliteConnection),
}

impl Line {
    async fn open(url: &str) -> Self {
        if url.starts_with("sqlite") {
            let mut line = SqliteConnection::connect(url).await.unwrap();
            line.execute("PRAGMA busy_timeout = 60000").await.unwrap();
            Self::Sqlite(line)
        } else {
            Self::MySql(MySqlConnection::connect(url).await.unwrap())
        }
    }

    async fn execute(&mut self, sql: &str) -> Result<u64, sqlx::Error> {
        let sql = AssertSqlSafe(sql.to_owned());
        match self {
            Self::MySql(line) => line.execute(sql).await.map(|done| done.rows_affected()),
            Self::Sqlite(line) => line.execute(sql).await.map(|done| done.rows_affected()),
        }
    }

    /// Each status with its count, in the order of their names, without those of 0.
    async fn counts(&mut self, sql: &str, seller: i64) -> Vec<(String, i64)> {
        let sql = AssertSqlSafe(sql.replace('?', &seller.to_string()));
        let mut counts: Vec<(String, i64)> = match self {
            Self::MySql(line) => {
                let rows = line.fetch_all(sql).await.unwrap();
                rows.iter().map(|row| (row.get("status"), row.get("listings"))).collect()
            }
            Self::Sqlite(line) => {
                let rows = line.fetch_all(sql).await.unwrap();
                rows.iter().map(|row| (row.get("status"), row.get("listings"))).collect()
            }
        };
        counts.sort_unstable();
        counts
    }
}

fn present(counts: &[(String, i64)]) -> Vec<(String, i64)> {
    counts.iter().filter(|(_, count)| *count != 0).cloned().collect()
}

fn insert(seller: i64, status: ListingStatus) -> String {
    let at = "'2026-02-28 16:00:00.000'";
    format!(
        "INSERT INTO market_listings (listing_kind, seller_user_id, price_amount, status, created_at, updated_at)
         VALUES ('fungible_asset', {seller}, 7, '{status}', {at}, {at})"
    )
}

async fn fill(line: &mut Line) {
    for n in 0..BEFORE {
        let status = ListingStatus::ALL[usize::try_from(n % 5).unwrap()];
        line.execute(&insert(n % SELLERS + 1, status)).await.unwrap();
    }
}

async fn write(url: &str, seed: u64) {
    let mut line = Line::open(url).await;
    let mut dice = Dice::new(seed);
    for _ in 0..CHANGES {
        let key = dice.within(0..u64::try_from(BEFORE).unwrap()) + 1;
        let seller = i64::try_from(dice.within(0..4)).unwrap() + 1;
        let status = ListingStatus::ALL[usize::try_from(dice.within(0..5)).unwrap()];
        let change = match dice.within(0..10) {
            0 | 1 => insert(seller, status),
            2 => format!("DELETE FROM market_listings WHERE market_listing_id = {key}"),
            3 => format!(
                "UPDATE market_listings SET seller_user_id = {seller} WHERE market_listing_id = {key}"
            ),
            4 => format!(
                "UPDATE market_listings SET price_amount = {key} WHERE market_listing_id = {key}"
            ),
            _ => format!(
                "UPDATE market_listings SET status = '{status}' WHERE market_listing_id = {key}"
            ),
        };
        // One in three is part of a transaction, and half of those come to nothing.
        let kind = dice.within(0..6);
        if kind < 2 {
            line.execute(if matches!(line, Line::MySql(_)) { "BEGIN" } else { "BEGIN IMMEDIATE" })
                .await
                .unwrap();
        }
        line.execute(&change).await.unwrap();
        if kind < 2 {
            tokio::time::sleep(Duration::from_millis(1)).await;
            line.execute(if kind == 0 { "COMMIT" } else { "ROLLBACK" }).await.unwrap();
        }
    }
}

/// Compares what is kept with what is counted, in one snapshot; how often the counts were ready.
async fn watch(url: &str, over: &AtomicBool) -> u32 {
    let mut line = Line::open(url).await;
    let mut ready = 0;
    let mut looks = 0;
    while looks < 10 || !over.load(Ordering::SeqCst) {
        looks += 1;
        let begin = match line {
            Line::MySql(_) => "START TRANSACTION WITH CONSISTENT SNAPSHOT",
            Line::Sqlite(_) => "BEGIN",
        };
        line.execute(begin).await.unwrap();
        let kept = line.counts(OF_ALL, 0).await;
        if !kept.is_empty() {
            ready += 1;
            let counted = line.counts(COUNT_ALL, 0).await;
            assert_eq!(present(&kept), counted, "of all");
            for seller in 1..=SELLERS {
                let kept = line.counts(OF_SELLER, seller).await;
                let counted = line.counts(COUNT_SELLER, seller).await;
                assert_eq!(present(&kept), counted, "of seller {seller}");
            }
        }
        line.execute("COMMIT").await.unwrap();
        tokio::task::yield_now().await;
    }
    ready
}

async fn a_race_never_shows_a_wrong_count(app: TestApp) {
    let url = app.database.url.as_str();
    let now = app.app.ambient.now();
    fill(&mut Line::open(url).await).await;
    let over = AtomicBool::new(false);
    let mut processes = Vec::new();
    for _ in 0..FOLDERS {
        processes.push(app.second_process().await);
    }
    let writers = async {
        join_all((0..WRITERS).map(|seed| write(url, seed))).await;
        over.store(true, Ordering::SeqCst);
    };
    let folders = join_all(processes.iter().map(|process| async {
        let db = &process.app.db;
        // All begin by making triggers, while others write.
        let installed = db.retrying(|| install(db, now)).await.unwrap();
        assert!(matches!(installed, Installed::Ready | Installed::Counting), "{installed:?}");
        while !over.load(Ordering::SeqCst) {
            db.retrying(|| fold(db, 7)).await.unwrap();
            tokio::task::yield_now().await;
        }
    }));
    let recounter = async {
        let mut line = Line::open(url).await;
        // Counting is for those who have seen the triggers.
        app.app.db.retrying(|| install(&app.app.db, now)).await.unwrap();
        for _ in 0..5 {
            tokio::time::sleep(Duration::from_millis(50)).await;
            line.execute("UPDATE market_listing_counting SET ready_at = NULL").await.unwrap();
            app.app.db.retrying(|| recount(&app.app.db, now)).await.unwrap();
        }
    };
    let (.., seen, also) =
        tokio::join!(writers, folders, recounter, watch(url, &over), watch(url, &over));
    assert!(seen + also > 0, "counts were ready while somebody wrote");

    // At the end, exactly; and all that was noted can be folded away.
    let db = &app.app.db;
    db.retrying(|| install(db, now)).await.unwrap();
    while fold(db, 100).await.unwrap() > 0 {}
    let rest = "SELECT CAST(COUNT(*) AS CHAR) FROM market_listing_count_deltas";
    assert_eq!(app.database.texts(rest).await, ["0"]);
    assert!(watch(url, &over).await >= 10);
}

async fn of_seller(app: &TestApp, seller: i64) -> StatusCounts {
    let mut handle = app.app.db.acquire().await.unwrap();
    listing_counts::of_seller(handle.conn(), seller).await.unwrap()
}

async fn of_all(app: &TestApp) -> Option<StatusCounts> {
    let mut handle = app.app.db.acquire().await.unwrap();
    listing_counts::of_all(handle.conn()).await.unwrap()
}

async fn each_way_of_change_is_counted(app: TestApp) {
    let mut line = Line::open(&app.database.url).await;
    let on_sale = |on_sale| StatusCounts { on_sale, ..StatusCounts::default() };
    for _ in 0..4 {
        line.execute(&insert(1, ListingStatus::OnSale)).await.unwrap();
    }
    // Before anything is kept, they are counted where they are.
    assert_eq!((of_seller(&app, 1).await, of_all(&app).await), (on_sale(4), None));
    let installed = install(&app.app.db, app.app.ambient.now()).await.unwrap();
    assert!(matches!(installed, Installed::Ready), "{installed:?}");
    assert_eq!((of_seller(&app, 1).await, of_all(&app).await), (on_sale(4), Some(on_sale(4))));
    for (change, rows, of_one, of_two) in [
        ("UPDATE market_listings SET status = 'sold'", 4, [0, 4], [0, 0]),
        (
            "UPDATE market_listings SET seller_user_id = 2 WHERE market_listing_id < 3",
            2,
            [0, 2],
            [0, 2],
        ),
        (
            "UPDATE market_listings SET seller_user_id = 1, status = 'on_sale' WHERE market_listing_id = 1",
            1,
            [1, 2],
            [0, 1],
        ),
        ("DELETE FROM market_listings WHERE market_listing_id > 2", 2, [1, 0], [0, 1]),
        ("UPDATE market_listings SET price_amount = 9", 2, [1, 0], [0, 1]),
    ] {
        assert_eq!(line.execute(change).await.unwrap(), rows, "{change}");
        for fold_first in [false, true] {
            if fold_first {
                while fold(&app.app.db, 2).await.unwrap() > 0 {}
            }
            let both = (of_seller(&app, 1).await, of_seller(&app, 2).await);
            let counts = |[on_sale, sold]: [i64; 2]| StatusCounts {
                on_sale,
                sold,
                ..StatusCounts::default()
            };
            assert_eq!(both, (counts(of_one), counts(of_two)), "{change}");
            let all = counts([of_one[0] + of_two[0], of_one[1] + of_two[1]]);
            assert_eq!(of_all(&app).await, Some(all), "{change}");
        }
    }
    // Who has none has zeroes, as ever.
    assert_eq!(of_seller(&app, 3).await, StatusCounts::default());
}

async fn what_was_missed_is_counted_anew(app: TestApp) {
    let (db, now) = (&app.app.db, app.app.ambient.now());
    let mut line = Line::open(&app.database.url).await;
    line.execute(&insert(1, ListingStatus::OnSale)).await.unwrap();
    install(db, now).await.unwrap();
    for lost in ["insert", "update", "delete"] {
        line.execute(&format!("DROP TRIGGER market_listings_counted_on_{lost}")).await.unwrap();
        line.execute(&insert(1, ListingStatus::OnSale)).await.unwrap();
        line.execute("UPDATE market_listings SET status = 'locked' WHERE market_listing_id = 1")
            .await
            .unwrap();
        line.execute("UPDATE market_listings SET status = 'on_sale' WHERE market_listing_id = 1")
            .await
            .unwrap();
        line.execute("DELETE FROM market_listings WHERE market_listing_id = 2").await.unwrap();
        assert!(matches!(install(db, now).await.unwrap(), Installed::Ready), "{lost}");
        let counted = line.counts(COUNT_SELLER, 1).await;
        assert_eq!(present(&line.counts(OF_SELLER, 1).await), counted, "{lost}");
        assert_eq!(present(&line.counts(OF_ALL, 0).await), counted, "{lost}");
    }
}

async fn whoever_writes_gets_the_key_of_their_own_row(app: TestApp) {
    install(&app.app.db, app.app.ambient.now()).await.unwrap();
    let url = &app.database.url;
    for expected in 1..=3 {
        let sql = AssertSqlSafe(insert(1, ListingStatus::OnSale));
        let key = if url.starts_with("sqlite") {
            let mut line = SqliteConnection::connect(url).await.unwrap();
            // Keys of deltas are elsewhere by now.
            line.execute("UPDATE market_listings SET status = 'sold'").await.unwrap();
            line.execute(sql).await.unwrap().last_insert_rowid()
        } else {
            let mut line = MySqlConnection::connect(url).await.unwrap();
            line.execute("UPDATE market_listings SET status = 'sold'").await.unwrap();
            i64::try_from(line.execute(sql).await.unwrap().last_insert_id()).unwrap()
        };
        assert_eq!(key, expected);
    }
}

#[tokio::test]
async fn an_open_transaction_holds_up_nobody() {
    run(Backend::MySql, |app: TestApp| async move {
        let (db, now, url) = (&app.app.db, app.app.ambient.now(), &app.database.url);
        fill(&mut Line::open(url).await).await;
        install(db, now).await.unwrap();
        let mut open = Line::open(url).await;
        open.execute("BEGIN").await.unwrap();
        open.execute("UPDATE market_listings SET status = 'sold' WHERE seller_user_id = 1 AND market_listing_id < 99")
            .await
            .unwrap();
        open.execute(&insert(1, ListingStatus::OnSale)).await.unwrap();
        let mut other = Line::open(url).await;
        other.execute("SET innodb_lock_wait_timeout = 1").await.unwrap();
        for step in 0..3 {
            other.execute(&insert(1, ListingStatus::OnSale)).await.unwrap();
            let same_seller = "UPDATE market_listings SET status = 'locked' WHERE market_listing_id = 201";
            other.execute(same_seller).await.unwrap();
            other.execute("UPDATE market_listings SET status = 'sold' WHERE market_listing_id = 201").await.unwrap();
            match step {
                0 => assert!(fold(db, 1000).await.unwrap() > 0),
                1 => {
                    other.execute("UPDATE market_listing_counting SET ready_at = NULL").await.unwrap();
                    assert!(recount(db, now).await.unwrap());
                }
                _ => {}
            }
        }
        open.execute("COMMIT").await.unwrap();
        watch(url, &AtomicBool::new(true)).await;
        assert!(is_ready(db.acquire().await.unwrap().conn()).await.unwrap());
    })
    .await;
}

#[tokio::test]
async fn an_account_that_may_make_no_triggers_counts_all_the_same() {
    run(Backend::MySql, |app: TestApp| async move {
        let (now, url) = (app.app.ambient.now(), &app.database.url);
        let mut line = Line::open(url).await;
        fill(&mut line).await;
        let schema = url.rsplit('/').next().unwrap();
        let account = format!("'{}'@'%'", &schema[schema.len().saturating_sub(24)..]);
        line.execute(&format!("CREATE USER {account} IDENTIFIED BY 'secret'")).await.unwrap();
        let rights = "SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, INDEX, DROP, REFERENCES";
        line.execute(&format!("GRANT {rights} ON {schema}.* TO {account}")).await.unwrap();
        let name = account.split('\'').nth(1).unwrap();
        let host = url.rsplit('@').next().unwrap();
        let theirs =
            Db::connect(&format!("mysql://{name}:secret@{host}"), DbZone::UTC, 2).await.unwrap();

        let refused = install(&theirs, now).await.unwrap();
        assert!(matches!(refused, Installed::Refused(_)), "{refused:?}");
        assert_eq!(of_seller(&app, 1).await.total(), BEFORE / SELLERS);
        assert!(of_all(&app).await.is_none());
        // Somebody who may has done it: what they made is left alone, and believed.
        assert!(matches!(install(&app.app.db, now).await.unwrap(), Installed::Ready));
        let by_another = install(&theirs, now).await.unwrap();
        // MariaDB shows it the triggers, MySQL does not.
        assert!(matches!(by_another, Installed::ByAnother | Installed::Ready), "{by_another:?}");
        assert_eq!(of_all(&app).await.unwrap().total(), BEFORE);
        // Who may not look at the triggers' table writes all the same.
        line.execute(&insert(1, ListingStatus::OnSale)).await.unwrap();
        assert!(fold(&theirs, 9).await.unwrap() > 0);
        assert_eq!(of_all(&app).await.unwrap().total(), BEFORE + 1);
        theirs.close().await;
        line.execute(&format!("DROP USER {account}")).await.unwrap();
    })
    .await;
}
