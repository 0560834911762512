//! All that the program asks a database, once.

use std::time::Duration;

use origin::{
    background::{activity, cleanup::Cleanup, expiry, gauges},
    config::Retention,
    store::{
        self,
        audit::AuditKind,
        outbox::Kind,
        users::{Account, Rights},
        wechat_codes,
    },
};
use serde_json::{Value, json};
use shared::{
    route,
    session::EndReason,
    user::{Role, UserStatus},
};
use tests::{Device, LoggedIn, TestApp, user::PASSWORD};

use crate::{
    chat::{begin, hand_on},
    internal::{call, session_token},
};

/// Goes over all routes and all that goes on beside them; asserts that each does what it is for.
pub async fn walk(app: &TestApp) {
    let boss = app.staff("boss", Role::Admin).await.log_in(Device::browser("desk-1")).await;
    let wang = app.staff("wang", Role::Agent).await.log_in(Device::browser("desk-2")).await;
    log_ins(app).await;
    customer_service(app, &boss, &wang).await;
    the_market(app, &boss).await;
    the_console(app, &boss).await;
    what_the_edge_asks(app, &wang).await;
    beside_the_calls(app).await;
    by_the_command_line(app, &boss).await;
}

async fn log_ins(app: &TestApp) {
    let ana = app.user("ana").await;
    ana.try_log_in(app, &Device::phone("phone-1"), "wrong")
        .await
        .refused(401, "INVALID_CREDENTIALS");
    let phone = ana.log_in(Device::phone("phone-1")).await;
    // The same device again, which retires the tokens of before.
    let phone = ana.log_in(Device { device_token: Some(phone.device_token), ..phone.device }).await;
    let next = phone.refresh().await.refresh_token().unwrap();
    app.clock.step(Duration::from_secs(1));
    // Again, which gets the same; and one too old, which is theft.
    assert_eq!(phone.refresh().await.refresh_token().unwrap(), next);
    let newest = app.refresh(&next).await.refresh_token().unwrap();
    app.refresh(&newest).await.ok();
    app.clock.step(Duration::from_mins(5));
    phone.refresh().await.refused(401, "REUSE_DETECTED");
    let phone = ana.log_in(Device::phone("phone-2")).await;
    for path in [route::VERIFY, route::ME, route::SESSIONS] {
        phone.get(path).await.ok();
    }
    for query in ["", "?status=sold", "?page=2"] {
        phone.get(&format!("{}{query}", route::MY_LISTINGS)).await.ok();
    }
    let web = ana.log_in(Device::browser("web")).await;
    let web_session = json!({ "authentication_session_id": web.session_id });
    phone.post(route::REVOKE_SESSION, &web_session).await.ok();
    phone.post(route::REVOKE_ALL_SESSIONS, &json!({})).await.ok();
    let passwords = json!({ "old_password": PASSWORD, "new_password": "a wholly different one" });
    phone.post(route::PASSWORD, &passwords).await.ok();
    phone.post(route::LOGOUT, &json!({})).await.ok();
}

