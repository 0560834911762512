//! What the overview counts is what was done, minute by minute.

use std::time::Duration;

use axum::{Json, Router, http::Uri, routing::any};
use origin::{
    background::{gauges, outbox},
    clock::Clock as _,
};
use serde_json::{Value, json};
use shared::{envelope::Success, internal::EventsTaken, route, time::Timestamp, user::Role};
use tests::{Device, LoggedIn, TestApp, both_databases, clock::StepClock};
use tokio_util::sync::CancellationToken;

use crate::chat::{begin, hand_on};

both_databases!(
    each_minute_counts_what_was_done_in_it,
    a_long_time_has_longer_points_and_the_same_sums,
    what_is_now_is_of_now,
    what_only_the_process_knows_is_of_the_minute_it_looked_in,
    how_late_the_edge_hears_is_measured_from_the_end_itself,
    it_is_the_staffs_and_within_limits,
);

/// Numbers of a point, in the order of [`of`].
type Point = (Timestamp, [i64; 4]);

/// A day that begins at no minute's first moment.
fn start(app: &TestApp) -> Timestamp {
    app.clock.step(Duration::from_millis(20_250));
    minute_of(&app.clock)
}

fn minute_of(clock: &StepClock) -> Timestamp {
    let now = clock.now();
    Timestamp::from_millis(now.as_millis() - now.as_millis() % 60_000).unwrap()
}

async fn overview(caller: &LoggedIn<'_>, query: &str) -> Value {
    caller.get(&format!("{}{query}", route::OVERVIEW)).await.data().clone()
}

/// Log-ins, failures, ends and messages of each point at which there were any.
fn of(overview: &Value) -> Vec<Point> {
    let points = overview["points"].as_array().unwrap();
    let number = |point: &Value, name: &str| point[name].as_i64().unwrap();
    let counted = points.iter().map(|point| {
        let counts = ["log_ins", "log_in_failures", "revocations", "messages"];
        let at = point["at"].as_str().unwrap().parse().unwrap();
        (at, counts.map(|name| number(point, name)))
    });
    counted.filter(|(_, counts)| counts.iter().any(|count| *count > 0)).collect()
}

fn sums(points: &[Point]) -> [i64; 4] {
    points.iter().fold([0; 4], |sums, (_, counts)| [0, 1, 2, 3].map(|n| sums[n] + counts[n]))
}

async fn admin(app: &TestApp) -> LoggedIn<'_> {
    app.staff("boss", Role::Admin).await.log_in(Device::browser("desk-1")).await
}

/// What is done over some minutes, and what of that is to be counted when.
async fn minutes_of_work(app: &TestApp, boss: &LoggedIn<'_>) -> Vec<Point> {
    let minute = |n: u64| minute_of(&app.clock).plus(Duration::from_mins(n));
    app.clock.step(Duration::from_mins(1));
    // The first: an account with its session, a log-in from elsewhere, and a wrong password.
    let ana = app.user("ana").await;
    let phone = ana.log_in(Device::phone("phone-1")).await;
    ana.try_log_in(app, &Device::phone("phone-1"), "wrong")
        .await
        .refused(401, "INVALID_CREDENTIALS");
    let first = (minute(0), [2, 1, 0, 0]);
    // The next, from its first moment on: the same device again, and a message at the very beginning.
    app.clock.step(minute(1).since(app.clock.now()));
    let id = begin(&phone).await;
    hand_on(app, &phone, id, &[json!({ "content": "x", "temp_message_id": "t-1" })]).await;
    let renewed =
        Device { device_token: Some(phone.device_token.clone()), ..Device::phone("phone-1") };
    let phone = ana.log_in(renewed).await;
    let second = (minute(0), [1, 0, 0, 1]);
    // At its very end a session is replaced; a millisecond later it is the minute after that.
    app.clock.step(minute(1).minus(Duration::from_millis(1)).since(app.clock.now()));
    let second = {
        ana.log_in(Device::phone("phone-2")).await;
        (second.0, [2, 0, 1, 1])
    };
    app.clock.step(Duration::from_millis(1));
    let web = ana.log_in(Device::browser("web")).await;
    web.post(route::LOGOUT, &json!({})).await.ok();
    boss.post(
        &route::with_id(route::DEACTIVATE_USER_SESSIONS, phone.user_id),
        &json!({ "reason": "x" }),
    )
    .await
    .ok();
    // The registration's own, the second phone's, and the browser's.
    let third = (minute(0), [1, 0, 3, 0]);
    vec![first, second, third]
}

