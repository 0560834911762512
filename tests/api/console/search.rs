use std::{collections::BTreeSet, time::Duration};

use insta::assert_json_snapshot;
use origin::store;
use serde_json::{Value, json};
use shared::{
    route,
    session::EndReason,
    user::{Role, UserStatus},
};
use tests::{Device, LoggedIn, TestApp, both_databases};

use super::end_as_of_old;

both_databases!(
    only_admins_search_sessions,
    a_session_is_shown_with_all_but_its_secrets,
    every_filter_finds_its_own,
    a_state_that_is_asked_for_is_the_state_that_is_shown,
    pages_are_whole_and_in_order,
    what_makes_no_sense_is_refused_by_field,
);

async fn find(boss: &LoggedIn<'_>, query: &str) -> Vec<Value> {
    let reply = boss.get(&format!("{}?limit=100&{query}", route::CONSOLE_SESSIONS)).await;
    let data = reply.data();
    let sessions = data["sessions"].as_array().unwrap().clone();
    assert_eq!(data["pagination"]["total"], sessions.len(), "{query}");
    sessions
}

async fn ids(boss: &LoggedIn<'_>, query: &str) -> BTreeSet<i64> {
    let found = find(boss, query).await;
    found.iter().map(|one| one["authentication_session_id"].as_i64().unwrap()).collect()
}

async fn only_admins_search_sessions(app: TestApp) {
    let ana = app.user("ana").await.log_in(Device::phone("phone-1")).await;
    let agent = app.staff("wang", Role::Agent).await.log_in(Device::browser("desk")).await;
    for caller in [&ana, &agent] {
        for path in [
            route::CONSOLE_SESSIONS.to_owned(),
            route::AUDIT.to_owned(),
            route::with_id(route::TIMELINE, 1),
        ] {
            caller.get(&path).await.refused(403, "FORBIDDEN");
        }
    }
}

async fn a_session_is_shown_with_all_but_its_secrets(app: TestApp) {
    let boss = app.staff("boss", Role::Admin).await.log_in(Device::browser("desk")).await;
    let ana = app.user("ana").await;
    let phone = ana.log_in(Device::phone("phone-1")).await;
    app.clock.step(Duration::from_secs(5));
    ana.log_in(Device::phone("phone-2")).await;
    let query = format!("user_id={}&state=replaced", ana.user_id);
    let found = find(&boss, &query).await;
    assert_json_snapshot!("session", found, { "[].current_jti" => "[jti]" });

    let mut handle = app.app.db.acquire().await.unwrap();
    let row = store::sessions::lock(handle.conn(), phone.session_id).await.unwrap().unwrap();
    let everything = boss.get(route::CONSOLE_SESSIONS).await.json.to_string();
    assert!(!everything.contains(&row.session_token));
    assert!(!everything.contains(row.device.device_key.as_deref().unwrap()));
}

async fn every_filter_finds_its_own(app: TestApp) {
    let boss = app.staff("boss", Role::Admin).await.log_in(Device::browser("desk")).await;
    let ana = app.user("ana").await;
    let start = app.app.ambient.now();
    app.clock.step(Duration::from_mins(1));
    let phone = ana.log_in(Device::phone("phone-1")).await.session_id;
    app.clock.step(Duration::from_mins(1));
    let web = ana.log_in(Device::browser("browser-1").at("2001:db8::1")).await.session_id;
    let middle = start.plus(Duration::from_secs(90)).to_string().replace('+', "%2B");
    let late = start.plus(Duration::from_mins(2)).to_string().replace('+', "%2B");
    let of_ana = format!("user_id={}", ana.user_id);
    let (one, other) = (BTreeSet::from([phone]), BTreeSet::from([web]));

    assert_eq!(ids(&boss, &of_ana).await.len(), 3, "with the registration's");
    assert_eq!(ids(&boss, "client_type=mini_program").await, one);
    assert_eq!(ids(&boss, "login_ip=2001:DB8::1").await, other);
    assert_eq!(ids(&boss, "login_ip=198.51.100.1").await, BTreeSet::new());
    assert_eq!(ids(&boss, "user_type=admin").await, BTreeSet::from([boss.session_id]));
    assert_eq!(ids(&boss, &format!("from={middle}")).await, other);
    assert_eq!(ids(&boss, &format!("from={late}")).await, other, "from is in");
    assert!(!ids(&boss, &format!("to={late}")).await.contains(&web), "to is out");
    assert_eq!(ids(&boss, &format!("{of_ana}&client_type=web&to={late}")).await, BTreeSet::new());
    assert_eq!(ids(&boss, &format!("{of_ana}&state=LIVE&client_type=web")).await, other);
    assert_eq!(ids(&boss, "state=deactivated").await.len(), 1, "boss was a user at first");
}

