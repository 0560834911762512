//! What monitoring reads moves with what happens.

use std::{net::IpAddr, time::Duration};

use axum::body::Body;
use http::Request;
use origin::background::{activity, expiry, gauges};
use serde_json::json;
use shared::{assertion::ASSERTION_HEADER, route};
use tests::{Device, TestApp, both_databases, metrics::Metrics, user::post};

both_databases!(
    calls_are_counted_by_route_and_never_by_path,
    log_ins_are_counted_by_what_became_of_them,
    ends_and_messages_are_counted_once_they_are_true,
    what_waits_for_the_edge_shows_by_kind_and_age,
    live_sessions_and_the_background_show,
    the_world_does_not_read_them,
);

async fn calls_are_counted_by_route_and_never_by_path(app: TestApp) {
    let ana = app.user("ana").await.log_in(Device::phone("phone-1")).await;
    for id in 1..=5 {
        ana.get(&route::with_id(route::CHAT_MESSAGES, id)).await.refused(404, "NOT_FOUND");
        ana.get(&format!("/nowhere/{id}")).await.refused(404, "NOT_FOUND");
    }
    let odd = Request::builder().method("BREW").uri(route::VERIFY).body(Body::empty()).unwrap();
    app.send(odd, ana.device.ip).await.refused(405, "METHOD_NOT_ALLOWED");
    let metrics = Metrics::of(&app).await;
    let of = |method: &str, route: &str, status: u16| {
        metrics.count(&format!(
            r#"http_requests_total{{method="{method}",route="{route}",status="{status}"}}"#
        ))
    };
    assert_eq!(of("GET", route::CHAT_MESSAGES, 404), 5);
    assert_eq!(of("GET", "none", 404), 5);
    assert_eq!(of("POST", route::LOGIN, 200), 1);
    assert_eq!(of("other", route::VERIFY, 405), 1);
    assert!(!metrics.0.keys().any(|series| series.contains("nowhere") || series.contains("BREW")));
    let took = |part: &str| {
        format!(r#"http_request_duration_seconds_{part}{{method="POST",route="{}""#, route::LOGIN)
    };
    assert_eq!(metrics.count(&format!("{}}}", took("count"))), 1);
    assert!(metrics.get(&format!("{}}}", took("sum"))) > 0.0);
    let whole = metrics.0.iter().find(|(series, _)| {
        series.starts_with("http_request_duration_seconds_bucket")
            && series.contains(route::LOGIN)
            && series.contains(r#"le="+Inf""#)
    });
    assert_eq!(whole.map(|(_, value)| *value), Some(1.0));
    // This call itself.
    assert_eq!(metrics.count("http_requests_in_flight"), 1);
    assert_eq!(metrics.count(r#"db_pool_waiting{pool="primary"}"#), 0);
    assert!(metrics.count(r#"db_pool_connections{pool="primary"}"#) >= 1);
}

async fn log_ins_are_counted_by_what_became_of_them(app: TestApp) {
    let ana = app.user("ana").await;
    let device = Device::phone("phone-1");
    ana.try_log_in(&app, &device, "wrong password").await.refused(401, "INVALID_CREDENTIALS");
    let phone = ana.log_in(device.clone()).await;
    ana.log_in(Device { device_token: Some(phone.device_token), ..device }).await;
    app.send(post(route::LOGIN, &json!({ "mobile": 1 })), IpAddr::from([10, 0, 0, 9])).await;
    let metrics = Metrics::of(&app).await;
    let of = |kind: &str, result: &str| {
        metrics.count(&format!(r#"drawbridge_logins_total{{kind="{kind}",result="{result}"}}"#))
    };
    assert_eq!(of("registration", "ok"), 1);
    assert_eq!(of("password", "INVALID_CREDENTIALS"), 1);
    assert_eq!(of("password", "ok"), 2);
    assert_eq!(metrics.0.keys().filter(|one| one.starts_with("drawbridge_logins")).count(), 4);
}

async fn ends_and_messages_are_counted_once_they_are_true(app: TestApp) {
    let ana = app.user("ana").await;
    let first = ana.log_in(Device::phone("phone-1")).await;
    let begun = first.post(route::CHAT_SESSIONS, &json!({})).await;
    let id = begun.data()["customer_service_session_id"].as_i64().unwrap();
    let path = route::with_id(route::CHAT_MESSAGES, id);
    for temp_id in ["t-1", "t-2", "t-2"] {
        let message = json!({ "content": "hi", "temp_message_id": temp_id });
        first.post(&path, &message).await.ok();
    }
    let second = ana.log_in(Device::phone("phone-2")).await;
    first.post(route::LOGOUT, &json!({})).await.refused(401, "SESSION_REPLACED");
    second.post(route::LOGOUT, &json!({})).await.ok();
    let metrics = Metrics::of(&app).await;
    let ended = |reason: &str| {
        metrics.count(&format!(r#"drawbridge_sessions_ended_total{{reason="{reason}"}}"#))
    };
    assert_eq!((ended("REPLACED"), ended("LOGGED_OUT")), (1, 1));
    // It is there before the first: a rate begins at zero.
    let unseen = r#"drawbridge_sessions_ended_total{reason="REUSE_DETECTED"}"#;
    assert!(metrics.0.contains_key(unseen) && metrics.count(unseen) == 0);
    assert_eq!(metrics.count("drawbridge_chat_messages_stored_total"), 2);
}

async fn what_waits_for_the_edge_shows_by_kind_and_age(app: TestApp) {
    let ana = app.user("ana").await;
    for phone in ["phone-1", "phone-2", "phone-3"] {
        ana.log_in(Device::phone(phone)).await;
        app.clock.step(Duration::from_mins(1));
    }
    let oldest = "UPDATE edge_outbox SET dead_at = created_at WHERE kind = 'session_ended'
                  AND edge_outbox_id = (SELECT id FROM (SELECT MIN(edge_outbox_id) AS id FROM edge_outbox
                  WHERE kind = 'session_ended') oldest)";
    app.database.execute(oldest).await;
    assert_eq!(Metrics::of(&app).await.count("drawbridge_sessions_live"), 0, "not looked yet");
    gauges::look(&app.app).await.unwrap();
    let metrics = Metrics::of(&app).await;
    let rows = |kind: &str, state: &str| {
        metrics.count(&format!(r#"drawbridge_outbox_rows{{kind="{kind}",state="{state}"}}"#))
    };
    assert_eq!((rows("session_ended", "waiting"), rows("session_ended", "set_aside")), (1, 1));
    assert_eq!((rows("chat_message", "waiting"), rows("chat_message", "set_aside")), (0, 0));
    let age =
        |kind| metrics.count(&format!(r#"drawbridge_outbox_oldest_age_seconds{{kind="{kind}"}}"#));
    // The one that is set aside is older, and waits for nobody.
    assert_eq!(age("session_ended"), 60);
    assert_eq!(age("chat_message"), 0);
}

async fn live_sessions_and_the_background_show(app: TestApp) {
    // With that of the registration.
    let phone = app.user("ana").await.log_in(Device::phone("phone-1")).await;
    expiry::sweep(&app.app).await.unwrap();
    activity::flush(&app.app).await;
    gauges::look(&app.app).await.unwrap();
    let metrics = Metrics::of(&app).await;
    assert_eq!(metrics.count("drawbridge_sessions_live"), 2);
    let now = app.app.ambient.now().as_seconds();
    for task in ["expiry", "activity", "gauges"] {
        let series =
            format!(r#"drawbridge_background_last_success_timestamp_seconds{{task="{task}"}}"#);
        assert_eq!(metrics.count(&series), now, "{task}");
    }
    phone.post(route::LOGOUT, &json!({})).await.ok();
    gauges::look(&app.app).await.unwrap();
    assert_eq!(Metrics::of(&app).await.count("drawbridge_sessions_live"), 1);
    // A look that fails leaves them as they were, and does not count as done.
    app.clock.step(Duration::from_mins(1));
    app.app.db.close().await;
    gauges::look(&app.app).await.unwrap_err();
    let metrics = Metrics::of(&app).await;
    assert_eq!(metrics.count("drawbridge_sessions_live"), 1);
    let gauges = r#"drawbridge_background_last_success_timestamp_seconds{task="gauges"}"#;
    assert_eq!(metrics.count(gauges), now);
}

async fn the_world_does_not_read_them(app: TestApp) {
    let get = |header: Option<(&str, &str)>| {
        let request = Request::get(route::METRICS);
        let request = match header {
            Some((name, value)) => request.header(name, value),
            None => request,
        };
        request.body(Body::empty()).unwrap()
    };
    let ip = |text: &str| -> IpAddr { text.parse().unwrap() };
    assert_eq!(app.send(get(None), ip("192.168.3.4")).await.status, 200);
    app.send(get(None), ip("8.8.8.8")).await.refused(404, "NOT_FOUND");
    for passed_on in ["x-forwarded-for", "forwarded", "cf-connecting-ip"] {
        let request = get(Some((passed_on, "10.0.0.1")));
        app.send(request, ip("127.0.0.1")).await.refused(404, "NOT_FOUND");
    }
    let forged = get(Some((ASSERTION_HEADER, "e30.e30")));
    app.send(forged, ip("127.0.0.1")).await.refused(403, "FORBIDDEN");
    assert_eq!(Metrics::of(&app).await.count("drawbridge_assertions_refused_total"), 1);
    let elsewhere = app
        .process_with(|config| {
            config.operation.metrics_listen = Some(([127, 0, 0, 1], 9090).into());
        })
        .await;
    elsewhere.send(get(None), ip("127.0.0.1")).await.refused(404, "NOT_FOUND");
    assert!(!route::FORWARDED.iter().any(|route| route.path == route::METRICS));
}
