//! Long lists by cursor: the same rows as by page, also while others come.

use std::time::Duration;

use serde_json::{Value, json};
use shared::{route, user::Role};
use tests::{Device, LoggedIn, TestApp, both_databases};

use crate::chat::begin;

both_databases!(
    pages_by_cursor_are_the_whole_list,
    what_comes_meanwhile_moves_nothing,
    a_cursor_is_of_its_list_and_alone,
);

/// A list with its query so far, where its rows stand, and what names one.
struct List {
    path: String,
    rows: &'static str,
    key: &'static str,
    /// Whether what comes new stands at its end.
    grows_at_its_end: bool,
}

fn list(path: &str, rows: &'static str, key: &'static str) -> List {
    let path = format!("{path}{}", if path.contains('?') { "" } else { "?" });
    let grows_at_its_end = path.contains("sort=waiting");
    List { path, rows, key, grows_at_its_end }
}

/// Every long list of the console, and those of one user.
fn lists(own_conversation: i64) -> [Vec<List>; 2] {
    let desk = route::DESK_SESSIONS;
    let conversation = "customer_service_session_id";
    let of_the_console = vec![
        list(route::CONSOLE_SESSIONS, "sessions", "authentication_session_id"),
        list(
            &format!("{}?state=live&", route::CONSOLE_SESSIONS),
            "sessions",
            "authentication_session_id",
        ),
        list(route::CONSOLE_USERS, "users", "user_id"),
        list(&format!("{}?search=u&", route::CONSOLE_USERS), "users", "user_id"),
        list(route::AUDIT, "events", "audit_event_id"),
        list(desk, "sessions", conversation),
        list(&format!("{desk}?sort=waiting&"), "sessions", conversation),
        list(&format!("{desk}?status=waiting&search=u&"), "sessions", conversation),
        list(&route::with_id(route::DESK_MESSAGES, own_conversation), "messages", "seq"),
    ];
    let of_a_user = vec![
        list(route::CHAT_SESSIONS, "sessions", conversation),
        list(&route::with_id(route::CHAT_MESSAGES, own_conversation), "messages", "seq"),
    ];
    [of_the_console, of_a_user]
}

/// Someone new, whose log-in and conversation are new, too.
async fn someone_comes(app: &TestApp, number: usize) {
    let client = app.user(&format!("u{number}")).await.log_in(Device::phone("1")).await;
    begin(&client).await;
}

/// A user with five conversations, the last of which is open and has five messages; its key.
async fn talks(client: &LoggedIn<'_>) -> i64 {
    for _ in 0..4 {
        let id = begin(client).await;
        client.post(&route::with_id(route::CHAT_CLOSE, id), &json!({})).await.ok();
    }
    let id = begin(client).await;
    for n in 0..5 {
        writes(client, id, n).await;
    }
    id
}

async fn writes(client: &LoggedIn<'_>, id: i64, n: usize) {
    let path = route::with_id(route::CHAT_MESSAGES, id);
    client.post(&path, &json!({ "content": format!("m{n}") })).await.ok();
}

fn keys(rows: &[Value], list: &List) -> Vec<i64> {
    rows.iter().map(|row| row[list.key].as_i64().expect("a key")).collect()
}

async fn page(client: &LoggedIn<'_>, path: &str, list: &List) -> (Vec<i64>, Option<String>) {
    let reply = client.get(path).await;
    let next = reply.data()["pagination"]["next_cursor"].as_str().map(str::to_owned);
    (keys(reply.data()[list.rows].as_array().expect("a list"), list), next)
}

async fn pages_by_cursor_are_the_whole_list(app: TestApp) {
    let boss = app.staff("boss", Role::Admin).await.log_in(Device::browser("desk")).await;
    for number in 0..6 {
        // Two by two at the same time: ties are broken by key.
        app.clock.step(Duration::from_secs(u64::from(number % 2 == 0)));
        someone_comes(&app, number).await;
    }
    let ana = app.user("ana").await.log_in(Device::phone("1")).await;
    let own = talks(&ana).await;
    for (client, lists) in [&boss, &ana].into_iter().zip(lists(own)) {
        for list in lists {
            let (whole, next) = page(client, &format!("{}limit=100", list.path), &list).await;
            assert!(whole.len() >= 5 && next.is_none(), "{}: {whole:?}", list.path);
            for limit in 1..=3 {
                let rows =
                    client.by_cursor(&format!("{}limit={limit}", list.path), list.rows).await;
                assert_eq!(keys(&rows, &list), whole, "{} by {limit}", list.path);
            }
        }
    }
}

