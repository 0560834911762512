//! Nobody comes into the console but the staff, whatever route it is.

use axum::body::Body;
use http::{Request, header};
use serde_json::json;
use shared::{
    route::{self, FORWARDED, Method, Route},
    user::Role,
};
use tests::{Device, LoggedIn, Reply, TestApp, both_databases, statements};

both_databases!(
    every_route_of_the_console_is_the_staffs_alone,
    what_no_handler_guards_is_guarded,
    a_caller_is_judged_once,
);

/// All of the console that there is.
fn console() -> impl Iterator<Item = &'static Route> {
    FORWARDED.iter().filter(|route| route::is_of_console(route.path))
}

/// What agents may; the rest is for admins.
fn is_for_agents(route: &Route) -> bool {
    route.path.starts_with("/api/v4/console/customer-service/") || route.path == route::OVERVIEW
}

async fn ask(app: &TestApp, method: &str, path: &str, token: Option<&str>) -> Reply {
    let mut request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::CONTENT_TYPE, "application/json");
    if let Some(token) = token {
        request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
    }
    let request = request.body(Body::from("{}")).unwrap();
    app.send(request, [127, 0, 0, 1].into()).await
}

async fn every_route_of_the_console_is_the_staffs_alone(app: TestApp) {
    let user = app.user("ana").await.log_in(Device::browser("1")).await;
    let wang = app.staff("wang", Role::Agent).await;
    let ended = wang.log_in(Device::browser("2")).await;
    let agent = wang.log_in(Device::browser("3")).await;
    let admin = app.staff("boss", Role::Admin).await.log_in(Device::browser("4")).await;
    let may_not: [(Option<&str>, u16, &str); 4] = [
        (None, 401, "TOKEN_MISSING"),
        (Some("undefined"), 401, "TOKEN_MALFORMED"),
        (Some(&user.token), 403, "FORBIDDEN"),
        (Some(&ended.token), 401, "SESSION_REPLACED"),
    ];
    assert!(console().count() >= 19, "{}", console().count());
    for route in console() {
        let (method, path) = (route.method.as_str(), route::with_id(route.path, 4242));
        for (token, status, code) in may_not {
            ask(&app, method, &path, token).await.refused(status, code);
        }
        let reply = ask(&app, method, &path, Some(&agent.token)).await;
        if is_for_agents(route) {
            assert!(is_let_in(&reply), "{method} {path}: {reply:?}");
        } else {
            reply.refused(403, "FORBIDDEN");
        }
        let reply = ask(&app, method, &path, Some(&admin.token)).await;
        assert!(is_let_in(&reply), "{method} {path}: {reply:?}");
    }
}

/// Whether it was the handler that answered, with whatever it has to say of nothing at all.
fn is_let_in(reply: &Reply) -> bool {
    matches!(reply.status.as_u16(), 200 | 404 | 422)
}

async fn what_no_handler_guards_is_guarded(app: TestApp) {
    let user = app.user("ana").await.log_in(Device::browser("1")).await;
    let agent = app.staff("wang", Role::Agent).await.log_in(Device::browser("2")).await;
    for path in ["/api/v4/console/forgotten", "/api/v4/console/", "/api/v4/console/auth"] {
        ask(&app, "GET", path, None).await.refused(401, "TOKEN_MISSING");
        ask(&app, "GET", path, Some(&user.token)).await.refused(403, "FORBIDDEN");
        ask(&app, "GET", path, Some(&agent.token)).await.refused(404, "NOT_FOUND");
    }
    // Neither by a method that a route does not have.
    ask(&app, "DELETE", route::AUDIT, None).await.refused(401, "TOKEN_MISSING");
    let refused = ask(&app, "DELETE", route::AUDIT, Some(&agent.token)).await;
    refused.refused(405, "METHOD_NOT_ALLOWED");
    assert_eq!(refused.headers["allow"], "GET,HEAD");
    // What is spelled otherwise is no route.
    for path in [
        "/api/v4//console/auth/audit",
        "/api/v4/%63onsole/auth/audit",
        "/API/v4/console/auth/audit",
    ] {
        ask(&app, "GET", path, None).await.refused(404, "NOT_FOUND");
    }
}

async fn a_caller_is_judged_once(app: TestApp) {
    let admin = app.staff("boss", Role::Admin).await.log_in(Device::browser("1")).await;
    for route in console() {
        let path = route::with_id(route.path, 4242);
        let (reply, sent) = statements::record(call(&admin, route.method, &path)).await;
        assert!(is_let_in(&reply), "{path}: {reply:?}");
        let judged = sent.iter().filter(|sql| sql.contains("WHERE s.session_token = ?")).count();
        assert_eq!(judged, 1, "{path}: {sent:#?}");
    }
}

async fn call(caller: &LoggedIn<'_>, method: Method, path: &str) -> Reply {
    match method {
        Method::Get => caller.get(path).await,
        Method::Post => caller.post(path, &json!({})).await,
    }
}
