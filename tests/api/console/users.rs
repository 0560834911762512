use std::collections::BTreeSet;

use insta::assert_json_snapshot;
use serde_json::{Value, json};
use shared::{route, user::Role};
use tests::{Device, LoggedIn, Reply, TestApp, both_databases, user::PASSWORD};

both_databases!(
    a_user_is_shown_without_secrets,
    users_are_found_by_each_filter,
    what_makes_no_sense_is_refused_by_field,
    a_ban_ends_sessions_and_is_audited_with_its_reason,
    a_change_of_role_ends_sessions_and_is_audited,
    the_last_admin_stays,
    two_admins_who_take_each_other_away_leave_one,
);

async fn boss(app: &TestApp) -> LoggedIn<'_> {
    app.staff("boss", Role::Admin).await.log_in(Device::browser("desk")).await
}

async fn find(boss: &LoggedIn<'_>, query: &str) -> BTreeSet<i64> {
    let reply = boss.get(&format!("{}?limit=100&{query}", route::CONSOLE_USERS)).await;
    let data = reply.data();
    let users = data["users"].as_array().unwrap();
    assert_eq!(data["pagination"]["total"], users.len(), "{query}");
    let ids: Vec<_> = users.iter().map(|user| user["user_id"].as_i64().unwrap()).collect();
    assert!(ids.is_sorted_by(|one, next| one > next), "{query}: {ids:?}");
    ids.into_iter().collect()
}

async fn set(boss: &LoggedIn<'_>, path: &str, user_id: i64, body: Value) -> Reply {
    boss.post(&route::with_id(path, user_id), &body).await
}

async fn a_user_is_shown_without_secrets(app: TestApp) {
    let boss = boss(&app).await;
    let ana = app.user("ana").await;
    app.database
        .execute(&format!(
            "UPDATE users SET wechat_openid = 'openid-of-ana' WHERE user_id = {}",
            ana.user_id
        ))
        .await;
    let shown = boss.get(&route::with_id(route::CONSOLE_USER, ana.user_id)).await;
    assert_json_snapshot!("user", shown.data(), { ".mobile" => "[mobile]" });
    let listed = boss.get(&format!("{}?search={}", route::CONSOLE_USERS, ana.mobile)).await;
    assert_eq!(listed.data()["users"], json!([shown.data()]));
    for reply in [&shown, &listed, &boss.get(route::CONSOLE_USERS).await] {
        let text = reply.json.to_string();
        for secret in ["password", "$argon2", "openid"] {
            assert!(!text.contains(secret), "{text}");
        }
    }
    boss.get(&route::with_id(route::CONSOLE_USER, 4242)).await.refused(404, "NOT_FOUND");
}

async fn users_are_found_by_each_filter(app: TestApp) {
    let boss = boss(&app).await;
    let (ana, hat) = (app.user("小红").await, app.user("小红帽").await);
    let wang = app.staff("wang", Role::Agent).await;
    let (ana_id, hat_id) = (ana.user_id, hat.user_id);
    app.database
        .execute(&format!("UPDATE users SET email = 'red@example.com' WHERE user_id = {ana_id}"))
        .await;
    set(&boss, route::USER_STATUS, hat_id, json!({ "status": "banned", "reason": "spam" }))
        .await
        .ok();
    let (one, both) = (BTreeSet::from([ana_id]), BTreeSet::from([ana_id, hat_id]));
    assert_eq!(find(&boss, "search=%E5%B0%8F%E7%BA%A2").await, both, "a nickname's beginning");
    assert_eq!(find(&boss, "search=%E7%BA%A2").await, BTreeSet::new(), "not its middle");
    assert_eq!(find(&boss, &format!("search={}", ana.mobile)).await, one);
    assert_eq!(find(&boss, "search=RED@ex").await, one, "an address in any case");
    assert_eq!(
        find(&boss, &format!("search={}", wang.user_id)).await,
        BTreeSet::from([wang.user_id])
    );
    assert_eq!(find(&boss, "search=%25").await, BTreeSet::new(), "no pattern");
    assert_eq!(find(&boss, "status=banned").await, BTreeSet::from([hat_id]));
    assert_eq!(find(&boss, "role=agent").await, BTreeSet::from([wang.user_id]));
    assert_eq!(find(&boss, "role=agent&status=banned").await, BTreeSet::new());
    assert_eq!(find(&boss, "search=%E5%B0%8F&status=active&role=user").await, one);
    assert_eq!(find(&boss, &format!("search={hat_id}&status=active")).await, BTreeSet::new());
    assert_eq!(find(&boss, "").await.len(), 4);
}

async fn what_makes_no_sense_is_refused_by_field(app: TestApp) {
    let boss = boss(&app).await;
    for (query, field) in [
        ("status=dead", "status"),
        ("role=owner", "role"),
        ("search=", "search"),
        ("page=0", "page"),
        ("limit=101", "limit"),
        ("cursor=x", "cursor"),
    ] {
        boss.get(&format!("{}?{query}", route::CONSOLE_USERS)).await.refused_field(field);
    }
    let id = boss.user_id;
    for (path, body, field) in [
        (route::USER_STATUS, json!({ "status": "dead", "reason": "x" }), "status"),
        (route::USER_STATUS, json!({ "status": "banned" }), "reason"),
        (route::USER_STATUS, json!({ "status": "banned", "reason": "" }), "reason"),
        (route::USER_STATUS, json!({ "status": "banned", "reason": "x".repeat(501) }), "reason"),
        (route::USER_ROLE, json!({ "role": "owner", "reason": "x" }), "role"),
        (route::USER_ROLE, json!({ "role": "user" }), "reason"),
    ] {
        set(&boss, path, id, body).await.refused_field(field);
    }
    let nobody = set(&boss, route::USER_ROLE, 4242, json!({ "role": "user", "reason": "x" })).await;
    nobody.refused(404, "NOT_FOUND");
    boss.get(&route::with_id(route::CONSOLE_USER, 0)).await.refused_field("user_id");
}

