use insta::assert_json_snapshot;
use shared::route;
use tests::{Device, TestApp, both_databases};

both_databases!(me_is_safe_to_show, verify_says_how_long_it_lasts);

async fn me_is_safe_to_show(app: TestApp) {
    let ana = app.user("ana").await;
    let session = ana.log_in(Device::phone("phone-1")).await;
    let reply = session.get(route::ME).await;
    // A snapshot of all keys: a hash or an openid that slips in is seen.
    assert_json_snapshot!("me", reply.data(), { ".mobile" => "[mobile]" });
}

async fn verify_says_how_long_it_lasts(app: TestApp) {
    let ana = app.user("ana").await;
    let session = ana.log_in(Device::phone("phone-1")).await;
    app.clock.step(std::time::Duration::from_secs(100));
    assert_json_snapshot!("verify", session.get(route::VERIFY).await.data());
}