async fn what_comes_meanwhile_moves_nothing(app: TestApp) {
    let boss = app.staff("boss", Role::Admin).await.log_in(Device::browser("desk")).await;
    let agent = app.staff("wang", Role::Agent).await.log_in(Device::browser("desk-2")).await;
    for number in 0..3 {
        someone_comes(&app, number).await;
    }
    let ana = app.user("ana").await.log_in(Device::phone("1")).await;
    let mut own = talks(&ana).await;
    for (nth, client) in [&boss, &ana, &agent].into_iter().enumerate() {
        let [console, of_a_user] = lists(own);
        let lists = match nth {
            0 => console,
            1 => of_a_user,
            // Of two looks, those that nobody has and the agent's own, each goes on from the same place.
            _ => {
                console.into_iter().filter(|list| list.path.contains("customer-service")).collect()
            }
        };
        for (number, list) in lists.into_iter().enumerate() {
            let (whole, _) = page(client, &format!("{}limit=100", list.path), &list).await;
            let (mut seen, mut next) = page(client, &format!("{}limit=2", list.path), &list).await;
            while let Some(cursor) = next {
                app.clock.step(Duration::from_secs(1));
                if seen.len() < 6 {
                    // At the front of some lists, at the end of others.
                    someone_comes(&app, 10 + number).await;
                    writes(&ana, own, number).await;
                    if list.rows == "sessions" && nth == 1 {
                        ana.post(&route::with_id(route::CHAT_CLOSE, own), &json!({})).await.ok();
                        own = begin(&ana).await;
                    }
                }
                let path = format!("{}limit=2&cursor={cursor}", list.path);
                let (rows, after) = page(client, &path, &list).await;
                seen.extend(rows);
                next = after;
            }
            if list.grows_at_its_end {
                assert!(seen.len() > whole.len(), "{}: {seen:?} {whole:?}", list.path);
                seen.truncate(whole.len());
            }
            assert_eq!(seen, whole, "{}", list.path);
        }
    }
}

async fn a_cursor_is_of_its_list_and_alone(app: TestApp) {
    let boss = app.staff("boss", Role::Admin).await.log_in(Device::browser("desk")).await;
    for number in 0..3 {
        someone_comes(&app, number).await;
    }
    let ana = app.user("ana").await.log_in(Device::phone("1")).await;
    let own = talks(&ana).await;
    for (client, lists) in [&boss, &ana].into_iter().zip(lists(own)) {
        for list in lists {
            let (_, cursor) = page(client, &format!("{}limit=2", list.path), &list).await;
            let cursor = cursor.expect("there is more");
            let paths = [format!("cursor={cursor}&page=2"), "cursor=x".into(), "cursor=".into()];
            for query in paths {
                client.get(&format!("{}{query}", list.path)).await.refused_field("cursor");
            }
        }
    }
    let path = |sort: &str| format!("{}?limit=2&sort={sort}", route::DESK_SESSIONS);
    let latest = boss.get(&path("latest")).await;
    let cursor =
        latest.data()["pagination"]["next_cursor"].as_str().expect("there is more").to_owned();
    boss.get(&format!("{}&cursor={cursor}", path("waiting"))).await.refused_field("cursor");
    let messages = route::with_id(route::CHAT_MESSAGES, own);
    let first = ana.get(&format!("{messages}?limit=2")).await;
    let cursor =
        first.data()["pagination"]["next_cursor"].as_str().expect("there is more").to_owned();
    let key = first.data()["messages"][0]["chat_message_id"].clone();
    for other in ["before", "after"] {
        ana.get(&format!("{messages}?cursor={cursor}&{other}={key}")).await.refused_field("cursor");
    }
    // Those after a message come oldest first: whoever wants more asks after the last.
    let oldest = ana.get(&format!("{messages}?limit=100")).await.data()["messages"][4].clone();
    let after = ana.get(&format!("{messages}?limit=2&after={}", oldest["chat_message_id"])).await;
    assert_eq!(after.data()["messages"].as_array().map(Vec::len), Some(2));
    assert!(after.data()["pagination"]["next_cursor"].is_null());
}