/// The newest event of a kind about a user: who did it, and what it says.
async fn event(boss: &LoggedIn<'_>, kind: &str, user_id: i64) -> (Value, Value) {
    let path = format!("{}?event={kind}&user_id={user_id}&limit=1", route::AUDIT);
    let reply = boss.get(&path).await;
    let event = &reply.data()["events"][0];
    (event["actor_user_id"].clone(), event["detail"].clone())
}

async fn a_ban_ends_sessions_and_is_audited_with_its_reason(app: TestApp) {
    let boss = boss(&app).await;
    let ana = app.user("ana").await;
    let phone = ana.log_in(Device::phone("phone-1")).await;
    let body = json!({ "status": "banned", "reason": "spam" });
    let done = set(&boss, route::USER_STATUS, ana.user_id, body.clone()).await;
    assert_eq!(done.data()["changed"], true);
    assert_eq!(done.data()["status"], "banned");
    assert!(done.data()["ended"].as_array().unwrap().contains(&json!(phone.session_id)));
    phone.get(route::VERIFY).await.refused(403, "USER_INACTIVE");
    let (actor, detail) = event(&boss, "user_status_changed", ana.user_id).await;
    assert_eq!(actor, boss.user_id);
    assert_eq!(detail, json!({ "from": "active", "to": "banned", "note": "spam" }));
    let again = set(&boss, route::USER_STATUS, ana.user_id, body).await;
    assert_eq!(again.data()["changed"], false);
    let body = json!({ "status": "active", "reason": "a mistake" });
    set(&boss, route::USER_STATUS, ana.user_id, body).await.ok();
    let phone = ana.try_log_in(&app, &Device::phone("phone-1"), PASSWORD).await;
    phone.ok();
}

async fn a_change_of_role_ends_sessions_and_is_audited(app: TestApp) {
    let boss = boss(&app).await;
    let ana = app.user("ana").await;
    let web = ana.log_in(Device::browser("1")).await;
    let body = json!({ "role": "agent", "reason": "hired" });
    let done = set(&boss, route::USER_ROLE, ana.user_id, body).await;
    assert_eq!((&done.data()["role"], &done.data()["changed"]), (&json!("agent"), &json!(true)));
    web.get(route::VERIFY).await.refused(401, "SESSION_DEACTIVATED");
    let (actor, detail) = event(&boss, "user_role_changed", ana.user_id).await;
    assert_eq!(actor, boss.user_id);
    assert_eq!(detail, json!({ "from": "user", "to": "agent", "note": "hired" }));
    ana.log_in(Device::browser("1")).await.get(route::DESK_SESSIONS).await.ok();
}

async fn the_last_admin_stays(app: TestApp) {
    let boss = boss(&app).await;
    let own = boss.user_id;
    let away = [
        (route::USER_ROLE, json!({ "role": "agent", "reason": "x" })),
        (route::USER_STATUS, json!({ "status": "inactive", "reason": "x" })),
    ];
    // One who is shut out is no other admin.
    let other = app.staff("other", Role::Admin).await;
    let ban = json!({ "status": "banned", "reason": "x" });
    set(&boss, route::USER_STATUS, other.user_id, ban).await.ok();
    for (path, body) in away.clone() {
        let refused = set(&boss, path, own, body).await;
        refused.refused(409, "CONFLICT");
        assert_eq!(refused.json["details"], json!({ "is_last_admin": true }));
    }
    // What takes nothing away is no matter.
    set(&boss, route::USER_ROLE, own, json!({ "role": "admin", "reason": "x" })).await.ok();
    set(&boss, route::USER_STATUS, own, json!({ "status": "active", "reason": "x" })).await.ok();
    boss.get(route::AUDIT).await.ok();
    let open = json!({ "status": "active", "reason": "x" });
    set(&boss, route::USER_STATUS, other.user_id, open).await.ok();
    let [(path, body), _] = away;
    set(&boss, path, own, body).await.ok();
    boss.get(route::AUDIT).await.refused(401, "SESSION_DEACTIVATED");
}

async fn two_admins_who_take_each_other_away_leave_one(app: TestApp) {
    let other = app.second_process().await;
    for _ in 0..5 {
        let (li, wu) = (app.staff("li", Role::Admin).await, app.staff("wu", Role::Admin).await);
        let of_li = li.log_in(Device::browser("1")).await;
        let of_wu = wu.log_in_at(&other, Device::browser("2")).await;
        let body = json!({ "role": "user", "reason": "x" });
        let (by_li, by_wu) = tokio::join!(
            set(&of_li, route::USER_ROLE, wu.user_id, body.clone()),
            set(&of_wu, route::USER_ROLE, li.user_id, body)
        );
        // The second is too late, or finds that it is the last: never are both done.
        let done = [&by_li, &by_wu].iter().filter(|reply| reply.status == 200).count();
        assert_eq!(done, 1, "{by_li:?} {by_wu:?}");
        let admins = "SELECT nickname FROM users WHERE role = 'admin' AND status = 'active'";
        assert_eq!(app.database.texts(admins).await.len(), 1);
        app.database.execute("UPDATE users SET role = 'user'").await;
    }
}
