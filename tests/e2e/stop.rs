//! SIGTERM, and a database that goes away: what clients see of it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use serde_json::json;
use shared::route;
use tests::{
    both_databases,
    chat::loss::Database,
    system::{Client, Door, System, settled},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::sleep,
};

both_databases!(run by tests::system::run:
    a_stop_under_load_answers_every_call_that_was_let_in,
    while_it_drains_it_is_not_ready_and_still_answers,
    a_database_that_goes_away_is_told_and_comes_back_by_itself,
);

/// A keep-alive connection, as a client has one.
struct Line(TcpStream);

/// What came of a call.
#[derive(Debug, PartialEq, Eq)]
enum Heard {
    /// An answer, whole, with its status; whether it says that the connection closes.
    Answer(u16, bool),
    /// Nothing, not a byte.
    Nothing,
    /// A part of an answer.
    Part(String),
}

impl Line {
    async fn open(address: &str) -> Option<Self> {
        TcpStream::connect(address).await.ok().map(Self)
    }

    async fn call(&mut self, request: &str) -> Heard {
        if self.0.write_all(request.as_bytes()).await.is_err() {
            return Heard::Nothing;
        }
        let mut bytes = Vec::new();
        let mut buffer = [0; 4096];
        loop {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            if let Some((head, body)) = text.split_once("\r\n\r\n") {
                let head = head.to_ascii_lowercase();
                let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
                if length.is_some_and(|length| length.parse() == Ok(body.len())) {
                    let status = head.split(' ').nth(1).and_then(|word| word.parse().ok());
                    return Heard::Answer(
                        status.expect("a status"),
                        head.contains("connection: close"),
                    );
                }
            }
            match self.0.read(&mut buffer).await {
                Ok(read) if read > 0 => bytes.extend_from_slice(&buffer[..read]),
                _ if bytes.is_empty() => return Heard::Nothing,
                _ => return Heard::Part(text),
            }
        }
    }
}

fn verify(client: &Client) -> String {
    format!(
        "GET {} HTTP/1.1\r\nhost: origin\r\nauthorization: Bearer {}\r\n\r\n",
        route::VERIFY,
        client.token
    )
}

/// What takes a while: a password is checked. The wrong one, so that it changes nothing.
fn slow(number: usize) -> String {
    let body = json!({ "mobile": format!("1380000{number:04}"), "password": "is not the one" });
    let body = body.to_string();
    format!(
        "POST {} HTTP/1.1\r\nhost: origin\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        route::LOGIN,
        body.len()
    )
}

#[derive(Debug, Default)]
struct Load {
    closed: usize,
    refused: usize,
    unanswered: Vec<String>,
}

/// Calls one after the other on connections that it keeps, until nobody accepts one any more.
async fn load(
    address: String,
    request: String,
    told: Arc<AtomicBool>,
    answered: Arc<AtomicUsize>,
) -> Load {
    let mut load = Load::default();
    loop {
        let is_late = told.load(Ordering::SeqCst);
        let Some(mut line) = Line::open(&address).await else {
            assert!(told.load(Ordering::SeqCst), "nobody accepts, and nobody was told to stop");
            return load;
        };
        let mut calls = 0;
        loop {
            match line.call(&request).await {
                Heard::Answer(200 | 401 | 429, closes) => {
                    answered.fetch_add(1, Ordering::SeqCst);
                    calls += 1;
                    if closes {
                        load.closed += 1;
                        break;
                    }
                }
                // The system let it in, and the process never did: as good as refused.
                Heard::Nothing if is_late && calls == 0 => {
                    load.refused += 1;
                    break;
                }
                other => {
                    load.unanswered.push(format!("{other:?} after {calls} calls"));
                    break;
                }
            }
        }
    }
}

async fn a_stop_under_load_answers_every_call_that_was_let_in(mut system: System) {
    let client = system.user("mini_program", "phone-1").await;
    settled(&system).await;
    let address = system.url(&Door::Origin).replace("http://", "");
    let told = Arc::new(AtomicBool::new(false));
    let answered = Arc::new(AtomicUsize::new(0));
    let tasks: Vec<_> = (0..24)
        .map(|n| {
            let request = if n % 6 == 0 { slow(n) } else { verify(&client) };
            let (told, answered) = (Arc::clone(&told), Arc::clone(&answered));
            tokio::spawn(load(address.clone(), request, told, answered))
        })
        .collect();
    while answered.load(Ordering::SeqCst) < 300 {
        sleep(Duration::from_millis(5)).await;
    }
    let origin = system.origin.take().expect("the origin runs");
    told.store(true, Ordering::SeqCst);
    let stopped = tokio::task::spawn_blocking(move || origin.stop()).await.expect("it is stopped");
    assert!(stopped.expect("a status"), "it ends well: {}", system.origin_log());
    let mut closed = 0;
    for task in tasks {
        let load = task.await.expect("a client");
        assert!(load.unanswered.is_empty(), "{load:?}");
        closed += load.closed;
    }
    assert!(closed >= 24, "each connection was told that it closes: {closed}");
    let log = system.origin_log();
    assert!(log.contains("stopped") && !log.contains("STOP_TIMEOUT"), "{log}");
    // The use of the session was noted in memory; the stop has written it down.
    let used = "SELECT 'yes' FROM authentication_sessions WHERE device_id = 'phone-1'
                AND last_activity > created_at";
    assert_eq!(system.texts(used).await, ["yes"]);
    system.start_origin();
    system.get(&Door::Edge, &client, route::VERIFY).await.ok();
}

