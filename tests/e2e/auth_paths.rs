//! The paths of accounts and sessions, by all their names, and what is done there, through the edge.

use serde_json::json;
use shared::route;
use tests::{
    both_databases,
    system::{Door, System},
};

both_databases!(run by tests::system::run: a_session_that_is_revoked_by_an_old_path_is_closed);

async fn a_session_that_is_revoked_by_an_old_path_is_closed(system: System) {
    let phone = system.user("mini_program", "phone-1").await;
    let web = system.user("web", "browser-1").await;
    let mut socket = system.socket(&Door::Edge, &phone).await.expect("a socket").greeted().await;
    for path in route::spellings(route::SESSIONS) {
        let list = system.get(&Door::Edge, &web, &path).await;
        assert_eq!(
            list.data()["sessions"][0]["authentication_session_id"],
            web.session_id,
            "{path}"
        );
    }
    let body = json!({ "authentication_session_id": phone.session_id });
    system.post(&Door::Edge, &web, "/auth/sessions/revoke", &body).await.ok();
    // The alert of the second log-in may come after the socket is open.
    let told = socket.expect_after_alerts("session_invalidated").await;
    assert_eq!(told["code"], "SESSION_REVOKED");
    assert_eq!(socket.closed().await, (4414, "SESSION_REVOKED".to_owned()));
    system.get(&Door::Edge, &phone, "/api/v1/auth/verify").await.refused(401, "SESSION_REVOKED");
    system.get(&Door::Edge, &web, route::AUDIT).await.refused(403, "FORBIDDEN");
}
