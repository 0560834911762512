use std::time::Duration;

use insta::assert_json_snapshot;
use origin::{
    clock::{Ambient, SystemEntropy},
    seed::{self, DemoPasswords},
};
use serde_json::{Value, json};
use shared::{route, user::Role};
use tests::{Device, TestApp, both_databases, user};

use super::end_as_of_old;

both_databases!(
    the_incident_as_a_picture,
    the_demo_users_sessions_each_took_the_place_of_the_one_before,
    renewals_and_ends_are_told_in_order,
    what_the_old_back_end_ended_is_over,
    a_picture_has_a_limit,
);

async fn demo(app: &TestApp) -> user::LoggedIn<'_> {
    let passwords = DemoPasswords {
        demo_user_password: user::PASSWORD.into(),
        demo_agent_password: user::PASSWORD.into(),
        demo_admin_password: user::PASSWORD.into(),
    };
    let ambient = Ambient::new(app.clock.clone(), SystemEntropy);
    seed::demo(&app.app.db, &ambient, &passwords).await.unwrap();
    user::TestUser::known(app, 1, "13800000002").log_in(Device::browser("desk")).await
}

async fn the_incident_as_a_picture(app: TestApp) {
    let boss = demo(&app).await;
    let path = route::with_id(route::TIMELINE, 31);
    let four_minutes = "from=2026-02-18T01:40:50%2B08:00&to=2026-02-18T01:45:09%2B08:00";
    let reply = boss.get(&format!("{path}?{four_minutes}")).await;
    // Every bar of the picture, and whose place it took; the columns themselves are the search's.
    let picture: Vec<Value> = reply.data()["sessions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|bar| {
            json!({
                "session": bar["authentication_session_id"],
                "client_type": bar["client_type"],
                "login_ip": bar["login_ip"],
                "from": bar["created_at"],
                "until": bar["ended_at"],
                "state": bar["state"],
                "ended_by_session_id": bar["ended_by_session_id"],
                "replaced": bar["replaced"],
            })
        })
        .collect();
    assert_json_snapshot!("incident", picture);
}

async fn the_demo_users_sessions_each_took_the_place_of_the_one_before(app: TestApp) {
    let boss = demo(&app).await;
    let reply = boss.get(&route::with_id(route::TIMELINE, 31)).await;
    let bars = reply.data()["sessions"].as_array().unwrap();
    assert_eq!(bars.len(), 63);
    let id = |bar: &Value| bar["authentication_session_id"].as_i64().unwrap();
    for (old, new) in bars.iter().zip(&bars[1..]) {
        assert_eq!(old["state"], "REPLACED");
        assert_eq!(old["ended_by_session_id"], id(new));
        assert_eq!(old["ended_at"], new["created_at"]);
        assert_eq!(new["replaced"], json!([id(old)]));
    }
    assert_eq!((id(&bars[62]), &bars[62]["state"]), (7038, &json!("live")));
    assert_eq!(reply.data()["truncated"], false);
}

async fn renewals_and_ends_are_told_in_order(app: TestApp) {
    let boss = app.staff("boss", Role::Admin).await.log_in(Device::browser("desk")).await;
    let ana = app.user("ana").await;
    let mut ids = Vec::new();
    for name in ["phone-1", "phone-1", "phone-2"] {
        app.clock.step(Duration::from_secs(30));
        ids.push(ana.log_in(Device::phone(name)).await.session_id);
    }
    let reply = boss.get(&route::with_id(route::TIMELINE, ana.user_id)).await;
    let told: Vec<_> = reply.data()["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| {
            (event["event"].as_str().unwrap(), event["authentication_session_id"].as_i64())
        })
        .collect();
    let registered = ids[0] - 1;
    assert_eq!(
        told,
        [
            ("registered", None),
            ("logged_in", Some(registered)),
            // The registration's session lives on: its user is told of a new device.
            ("security_alert", Some(ids[0])),
            ("logged_in", Some(ids[0])),
            ("session_renewed", Some(ids[0])),
            ("security_alert", Some(ids[2])),
            ("session_ended", Some(ids[0])),
            ("logged_in", Some(ids[2])),
        ]
    );
    let bars = reply.data()["sessions"].as_array().unwrap();
    assert_eq!(bars.len(), 3);
    assert_eq!(bars[1]["logged_in_at"], "2026-03-01T00:01:00.000+08:00");
    assert_eq!(bars[1]["ended_at"], "2026-03-01T00:01:30.000+08:00");
    assert_eq!((&bars[1]["replaced"], &bars[2]["replaced"]), (&json!([]), &json!([ids[0]])));

    // What lived on into the time that is asked for is in the picture, what happened before is not.
    let path = route::with_id(route::TIMELINE, ana.user_id);
    let late = boss.get(&format!("{path}?from=2026-03-01T00:01:30%2B08:00")).await;
    let data = late.data();
    assert_eq!(data["sessions"].as_array().unwrap().len(), 3);
    assert_eq!(data["events"].as_array().unwrap().len(), 3);
    let early = boss.get(&format!("{path}?to=2026-03-01T00:01:30%2B08:00")).await;
    assert_eq!(early.data()["sessions"].as_array().unwrap().len(), 2);
    assert_eq!(early.data()["events"].as_array().unwrap().len(), 5);
}

