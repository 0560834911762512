//! Which log-ins renew a session, and which replace one.

use std::{sync::Arc, time::Duration};

use origin::store;
use shared::{route, user::ClientType};
use tests::{Device, LoggedIn, TestApp, both_databases};

both_databases!(
    the_incident_leaves_one_live_session_a_client_type,
    the_incident_with_clients_that_send_no_device_id,
    a_new_phone_replaces_the_old_one_and_says_so,
    a_device_token_proves_the_device_from_anywhere,
    so_does_a_token_of_the_session_even_when_it_has_expired,
    a_bare_device_id_from_elsewhere_is_a_claim,
    another_users_proof_is_none,
    the_token_of_a_dead_session_is_no_proof_and_no_contradiction,
    a_session_whose_time_was_over_is_not_called_replaced,
    parallel_log_ins_at_two_processes_leave_one_live_session,
);

async fn live(app: &TestApp, user_id: i64, client_type: ClientType) -> usize {
    let mut handle = app.app.db.acquire().await.unwrap();
    store::sessions::open_of(handle.conn(), user_id, Some(client_type)).await.unwrap().len()
}

/// Ten log-ins in four minutes, web and mini-program by turns, as in production.
async fn incident(app: &TestApp, web: Device, phone: Device) {
    let ana = app.user("ana").await;
    let mut sessions: Vec<LoggedIn> = Vec::new();
    for round in 0..10 {
        let device = if round % 2 == 0 { web.clone() } else { phone.clone() };
        sessions.push(ana.log_in(device).await);
        app.clock.step(Duration::from_secs(28));
    }
    for session in &sessions {
        session.get(route::VERIFY).await.ok();
    }
    assert_eq!(live(app, ana.user_id, ClientType::Web).await, 1);
    assert_eq!(live(app, ana.user_id, ClientType::MiniProgram).await, 1);
    assert_eq!(sessions[0].session_id, sessions[8].session_id);
    assert_eq!(sessions[1].session_id, sessions[9].session_id);
}

async fn the_incident_leaves_one_live_session_a_client_type(app: TestApp) {
    incident(&app, Device::browser("browser-1"), Device::phone("phone-1")).await;
}

async fn the_incident_with_clients_that_send_no_device_id(app: TestApp) {
    let unchanged = |device: Device| Device { device_id: None, ..device };
    incident(&app, unchanged(Device::browser("")), unchanged(Device::phone(""))).await;
}

async fn a_new_phone_replaces_the_old_one_and_says_so(app: TestApp) {
    let ana = app.user("ana").await;
    let old = ana.log_in(Device::phone("phone-1")).await;
    let web = ana.log_in(Device::browser("browser-1")).await;
    let new = ana.log_in(Device::phone("phone-2")).await;

    old.get(route::VERIFY).await.refused(401, "SESSION_REPLACED");
    new.get(route::VERIFY).await.ok();
    web.get(route::VERIFY).await.ok();
    let mut handle = app.app.db.acquire().await.unwrap();
    let replaced = store::sessions::lock(handle.conn(), old.session_id).await.unwrap().unwrap();
    assert!(!replaced.facts.is_active);
    assert_eq!(
        store::outbox::depth(handle.conn()).await.unwrap(),
        (4, 0),
        "the edge is to be told of three new devices and one end"
    );
}

async fn a_device_token_proves_the_device_from_anywhere(app: TestApp) {
    let ana = app.user("ana").await;
    let first = ana.log_in(Device::phone("phone-1")).await;
    let moved = Device {
        device_token: Some(first.device_token.clone()),
        device_id: None,
        user_agent: "MicroMessenger/9.0".into(),
        ..Device::phone("phone-1").at("2001:db8::1")
    };
    assert_eq!(ana.log_in(moved).await.session_id, first.session_id);
    first.get(route::VERIFY).await.ok();
    let events = audit(&app, ana.user_id).await;
    assert!(events.contains(&"session_renewed".to_owned()), "{events:?}");
}

async fn so_does_a_token_of_the_session_even_when_it_has_expired(app: TestApp) {
    let ana = app.user("ana").await;
    let first = ana.log_in(Device::phone("phone-1")).await;
    app.clock.step(Duration::from_hours(25));
    first.get(route::VERIFY).await.refused(401, "TOKEN_EXPIRED");
    let again = Device {
        earlier_token: Some(first.token.clone()),
        device_id: None,
        ..Device::phone("").at("8.8.8.8")
    };
    assert_eq!(ana.log_in(again).await.session_id, first.session_id);
}

