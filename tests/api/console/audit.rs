use std::{path::Path, time::Duration};

use insta::{assert_json_snapshot, dynamic_redaction};
use serde_json::{Value, json};
use shared::{audit::AuditKind, route, user::Role};
use tests::{Device, LoggedIn, TestApp, both_databases};

both_databases!(events_are_found_by_each_filter, an_event_says_who_what_and_where_from);

async fn find(boss: &LoggedIn<'_>, query: &str) -> Vec<Value> {
    let reply = boss.get(&format!("{}?limit=100&{query}", route::AUDIT)).await;
    let events = reply.data()["events"].as_array().unwrap().clone();
    assert_eq!(reply.data()["pagination"]["total"], events.len(), "{query}");
    events
}

async fn events_are_found_by_each_filter(app: TestApp) {
    let boss = app.staff("boss", Role::Admin).await.log_in(Device::browser("desk")).await;
    let (ana, bob) = (app.user("ana").await, app.user("bob").await);
    app.clock.step(Duration::from_mins(1));
    let middle = app.app.ambient.now().to_string().replace('+', "%2B");
    ana.log_in(Device::phone("phone-1")).await;
    ana.log_in(Device::phone("phone-1")).await;
    ana.log_in(Device::phone("phone-2")).await;
    bob.try_log_in(&app, &Device::phone("phone-3"), "wrong")
        .await
        .refused(401, "INVALID_CREDENTIALS");

    let names = |events: Vec<Value>| -> Vec<String> {
        events.iter().map(|event| event["event"].as_str().unwrap().to_owned()).collect()
    };
    let of_ana = format!("user_id={}", ana.user_id);
    assert_eq!(
        names(find(&boss, &of_ana).await),
        [
            "logged_in",
            "session_ended",
            "security_alert",
            "session_renewed",
            "logged_in",
            "security_alert",
            "logged_in",
            "registered"
        ],
        "newest first"
    );
    assert_eq!(find(&boss, &format!("{of_ana}&from={middle}")).await.len(), 6);
    assert_eq!(find(&boss, &format!("{of_ana}&to={middle}")).await.len(), 2);
    assert_eq!(find(&boss, &format!("{of_ana}&event=logged_in&from={middle}")).await.len(), 2);
    assert_eq!(
        names(find(&boss, &format!("event=login_failed&from={middle}")).await),
        ["login_failed"]
    );
    let all = find(&boss, "").await;
    let keys: Vec<_> = all.iter().map(|event| event["audit_event_id"].as_i64().unwrap()).collect();
    assert!(keys.is_sorted_by(|one, next| one > next), "{keys:?}");

    let mut paged = Vec::new();
    for page in 1.. {
        let reply = boss.get(&format!("{}?{of_ana}&limit=4&page={page}", route::AUDIT)).await;
        assert_eq!(reply.data()["pagination"]["total_pages"], 2);
        let events = reply.data()["events"].as_array().unwrap().clone();
        if events.is_empty() {
            break;
        }
        paged.extend(events);
    }
    assert_eq!(paged, find(&boss, &of_ana).await);
    assert_eq!(
        boss.by_cursor(&format!("{}?{of_ana}&limit=3", route::AUDIT), "events").await,
        paged
    );
}

async fn an_event_says_who_what_and_where_from(app: TestApp) {
    let boss = app.staff("boss", Role::Admin).await.log_in(Device::browser("desk")).await;
    let ana = app.user("ana").await;
    let phone = ana.log_in(Device::phone("phone-1")).await;
    let path = route::with_id(route::DEACTIVATE_SESSION, phone.session_id);
    boss.post(&path, &json!({ "reason": "lost phone" })).await.ok();
    let events = find(&boss, &format!("user_id={}", ana.user_id)).await;
    // Who registers does so from an address of their own, by the order of the tests.
    let known = dynamic_redaction(|ip, _| match ip.as_str() {
        Some(own) if own.starts_with("10.") => "[own address]".into(),
        _ => ip,
    });
    assert_json_snapshot!("events", events, {
        "[].request_id" => "[request]",
        "[].client_ip" => known,
    });
    for event in &events {
        assert!(event["request_id"].as_str().is_some_and(|id| !id.is_empty()), "{event}");
    }
}

/// Nothing in the program changes what the audit log holds, and nothing removes it but the retention that
/// an operator may set.
#[test]
fn the_store_only_ever_adds_events() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../origin/src");
    let mut adds = 0;
    let mut folders = vec![source];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap().to_lowercase();
            let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
            for change in [
                "update audit_events",
                "delete from audit_events",
                "truncate table audit_events",
                "truncate audit_events",
                "replace into audit_events",
                "drop table audit_events",
            ] {
                assert!(!words.contains(change), "{}: {change}", path.display());
            }
            adds += words.matches("insert into audit_events").count();
        }
    }
    assert_eq!(adds, 1, "one place adds events");
}

#[test]
fn every_kind_fits_its_column() {
    for kind in AuditKind::ALL {
        assert!(kind.as_str().len() <= 40, "{kind}");
    }
}