async fn what_the_old_back_end_ended_is_over(app: TestApp) {
    let boss = app.staff("boss", Role::Admin).await;
    let ana = app.user("ana").await;
    let mut begun = app.app.ambient.now();
    let mut ids = Vec::new();
    for name in ["phone-1", "phone-2"] {
        app.clock.step(Duration::from_hours(1));
        begun = app.app.ambient.now();
        let id = ana.log_in(Device::phone(name)).await.session_id;
        end_as_of_old(&app, id, begun.plus(Duration::from_mins(10))).await;
        ids.push(id);
    }
    let live = ana.log_in(Device::phone("phone-3")).await.session_id;
    app.clock.step(Duration::from_hours(24));
    let boss = boss.log_in(Device::browser("desk")).await;
    let phones_from = async |from: Duration| -> Vec<i64> {
        let from = begun.plus(from).to_string().replace('+', "%2B");
        let path = route::with_id(route::TIMELINE, ana.user_id);
        let reply = boss.get(&format!("{path}?from={from}")).await;
        let bars = reply.data()["sessions"].as_array().unwrap().clone();
        assert!(bars.iter().all(|bar| bar["ended_at"] == Value::Null), "{bars:?}");
        bars.iter()
            .filter(|bar| bar["client_type"] == "mini_program")
            .map(|bar| bar["authentication_session_id"].as_i64().unwrap())
            .collect()
    };
    // The first was over an hour before; the second lived on for ten minutes.
    assert_eq!(phones_from(Duration::from_mins(10)).await, [ids[1], live]);
    assert_eq!(phones_from(Duration::from_secs(601)).await, [live]);
    // What never ended is in the picture however long it has been silent.
    assert_eq!(phones_from(Duration::from_hours(5)).await, [live]);
}

async fn a_picture_has_a_limit(app: TestApp) {
    let boss = app.staff("boss", Role::Admin).await.log_in(Device::browser("desk")).await;
    let ana = app.user("ana").await;
    let now = app.app.ambient.now();
    let mut tx = app.app.db.begin().await.unwrap();
    for n in 0..500 {
        let new = origin::store::sessions::NewSession {
            authentication_session_id: None,
            session_token: &format!("many-{n}"),
            user_type: shared::user::UserType::User,
            user_id: ana.user_id,
            client_type: shared::user::ClientType::Web,
            expires_at: now.plus(Duration::from_hours(1)),
            device: &origin::store::sessions::Device::default(),
            risk: &origin::store::sessions::Risk::default(),
            current_jti: None,
        };
        origin::store::sessions::insert(tx.conn(), &new, now).await.unwrap();
    }
    tx.commit().await.unwrap();
    let reply = boss.get(&route::with_id(route::TIMELINE, ana.user_id)).await;
    let bars = reply.data()["sessions"].as_array().unwrap();
    assert_eq!((bars.len(), &reply.data()["truncated"]), (500, &json!(true)));
    assert_eq!(bars[0]["client_type"], "web", "the registration's, the oldest, is cut off");
}
