//! What browsers ask and are told: CORS and security headers.

use reqwest::header::ORIGIN;
use shared::route;
use tests::{
    both_databases,
    system::{Door, System},
};

both_databases!(run by tests::system::run: pages_on_the_list_may_call_and_no_others);

async fn pages_on_the_list_may_call_and_no_others(system: System) {
    let client = system.user("web", "browser-1").await;
    let call = async |method: &str, origin: &str| {
        let request = system
            .request(&Door::Edge, method, route::MY_LISTINGS)
            .bearer_auth(&client.token)
            .header(ORIGIN, origin)
            .header("access-control-request-method", "GET")
            .header("access-control-request-headers", "authorization");
        system.send(request).await
    };
    let listed = "http://localhost:5173";
    let preflight = call("OPTIONS", listed).await;
    assert_eq!(preflight.status, 204);
    assert_eq!(preflight.headers["access-control-allow-origin"], listed);
    assert_eq!(preflight.headers["access-control-allow-credentials"], "true");
    assert!(
        preflight.headers["access-control-allow-headers"]
            .to_str()
            .unwrap()
            .to_lowercase()
            .contains("authorization")
    );

    let reply = call("GET", listed).await;
    reply.ok();
    assert_eq!(reply.headers["access-control-allow-origin"], listed);
    assert!(reply.headers["vary"].to_str().unwrap().to_lowercase().contains("origin"));
    assert_eq!(reply.headers["x-content-type-options"], "nosniff");
    assert_eq!(reply.headers["cache-control"], "no-store");
    assert!(reply.headers.contains_key("strict-transport-security"));
    assert!(reply.headers.contains_key("content-security-policy"));

    for stranger in ["https://evil.example", "null", "http://localhost:5173.evil.example"] {
        for method in ["OPTIONS", "GET"] {
            let reply = call(method, stranger).await;
            assert!(
                !reply.headers.contains_key("access-control-allow-origin"),
                "{method} {stranger}"
            );
        }
    }
}
