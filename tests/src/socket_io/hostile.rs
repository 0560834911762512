//! Those who attack a gateway over Socket.IO.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use tokio::time::timeout;

use super::{
    Packets,
    polling::Polling,
    speech::{self, NAMESPACE, Speech},
};
use crate::chat::{Account, Heard, Line, NotOpen, fuzz::Hostile};

/// Packets in a row: the first that is none ends the session.
const VOLLEY: usize = 3;
/// How long a session may take to answer or to end, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);
/// The same path for clients of the third version.
const OLD_PATH: &str = "/socket.io/?EIO=3&transport=websocket";

/// Opens sessions and sends them what is wrong, until so many packets were sent by all; counts the sessions that
/// were closed for it. The first attacker polls, the second is of the third version, and every other session is let
/// in before it is attacked.
pub async fn attack(
    account: &Account,
    number: usize,
    seed: u64,
    conversation: i64,
    packets: usize,
    sent: &AtomicUsize,
    closed: &AtomicUsize,
) {
    let mut drawn = Packets::new(seed, conversation);
    let http = reqwest::Client::builder().no_proxy().build().expect("an HTTP client");
    let mut is_let_in = false;
    while sent.load(Ordering::Relaxed) < packets {
        is_let_in = !is_let_in;
        sent.fetch_add(VOLLEY, Ordering::Relaxed);
        let token = is_let_in.then_some(account.token.as_str());
        let is_closed = match number {
            0 => by_polling(&http, &account.base, token, &mut drawn).await,
            1 => by_socket(&account.base, OLD_PATH, token, &mut drawn).await,
            _ => by_socket(&account.base, speech::PATH, token, &mut drawn).await,
        };
        closed.fetch_add(usize::from(is_closed), Ordering::Relaxed);
    }
}

/// Whether the session was closed.
async fn by_socket(base: &str, path: &str, token: Option<&str>, drawn: &mut Packets) -> bool {
    let mut line = match Line::open_bare(base, path).await {
        Ok(line) => line,
        // Those before it are still being seen off.
        Err(NotOpen::Refused(429 | 503, _)) => return false,
        Err(other) => panic!("{other:?}"),
    };
    if let Some(token) = token {
        let connect = match path {
            OLD_PATH => format!("40{NAMESPACE}?token={token},"),
            _ => Speech::connect(token),
        };
        line.send(connect).await;
        // What comes now gets as far as the room.
        let let_in = async {
            loop {
                match line.next().await {
                    Heard::Text(text) if text.contains("[\"connected\"") => return true,
                    Heard::Text(_) => {}
                    Heard::Closed(..) | Heard::Lost => return false,
                }
            }
        };
        // Of too many sockets of one user the oldest goes.
        if !timeout(PATIENCE, let_in).await.expect("a greeting or an end") {
            return true;
        }
    }
    for _ in 0..VOLLEY {
        let is_sent = match drawn.draw() {
            Hostile::Text(text) => line.send(text).await,
            Hostile::Binary(bytes) => line.send_binary(bytes).await,
        };
        if !is_sent {
            break;
        }
    }
    // What is still there after that says that it does not know this, or is out for not having been let in.
    line.send("42/im,1[\"no such event\",{}]").await;
    let ends = async {
        loop {
            match line.next().await {
                Heard::Text(text) if text.starts_with("43/im,1[") => return false,
                Heard::Text(text) if text == "2" => _ = line.send(Speech::PONG).await,
                Heard::Text(_) => {}
                Heard::Closed(..) | Heard::Lost => return true,
            }
        }
    };
    timeout(PATIENCE, ends).await.expect("an answer or an end")
}

/// The same by polling.
async fn by_polling(
    http: &reqwest::Client,
    base: &str,
    token: Option<&str>,
    drawn: &mut Packets,
) -> bool {
    let session = match Polling::open(http, base).await {
        Ok(session) => session,
        Err((status, _)) if matches!(status.as_u16(), 429 | 503) => return false,
        Err(other) => panic!("{other:?}"),
    };
    if let Some(token) = token {
        session.connect(token).await;
    }
    let mut payload = Vec::new();
    for _ in 0..VOLLEY {
        if !payload.is_empty() {
            payload.push(0x1e);
        }
        payload.extend(match drawn.draw() {
            Hostile::Text(text) => text.into_bytes(),
            Hostile::Binary(bytes) => bytes,
        });
    }
    let status = session.post(payload).await.as_u16();
    assert!(matches!(status, 200 | 400 | 413), "{status}");
    let status = session.post("42/im,1[\"no such event\",{}]").await.as_u16();
    assert!(matches!(status, 200 | 400), "{status}");
    let ends = async {
        loop {
            match session.poll().await {
                Ok(packets) if packets.iter().any(|one| one.starts_with("43/im,1[")) => {
                    session.post("1").await;
                    return false;
                }
                Ok(packets) if packets.iter().any(|one| one == "2") => _ = session.post("3").await,
                Ok(_) => {}
                Err(status) => {
                    assert_eq!(status.as_u16(), 400, "a session that is over");
                    return true;
                }
            }
        }
    };
    timeout(PATIENCE, ends).await.expect("an answer or an end")
}
