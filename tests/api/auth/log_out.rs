use serde_json::json;
use shared::route;
use tests::{Device, TestApp, both_databases};

both_databases!(
    a_log_out_ends_the_callers_session_alone,
    a_log_out_of_all_devices_tells_each_which_it_was,
);

async fn a_log_out_ends_the_callers_session_alone(app: TestApp) {
    let ana = app.user("ana").await;
    let phone = ana.log_in(Device::phone("phone-1")).await;
    let web = ana.log_in(Device::browser("browser-1")).await;
    let reply = phone.post(route::LOGOUT, &json!({})).await;
    assert_eq!(reply.data()["ended"], json!([phone.session_id]));
    phone.post(route::LOGOUT, &json!({})).await.refused(401, "SESSION_LOGGED_OUT");
    web.get(route::VERIFY).await.ok();
}

async fn a_log_out_of_all_devices_tells_each_which_it_was(app: TestApp) {
    let (ana, bob) = (app.user("ana").await, app.user("bob").await);
    let phone = ana.log_in(Device::phone("phone-1")).await;
    let web = ana.log_in(Device::browser("browser-1")).await;
    let of_bob = bob.log_in(Device::phone("phone-9")).await;
    phone.post(route::LOGOUT, &json!({ "all_devices": true })).await.ok();
    phone.get(route::VERIFY).await.refused(401, "SESSION_LOGGED_OUT");
    web.get(route::VERIFY).await.refused(401, "SESSION_REVOKED");
    of_bob.get(route::VERIFY).await.ok();
}
