//! The incident: log-ins that killed log-ins.

use shared::route;
use tests::{
    both_databases,
    system::{Door, System, settled},
};

both_databases!(run by tests::system::run: ten_log_ins_kill_nobody_and_a_new_phone_replaces_the_old);

async fn ten_log_ins_kill_nobody_and_a_new_phone_replaces_the_old(system: System) {
    // Web and mini-program by turns, each logging in again on every start.
    let mut clients = Vec::new();
    for round in 0..10 {
        let (client_type, device) =
            if round % 2 == 0 { ("web", "browser-1") } else { ("mini_program", "phone-1") };
        clients.push(system.user(client_type, device).await);
    }
    for client in &clients {
        system.get(&Door::Edge, client, route::VERIFY).await.ok();
    }
    assert_eq!(clients[0].session_id, clients[8].session_id, "the browser has one session");
    assert_eq!(clients[1].session_id, clients[9].session_id, "the phone has one session");

    settled(&system).await;
    let (web, old) = (&clients[8], &clients[9]);
    let mut old_socket = system.socket(&Door::Edge, old).await.expect("a socket").greeted().await;
    let mut web_socket = system.socket(&Door::Edge, web).await.expect("a socket").greeted().await;
    let new = system.user("mini_program", "phone-2").await;

    let alert = old_socket.expect("security_alert").await;
    let told = old_socket.expect("session_invalidated").await;
    assert_eq!(told["code"], "SESSION_REPLACED");
    assert_eq!(old_socket.closed().await, (4412, "SESSION_REPLACED".to_owned()));
    system.get(&Door::Edge, old, route::VERIFY).await.refused(401, "SESSION_REPLACED");
    system.get(&Door::Edge, old, route::MY_LISTINGS).await.refused(401, "SESSION_REPLACED");
    let again = system.socket(&Door::Edge, old).await.err().expect("no socket for a dead session");
    again.refused(401, "SESSION_REPLACED");
    system.get(&Door::Edge, &new, route::VERIFY).await.ok();
    system.get(&Door::Edge, web, route::VERIFY).await.ok();
    assert_eq!(web_socket.expect("security_alert").await, alert);
    web_socket.silent_past(&[]).await;
}
