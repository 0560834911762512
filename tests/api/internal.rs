//! What only the edge may ask.

use std::{net::IpAddr, time::Duration};

use axum::body::Body;
use http::Request;
use origin::store;
use serde_json::{Value, json};
use shared::{
    assertion::{CALL_HEADER, CallSignature},
    route,
    seal::Purpose,
};
use tests::{Device, LoggedIn, Reply, TestApp, both_databases};

both_databases!(
    calls_that_are_not_the_edges_are_refused,
    liveness_is_what_the_row_says_now,
    messages_are_stored_each_for_itself_and_once,
    what_is_stored_and_what_ends_is_in_the_outbox,
    a_row_is_taken_by_one_process_until_its_lease_is_over,
);

const EDGE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 9));

/// A call that the edge signs.
pub async fn call(app: &TestApp, path: &str, body: &Value) -> Reply {
    let body = serde_json::to_vec(body).unwrap();
    let signature = CallSignature::new(path, &body, app.app.ambient.now());
    call_signed(app, path, body, &app.edge_key().seal(Purpose::InternalCall, &signature).unwrap())
        .await
}

async fn call_signed(app: &TestApp, path: &str, body: Vec<u8>, seal: &str) -> Reply {
    app.send(Request::post(path).header(CALL_HEADER, seal).body(Body::from(body)).unwrap(), EDGE)
        .await
}

/// Names the client's session.
pub fn session_token(app: &TestApp, client: &LoggedIn<'_>) -> String {
    let now = app.app.ambient.now();
    shared::token::verify(&client.token, app.app.keys.verification(), &app.app.expectations, now)
        .unwrap()
        .session_token
}

async fn calls_that_are_not_the_edges_are_refused(app: TestApp) {
    let path = route::INTERNAL_LIVENESS;
    let body = br#"{"session_token":"x"}"#.to_vec();
    let now = app.app.ambient.now();
    let seal = |key: &shared::seal::Secret, signature: &CallSignature| {
        key.seal(Purpose::InternalCall, signature).unwrap()
    };
    let good = CallSignature::new(path, &body, now);
    let elsewhere = CallSignature::new(route::INTERNAL_MESSAGES, &body, now);
    let other_body = CallSignature::new(path, b"{}", now);
    for forged in [
        String::new(),
        "garbage".into(),
        seal(&app.app.device_tokens, &good),
        seal(&app.edge_key(), &elsewhere),
        seal(&app.edge_key(), &other_body),
        app.edge_key().seal(Purpose::Assertion, &good).unwrap(),
    ] {
        call_signed(&app, path, body.clone(), &forged).await.refused(403, "FORBIDDEN");
    }
    let unsigned = Request::post(path).body(Body::from(body.clone())).unwrap();
    app.send(unsigned, EDGE).await.refused(403, "FORBIDDEN");
    call_signed(&app, path, body.clone(), &seal(&app.edge_key(), &good)).await.ok();
    app.clock.step(Duration::from_secs(11));
    call_signed(&app, path, body, &seal(&app.edge_key(), &good)).await.refused(403, "FORBIDDEN");
    call(&app, path, &json!({ "wrong": true })).await.refused(400, "BAD_REQUEST");
}

async fn liveness_is_what_the_row_says_now(app: TestApp) {
    let ana = app.user("ana").await;
    let phone = ana.log_in(Device::phone("phone-1")).await;
    let ask = json!({ "session_token": session_token(&app, &phone) });
    let live = call(&app, route::INTERNAL_LIVENESS, &ask).await;
    assert_eq!(
        live.data(),
        &json!({ "state": "live", "until": "2026-03-31T00:00:00.000+08:00", "user_id": ana.user_id, "user_type": "user" })
    );
    ana.log_in(Device::phone("phone-2")).await;
    let dead = call(&app, route::INTERNAL_LIVENESS, &ask).await;
    assert_eq!(dead.data(), &json!({ "state": "dead", "code": "SESSION_REPLACED" }));
    let unknown =
        call(&app, route::INTERNAL_LIVENESS, &json!({ "session_token": "nobody's" })).await;
    assert_eq!(unknown.data(), &json!({ "state": "dead", "code": "SESSION_NOT_FOUND" }));
}

fn message(
    app: &TestApp,
    session_token: &str,
    conversation: i64,
    content: &str,
    temp_id: &str,
) -> Value {
    json!({
        "sender": { "session_token": session_token, "at": app.app.ambient.now() },
        "customer_service_session_id": conversation,
        "message": { "content": content, "temp_message_id": temp_id },
        "language": "en",
    })
}