async fn each_minute_counts_what_was_done_in_it(app: TestApp) {
    start(&app);
    let boss = admin(&app).await;
    let before = of(&overview(&boss, "?minutes=1").await);
    // The admin's own: the session of the registration, which ended when they came back as staff.
    assert_eq!(before, [(minute_of(&app.clock), [2, 0, 1, 0])]);
    let done = minutes_of_work(&app, &boss).await;
    let now = overview(&boss, "?minutes=3").await;
    assert_eq!(now["step_seconds"], 60);
    assert_eq!(now["at_least"], false);
    assert_eq!(of(&now), done);
    // A minute later the first of them is out of sight, and the last has moved on.
    app.clock.step(Duration::from_mins(1));
    assert_eq!(of(&overview(&boss, "?minutes=3").await), done[1..]);
    let usual = overview(&boss, "").await;
    assert_eq!(usual["points"].as_array().unwrap().len(), 60);
    assert_eq!(of(&usual), [before, done].concat());
}

async fn a_long_time_has_longer_points_and_the_same_sums(app: TestApp) {
    start(&app);
    // A day and more of one token's life.
    let patient = app
        .process_with(|config| config.policy.access_token_lifetime = Duration::from_hours(48))
        .await;
    let boss = app.staff("boss", Role::Admin).await;
    let boss = boss.log_in_at(&patient, Device::browser("desk-1")).await;
    minutes_of_work(&app, &boss).await;
    let fine = overview(&boss, "").await;
    for (minutes, step, number) in [(61, 120, 31), (240, 240, 60), (1440, 1440, 60)] {
        let said = overview(&boss, &format!("?minutes={minutes}")).await;
        let points = said["points"].as_array().unwrap();
        assert_eq!((said["step_seconds"].as_i64(), points.len()), (Some(step), number));
        assert_eq!(sums(&of(&said)), sums(&of(&fine)), "{minutes}");
    }
    // What is a day old is seen at the far end, and then no more.
    app.clock.step(Duration::from_hours(23));
    assert_eq!(sums(&of(&overview(&boss, "?minutes=1440").await)), sums(&of(&fine)));
    assert_eq!(sums(&of(&overview(&boss, "").await)), [0; 4]);
    app.clock.step(Duration::from_hours(2));
    assert_eq!(sums(&of(&overview(&boss, "?minutes=1440").await)), [0; 4]);
}

async fn what_is_now_is_of_now(app: TestApp) {
    let boss = admin(&app).await;
    let wang = app.staff("wang", Role::Agent).await.log_in(Device::browser("desk-2")).await;
    let now = &overview(&boss, "").await["now"];
    assert_eq!(now["live_sessions"], 2);
    // The sessions of their registrations, which are over.
    assert_eq!((&now["outbox_pending"], &now["outbox_oldest_seconds"]), (&json!(2), &json!(0)));
    app.database.execute("DELETE FROM edge_outbox").await;
    let now = &overview(&boss, "").await["now"];
    assert_eq!((&now["outbox_pending"], &now["outbox_oldest_seconds"]), (&json!(0), &Value::Null));
    assert_eq!(now["median_first_response_seconds"], Value::Null);
    let ana = app.user("ana").await;
    let phone = ana.log_in(Device::phone("phone-1")).await;
    let id = begin(&phone).await;
    app.clock.step(Duration::from_secs(30));
    ana.log_in(Device::phone("phone-2")).await;
    let outbox = app.database.texts("SELECT kind FROM edge_outbox").await.len();
    app.clock.step(Duration::from_secs(12));
    let now = &overview(&wang, "").await["now"];
    assert_eq!(now["live_sessions"], 4, "with that of the registration, and not the replaced one");
    assert_eq!(now["outbox_pending"], outbox);
    assert_eq!(now["outbox_oldest_seconds"], 42);
    assert_eq!([&now["waiting"], &now["assigned"], &now["active"]], [1, 0, 0]);
    wang.post(&route::with_id(route::DESK_ACCEPT, id), &json!({})).await.ok();
    let now = &overview(&wang, "").await["now"];
    assert_eq!([&now["waiting"], &now["assigned"], &now["active"]], [0, 1, 0]);
    wang.post(&route::with_id(route::DESK_SEND, id), &json!({ "content": "您好" })).await.ok();
    app.database.execute("UPDATE edge_outbox SET dead_at = created_at").await;
    let said = overview(&wang, "").await;
    let now = &said["now"];
    assert_eq!([&now["waiting"], &now["assigned"], &now["active"]], [0, 0, 1]);
    assert_eq!(now["median_first_response_seconds"], 42);
    assert_eq!(now["outbox_pending"], 0);
    assert!(now["outbox_set_aside"].as_i64().unwrap() > 0);
    assert_eq!(now["at"], json!(app.clock.now()));
}

