//! Every query of the store finds what it is after by an index, however many rows there are.
//!
//! A walk over all that the program does is recorded, and each statement that the database was sent is explained
//! by a database whose tables are full. The walk is whole when it has sent every statement that the store's
//! source holds.

mod crowd;
mod values;
mod walk;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::LazyLock,
};

use regex::Regex;
use tests::{
    TestApp, both_databases,
    plan::{Plan, Planner, tables},
    statements,
};

use values::Values;

both_databases!(every_query_of_the_store_seeks);

/// Queries that may read the whole of a table or of an index, and why. One that ends in a star is the beginning
/// of their texts.
const MAY_SCAN: [(&str, &str); 11] = [
    (
        "SELECT COUNT(*) FROM (SELECT s.authentication_session_id FROM authentication_sessions s WHERE 1 = 1 LIMIT ?) counted",
        "counts so many at most",
    ),
    (
        "SELECT COUNT(*) FROM (SELECT audit_event_id FROM audit_events WHERE 1 = 1 LIMIT ?) counted",
        "counts so many at most",
    ),
    (
        "SELECT COUNT(*) FROM (SELECT s.customer_service_session_id FROM customer_service_sessions s WHERE 1 = 1 LIMIT ?) counted",
        "counts so many at most",
    ),
    (
        "SELECT COUNT(*) FROM (SELECT u.user_id FROM users u WHERE 1 = 1 LIMIT ?) counted",
        "counts so many at most",
    ),
    (
        "SELECT COUNT(*) - COUNT(dead_at), COUNT(dead_at) FROM edge_outbox",
        "counts all; that is little",
    ),
    (
        "SELECT kind, COUNT(*) - COUNT(dead_at), COUNT(dead_at), MIN(*",
        "counts all that waits for the edge; that is little",
    ),
    (
        "SELECT COUNT(*) FROM (SELECT k.market_listing_id FROM market_listings k*",
        "judges so many entries of its index at most: without a place where to stop there are no more",
    ),
    (
        "SELECT status, CAST(SUM(listings) AS SIGNED) AS listings FROM ( SELECT status, listings FROM market_listing_counts WHERE seller_user_id = 0*",
        "sums up what has changed in the last seconds",
    ),
    (
        "SELECT status, COUNT(*) AS listings FROM market_listings GROUP BY status",
        "counts all, until sums of them are kept",
    ),
    (
        "SELECT s.customer_service_session_id, s.user_id, u.nickname*",
        "walks the first of all in their order, within; `store/explain_chat.rs` judges that list",
    ),
    (
        "SELECT COUNT(*) FROM refresh_tokens t LEFT JOIN authentication_sessions s*",
        "counts what a clean-up would take, for an operator who asks",
    ),
];

/// Parts of the source whose statements the walk need not send, and why.
const NOT_WALKED: [(&str, &str); 6] = [
    ("store/db/open.rs", "of the server alone"),
    ("store/server.rs", "of the server alone"),
    ("store/db/shelf.rs", "of its own tests"),
    ("store/adoption/", "an operator's, once, batch by batch, with tests of its own"),
    ("store/bulk.rs", "of seeds"),
    ("store/listing_counts/", "explained by the tests of listings: triggers and bounded folds"),
];

async fn every_query_of_the_store_seeks(app: TestApp) {
    crowd::fill(&app).await;
    let ((), sent) = statements::record(Box::pin(walk::walk(&app))).await;
    let sent: BTreeSet<String> = sent.into_iter().filter(|sql| reads(sql)).collect();
    the_walk_is_whole(&sent);

    let known = tables(&app.database).await;
    let is_sqlite = app.database.url.starts_with("sqlite");
    let mut values = Values::new(&app.database, known.clone());
    let mut planner = Planner::open(&app.database).await;
    let mut scans = Vec::new();
    for sql in &sent {
        let explained = if is_sqlite { sql.clone() } else { values.put_into(sql).await };
        let plan = planner.plan(&explained).await;
        for table in scanned(sql, &plan, &known) {
            if !may_scan(sql) {
                scans.push(format!("{table}: {explained}\n    {plan:?}"));
            }
        }
    }
    assert!(scans.is_empty(), "{} scans:\n{}", scans.len(), scans.join("\n"));
}