async fn customer_service(app: &TestApp, boss: &LoggedIn<'_>, wang: &LoggedIn<'_>) {
    let li = app.staff("li", Role::Agent).await;
    let ana = app.user("ana").await.log_in(Device::phone("phone-1")).await;
    let id = begin(&ana).await;
    let at = |path: &str| route::with_id(path, id);
    let message = json!({ "content": "x", "temp_message_id": "t-1" });
    let first = ana.post(&at(route::CHAT_MESSAGES), &message).await;
    ana.post(&at(route::CHAT_MESSAGES), &message).await.ok();
    let first = first.data()["chat_message_id"].clone();
    let answer = json!({ "content": "x", "reply_to_id": first });
    hand_on(app, &ana, id, &[json!({ "content": "x" }), answer]).await;
    for query in
        [String::new(), "?page=2".into(), format!("?before={first}"), format!("?after={first}")]
    {
        ana.get(&format!("{}{query}", at(route::CHAT_MESSAGES))).await.ok();
        wang.get(&format!("{}{query}", at(route::DESK_MESSAGES))).await.ok();
    }
    wang.post(&at(route::DESK_ACCEPT), &json!({})).await.ok();
    let sent = wang.post(&at(route::DESK_SEND), &json!({ "content": "x" })).await;
    wang.post(&at(route::DESK_READ), &json!({ "chat_message_id": first })).await.ok();
    let read = json!({ "chat_message_id": sent.data()["chat_message_id"] });
    ana.post(&at(route::CHAT_READ), &read).await.ok();
    wang.post(&at(route::DESK_TRANSFER), &json!({ "admin_id": li.user_id })).await.ok();
    let statuses = ["", "&status=waiting", "&status=closed"];
    let narrowed = ["", "&admin_id=100003", "&search=n29", "&search=100077", "&search=1500000"];
    for sort in ["latest", "waiting"] {
        for (status, other) in statuses.iter().flat_map(|one| narrowed.map(|other| (one, other))) {
            let path = format!("{}?limit=2&sort={sort}{status}{other}", route::DESK_SESSIONS);
            wang.get(&path).await.ok();
            first_two_pages(boss, &path).await;
        }
    }
    wang.get(route::DESK_QUEUE).await.ok();
    // What was until now is looked at.
    app.clock.step(Duration::from_secs(1));
    wang.get(route::DESK_STATS).await.ok();
    boss.post(&at(route::DESK_CLOSE), &json!({})).await.ok();
    ana.post(&at(route::CHAT_RATING), &json!({ "satisfaction_score": 5 })).await.ok();
    let next = begin(&ana).await;
    first_two_pages(&ana, &format!("{}?limit=1", route::CHAT_SESSIONS)).await;
    ana.post(&route::with_id(route::CHAT_CLOSE, next), &json!({})).await.ok();
}

/// A list's first page, and the next by its cursor, where there is one.
async fn first_two_pages(client: &LoggedIn<'_>, path: &str) {
    let first = client.get(path).await;
    if let Some(cursor) = first.data()["pagination"]["next_cursor"].as_str() {
        client.get(&format!("{path}&cursor={cursor}")).await.ok();
    }
}

async fn the_market(app: &TestApp, boss: &LoggedIn<'_>) {
    let ana = app.user("ana").await.log_in(Device::phone("phone-1")).await;
    let key = app
        .database
        .texts("SELECT CAST(market_listing_id AS CHAR(20)) FROM market_listings ORDER BY market_listing_id LIMIT 1")
        .await;
    let key: i64 = key[0].parse().unwrap();
    let mine = format!(
        "UPDATE market_listings SET seller_user_id = {} WHERE market_listing_id = {key}",
        ana.user_id
    );
    app.database.execute(&mine).await;
    for sort in ["newest", "price_asc", "price_desc"] {
        for query in ["", "&listing_kind=item_instance", "&min_price=5&max_price=90"] {
            for (client, path) in [(&ana, route::MARKET_LISTINGS), (boss, route::CONSOLE_LISTINGS)]
            {
                // The console's lists by price are of one status.
                let status = if path == route::CONSOLE_LISTINGS { "&status=on_sale" } else { "" };
                first_two_pages(client, &format!("{path}?limit=2&sort={sort}{status}{query}"))
                    .await;
            }
        }
    }
    for query in ["seller_user_id=100007", "search=7", "search=x", "sort=oldest"] {
        first_two_pages(boss, &format!("{}?limit=2&{query}", route::CONSOLE_LISTINGS)).await;
    }
    boss.get(route::CONSOLE_LISTING_STATS).await.ok();
    ana.get(&route::with_id(route::MARKET_LISTING, key)).await.ok();
    ana.post(&route::with_id(route::WITHDRAW_LISTING, key), &json!({})).await.ok();
    let other = route::with_id(route::CONSOLE_WITHDRAW_LISTING, key + 5);
    boss.post(&other, &json!({ "reason": "x" })).await.ok();
}