async fn a_state_that_is_asked_for_is_the_state_that_is_shown(app: TestApp) {
    let boss = app.staff("boss", Role::Admin).await.log_in(Device::browser("desk")).await;
    let (ana, bob) = (app.user("ana").await, app.user("bob").await);
    let mut by_id = Vec::new();
    for reason in EndReason::ALL {
        let phone = ana.log_in(Device::phone(reason.as_str())).await;
        let end = store::sessions::End { reason, by_session_id: None, by_user_id: None };
        let mut handle = app.app.db.acquire().await.unwrap();
        let now = app.app.ambient.now();
        store::sessions::end(handle.conn(), phone.session_id, end, now).await.unwrap();
        by_id.push((phone.session_id, reason.as_str()));
    }
    // Rows of the old back end, which leaves no reason.
    let early = ana.log_in(Device::phone("early")).await.session_id;
    end_as_of_old(&app, early, app.app.ambient.now()).await;
    by_id.push((early, "REPLACED"));
    let late = ana.log_in(Device::phone("late")).await.session_id;
    let mut handle = app.app.db.acquire().await.unwrap();
    let now = app.app.ambient.now();
    store::sessions::set_expiry(handle.conn(), late, now).await.unwrap();
    end_as_of_old(&app, late, now).await;
    by_id.push((late, "EXPIRED"));
    // What the sweep has not put on record is not live for that.
    let over = ana.log_in(Device::phone("over")).await.session_id;
    store::sessions::set_expiry(handle.conn(), over, now).await.unwrap();
    // Bans that are written into the database itself end no session, and are in force all the same.
    let cho = app.user("cho").await;
    for (user, status) in [(&bob, UserStatus::Banned), (&cho, UserStatus::Inactive)] {
        // What had ended before ended as it did.
        let before = user.log_in(Device::phone("before")).await.session_id;
        end_as_of_old(&app, before, now).await;
        by_id.push((before, "REPLACED"));
        let banned = user.log_in(Device::phone("banned")).await.session_id;
        by_id.push((banned, "USER_INACTIVE"));
        store::users::set_status(handle.conn(), user.user_id, status, now).await.unwrap();
    }
    let live = ana.log_in(Device::browser("live")).await.session_id;
    by_id.push((live, "live"));
    drop(handle);

    for state in EndReason::ALL.map(EndReason::as_str).into_iter().chain(["live"]) {
        let found = find(&boss, &format!("state={state}")).await;
        for one in &found {
            assert_eq!(one["state"], state, "{one}");
        }
        let found: BTreeSet<_> =
            found.iter().map(|one| one["authentication_session_id"].as_i64().unwrap()).collect();
        for (id, _) in by_id.iter().filter(|(_, its)| *its == state) {
            assert!(found.contains(id), "{id} is {state}");
        }
        assert!(!found.contains(&over) || state == "EXPIRED");
    }
    let all = find(&boss, "").await;
    let shown = |id| all.iter().find(|one| one["authentication_session_id"] == id).unwrap();
    assert_eq!(shown(over)["state"], "EXPIRED");
    for (id, state) in by_id {
        assert_eq!(shown(id)["state"], state);
    }
}