fn may_scan(sql: &str) -> bool {
    MAY_SCAN.iter().any(|(text, _)| match text.strip_suffix('*') {
        Some(beginning) => sql.starts_with(beginning),
        None => sql == *text,
    })
}

/// Whether a statement looks for rows.
fn reads(sql: &str) -> bool {
    ["SELECT", "UPDATE", "DELETE"].iter().any(|verb| sql.starts_with(verb))
        // What the tests themselves ask for, and what the driver asks about the server.
        && !sql.contains("information_schema")
        && sql.contains(' ')
        && !sql.starts_with("SELECT @@")
}

/// The tables of which a query reads all: by no index, or the whole of one without a limit that stops it.
fn scanned(sql: &str, plan: &Plan, known: &[String]) -> Vec<String> {
    static ALIAS: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"\b(?:FROM|JOIN|UPDATE) (\w+)(?: (?:AS )?(\w+))?").unwrap());
    let mut tables = BTreeMap::new();
    for found in ALIAS.captures_iter(sql) {
        let table = &found[1];
        if known.iter().any(|one| one == table) {
            tables.insert(table.to_owned(), table.to_owned());
            if let Some(alias) = found.get(2) {
                tables.insert(alias.as_str().to_owned(), table.to_owned());
            }
        }
    }
    // SQLite reads a table in the order of its key by no index.
    let is_stopped = sql.contains(" ORDER BY ") && sql.contains(" LIMIT ") && plan.in_order;
    let unindexed = plan.tables.iter().filter(|(_, index)| index.is_none()).map(|(table, _)| table);
    let read = unindexed.chain(&plan.walked).filter(|_| !is_stopped);
    read.filter_map(|name| tables.get(name).cloned()).collect()
}

/// Every statement that the store's source holds was sent, as far as its text is fixed.
fn the_walk_is_whole(sent: &BTreeSet<String>) {
    let literal =
        Regex::new(r#""([\s(]*(?:UNION (?:ALL )?)?(?:SELECT|UPDATE|DELETE)\s[^"]*)""#).unwrap();
    let gap = Regex::new(r"\{[^}]*\}").unwrap();
    let (mut missed, mut count) = (Vec::new(), 0);
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("../origin/src/store")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let source = std::fs::read_to_string(&path).unwrap();
            for found in literal.captures_iter(&source) {
                let text = found[1].split_whitespace().collect::<Vec<_>>().join(" ");
                let parts: Vec<&str> = gap.split(&text).map(str::trim).collect();
                let is_sent = |sql: &String| holds_in_order(sql, &parts);
                count += 1;
                let place = path.to_string_lossy();
                let is_left_out = NOT_WALKED.iter().any(|(part, _)| place.contains(part));
                if !is_left_out && !sent.iter().any(is_sent) {
                    missed.push(format!("{}: {text}", path.display()));
                }
            }
        }
    }
    assert!(count > 60, "only {count} statements were found: the pattern is none any more");
    assert!(missed.is_empty(), "the walk misses {}:\n{}", missed.len(), missed.join("\n"));
}

fn holds_in_order(sql: &str, parts: &[&str]) -> bool {
    let mut rest = sql;
    parts.iter().all(|part| match rest.find(part) {
        Some(at) => {
            rest = &rest[at + part.len()..];
            true
        }
        None => false,
    })
}

#[test]
fn what_holds_its_parts_in_order_is_known() {
    assert!(holds_in_order("SELECT a FROM b WHERE c = ?", &["SELECT", "FROM b WHERE", "= ?"]));
    assert!(!holds_in_order("SELECT a FROM b", &["FROM b", "SELECT"]));
}
