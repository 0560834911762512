//! The paths that clients already out there use: the same handlers, the same fields.

use axum::body::Body;
use http::Request;
use serde_json::json;
use shared::route;
use tests::{Device, TestApp, both_databases, user};

both_databases!(a_client_may_use_any_of_the_names, every_auth_route_answers_by_every_name);

async fn a_client_may_use_any_of_the_names(app: TestApp) {
    let ana = app.user("ana").await;
    for begin in ["/api/v4/auth", "/api/v1/auth", "/auth"] {
        let body =
            json!({ "mobile": ana.mobile, "password": user::PASSWORD, "device_id": "phone-1" });
        let reply =
            app.send(user::post(&format!("{begin}/login"), &body), [127, 0, 0, 1].into()).await;
        let token = reply.data()["access_token"].as_str().unwrap();
        let request = Request::get(format!("{begin}/me"))
            .header("authorization", format!("Bearer {token}"))
            .body(Body::empty())
            .unwrap();
        let me = app.send(request, [127, 0, 0, 1].into()).await;
        assert_eq!(me.data()["user_id"], ana.user_id, "{begin}");
    }
    let phone = ana.log_in(Device::phone("phone-1")).await;
    phone.post("/auth/sessions/revoke-all", &json!({})).await.ok();
    phone.get("/api/v1/market/my-listings").await.refused(404, "NOT_FOUND");
    phone.get("/api/v1/console/auth/sessions").await.refused(404, "NOT_FOUND");
}

async fn every_auth_route_answers_by_every_name(app: TestApp) {
    for route in route::FORWARDED {
        let mut told = Vec::new();
        for path in route::spellings(&route::with_id(route.path, 7)) {
            let request = Request::builder().method(route.method.as_str()).uri(&path);
            let reply = app.send(request.body(Body::empty()).unwrap(), [127, 0, 0, 1].into()).await;
            let code = reply.json["code"].as_str().unwrap_or("OK").to_owned();
            assert!(
                !["NOT_FOUND", "METHOD_NOT_ALLOWED", "INTERNAL"].contains(&&*code),
                "{path}: {code}"
            );
            told.push(code);
        }
        told.dedup();
        assert_eq!(told.len(), 1, "{}: {told:?}", route.path);
    }
}
