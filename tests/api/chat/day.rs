//! A day of everything, in an order that nobody chose: what lists and statistics say after it is what the
//! rows say.

use std::{
    collections::HashMap,
    hash::{BuildHasher as _, Hasher as _, RandomState},
    time::Duration,
};

use chrono::NaiveDateTime;
use origin::{
    chat::{self, By, Draft},
    error::ApiError,
    state::App,
    store::{
        messages::{Window, history},
        sessions::Session,
    },
};
use serde_json::{Value, json};
use shared::{
    chat::NewMessage,
    error::ErrorCode,
    internal::{Accepted, StoreOutcome},
    route,
    user::Role,
};
use tests::{Device, LoggedIn, TestApp, both_databases};

use crate::internal::session_token;

both_databases!(after_a_day_of_everything_the_numbers_are_right);

const ACTIONS: usize = 2_000;

/// Numbers that follow from a seed (`SplitMix64`).
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
    let draw = Draw(seed);
    let (mut users, mut staff) = (Vec::new(), Vec::new());
    for n in 0..4 {
        let user = app.user(&format!("user{n}")).await;
        users.push(user.log_in(Device::phone(&format!("phone-{n}"))).await);
        let role = if n == 0 { Role::Admin } else { Role::Agent };
        let member = app.staff(&format!("agent{n}"), role).await;
        staff.push(member.log_in(Device::browser(&format!("desk-{n}"))).await);
    }
    let sessions = |clients: &[LoggedIn<'_>]| {
        let accepted: Vec<_> = clients
            .iter()
            .map(|client| Accepted {
                session_token: session_token(&app, client),
                at: app.app.ambient.now(),
            })
            .collect();
        let app = app.app.clone();
        async move {
            let mut sessions = Vec::new();
            for one in &accepted {
                sessions.push(chat::accepted(&app, one).await.unwrap());
            }
            sessions
        }
    };
    let (of_users, of_staff) = (sessions(&users).await, sessions(&staff).await);
    let mut day = Day { app: &app.app, draw, staff: &of_staff, read: HashMap::new() };
    let mut conversations: Vec<i64> = Vec::new();
    for _ in 0..ACTIONS {
        app.clock.step(Duration::from_millis(day.draw.next(60_000).try_into().unwrap()));
        let user = &of_users[day.draw.next(users.len())];
        if conversations.is_empty() || day.draw.next(8) == 0 {
            let (begun, _) =
                chat::open_conversation(&app.app, user.user_id, "mobile").await.unwrap();
            if !conversations.contains(&begun.customer_service_session_id) {
                conversations.push(begun.customer_service_session_id);
            }
            continue;
        }
        // Of the last few: those are open, most of them.
        let last = conversations.len() - 1;
        let id = conversations[last - day.draw.next(6.min(conversations.len()))];
        day.act(user, id).await;
    }
    let read = day.read;
    held_against_rows(&app, &users, &staff[0], &read).await;
}

/// What is needed to do something. Not by HTTP, whose part is told elsewhere, and where checking tokens
/// would take most of the time.
struct Day<'a> {
    app: &'a App,
    draw: Draw,
    staff: &'a [Session],
    read: ReadUpTo,
}