async fn the_console(app: &TestApp, boss: &LoggedIn<'_>) {
    let times = "from=2026-02-02T00:00:00Z&to=2026-02-02T01:00:00Z";
    let sessions = [
        "user_id=100007",
        "user_id=100007&state=live",
        "state=live",
        "state=replaced",
        "state=expired",
        "state=revoked",
        "state=user_inactive&user_id=100007",
        "login_ip=10.1.3.7",
        "login_ip=10.1.3.7&state=live",
        times,
        "",
    ];
    for query in sessions {
        first_two_pages(boss, &format!("{}?limit=2&{query}", route::CONSOLE_SESSIONS)).await;
    }
    let events =
        ["user_id=100007", "event=login_failed", "user_id=100007&event=login_failed", times, ""];
    for query in events {
        first_two_pages(boss, &format!("{}?limit=2&{query}", route::AUDIT)).await;
    }
    let users = [
        "search=n29",
        "search=1500000",
        "search=p29@",
        "search=100007",
        "search=n&status=banned",
        "status=banned",
        "role=agent",
        "role=agent&status=active",
        "role=admin&status=banned&search=n",
        "",
    ];
    for query in users {
        first_two_pages(boss, &format!("{}?limit=2&{query}", route::CONSOLE_USERS)).await;
    }
    boss.get(route::OVERVIEW).await.ok();
    boss.get(&format!("{}?minutes=1440", route::OVERVIEW)).await.ok();
    boss.get(route::CONFIGURATION).await.ok();
    let bob = app.user("bob").await;
    let (phone, web) =
        (bob.log_in(Device::phone("1")).await, bob.log_in(Device::browser("2")).await);
    boss.get(&route::with_id(route::TIMELINE, bob.user_id)).await.ok();
    boss.get(&format!("{}?{times}", route::with_id(route::TIMELINE, 100_007))).await.ok();
    boss.post(route::INSPECT_TOKEN, &json!({ "token": web.token })).await.ok();
    let why = json!({ "reason": "x" });
    boss.post(&route::with_id(route::DEACTIVATE_SESSION, phone.session_id), &why).await.ok();
    boss.post(&route::with_id(route::DEACTIVATE_USER_SESSIONS, bob.user_id), &why).await.ok();
    boss.get(&route::with_id(route::CONSOLE_USER, bob.user_id)).await.ok();
    let change = |member: &str, to: &str| -> Value { json!({ member: to, "reason": "x" }) };
    let role = route::with_id(route::USER_ROLE, bob.user_id);
    boss.post(&role, &change("role", "admin")).await.ok();
    boss.post(&role, &change("role", "user")).await.ok();
    let status = route::with_id(route::USER_STATUS, bob.user_id);
    boss.post(&status, &change("status", "banned")).await.ok();
}

async fn what_the_edge_asks(app: &TestApp, wang: &LoggedIn<'_>) {
    let ana = app.user("ana").await.log_in(Device::phone("phone-1")).await;
    let id = begin(&ana).await;
    hand_on(app, &ana, id, &[json!({ "content": "x", "temp_message_id": "t-2" })]).await;
    let token = session_token(app, &ana);
    call(app, route::INTERNAL_LIVENESS, &json!({ "session_token": token })).await.ok();
    let replay =
        json!({ "reader": null, "customer_service_session_id": id, "after_seq": 0, "limit": 10 });
    call(app, route::INTERNAL_REPLAY, &replay).await.ok();
    let delivered =
        json!({ "delivered": { "customer_service_session_id": id, "by": "admin", "seq": 1 } });
    call(app, route::INTERNAL_MARKS, &json!({ "marks": [delivered] })).await.ok();
    call(app, route::INTERNAL_QUEUE, &json!({})).await.ok();
    wang.get(route::VERIFY).await.ok();
    let mut handle = app.app.db.acquire().await.unwrap();
    let now = app.app.ambient.now();
    let lease = Duration::from_secs(30);
    for kinds in [&Kind::CHAT[..], &[Kind::SessionEnded, Kind::SecurityAlert]] {
        let mut tx = app.app.db.begin().await.unwrap();
        let rows = store::outbox::take(tx.conn(), kinds, 50, lease, now).await.unwrap();
        let ids: Vec<i64> = rows.iter().map(|row| row.edge_outbox_id).collect();
        assert!(ids.len() > 3, "{ids:?}");
        store::outbox::fresh_alerts_before(tx.conn(), ids[2]).await.unwrap();
        store::outbox::postpone(tx.conn(), ids[0], now, true).await.unwrap();
        store::outbox::put_back(tx.conn(), &ids[..2]).await.unwrap();
        store::outbox::bury(tx.conn(), ids[1], now).await.unwrap();
        store::outbox::remove(tx.conn(), &ids[2..]).await.unwrap();
        tx.commit().await.unwrap();
    }
    store::outbox::depth(handle.conn()).await.unwrap();
}

