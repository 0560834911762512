//! Who may do what in whose conversation, route by route.

use serde_json::{Value, json};
use shared::{
    route::{self, Access, FORWARDED, Method},
    user::Role,
};
use tests::{Device, LoggedIn, Reply, TestApp, both_databases};

use super::begin;

both_databases!(
    nobody_acts_in_a_conversation_that_is_not_theirs,
    every_route_of_chat_is_in_the_table
);

/// What the caller gets: of the user whose conversation it is, another user, the agent who has it, another
/// agent, and an admin.
struct Row {
    method: Method,
    path: &'static str,
    expected: [Expected; 5],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expected {
    Well,
    NotFound,
    Forbidden,
    Conflict,
}

use Expected::{Conflict, Forbidden, NotFound, Well};
use Method::{Get, Post};

/// Of a conversation that an agent has. Closing comes last: nothing can be done after it.
const HELD: [Row; 11] = [
    row(Get, route::CHAT_MESSAGES, [Well, NotFound, Well, NotFound, Well]),
    row(Post, route::CHAT_MESSAGES, [Well, NotFound, Well, NotFound, Well]),
    row(Post, route::CHAT_READ, [Well, NotFound, Well, NotFound, Well]),
    row(Get, route::DESK_MESSAGES, [Forbidden, Forbidden, Well, NotFound, Well]),
    row(Post, route::DESK_SEND, [Forbidden, Forbidden, Well, NotFound, Well]),
    row(Post, route::DESK_READ, [Forbidden, Forbidden, Well, NotFound, Well]),
    // Whoever comes second is told who was first.
    row(Post, route::DESK_ACCEPT, [Forbidden, Forbidden, Well, Conflict, Conflict]),
    row(Post, route::DESK_TRANSFER, [Forbidden, Forbidden, Well, NotFound, Well]),
    row(Post, route::CHAT_RATING, [Conflict, NotFound, NotFound, NotFound, NotFound]),
    row(Post, route::DESK_CLOSE, [Forbidden, Forbidden, Well, NotFound, Well]),
    row(Post, route::CHAT_CLOSE, [Well, NotFound, Well, NotFound, Well]),
];

/// Of one that waits: to be seen by all of the staff, and to be ended by no agent before one has it.
const WAITING: [Row; 7] = [
    row(Get, route::CHAT_MESSAGES, [Well, NotFound, Well, Well, Well]),
    row(Get, route::DESK_MESSAGES, [Forbidden, Forbidden, Well, Well, Well]),
    row(Post, route::CHAT_RATING, [Conflict, NotFound, NotFound, NotFound, NotFound]),
    row(Post, route::DESK_READ, [Forbidden, Forbidden, Well, Well, Well]),
    row(Post, route::DESK_TRANSFER, [Forbidden, Forbidden, Conflict, Conflict, Well]),
    row(Post, route::DESK_CLOSE, [Forbidden, Forbidden, Conflict, Conflict, Well]),
    row(Post, route::CHAT_CLOSE, [Well, NotFound, Conflict, Conflict, Well]),
];

/// Of one that is over.
const CLOSED: [Row; 8] = [
    row(Get, route::CHAT_MESSAGES, [Well, NotFound, Well, NotFound, Well]),
    row(Post, route::CHAT_MESSAGES, [Conflict, NotFound, Conflict, NotFound, Conflict]),
    row(Post, route::DESK_SEND, [Forbidden, Forbidden, Conflict, NotFound, Conflict]),
    row(Post, route::CHAT_READ, [Well, NotFound, Well, NotFound, Well]),
    row(Post, route::DESK_ACCEPT, [Forbidden, Forbidden, Conflict, Conflict, Conflict]),
    row(Post, route::DESK_TRANSFER, [Forbidden, Forbidden, Conflict, NotFound, Conflict]),
    row(Post, route::CHAT_RATING, [Well, NotFound, NotFound, NotFound, NotFound]),
    row(Post, route::CHAT_CLOSE, [Well, NotFound, Well, NotFound, Well]),
];

/// Of no conversation in particular.
const LISTS: [Row; 3] = [
    row(Get, route::DESK_SESSIONS, [Forbidden, Forbidden, Well, Well, Well]),
    row(Get, route::DESK_QUEUE, [Forbidden, Forbidden, Well, Well, Well]),
    row(Get, route::DESK_STATS, [Forbidden, Forbidden, Well, Well, Well]),
];

const fn row(method: Method, path: &'static str, expected: [Expected; 5]) -> Row {
    Row { method, path, expected }
}

fn outcome(reply: &Reply) -> Expected {
    match (reply.status.as_u16(), reply.json["code"].as_str()) {
        (200 | 201, None) => Well,
        (404, Some("NOT_FOUND")) => NotFound,
        (403, Some("FORBIDDEN")) => Forbidden,
        (409, Some("CONFLICT")) => Conflict,
        _ => panic!("{reply:?}"),
    }
}

/// Where a conversation stands before each call.
#[derive(Clone, Copy, Debug)]
enum Stage {
    Waiting,
    Held,
    Closed,
}

async fn nobody_acts_in_a_conversation_that_is_not_theirs(app: TestApp) {
    let (ana, bob) = (app.user("ana").await, app.user("bob").await);
    let (wang, li, zhao) = (
        app.staff("wang", Role::Agent).await,
        app.staff("li", Role::Agent).await,
        app.staff("zhao", Role::Admin).await,
    );
    let callers = [
        ana.log_in(Device::phone("phone-1")).await,
        bob.log_in(Device::phone("phone-2")).await,
        wang.log_in(Device::browser("desk-1")).await,
        li.log_in(Device::browser("desk-2")).await,
        zhao.log_in(Device::browser("desk-3")).await,
    ];
    let names = ["its user", "another user", "its agent", "another agent", "an admin"];
    let [user, _, agent, _, _] = &callers;
    let tables: [(Stage, &[Row]); 4] = [
        (Stage::Waiting, &WAITING),
        (Stage::Held, &HELD),
        (Stage::Closed, &CLOSED),
        (Stage::Waiting, &LISTS),
    ];
    for (stage, table) in tables {
        for row in table {
            for ((caller, who), expected) in callers.iter().zip(names).zip(row.expected) {
                // Each call meets a conversation that no other call has changed.
                let id = begin(user).await;
                let written = user
                    .post(&route::with_id(route::CHAT_MESSAGES, id), &json!({ "content": "x" }))
                    .await;
                let message = written.data()["chat_message_id"].clone();
                if !matches!(stage, Stage::Waiting) {
                    agent.post(&route::with_id(route::DESK_ACCEPT, id), &json!({})).await.ok();
                }
                if matches!(stage, Stage::Closed) {
                    user.post(&route::with_id(route::CHAT_CLOSE, id), &json!({})).await.ok();
                }
                let reply = ask(caller, row, id, &message, wang.user_id).await;
                assert_eq!(
                    outcome(&reply),
                    expected,
                    "{who}, {} {}, {stage:?}: {reply:?}",
                    row.method.as_str(),
                    row.path
                );
                user.post(&route::with_id(route::CHAT_CLOSE, id), &json!({})).await.ok();
            }
        }
    }
}

async fn ask(caller: &LoggedIn<'_>, row: &Row, id: i64, message: &Value, agent: i64) -> Reply {
    let path = route::with_id(row.path, id);
    // One body for all: each route reads what it knows.
    let body = json!({
        "content": "x", "chat_message_id": message, "satisfaction_score": 5, "reason": "x", "admin_id": agent,
    });
    match row.method {
        Get => caller.get(&path).await,
        Post => caller.post(&path, &body).await,
    }
}

async fn every_route_of_chat_is_in_the_table(_: TestApp) {
    let chat = |path: &str| {
        path.starts_with("/api/v4/system/chat/") || path.contains("/customer-service/")
    };
    let rows: Vec<_> = HELD.iter().chain(&WAITING).chain(&LISTS).collect();
    for known in FORWARDED.iter().filter(|known| chat(known.path)) {
        // The caller's own: there is no other's to reach.
        let own = known.path == route::CHAT_SESSIONS;
        let listed = rows.iter().any(|row| (row.path, row.method) == (known.path, known.method));
        assert!(own || listed, "{} {}", known.method.as_str(), known.path);
        assert_ne!(known.access, Access::Public);
    }
}
