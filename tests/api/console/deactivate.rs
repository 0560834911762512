use origin::store;
use serde_json::json;
use shared::{route, user::Role};
use tests::{Device, TestApp, both_databases};

both_databases!(only_admins_end_sessions_of_others, an_end_is_kept_and_audited);

async fn only_admins_end_sessions_of_others(app: TestApp) {
    let (ana, agent) = (app.user("ana").await, app.staff("wang", Role::Agent).await);
    let ana = ana.log_in(Device::phone("phone-1")).await;
    let agent = agent.log_in(Device::browser("desk")).await;
    let path = route::with_id(route::DEACTIVATE_SESSION, ana.session_id);
    let body = json!({ "reason": "x" });
    ana.post(&path, &body).await.refused(403, "FORBIDDEN");
    agent.post(&path, &body).await.refused(403, "FORBIDDEN");
    ana.get(route::VERIFY).await.ok();
}

async fn an_end_is_kept_and_audited(app: TestApp) {
    let (ana, boss) = (app.user("ana").await, app.staff("boss", Role::Admin).await);
    let phone = ana.log_in(Device::phone("phone-1")).await;
    let web = ana.log_in(Device::browser("browser-1")).await;
    let boss_id = boss.user_id;
    let boss = boss.log_in(Device::browser("desk")).await;
    let path = route::with_id(route::DEACTIVATE_SESSION, phone.session_id);

    boss.post(&path, &json!({})).await.refused_field("reason");
    boss.post(&path, &json!({ "reason": "" })).await.refused_field("reason");
    boss.post(&route::with_id(route::DEACTIVATE_SESSION, 4242), &json!({ "reason": "x" }))
        .await
        .refused(404, "NOT_FOUND");
    for _ in 0..2 {
        let reply = boss.post(&path, &json!({ "reason": "lost phone" })).await;
        let answer = json!({
            "authentication_session_id": phone.session_id, "user_id": ana.user_id, "end_reason": "DEACTIVATED" });
        assert_eq!(reply.data(), &answer);
    }
    web.post(route::LOGOUT, &json!({})).await.ok();
    let ended_otherwise = route::with_id(route::DEACTIVATE_SESSION, web.session_id);
    boss.post(&ended_otherwise, &json!({ "reason": "x" })).await.refused(409, "CONFLICT");

    let mut handle = app.app.db.acquire().await.unwrap();
    let events = store::audit::of_user(handle.conn(), ana.user_id, 100).await.unwrap();
    let ends: Vec<_> = events.iter().filter(|event| event.event == "session_ended").collect();
    assert_eq!(ends.len(), 2, "done twice is done once: {ends:?}");
    assert_eq!(ends[0].actor_user_id, Some(boss_id));
    let detail = ends[0].detail.as_ref().unwrap();
    assert_eq!((&detail["reason"], &detail["note"]), (&json!("DEACTIVATED"), &json!("lost phone")));
}