impl Day<'_> {
    async fn act(&mut self, user: &Session, id: i64) {
        let app = self.app;
        let (member, colleague) = (self.draw.next(4), self.draw.next(4));
        let (member, colleague) = (&self.staff[member], self.staff[colleague].user_id);
        let (by_user, by_member) =
            (By { session: user, call: None }, By { session: member, call: None });
        let either = if self.draw.next(2) == 0 { by_user } else { by_member };
        match self.draw.next(20) {
            0..7 => {
                let message: NewMessage =
                    serde_json::from_value(json!({ "content": self.text() })).unwrap();
                let draft = Draft { by: either, judged: Ok(()), message: &message };
                allowed(chat::send(app, id, draft).await);
            }
            7..10 => self.send_by_socket(either.session, id).await,
            10..12 => allowed(chat::accept(app, id, by_member).await),
            12 => allowed(chat::transfer(app, id, colleague, by_member).await),
            13 => allowed(chat::close(app, id, Some("done"), either).await),
            14 => {
                let score = i64::try_from(1 + self.draw.next(5)).unwrap();
                allowed(chat::rate(app, id, score, by_user).await);
            }
            15..17 => {
                let seq = i64::try_from(self.draw.next(20)).unwrap();
                let side = either.participant().sender_type();
                allowed(chat::deliver(app, id, side, seq).await);
            }
            _ => self.read(either, id).await,
        }
    }

    fn text(&mut self) -> String {
        format!("m{}", self.draw.next(1000))
    }

    async fn send_by_socket(&mut self, session: &Session, id: i64) {
        let messages = (0..=self.draw.next(4))
            .map(|_| {
                serde_json::from_value(json!({
                    "sender": { "session_token": session.session_token, "at": self.app.ambient.now() },
                    "customer_service_session_id": id,
                    "message": { "content": self.text() },
                    "language": "en",
                }))
                .unwrap()
            })
            .collect();
        for outcome in chat::store_batch(self.app, messages).await {
            assert!(!matches!(outcome, StoreOutcome::Later(_)), "{outcome:?}");
        }
    }

    /// Reads up to one of the newest messages.
    async fn read(&mut self, by: By<'_>, id: i64) {
        let mut handle = self.app.db.acquire().await.unwrap();
        let newest = history(handle.conn(), id, Window::UpTo(i64::MAX), 5).await.unwrap();
        drop(handle);
        if newest.is_empty() {
            return;
        }
        let message = &newest[self.draw.next(newest.len())];
        match chat::read(self.app, id, message.chat_message_id, by).await {
            Ok(progress) => {
                let side = by.participant().sender_type().as_str();
                let so_far = self.read.entry((id, side)).or_default();
                *so_far = progress.seq.max(*so_far);
            }
            refused => allowed(refused),
        }
    }
}

#[track_caller]
fn allowed<T>(done: Result<T, ApiError>) {
    if let Err(error) = done {
        let code = error.code();
        assert!(matches!(code, ErrorCode::NotFound | ErrorCode::Conflict), "{error:?}");
    }
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
    let exact = f64::from(i32::try_from(hundredths).unwrap()) / 100.0;
    assert!((average - exact).abs() < 1e-9, "{average}, {exact}");
}

/// Every version and every message was told, once.
async fn news(app: &TestApp, kept: &[Kept]) {
    let told = app
        .database
        .texts("SELECT CAST(payload AS CHAR) FROM edge_outbox WHERE kind IN ('message_stored', 'chat_message', 'conversation_updated') ORDER BY edge_outbox_id")
        .await;
    let (mut versions, mut seqs): (HashMap<i64, Vec<i64>>, HashMap<i64, Vec<i64>>) =
        (HashMap::new(), HashMap::new());
    for row in told {
        let news: Value = serde_json::from_str(&row).unwrap();
        let (message, change) = (&news["news"]["message"], &news["news"]["conversation"]);
        let told = if message.is_null() { change } else { message };
        let id = told["conversation"]["customer_service_session_id"].as_i64().unwrap();
        if message.is_null() {
            let version = told["conversation"]["version"].as_i64().unwrap();
            versions.entry(id).or_default().push(version);
        } else {
            seqs.entry(id).or_default().push(message["message"]["seq"].as_i64().unwrap());
        }
    }
    for one in kept {
        assert_eq!(versions[&one.id], (1..=one.version).collect::<Vec<_>>(), "{}", one.id);
        let told = seqs.remove(&one.id).unwrap_or_default();
        assert_eq!(told, (1..=one.last_seq).collect::<Vec<_>>(), "{}", one.id);
    }
}
