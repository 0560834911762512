//! What someone of the staff may not do, whatever they were before; and what their first answer tells.

use axum::body::Body;
use http::Request;
use origin::store;
use serde_json::{Value, json};
use shared::{
    assertion::{ASSERTION_HEADER, Assertion, CheckedSession, Place},
    route,
    seal::Purpose,
    token,
    user::Role,
};
use tests::{Device, LoggedIn, Reply, TestApp, both_databases};

use super::{begin, hand_on, told};

both_databases!(
    the_first_answer_comes_before_its_message,
    an_answer_to_what_nobody_has_is_a_version,
    a_role_that_was_taken_away_is_gone_from_reads_too,
    the_staff_have_no_conversations_of_their_own,
);

fn to(path: &str, id: i64) -> String {
    route::with_id(path, id)
}

async fn set_role(app: &TestApp, user_id: i64, role: Role) {
    let mut handle = app.app.db.acquire().await.unwrap();
    let now = app.app.ambient.now();
    store::users::set_role(handle.conn(), user_id, role, now).await.unwrap();
}

/// What rooms are told of changes of conversations, in order.
async fn changes(app: &TestApp) -> Vec<Value> {
    let rows = "SELECT CAST(payload AS CHAR) FROM edge_outbox WHERE kind = 'conversation_updated'
                ORDER BY edge_outbox_id";
    let rows = app.database.texts(rows).await;
    let read = |row: &String| serde_json::from_str::<Value>(row).unwrap()["news"].take();
    rows.iter().map(|row| read(row)["conversation"].take()).collect()
}

async fn the_first_answer_comes_before_its_message(app: TestApp) {
    let ana = app.user("ana").await;
    let ana = ana.log_in(Device::phone("phone-1")).await;
    let wang = app.staff("wang", Role::Agent).await;
    let wang = wang.log_in(Device::browser("desk-1")).await;
    let id = begin(&ana).await;
    ana.post(&to(route::CHAT_MESSAGES, id), &json!({ "content": "x" })).await.ok();
    let answers = [json!({ "content": "您好" }), json!({ "content": "?" })];
    let stored = hand_on(&app, &wang, id, &answers).await;
    assert_eq!(stored.iter().map(told).collect::<Vec<_>>(), ["seq 2", "seq 3"]);
    let accepted = changes(&app).await.pop().unwrap();
    assert_eq!(accepted["update"]["change"], "accepted", "{accepted}");
    // Nobody has been told of messages 2 and 3 by then.
    assert_eq!(accepted["conversation"]["last_seq"], 1, "{accepted}");
    assert_eq!(accepted["update"]["last_seq"], 1, "{accepted}");
}

async fn an_answer_to_what_nobody_has_is_a_version(app: TestApp) {
    let ana = app.user("ana").await;
    let ana = ana.log_in(Device::phone("phone-1")).await;
    let wang = app.staff("wang", Role::Agent).await;
    let wang_desk = wang.log_in(Device::browser("desk-1")).await;
    let id = begin(&ana).await;
    // As the old back end has left some.
    app.database.execute("UPDATE customer_service_sessions SET status = 'active'").await;
    wang_desk.post(&to(route::DESK_SEND, id), &json!({ "content": "您好" })).await.ok();
    let said: Vec<_> = changes(&app)
        .await
        .iter()
        .map(|change| {
            let conversation = &change["conversation"];
            (conversation["version"].clone(), conversation["admin_id"].clone())
        })
        .collect();
    assert_eq!(said, [(json!(1), Value::Null), (json!(2), json!(wang.user_id))]);
}

/// A read that the edge vouches for.
async fn read_vouched(app: &TestApp, client: &LoggedIn<'_>, path: &str) -> Reply {
    let now = app.app.ambient.now();
    let keys = app.app.keys.verification();
    let claims = token::verify(&client.token, keys, &app.app.expectations, now).unwrap();
    let assertion = Assertion {
        request_id: app.app.ambient.unique_name(),
        issued_at: now,
        method: "GET".into(),
        path_and_query: path.into(),
        client_ip: "203.0.113.7".into(),
        place: Place::default(),
        session: Some(CheckedSession { session: claims.session_hash(), checked_at: now }),
    };
    let request = Request::get(path)
        .header(ASSERTION_HEADER, app.edge_key().seal(Purpose::Assertion, &assertion).unwrap())
        .header("authorization", format!("Bearer {}", client.token))
        .body(Body::empty())
        .unwrap();
    app.send(request, [10, 0, 0, 9].into()).await
}

async fn a_role_that_was_taken_away_is_gone_from_reads_too(app: TestApp) {
    let ana = app.user("ana").await;
    let ana = ana.log_in(Device::phone("phone-1")).await;
    let wang = app.staff("wang", Role::Admin).await;
    let wang_desk = wang.log_in(Device::browser("desk-1")).await;
    let path = to(route::CHAT_MESSAGES, begin(&ana).await);
    read_vouched(&app, &wang_desk, &path).await.ok();
    read_vouched(&app, &ana, &path).await.ok();
    // Whatever their token says still.
    set_role(&app, wang.user_id, Role::User).await;
    read_vouched(&app, &wang_desk, &path).await.refused(404, "NOT_FOUND");
}

async fn the_staff_have_no_conversations_of_their_own(app: TestApp) {
    let wang = app.staff("wang", Role::Agent).await;
    let desk = wang.log_in(Device::browser("desk-1")).await;
    desk.post(route::CHAT_SESSIONS, &json!({})).await.refused(403, "FORBIDDEN");
    // Ana was a user when hers began.
    let ana = app.user("ana").await;
    let phone = ana.log_in(Device::phone("phone-1")).await;
    let id = begin(&phone).await;
    set_role(&app, ana.user_id, Role::Agent).await;
    let sent = hand_on(&app, &phone, id, &[json!({ "content": "x" })]).await;
    assert_eq!(sent.iter().map(told).collect::<Vec<_>>(), ["FORBIDDEN"]);
    let ana_desk = ana.log_in(Device::browser("desk-2")).await;
    let none = json!({});
    ana_desk.post(&to(route::DESK_ACCEPT, id), &none).await.refused(403, "FORBIDDEN");
    let answer = json!({ "content": "x" });
    ana_desk.post(&to(route::DESK_SEND, id), &answer).await.refused(403, "FORBIDDEN");
    let sent = hand_on(&app, &ana_desk, id, &[answer]).await;
    assert_eq!(sent.iter().map(told).collect::<Vec<_>>(), ["FORBIDDEN"]);
    desk.post(&to(route::DESK_ACCEPT, id), &none).await.ok();
}