async fn messages_are_stored_each_for_itself_and_once(app: TestApp) {
    let ana = app.user("ana").await;
    let old = ana.log_in(Device::phone("phone-1")).await;
    let dead = session_token(&app, &old);
    let phone = ana.log_in(Device::phone("phone-2")).await;
    let begun = phone.post(route::CHAT_SESSIONS, &json!({})).await;
    let id = begun.data()["customer_service_session_id"].as_i64().unwrap();
    let live = session_token(&app, &phone);
    let batch = json!({ "messages": [
        message(&app, &live, id, "one", "t1"),
        message(&app, &dead, id, "from a dead session", "t2"),
        message(&app, &live, id, "", "t3"),
        message(&app, &live, 4242, "elsewhere", "t4"),
        message(&app, &live, id, "two", "t5"),
        message(&app, &live, id, "one", "t1"),
    ]});
    let reply = call(&app, route::INTERNAL_MESSAGES, &batch).await;
    let outcomes = reply.data()["outcomes"].as_array().unwrap();
    let told: Vec<String> = outcomes
        .iter()
        .map(|outcome| match outcome["failed"]["code"].as_str() {
            Some(code) => code.to_owned(),
            None => format!("seq {}", outcome["stored"]["message"]["seq"]),
        })
        .collect();
    assert_eq!(
        told,
        ["seq 1", "SESSION_REPLACED", "VALIDATION_FAILED", "NOT_FOUND", "seq 2", "seq 1"]
    );
    assert_eq!(outcomes[1]["failed"]["message"], "Your account has logged in somewhere else.");
    assert_eq!(outcomes[2]["failed"]["fields"][0]["field"], "content");

    let many: Vec<Value> =
        (0..101).map(|n| message(&app, &live, id, "x", &format!("m{n}"))).collect();
    call(&app, route::INTERNAL_MESSAGES, &json!({ "messages": many }))
        .await
        .refused_field("messages");
}

async fn what_is_stored_and_what_ends_is_in_the_outbox(app: TestApp) {
    let ana = app.user("ana").await;
    let old = ana.log_in(Device::phone("phone-1")).await;
    let session = shared::session::SessionHash::of(&session_token(&app, &old));
    let phone = ana.log_in(Device::phone("phone-2")).await;
    let begun = phone.post(route::CHAT_SESSIONS, &json!({})).await;
    let id = begun.data()["customer_service_session_id"].as_i64().unwrap();
    phone.post(&route::with_id(route::CHAT_MESSAGES, id), &json!({ "content": "hi" })).await.ok();

    let mut tx = app.app.db.begin().await.unwrap();
    let rows = store::outbox::take(
        tx.conn(),
        &store::outbox::Kind::ALL,
        10,
        Duration::from_secs(30),
        app.app.ambient.now(),
    )
    .await
    .unwrap();
    tx.commit().await.unwrap();
    let (alerts, rows): (Vec<_>, Vec<_>) =
        rows.into_iter().partition(|row| row.kind == store::outbox::Kind::SecurityAlert);
    assert_eq!((alerts.len(), rows.len()), (2, 3));
    assert_eq!(
        rows[0].payload,
        json!({
            "session": session, "user_id": ana.user_id, "user_type": "user", "reason": "REPLACED",
            "remember_until": "2026-03-02T00:00:00.000+08:00",
        })
    );
    assert!(
        !rows[0].payload.to_string().contains(&session_token(&app, &old)),
        "hashed wherever it leaves the origin"
    );
    assert_eq!(rows[1].payload["news"]["conversation"]["update"]["change"], json!("waiting"));
    assert_eq!(rows[2].payload["news"]["message"]["message"]["content"], json!("hi"));
    for (row, news) in rows[1..].iter().zip(["conversation", "message"]) {
        assert_eq!(row.payload["news"][news]["conversation"]["user_id"], ana.user_id);
    }
}

async fn a_row_is_taken_by_one_process_until_its_lease_is_over(app: TestApp) {
    let mut handle = app.app.db.acquire().await.unwrap();
    let now = app.app.ambient.now();
    for n in 0..20 {
        store::outbox::insert(
            handle.conn(),
            store::outbox::Kind::SessionEnded,
            &json!({ "n": n }),
            now,
        )
        .await
        .unwrap();
    }
    drop(handle);
    let other = app.second_process().await;
    let take = async |app: &TestApp| {
        app.app
            .db
            .retrying(|| async {
                let mut tx = app.app.db.begin().await?;
                let rows = store::outbox::take(
                    tx.conn(),
                    &store::outbox::Kind::ALL,
                    5,
                    Duration::from_secs(30),
                    app.app.ambient.now(),
                )
                .await?;
                tx.commit().await?;
                Ok::<_, origin::error::ApiError>(rows)
            })
            .await
            .unwrap()
            .into_iter()
            .map(|row| row.edge_outbox_id)
            .collect::<Vec<_>>()
    };
    let (a, b, c, d) = tokio::join!(take(&app), take(&other), take(&app), take(&other));
    let mut taken: Vec<i64> = [a, b, c, d].concat();
    // A process that found rows of the other locked may have passed over them: the rest is there.
    loop {
        let rest = take(&app).await;
        if rest.is_empty() {
            break;
        }
        taken.extend(rest);
    }
    taken.sort_unstable();
    let count = taken.len();
    taken.dedup();
    assert_eq!((count, taken.len()), (20, 20), "each row once");
    app.clock.step(Duration::from_secs(31));
    assert_eq!(take(&other).await.len(), 5, "a lease that ran out frees its rows");
}