async fn what_only_the_process_knows_is_of_the_minute_it_looked_in(app: TestApp) {
    let began = start(&app);
    let boss = admin(&app).await;
    let ana = app.user("ana").await;
    ana.log_in(Device::phone("phone-1")).await;
    gauges::look(&app.app).await.unwrap();
    let before = app.database.texts("SELECT kind FROM edge_outbox").await.len();
    ana.log_in(Device::phone("phone-2")).await;
    gauges::look(&app.app).await.unwrap();
    let waiting = app.database.texts("SELECT kind FROM edge_outbox").await.len();
    assert!(waiting > before);
    app.database.execute("DELETE FROM edge_outbox").await;
    gauges::look(&app.app).await.unwrap();
    app.clock.step(Duration::from_mins(2));
    ana.log_in(Device::browser("web")).await;
    gauges::look(&app.app).await.unwrap();
    let said = overview(&boss, "?minutes=3").await;
    let points = said["points"].as_array().unwrap();
    assert_eq!(points[0]["at"], json!(began));
    assert_eq!(points[0]["outbox_pending"], waiting, "the most of the minute");
    assert_eq!(points[1]["outbox_pending"], Value::Null, "nobody looked");
    let live = |nth: usize| points[nth]["live_sessions"].clone();
    assert_eq!([live(0), live(1), live(2)], [json!(3), Value::Null, json!(4)]);
    // Another process has looked at nothing, and counts the same rows.
    let other = app.second_process().await;
    let there = boss.at(&other);
    let theirs = overview(&there, "?minutes=3").await;
    assert_eq!(theirs["points"][0]["outbox_pending"], Value::Null);
    assert_eq!(of(&theirs), of(&said));
}

/// An edge that takes all that it is told, a while later.
async fn slow_edge(clock: StepClock, ends_take: Duration) -> String {
    let router = Router::new().fallback(any(async move |uri: Uri, body: Json<Value>| {
        if uri.path() == route::INTERNAL_SESSION_EVENTS {
            clock.step(ends_take);
        }
        let events = body["events"].as_array().unwrap();
        let taken = events.iter().map(|event| event["event_id"].as_i64().unwrap()).collect();
        Json(Success::new(EventsTaken { taken }))
    }));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

async fn how_late_the_edge_hears_is_measured_from_the_end_itself(app: TestApp) {
    let ends_take = Duration::from_millis(64);
    let url = slow_edge(app.clock.clone(), ends_take).await;
    let process = app.process_with(|config| config.edge_url = url).await;
    let boss = admin(&app).await;
    let ana = app.user("ana").await;
    ana.log_in(Device::phone("phone-1")).await;
    ana.log_in(Device::phone("phone-2")).await;
    // It lies there for a second before anyone takes it.
    app.clock.step(Duration::from_secs(1));
    let stop = CancellationToken::new();
    let sender = tokio::spawn(outbox::run(process.app.clone(), stop.clone()));
    while app.outbox("session_ended").await > 0 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    stop.cancel();
    sender.await.unwrap();
    let point = overview(&boss.at(&process), "?minutes=1").await["points"][0].clone();
    // Of all ends, which are as old: shown to one part in 64, downwards.
    let shown = 1064 / 16 * 16;
    assert_eq!(point["revocation_delay_ms_median"], shown);
    assert_eq!(point["revocation_delay_ms_p99"], shown);
    let elsewhere = overview(&boss, "?minutes=1").await["points"][0].clone();
    assert_eq!(elsewhere["revocations"], 2, "with that of the admin's registration");
    assert_eq!(elsewhere["revocation_delay_ms_median"], Value::Null, "another process told it");
}

async fn it_is_the_staffs_and_within_limits(app: TestApp) {
    let user = app.user("ana").await.log_in(Device::browser("1")).await;
    user.get(route::OVERVIEW).await.refused(403, "FORBIDDEN");
    let agent = app.staff("wang", Role::Agent).await.log_in(Device::browser("2")).await;
    agent.get(route::OVERVIEW).await.ok();
    for query in ["0", "1441", "-1", "1.5", "x", "99999999999"] {
        let path = format!("{}?minutes={query}", route::OVERVIEW);
        agent.get(&path).await.refused_field("minutes");
    }
}