async fn while_it_drains_it_is_not_ready_and_still_answers(mut system: System) {
    system.restart_origin_with(&[("STOP_DRAIN", "3s"), ("LOG_FORMAT", "json")]);
    let client = system.user("mini_program", "phone-1").await;
    let origin = system.origin.take().expect("the origin runs");
    let stop = tokio::task::spawn_blocking(move || origin.stop());
    let ready = async || system.send(system.request(&Door::Origin, "GET", route::READYZ)).await;
    while ready().await.status == 200 {
        sleep(Duration::from_millis(10)).await;
    }
    ready().await.refused(503, "ORIGIN_UNAVAILABLE");
    system.get(&Door::Origin, &client, route::VERIFY).await.ok();
    assert!(stop.await.expect("it is stopped").expect("a status"));
    assert!(system.request(&Door::Origin, "GET", route::READYZ).send().await.is_err());
    // Each line of a call says which call, and by which route; the last one says what became of it.
    let log = system.origin_log();
    let lines = log.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let lines: Vec<_> = lines.filter(|line| line["span"]["name"] == "call").collect();
    assert!(lines.iter().all(|line| line["span"]["request_id"].is_string()), "{lines:?}");
    let answered = lines.iter().find(|line| {
        line["fields"]["message"] == "answered" && line["span"]["route"] == route::VERIFY
    });
    let answered = answered.expect("the call is in the log");
    assert_eq!(answered["fields"]["status"], 200);
    assert!(answered["fields"]["millis"].is_number(), "{answered}");
    system.start_origin();
}

async fn a_database_that_goes_away_is_told_and_comes_back_by_itself(mut system: System) {
    system.restart_origin_with(&[("DATABASE_ACQUIRE_TIMEOUT", "1s")]);
    let database = Database::of(&mut system).await;
    let is_away = !matches!(database, Database::Locked(_));
    let client = system.user("mini_program", "phone-1").await;
    let begun = system.post(&Door::Origin, &client, route::CHAT_SESSIONS, &json!({})).await;
    let id = begun.data()["customer_service_session_id"].as_i64().expect("a key");
    let path = route::with_id(route::CHAT_MESSAGES, id);
    let (stop, unready) = (AtomicBool::new(false), AtomicBool::new(false));
    let (stop, unready, system) = (&stop, &unready, &system);
    let load = |n: usize| {
        let (client, path) = (&client, &path);
        async move {
            let (mut stored, mut refused) = (Vec::new(), 0);
            for m in 0.. {
                if stop.load(Ordering::SeqCst) {
                    break;
                }
                let temp_id = format!("{n}-{m}");
                let message = json!({ "content": "hi", "temp_message_id": temp_id });
                let reply = system.post(&Door::Origin, client, path, &message).await;
                if reply.status == 201 {
                    stored.push(temp_id);
                } else {
                    reply.refused(503, "ORIGIN_UNAVAILABLE");
                    assert!(reply.headers.contains_key("retry-after"), "{reply:?}");
                    refused += 1;
                }
                let ready = system.send(system.request(&Door::Origin, "GET", route::READYZ)).await;
                if ready.status != 200 {
                    ready.refused(503, "ORIGIN_UNAVAILABLE");
                    unready.store(true, Ordering::SeqCst);
                }
            }
            (stored, refused)
        }
    };
    let breaks = async {
        sleep(Duration::from_millis(500)).await;
        database.stop_for(Duration::from_secs(3)).await;
        // It is back without a restart: this ends, or the suite's patience does.
        let ready = async || system.send(system.request(&Door::Origin, "GET", route::READYZ)).await;
        while ready().await.status != 200 {
            sleep(Duration::from_millis(50)).await;
        }
        system.get(&Door::Origin, &client, route::VERIFY).await.ok();
        stop.store(true, Ordering::SeqCst);
    };
    let loads = futures_util::future::join_all((0..6).map(load));
    let (loads, ()) = tokio::join!(loads, breaks);
    let refused: usize = loads.iter().map(|(_, refused)| refused).sum();
    assert_eq!(refused > 0, is_away, "{refused} refused");
    assert_eq!(unready.load(Ordering::SeqCst), is_away);
    // What was answered as stored is, and in no number there is a hole.
    let stored = system
        .texts("SELECT temp_message_id FROM chat_messages WHERE temp_message_id IS NOT NULL")
        .await;
    assert!(loads.iter().flat_map(|(told, _)| told).all(|id| stored.contains(id)));
    let holes = "SELECT CAST(customer_service_session_id AS CHAR) FROM chat_messages
                 GROUP BY customer_service_session_id HAVING MAX(seq) <> COUNT(*)";
    assert_eq!(system.texts(holes).await, Vec::<String>::new());
    let starts = system.origin_log().matches("listening").count();
    assert_eq!(starts, if is_away { 3 } else { 2 }, "the origin ran on");
}