async fn beside_the_calls(app: &TestApp) {
    gauges::look(&app.app).await.unwrap();
    let now = app.app.ambient.now();
    let db = &app.app.db;
    // What a log-in by WeChat asks, whoever answers for WeChat.
    let mut tx = db.begin().await.unwrap();
    let code = wechat_codes::find(tx.conn(), "crowd-7", true).await.unwrap().unwrap();
    wechat_codes::save(tx.conn(), &wechat_codes::Code { expires_at: now, ..code }).await.unwrap();
    store::users::find_by_account(tx.conn(), Account::WechatOpenid("open-7")).await.unwrap();
    store::users::find_by_account(tx.conn(), Account::Email("p7@example.com")).await.unwrap();
    tx.commit().await.unwrap();
    activity::flush(&app.app).await;
    let ana = app.user("ana").await.log_in(Device::phone("phone-1")).await;
    let mut handle = db.acquire().await.unwrap();
    store::sessions::set_expiry(handle.conn(), ana.session_id, now).await.unwrap();
    store::sessions::ended_at(handle.conn(), ana.session_id).await.unwrap();
    drop(handle);
    assert!(expiry::sweep(&app.app).await.unwrap() > 0);
    let kept = Some(Duration::from_hours(24 * 27 + 10));
    let retention = Retention { sessions: Duration::from_hours(24 * 90), audit_events: kept };
    let cleanup = Cleanup { db, ambient: &app.app.ambient, retention };
    let gone = cleanup.count().await.unwrap();
    assert_eq!(cleanup.drain(|_, _| {}).await.unwrap(), gone);
    for (what, gone) in [
        ("tokens", gone.refresh_tokens),
        ("sessions", gone.sessions),
        ("codes", gone.wechat_codes),
        ("events", gone.audit_events),
    ] {
        assert!(gone > 0, "no {what} go");
    }
}

/// What no route asks.
async fn by_the_command_line(app: &TestApp, boss: &LoggedIn<'_>) {
    let now = app.app.ambient.now();
    let mut handle = app.app.db.acquire().await.unwrap();
    let (role, status) = (Some(Role::Agent), Some(UserStatus::Banned));
    for (role, status) in [(None, None), (role, None), (None, status), (role, status)] {
        store::users::page(handle.conn(), role, status, 0, 50).await.unwrap();
    }
    let id = boss.user_id;
    store::users::count_between(handle.conn(), 1, 9).await.unwrap();
    let theirs = store::sessions::ended_unsaid(handle.conn(), now, 9).await.unwrap();
    assert!(theirs.is_empty(), "{theirs:?}");
    store::sessions::say_end(handle.conn(), 1, EndReason::Replaced).await.unwrap();
    store::users::set_rights(handle.conn(), id, &Rights::default(), now).await.unwrap();
    store::users::replace_password_hash(handle.conn(), id, "old", "new").await.unwrap();
    store::audit::of_user(handle.conn(), id, 5).await.unwrap();
    store::audit::count_since(handle.conn(), id, AuditKind::LoggedIn, now, 5).await.unwrap();
    store::attempts::find(handle.conn(), &["crowd-1", "crowd-2"]).await.unwrap();
}
