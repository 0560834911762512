use origin::store;
use serde_json::json;
use shared::{route, user::Role};
use tests::{Device, TestApp, both_databases};

both_databases!(
    only_admins_end_all_sessions_of_others,
    all_sessions_of_a_user_end_once_and_on_record,
);

async fn only_admins_end_all_sessions_of_others(app: TestApp) {
    let (ana, agent) = (app.user("ana").await, app.staff("wang", Role::Agent).await);
    let path = route::with_id(route::DEACTIVATE_USER_SESSIONS, ana.user_id);
    let ana = ana.log_in(Device::phone("phone-1")).await;
    let agent = agent.log_in(Device::browser("desk")).await;
    for caller in [&ana, &agent] {
        caller.post(&path, &json!({ "reason": "x" })).await.refused(403, "FORBIDDEN");
    }
    ana.get(route::VERIFY).await.ok();
}

async fn all_sessions_of_a_user_end_once_and_on_record(app: TestApp) {
    let (ana, bob) = (app.user("ana").await, app.user("bob").await);
    let boss = app.staff("boss", Role::Admin).await;
    let phone = ana.log_in(Device::phone("phone-1")).await;
    let web = ana.log_in(Device::browser("browser-1")).await;
    let of_bob = bob.log_in(Device::phone("phone-2")).await;
    let boss_id = boss.user_id;
    let boss = boss.log_in(Device::browser("desk")).await;
    let path = route::with_id(route::DEACTIVATE_USER_SESSIONS, ana.user_id);
    boss.post(&path, &json!({})).await.refused_field("reason");
    boss.post(&path, &json!({ "reason": "x".repeat(501) })).await.refused_field("reason");
    let nobody = route::with_id(route::DEACTIVATE_USER_SESSIONS, 4242);
    boss.post(&nobody, &json!({ "reason": "x" })).await.refused(404, "NOT_FOUND");

    let reply = boss.post(&path, &json!({ "reason": "stolen" })).await;
    let ended = reply.data()["ended"].as_array().unwrap();
    assert_eq!((reply.data()["user_id"].as_i64(), ended.len()), (Some(ana.user_id), 3));
    for session in [&phone, &web] {
        session.get(route::VERIFY).await.refused(401, "SESSION_DEACTIVATED");
    }
    of_bob.get(route::VERIFY).await.ok();
    let again = boss.post(&path, &json!({ "reason": "stolen" })).await;
    assert_eq!(again.data()["ended"], json!([]));

    let mut handle = app.app.db.acquire().await.unwrap();
    let events = store::audit::of_user(handle.conn(), ana.user_id, 100).await.unwrap();
    let acts: Vec<_> =
        events.iter().filter(|event| event.event == "sessions_deactivated").collect();
    assert_eq!(acts.len(), 1, "done twice is done once: {acts:?}");
    assert_eq!(acts[0].actor_user_id, Some(boss_id));
    assert_eq!(acts[0].detail, Some(json!({ "ended": ended, "note": "stolen" })));
}
