use insta::assert_json_snapshot;
use origin::store;
use serde_json::json;
use tests::both_databases;

use crate::shell::{Shell, finish};

both_databases!(run by crate::shell::run: synthetic_data_is_what_was_asked_for, a_seed_that_was_stopped_goes_on, no_data_but_a_seeds_is_touched, demo_passwords_are_made_up_once);

const SIZES: [&str; 18] = [
    "seed",
    "synthetic",
    "--users",
    "50",
    "--sellers",
    "20",
    "--listings",
    "5000",
    "--sessions",
    "300",
    "--conversations",
    "120",
    "--messages",
    "3000",
    "--until",
    "2026-03-01T00:00:00Z",
    "--random-seed",
    "7",
];
const BIG: [&str; 4] = ["--big-seller", "31", "--big-seller-listings", "700"];

async fn count(shell: &Shell, query: &str) -> i64 {
    let text = if shell.database.url.starts_with("sqlite:") { "TEXT" } else { "CHAR" };
    let query = format!("SELECT CAST(({query}) AS {text})");
    shell.database.texts(&query).await[0].parse().expect("a number")
}

async fn synthetic_data_is_what_was_asked_for(shell: Shell) -> Shell {
    let done = shell.run(&[&SIZES[..], &BIG, &["--json"]].concat());
    assert_eq!(done.status, 0, "{done:?}");
    let answer: serde_json::Value = serde_json::from_str(&done.stdout).expect("one document");
    assert_json_snapshot!("synthetic", answer, { ".tables[].seconds" => "[seconds]" });
    assert!(done.stderr.contains("market_listings: 5000 rows"), "progress: {}", done.stderr);

    let db = shell.db().await;
    let mut handle = db.acquire().await.unwrap();
    let counts = store::listings::status_counts(handle.conn(), 31).await.unwrap();
    assert_eq!(counts.total(), 700);
    drop(handle);
    db.close().await;
    for (query, rows) in [
        ("SELECT COUNT(*) FROM users WHERE user_id > 1000000000", 60),
        ("SELECT COUNT(DISTINCT seller_user_id) FROM market_listings", 21),
        ("SELECT COUNT(*) FROM authentication_sessions WHERE is_active = 1", 50),
        (
            "SELECT COUNT(*) FROM authentication_sessions WHERE is_active = 0 AND end_reason IS NULL",
            0,
        ),
        // Each replaced one names the user's next.
        (
            "SELECT COUNT(*) FROM authentication_sessions s JOIN authentication_sessions n ON n.authentication_session_id = s.ended_by_session_id WHERE n.user_id <> s.user_id OR n.created_at <> s.ended_at",
            0,
        ),
        (
            "SELECT COUNT(*) FROM authentication_sessions WHERE last_activity < created_at OR created_at > '2026-03-01 00:00:00'",
            0,
        ),
        (
            "SELECT COUNT(*) FROM customer_service_sessions c WHERE c.last_seq <> (SELECT COUNT(*) FROM chat_messages m WHERE m.customer_service_session_id = c.customer_service_session_id)",
            0,
        ),
        (
            "SELECT COUNT(*) FROM customer_service_sessions c WHERE c.last_seq <> (SELECT MAX(seq) FROM chat_messages m WHERE m.customer_service_session_id = c.customer_service_session_id)",
            0,
        ),
        (
            "SELECT COUNT(*) FROM customer_service_sessions WHERE status = 'waiting' AND admin_id IS NOT NULL",
            0,
        ),
    ] {
        assert_eq!(count(&shell, query).await, rows, "{query}");
    }
    let live = shell.json(&["session", "list", "--user-id", "1000000001", "--user-type", "user"]);
    assert_eq!(live["pagination"]["total"], 6);
    shell
}

async fn a_seed_that_was_stopped_goes_on(shell: Shell) -> Shell {
    let small = [
        "seed",
        "synthetic",
        "--users",
        "5",
        "--until",
        "2026-03-01T00:00:00Z",
        "--listings",
        "90",
    ];
    shell.json(&small);
    let again = shell.run(&small);
    again.refused(
        4,
        "holds synthetic rows already: 15 in users",
        "--resume, or use an empty database",
    );
    let complete = shell.json(&[&small[..], &["--resume"]].concat());
    let added: Vec<_> =
        complete["tables"].as_array().unwrap().iter().map(|table| &table["added"]).collect();
    assert_eq!(added, [0, 0, 0, 0, 0], "nothing was left to do");

    // As it is when it was stopped within the listings.
    let all = "SELECT COUNT(*) FROM market_listings WHERE price_amount > 0";
    let rows = "SELECT CONCAT(market_listing_id, status, seller_user_id, price_amount) FROM market_listings ORDER BY market_listing_id";
    let rows = if shell.database.url.starts_with("sqlite:") {
        "SELECT market_listing_id || status || seller_user_id || price_amount FROM market_listings ORDER BY market_listing_id"
    } else {
        rows
    };
    let before = shell.database.texts(rows).await;
    shell
        .database
        .execute("DELETE FROM market_listings WHERE market_listing_id > 1000000030")
        .await;
    let resumed = shell.json(&[&small[..], &["--resume"]].concat());
    assert_eq!(resumed["tables"][2]["added"], 60);
    assert_eq!(count(&shell, all).await, 90);
    assert_eq!(shell.database.texts(rows).await, before, "the same rows");

    for other in [["--random-seed", "2"], ["--until", "2026-03-02T00:00:00Z"], ["--users", "6"]] {
        let mut args = small.to_vec();
        if let Some(at) = args.iter().position(|arg| *arg == other[0]) {
            args[at + 1] = other[1];
        } else {
            args.extend(other);
        }
        let done = shell.run(&[&args[..], &["--resume"]].concat());
        done.refused(4, "are of other sizes", "Give the same sizes");
    }
    assert_eq!(count(&shell, all).await, 90);
    shell
}

async fn no_data_but_a_seeds_is_touched(shell: Shell) -> Shell {
    shell.demo();
    let small = ["seed", "synthetic", "--users", "5", "--listings", "20"];
    let beside_demo = shell.json(&small);
    assert_eq!(
        beside_demo["tables"][2],
        json!({ "table": "market_listings", "rows": 20, "added": 20, "seconds": beside_demo["tables"][2]["seconds"] })
    );
    shell
        .database
        .execute("DELETE FROM market_listings WHERE market_listing_id > 1000000000")
        .await;
    shell.database.execute("DELETE FROM users WHERE user_id > 1000000000").await;
    // MySQL counts on from the highest key that there was.
    shell.database.execute("INSERT INTO users (user_id, nickname, created_at, updated_at) VALUES (4711, 'someone', '2026-01-01 00:00:00', '2026-01-01 00:00:00')").await;
    let refused = shell.run(&small);
    refused.refused(4, "holds data of its own: 1 users", "--beside-other-data");
    assert_eq!(count(&shell, "SELECT COUNT(*) FROM users WHERE user_id > 1000000000").await, 0);
    shell.json(&[&small[..], &["--beside-other-data"]].concat());
    shell
}

async fn demo_passwords_are_made_up_once(shell: Shell) -> Shell {
    let mut command = shell.command(&["seed", "demo", "--json"]);
    command.env("DEMO_USER_PASSWORD", "some words for the demo");
    let done = finish(command, "");
    let made: serde_json::Value = serde_json::from_str(&done.stdout).expect("one document");
    let names: Vec<_> = made["made_up"].as_object().unwrap().keys().collect();
    assert_eq!(names, ["admin_password", "agent_password"]);
    shell
}
