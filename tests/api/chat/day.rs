//! A day of everything, in an order that nobody chose: what lists and statistics say after it is what the
//! rows say.

use std::{
    collections::HashMap,
    hash::{BuildHasher as _, Hasher as _, RandomState},
    time::Duration,
};

use chrono::NaiveDateTime;
use serde_json::{Value, json};
use shared::{route, user::Role};
use tests::{Device, LoggedIn, Reply, TestApp, both_databases};

use super::hand_on;
use crate::internal::call;

both_databases!(after_a_day_of_everything_the_numbers_are_right);

const ACTIONS: usize = 2_000;

/// Numbers that follow from a seed (SplitMix64).
struct Draw(u64);

impl Draw {
    fn next(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % u64::try_from(below).unwrap()).unwrap()
    }
}

fn seed() -> u64 {
    std::env::var("DAY_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok())
        .unwrap_or_else(|| RandomState::new().build_hasher().finish())
}

/// How far each side of a conversation has read, as the answers said.
type ReadUpTo = HashMap<(i64, &'static str), i64>;

async fn after_a_day_of_everything_the_numbers_are_right(app: TestApp) {
    let seed = seed();
    eprintln!("DAY_SEED={seed}");
    let mut draw = Draw(seed);
    let (mut users, mut staff) = (Vec::new(), Vec::new());
    for n in 0..4 {
        let user = app.user(&format!("user{n}")).await;
        users.push(user.log_in(Device::phone(&format!("phone-{n}"))).await);
        let role = if n == 0 { Role::Admin } else { Role::Agent };
        let member = app.staff(&format!("agent{n}"), role).await;
        staff.push(member.log_in(Device::browser(&format!("desk-{n}"))).await);
    }
    let mut conversations: Vec<i64> = Vec::new();
    let mut read: ReadUpTo = HashMap::new();
    for _ in 0..ACTIONS {
        app.clock.step(Duration::from_millis(draw.next(60_000).try_into().unwrap()));
        let user = &users[draw.next(users.len())];
        let member = &staff[draw.next(staff.len())];
        if conversations.is_empty() || draw.next(8) == 0 {
            let begun = user.post(route::CHAT_SESSIONS, &json!({})).await;
            let id = begun.data()["customer_service_session_id"].as_i64().unwrap();
            if !conversations.contains(&id) {
                conversations.push(id);
            }
            continue;
        }
        // Of the last few, mostly: those are open.
        let last = conversations.len() - 1;
        let id = conversations[last - draw.next(6.min(conversations.len()))];
        act(&app, &mut draw, user, member, &staff, id, &mut read).await;
    }
    held_against_rows(&app, &users, &staff[0], &read).await;
}

#[expect(clippy::too_many_arguments, reason = "the stage of one scene")]
async fn act(
    app: &TestApp,
    draw: &mut Draw,
    user: &LoggedIn<'_>,
    member: &LoggedIn<'_>,
    staff: &[LoggedIn<'_>],
    id: i64,
    read: &mut ReadUpTo,
) {
    let to = |path: &str| route::with_id(path, id);
    let text = json!({ "content": format!("m{}", draw.next(1000)) });
    match draw.next(20) {
        0..4 => allowed(&user.post(&to(route::CHAT_MESSAGES), &text).await),
        4..7 => allowed(&member.post(&to(route::DESK_SEND), &text).await),
        7..9 => drop(hand_on(app, user, id, vec![text; 1 + draw.next(4)]).await),
        9 => drop(hand_on(app, member, id, vec![text; 1 + draw.next(4)]).await),
        10..12 => allowed(&member.post(&to(route::DESK_ACCEPT), &json!({})).await),
        12 => {
            let whom = json!({ "admin_id": staff[draw.next(staff.len())].user_id });
            allowed(&member.post(&to(route::DESK_TRANSFER), &whom).await);
        }
        13 => match draw.next(3) {
            0 => allowed(&user.post(&to(route::CHAT_CLOSE), &json!({})).await),
            _ => allowed(&member.post(&to(route::DESK_CLOSE), &json!({ "reason": "done" })).await),
        },
        14 => {
            let score = json!({ "satisfaction_score": 1 + draw.next(5) });
            allowed(&user.post(&to(route::CHAT_RATING), &score).await);
        }
        15..17 => {
            let by = if draw.next(2) == 0 { "user" } else { "admin" };
            let mark = json!({ "kind": "delivered", "customer_service_session_id": id, "by": by, "seq": draw.next(20) });
            allowed(&call(app, route::INTERNAL_MARKS, &json!({ "marks": [mark] })).await);
        }
        _ => {
            let (reader, side, history, path) = if draw.next(2) == 0 {
                (user, "user", route::CHAT_MESSAGES, route::CHAT_READ)
            } else {
                (member, "admin", route::DESK_MESSAGES, route::DESK_READ)
            };
            let history = reader.get(&format!("{}?limit=5", to(history))).await;
            allowed(&history);
            let Some(messages) =
                history.json["data"]["messages"].as_array().filter(|some| !some.is_empty())
            else {
                return;
            };
            let message = &messages[draw.next(messages.len())];
            let body = json!({ "chat_message_id": message["chat_message_id"] });
            let done = reader.post(&to(path), &body).await;
            let seq = done.data()["seq"].as_i64().unwrap();
            let so_far = read.entry((id, side)).or_default();
            *so_far = seq.max(*so_far);
        }
    }
}

#[track_caller]
fn allowed(reply: &Reply) {
    assert!([200, 201, 404, 409].contains(&reply.status.as_u16()), "{reply:?}");
}

/// A conversation, as its row and its messages' rows say.
struct Kept {
    id: i64,
    status: String,
    last_seq: i64,
    began: NaiveDateTime,
    first_response_at: Option<NaiveDateTime>,
    accepted_at: Option<NaiveDateTime>,
    score: Option<i64>,
    version: i64,
}

/// A message: its seq, the side that it comes from, whether a person wrote it, and when.
type Written = (i64, String, bool, NaiveDateTime);

fn time(text: &str) -> Option<NaiveDateTime> {
    (text != "-").then(|| NaiveDateTime::parse_from_str(text, "%F %T%.f").unwrap())
}

async fn rows(app: &TestApp, columns: &[&str], from: &str) -> Vec<Vec<String>> {
    let columns: Vec<_> =
        columns.iter().map(|column| format!("COALESCE(CAST({column} AS CHAR), '-')")).collect();
    let query = format!("SELECT CONCAT_WS('|', {}) FROM {from}", columns.join(", "));
    let lines = app.database.texts(&query).await;
    lines.iter().map(|line| line.split('|').map(str::to_owned).collect()).collect()
}

async fn kept(app: &TestApp) -> Vec<Kept> {
    let columns = [
        "customer_service_session_id",
        "status",
        "last_seq",
        "created_at",
        "first_response_at",
        "accepted_at",
        "satisfaction_score",
        "version",
    ];
    let rows = rows(app, &columns, "customer_service_sessions ORDER BY 1").await;
    rows.iter()
        .map(|row| Kept {
            id: row[0].parse().unwrap(),
            status: row[1].clone(),
            last_seq: row[2].parse().unwrap(),
            began: time(&row[3]).unwrap(),
            first_response_at: time(&row[4]),
            accepted_at: time(&row[5]),
            score: row[6].parse().ok(),
            version: row[7].parse().unwrap(),
        })
        .collect()
}

async fn held_against_rows(
    app: &TestApp,
    users: &[LoggedIn<'_>],
    admin: &LoggedIn<'_>,
    read: &ReadUpTo,
) {
    let kept = kept(app).await;
    let columns = ["customer_service_session_id", "seq", "sender_type", "sender_id", "created_at"];
    let mut messages: HashMap<i64, Vec<Written>> = HashMap::new();
    let order = "chat_messages ORDER BY customer_service_session_id, seq";
    for row in rows(app, &columns, order).await {
        let of = messages.entry(row[0].parse().unwrap()).or_default();
        of.push((row[1].parse().unwrap(), row[2].clone(), row[3] != "-", time(&row[4]).unwrap()));
    }
    let none = Vec::new();
    let (mut of_user, mut of_staff) = (HashMap::new(), HashMap::new());
    for one in &kept {
        let written = messages.get(&one.id).unwrap_or(&none);
        let seqs: Vec<_> = written.iter().map(|message| message.0).collect();
        assert_eq!(seqs, (1..=one.last_seq).collect::<Vec<_>>(), "{}", one.id);
        assert!(written.is_sorted_by_key(|message| message.3), "time goes with seq in {}", one.id);
        let answered = written.iter().find(|(_, side, person, _)| side == "admin" && *person);
        assert_eq!(one.first_response_at, answered.map(|message| message.3), "{}", one.id);
        let unread = |side: &'static str, other: &str| {
            let up_to = read.get(&(one.id, side)).copied().unwrap_or_default();
            written.iter().filter(|(seq, from, _, _)| from == other && *seq > up_to).count()
        };
        of_user.insert(one.id, unread("user", "admin"));
        of_staff.insert(one.id, unread("admin", "user"));
    }
    let mut listed = HashMap::new();
    for user in users {
        listed.extend(unread_counts(user, route::CHAT_SESSIONS).await);
    }
    assert_eq!(listed, of_user, "what users have not read");
    assert_eq!(unread_counts(admin, route::DESK_SESSIONS).await, of_staff, "nor the staff");
    statistics(admin, &kept).await;
    news(app, &kept).await;
}

async fn unread_counts(client: &LoggedIn<'_>, path: &str) -> HashMap<i64, usize> {
    let mut counts = HashMap::new();
    for page in 1.. {
        let list = client.get(&format!("{path}?limit=100&page={page}")).await;
        let sessions = list.data()["sessions"].as_array().unwrap().clone();
        for one in &sessions {
            let id = one["customer_service_session_id"].as_i64().unwrap();
            let unread = one["unread_count"].as_u64().unwrap();
            counts.insert(id, usize::try_from(unread).unwrap());
        }
        if sessions.len() < 100 {
            break;
        }
    }
    counts
}

async fn statistics(admin: &LoggedIn<'_>, kept: &[Kept]) {
    let path = format!("{}?from=2026-02-28T00:00:00Z&to=2026-03-30T00:00:00Z", route::DESK_STATS);
    let said = admin.get(&path).await;
    let said = said.data();
    let of_status = |status: &str| kept.iter().filter(|one| one.status == status).count();
    for status in ["waiting", "assigned", "active", "closed"] {
        assert_eq!(said[status], of_status(status), "{status}: {said}");
    }
    assert_eq!(said["began"], kept.len());
    let median = |ends: fn(&Kept) -> Option<NaiveDateTime>| {
        let mut waits: Vec<_> = kept
            .iter()
            .filter_map(|one| ends(one).map(|end| (end - one.began).num_milliseconds()))
            .collect();
        waits.sort_unstable();
        let (low, high) = (waits[(waits.len() - 1) / 2], waits[waits.len() / 2]);
        i64::midpoint(low, high) / 1000
    };
    assert_eq!(
        said["median_first_response_seconds"],
        median(|one| one.first_response_at),
        "{said}"
    );
    assert_eq!(said["median_waiting_seconds"], median(|one| one.accepted_at), "{said}");
    let scores: Vec<_> = kept.iter().filter_map(|one| one.score).collect();
    assert_eq!(said["satisfaction"]["count"], scores.len());
    let (sum, count) =
        (scores.iter().sum::<i64>(), i64::try_from(scores.len()).expect("not so many"));
    let hundredths = (sum * 100 + count / 2) / count;
    let average = said["satisfaction"]["average"].as_f64().unwrap();
    assert!((average * 100.0 - hundredths as f64).abs() < 1e-6, "{average}, {hundredths}");
}

/// Every version and every message was told, once.
async fn news(app: &TestApp, kept: &[Kept]) {
    let told = app
        .database
        .texts("SELECT CAST(payload AS CHAR) FROM edge_outbox WHERE kind IN ('message_stored', 'conversation_updated') ORDER BY edge_outbox_id")
        .await;
    let (mut versions, mut seqs): (HashMap<i64, Vec<i64>>, HashMap<i64, Vec<i64>>) =
        (HashMap::new(), HashMap::new());
    for row in told {
        let news: Value = serde_json::from_str(&row).unwrap();
        let id = news["conversation"]["customer_service_session_id"].as_i64().unwrap();
        if news["news"] == "message" {
            seqs.entry(id).or_default().push(news["message"]["seq"].as_i64().unwrap());
        } else {
            versions.entry(id).or_default().push(news["conversation"]["version"].as_i64().unwrap());
        }
    }
    for one in kept {
        assert_eq!(versions[&one.id], (1..=one.version).collect::<Vec<_>>(), "{}", one.id);
        let told = seqs.remove(&one.id).unwrap_or_default();
        assert_eq!(told, (1..=one.last_seq).collect::<Vec<_>>(), "{}", one.id);
    }
}
