//! Tables so full that whoever reads all of one would be seen.

use std::fmt::Write as _;

use tests::{TestApp, backlog};

/// Rows of a table.
const ROWS: i64 = 3_000;
/// Keys begin here, beyond those that the walk's people get.
const FIRST: i64 = 100_000;

/// Rows as a list of values, told of each row's number from 0.
async fn add(app: &TestApp, into: &str, row: impl Fn(i64) -> String) {
    for begin in (0..ROWS).step_by(500) {
        let mut sql = format!("INSERT INTO {into} VALUES ");
        for n in begin..begin + 500 {
            let comma = if n == begin { "" } else { "," };
            write!(sql, "{comma}({})", row(n)).unwrap();
        }
        app.database.execute(&sql).await;
    }
}

/// A time of 2026-02, another each minute.
fn time(n: i64) -> String {
    format!("'2026-02-{:02} {:02}:{:02}:00.000'", 1 + n / 1440 % 28, n / 60 % 24, n % 60)
}

/// Fills every table that grows.
pub async fn fill(app: &TestApp) {
    let users = "users (user_id, mobile, email, wechat_openid, nickname, status, role, created_at, updated_at)";
    add(app, users, |n| {
        let status = if n % 500 == 1 { "banned" } else { "active" };
        let role = if n % 1000 == 2 { "agent" } else { "user" };
        let (id, at) = (FIRST + n, time(n));
        format!("{id}, '150{n:08}', 'p{n}@example.com', 'open-{n}', 'n{n}', '{status}', '{role}', {at}, {at}")
    })
    .await;
    let sessions = "authentication_sessions (authentication_session_id, session_token, user_type, user_id, is_active,
        expires_at, last_activity, login_ip, client_type, end_reason, ended_at, created_at, updated_at, logged_in_at)";
    add(app, sessions, |n| {
        let (id, user, at) = (FIRST + n, FIRST + n % 300, time(n));
        let lives = n % 50 == 0;
        let end = ["REPLACED", "REVOKED", "LOGGED_OUT", "EXPIRED", "DEACTIVATED"][usize::try_from(n % 5).unwrap()];
        let (reason, ended) =
            if lives { ("NULL".to_owned(), "NULL".to_owned()) } else { (format!("'{end}'"), at.clone()) };
        format!(
            "{id}, 'crowd-{n}', 'user', {user}, {}, '2027-01-01 00:00:00.000', {at}, '10.1.{}.{}', 'web', {reason},
             {ended}, {at}, {at}, {at}",
            u8::from(lives), n / 200, n % 200
        )
    })
    .await;
    let events = "audit_events (event, user_id, authentication_session_id, created_at)";
    let kinds = ["logged_in", "session_ended", "login_failed", "session_renewed", "registered"];
    add(app, events, |n| {
        let kind = kinds[usize::try_from(n % 5).unwrap()];
        format!("'{kind}', {}, {}, {}", FIRST + n % 300, FIRST + n, time(n))
    })
    .await;
    let conversations =
        "customer_service_sessions (customer_service_session_id, user_id, admin_id, status, source,
        last_seq, is_active_session, created_at, updated_at, closed_at)";
    add(app, conversations, |n| {
        let (id, at) = (FIRST + n, time(n));
        let (admin, status) = match n % 50 {
            0 => ("NULL".to_owned(), "waiting"),
            1 => ((FIRST + n % 7).to_string(), "active"),
            2 => ((FIRST + n % 7).to_string(), "assigned"),
            _ => ((FIRST + n % 60).to_string(), "closed"),
        };
        let closed = if status == "closed" { at.clone() } else { "NULL".to_owned() };
        format!("{id}, {id}, {admin}, '{status}', 'mobile', 1, 1, {at}, {at}, {closed}")
    })
    .await;
    let messages = "chat_messages (customer_service_session_id, seq, sender_id, sender_type, message_source, content,
        message_type, status, created_at, updated_at)";
    add(app, messages, |n| {
        let (conversation, at) = (FIRST + n / 10, time(n));
        let status = if n % 40 == 0 { "sent" } else { "read" };
        let (seq, sender) = (n % 10 + 1, FIRST + n / 10);
        format!("{conversation}, {seq}, {sender}, 'user', 'user_client', 'x', 'text', '{status}', {at}, {at}")
    })
    .await;
    let listings = "market_listings (listing_kind, seller_user_id, price_amount, status, created_at, updated_at)";
    let all = ["on_sale", "locked", "sold", "withdrawn", "admin_withdrawn"];
    add(app, listings, |n| {
        let (status, at) = (all[usize::try_from(n % 5).unwrap()], time(n));
        format!("'item_instance', {}, {}, '{status}', {at}, {at}", FIRST + n % 60, n + 1)
    })
    .await;
    add(app, "edge_outbox (kind, payload, available_at, created_at, dead_at)", |n| {
        let kind =
            ["chat_message", "session_ended", "security_alert"][usize::try_from(n % 3).unwrap()];
        format!("'{kind}', '{{}}', '2027-01-01 00:00:00.000', {}, {}", time(n), time(n))
    })
    .await;
    add(app, "login_attempts (attempt_key, failures, counted_at, open_tries, expires_at)", |n| {
        format!("'crowd-{n}', 0, {}, 0, '2027-01-01 00:{:02}:00.000'", time(n), n % 60)
    })
    .await;
    let codes =
        "wechat_codes (code_hash, bound_to, claimant, claimed_until, was_asked, expires_at)";
    add(app, codes, |n| {
        format!("'crowd-{n}', 'x', 'x', {}, 0, '2027-01-01 00:{:02}:00.000'", time(n), n % 60)
    })
    .await;
    // With the tokens of their time: a few long past, which the clean-up takes, and many that stay.
    let (now, years) = (app.app.ambient.now(), std::time::Duration::from_hours(24 * 400));
    backlog::fill(&app.database.url, 500_000, 5, now.minus(years)).await;
    backlog::fill(&app.database.url, 600_000, 750, now.plus(years)).await;
}