async fn a_bare_device_id_from_elsewhere_is_a_claim(app: TestApp) {
    let ana = app.user("ana").await;
    let first = ana.log_in(Device::phone("phone-1")).await;
    let thief = ana.log_in(Device::phone("phone-1").at("8.8.8.8")).await;
    assert_ne!(thief.session_id, first.session_id);
    first.get(route::VERIFY).await.refused(401, "SESSION_REPLACED");
    let events = audit(&app, ana.user_id).await;
    assert!(events.contains(&"device_claim_refused".to_owned()), "{events:?}");

    // The claim has not become a proof: the owner comes back with one, and throws the thief out.
    let owner = Device {
        device_token: Some(first.device_token.clone()),
        ..Device::phone("phone-1").at("9.9.9.9")
    };
    let owner = ana.log_in(owner).await;
    assert_ne!(owner.session_id, thief.session_id);
    thief.get(route::VERIFY).await.refused(401, "SESSION_REPLACED");
    // And the thief's own proof is of the thief's device alone.
    let again = Device {
        device_token: Some(thief.device_token.clone()),
        ..Device::phone("phone-1").at("8.8.8.8")
    };
    assert_ne!(ana.log_in(again).await.session_id, owner.session_id);
}

/// A client that sends what it has stored, twice: its first answer was lost.
async fn the_token_of_a_dead_session_is_no_proof_and_no_contradiction(app: TestApp) {
    let ana = app.user("ana").await;
    let dead = ana.log_in(Device::phone("phone-1")).await;
    dead.post(route::LOGOUT, &serde_json::json!({})).await.ok();
    let again = Device { earlier_token: Some(dead.token.clone()), ..Device::phone("phone-1") };
    let first = ana.log_in(again.clone()).await;
    let second = ana.log_in(again).await;
    assert_eq!(first.session_id, second.session_id);
    first.get(route::VERIFY).await.ok();
}

async fn another_users_proof_is_none(app: TestApp) {
    let (ana, bob) = (app.user("ana").await, app.user("bob").await);
    let of_ana = ana.log_in(Device::phone("phone-1")).await;
    let of_bob = bob.log_in(Device::phone("phone-2").at("8.8.4.4")).await;
    let mixed = Device {
        device_token: Some(of_ana.device_token.clone()),
        earlier_token: Some(of_ana.token.clone()),
        ..Device::phone("phone-1").at("8.8.8.8")
    };
    assert_ne!(bob.log_in(mixed).await.session_id, of_bob.session_id);
    of_ana.get(route::VERIFY).await.ok();
}

async fn a_session_whose_time_was_over_is_not_called_replaced(app: TestApp) {
    let ana = app.user("ana").await;
    let first = ana.log_in(Device::phone("phone-1")).await;
    let over = app.app.ambient.now();
    let mut handle = app.app.db.acquire().await.unwrap();
    store::sessions::set_expiry(handle.conn(), first.session_id, over).await.unwrap();
    drop(handle);
    let second = ana.log_in(Device::phone("phone-2")).await;
    assert_ne!(second.session_id, first.session_id);
    first.get(route::VERIFY).await.refused(401, "SESSION_EXPIRED");
}

async fn parallel_log_ins_at_two_processes_leave_one_live_session(app: TestApp) {
    let other = app.second_process().await;
    let ana = Arc::new(app.user("ana").await);
    let mut log_ins = Vec::new();
    for n in 0..40 {
        let at = if n % 2 == 0 { &app } else { &other };
        let ana = Arc::clone(&ana);
        log_ins.push(async move { ana.log_in_at(at, Device::phone(&format!("phone-{n}"))).await });
    }
    let sessions = futures_util::future::join_all(log_ins).await;
    assert_eq!(live(&app, ana.user_id, ClientType::MiniProgram).await, 1);
    let mut answers = Vec::new();
    for session in &sessions {
        answers.push(session.get(route::VERIFY).await.status.as_u16());
    }
    assert_eq!(answers.iter().filter(|status| **status == 200).count(), 1, "{answers:?}");
    assert_eq!(answers.iter().filter(|status| **status == 401).count(), 39, "{answers:?}");
}

async fn audit(app: &TestApp, user_id: i64) -> Vec<String> {
    let mut handle = app.app.db.acquire().await.unwrap();
    let events = store::audit::of_user(handle.conn(), user_id, 100).await.unwrap();
    events.into_iter().map(|event| event.event).collect()
}