async fn pages_are_whole_and_in_order(app: TestApp) {
    let boss = app.staff("boss", Role::Admin).await.log_in(Device::browser("desk")).await;
    let ana = app.user("ana").await;
    for n in 0..7 {
        // Two by two at the same time: ties are broken by key.
        app.clock.step(Duration::from_secs(n % 2));
        ana.log_in(Device::phone(&format!("phone-{n}"))).await;
    }
    let mut seen = Vec::new();
    for page in 1..=3 {
        let path =
            format!("{}?user_id={}&page={page}&limit=3", route::CONSOLE_SESSIONS, ana.user_id);
        let reply = boss.get(&path).await;
        let mut pagination = reply.data()["pagination"].clone();
        let cursor = pagination.as_object_mut().unwrap().remove("next_cursor");
        assert_eq!(cursor.is_some(), page < 3);
        assert_eq!(pagination, json!({ "total": 8, "page": page, "limit": 3, "total_pages": 3 }));
        for one in reply.data()["sessions"].as_array().unwrap() {
            seen.push(one["authentication_session_id"].as_i64().unwrap());
        }
    }
    let mut sorted = seen.clone();
    sorted.sort_unstable_by(|one, other| other.cmp(one));
    sorted.dedup();
    assert_eq!((seen.len(), seen), (8, sorted));
}

async fn what_makes_no_sense_is_refused_by_field(app: TestApp) {
    let boss = app.staff("boss", Role::Admin).await.log_in(Device::browser("desk")).await;
    let period = [
        ("from=today", "from"),
        ("from=2026-02-18T01:40:50", "from"),
        ("from=2026-02-18T01:40:50+08:00", "from"),
        ("to=0000-01-01T00:00:00%2B14:00", "to"),
        ("to=9999-12-31T23:59:59-12:00", "to"),
        ("from=2026-02-19T00:00:00Z&to=2026-02-18T00:00:00Z", "to"),
    ];
    let page =
        [("page=0", "page"), ("limit=0", "limit"), ("limit=101", "limit"), ("page=x", "page")];
    let user = [("user_id=0", "user_id"), ("user_id=x", "user_id"), ("user_id=-1", "user_id")];
    let sessions = [
        ("user_type=agent", "user_type"),
        ("client_type=tv", "client_type"),
        ("state=dead", "state"),
        ("state=", "state"),
        ("login_ip=localhost", "login_ip"),
        ("login_ip=1.2.3.4/8", "login_ip"),
    ];
    let audit = [("event=nothing", "event"), ("event=", "event")];
    let timeline = route::with_id(route::TIMELINE, ana_id(&app).await);
    for (path, cases) in [
        (route::CONSOLE_SESSIONS, [&period[..], &page, &user, &sessions].concat()),
        (route::AUDIT, [&period[..], &page, &user, &audit].concat()),
        (&timeline, period.to_vec()),
    ] {
        for (query, field) in cases {
            boss.get(&format!("{path}?{query}")).await.refused_field(field);
        }
        // The ends of what columns hold.
        boss.get(&format!("{path}?from=1970-01-01T00:00:00Z&to=9998-12-31T23:59:59Z")).await.ok();
    }
    boss.get(&format!("{}?page=4294967295&limit=100", route::CONSOLE_SESSIONS)).await.ok();
    boss.get(&format!("{}?user_id=9223372036854775807", route::CONSOLE_SESSIONS)).await.ok();
    boss.get(&route::with_id(route::TIMELINE, 4242)).await.refused(404, "NOT_FOUND");
    boss.get(&route::with_id(route::TIMELINE, 0)).await.refused_field("user_id");
}

async fn ana_id(app: &TestApp) -> i64 {
    app.user("ana").await.user_id
}
