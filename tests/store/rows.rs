//! What the API's tests do not reach: each function's edges.

use std::time::Duration;

use origin::store::{
    self,
    audit::{AuditKind, NewEvent},
    conversations::{NewConversation, Which, list},
    outbox::Kind,
    sessions::{Device, End, NewSession, Risk},
    slice::Slice,
    users::{Account, NewUser},
};
use serde_json::json;
use shared::{
    assertion::Coordinates,
    chat::ConversationStatus,
    risk::Cause,
    session::EndReason,
    time::Timestamp,
    user::{ClientType, Role, UserStatus, UserType},
};
use tests::{TestApp, both_databases};

both_databases!(
    a_session_keeps_its_newest_log_in,
    users_are_found_changed_and_locked,
    a_session_ends_once_and_keeps_its_first_reason,
    use_moves_forward_and_never_back,
    overdue_sessions_are_those_past_either_end,
    outbox_rows_are_postponed_buried_and_removed,
    audit_rows_come_back_in_order_with_their_detail,
    one_conversation_is_open_until_it_is_closed,
);

async fn new_user(app: &TestApp, mobile: &str) -> i64 {
    let new = NewUser {
        user_id: None,
        mobile: Some(mobile),
        email: Some("ana@example.com"),
        nickname: "安娜",
        password_hash: Some("$hash$"),
        role: Role::User,
    };
    store::users::insert(app.app.db.acquire().await.unwrap().conn(), &new, app.app.ambient.now())
        .await
        .unwrap()
}

async fn new_session(app: &TestApp, user_id: i64, token: &str, expires_at: Timestamp) -> i64 {
    let new = NewSession {
        authentication_session_id: None,
        session_token: token,
        user_type: UserType::User,
        user_id,
        client_type: ClientType::Web,
        expires_at,
        device: &Device::default(),
        risk: &Risk::default(),
        current_jti: None,
    };
    store::sessions::insert(app.app.db.acquire().await.unwrap().conn(), &new, app.app.ambient.now())
        .await
        .unwrap()
}

async fn users_are_found_changed_and_locked(app: TestApp) {
    let id = new_user(&app, "13600000000").await;
    let later = app.app.ambient.now().plus(Duration::from_secs(9));
    let mut tx = app.app.db.begin().await.unwrap();
    for account in [Account::Mobile("13600000000"), Account::Email("ana@example.com")] {
        let found = store::users::find_by_account(tx.conn(), account).await.unwrap().unwrap();
        assert_eq!((found.public.user_id, found.public.nickname.as_str()), (id, "安娜"));
    }
    assert!(
        store::users::find_by_account(tx.conn(), Account::Mobile("0")).await.unwrap().is_none()
    );
    assert!(
        store::users::find_by_account(tx.conn(), Account::Email("ANA@example.com"))
            .await
            .unwrap()
            .is_none()
    );
    store::users::set_password_hash(tx.conn(), id, "$new$", later).await.unwrap();
    store::users::set_status(tx.conn(), id, UserStatus::Inactive, later).await.unwrap();
    store::users::set_role(tx.conn(), id, Role::Agent, later).await.unwrap();
    let locked = store::users::lock(tx.conn(), id).await.unwrap().unwrap();
    assert_eq!(locked.password_hash.as_deref(), Some("$new$"));
    assert_eq!((locked.public.status, locked.public.role), (UserStatus::Inactive, Role::Agent));
    assert_eq!(locked.public.updated_at, later);
    assert!(store::users::lock(tx.conn(), 4242).await.unwrap().is_none());
}

async fn a_session_ends_once_and_keeps_its_first_reason(app: TestApp) {
    let user = new_user(&app, "13600000000").await;
    let now = app.app.ambient.now();
    let id = new_session(&app, user, "s1", now.plus(Duration::from_mins(1))).await;
    let mut tx = app.app.db.begin().await.unwrap();
    let by = |reason| End { reason, by_session_id: Some(7), by_user_id: Some(user) };
    assert!(store::sessions::end(tx.conn(), id, by(EndReason::Replaced), now).await.unwrap());
    assert!(!store::sessions::end(tx.conn(), id, by(EndReason::Deactivated), now).await.unwrap());
    let ended = store::sessions::lock(tx.conn(), id).await.unwrap().unwrap();
    assert_eq!((ended.facts.is_active, ended.facts.end_reason), (false, Some(EndReason::Replaced)));
    assert!(store::sessions::open_of(tx.conn(), user, None).await.unwrap().is_empty());
    assert!(
        store::sessions::find_by_token(tx.conn(), "S1").await.unwrap().is_none(),
        "tokens are told apart by case"
    );
}

async fn a_session_keeps_its_newest_log_in(app: TestApp) {
    let user = new_user(&app, "13600000000").await;
    let now = app.app.ambient.now();
    let id = new_session(&app, user, "s1", now.plus(Duration::from_mins(1))).await;
    let later = now.plus(Duration::from_millis(1));
    let device = Device {
        coordinates: Coordinates::new(-37.81, 144.96),
        browser: Some("WeChat".into()),
        browser_version: Some("8.0.47".into()),
        os: Some("iOS".into()),
        os_version: Some("17.3.1".into()),
        ..Device::default()
    };
    let risk = Risk { score: 30, causes: vec![Cause::NewDevice, Cause::NewNetwork] };
    let mut handle = app.app.db.acquire().await.unwrap();
    let before = store::sessions::lock(handle.conn(), id).await.unwrap().unwrap();
    assert_eq!((before.risk, before.logged_in_at), (Risk::default(), now));
    store::sessions::renew(handle.conn(), id, &device, &risk, "jti", later, later).await.unwrap();
    let after = store::sessions::lock(handle.conn(), id).await.unwrap().unwrap();
    assert_eq!((after.device, after.risk), (device, risk));
    assert_eq!((after.logged_in_at, after.created_at), (later, now));

    // What was opened later, but not logged in to since, comes after it.
    let newer = new_session(&app, user, "s2", later).await;
    new_session(&app, user + 1, "s3", later).await;
    let latest = store::sessions::latest_of(handle.conn(), user, 9).await.unwrap();
    let ids: Vec<_> = latest.iter().map(|session| session.authentication_session_id).collect();
    assert_eq!(ids, [id, newer]);
    assert_eq!(store::sessions::latest_of(handle.conn(), user, 1).await.unwrap().len(), 1);
}

async fn use_moves_forward_and_never_back(app: TestApp) {
    let user = new_user(&app, "13600000000").await;
    let now = app.app.ambient.now();
    new_session(&app, user, "s1", now.plus(Duration::from_mins(1))).await;
    let mut handle = app.app.db.acquire().await.unwrap();
    let later = now.plus(Duration::from_millis(1));
    store::sessions::touch(handle.conn(), "s1", later).await.unwrap();
    store::sessions::touch(handle.conn(), "s1", now).await.unwrap();
    let session = store::sessions::find_by_token(handle.conn(), "s1").await.unwrap().unwrap();
    assert_eq!(session.facts.last_activity, later);
}

async fn overdue_sessions_are_those_past_either_end(app: TestApp) {
    let user = new_user(&app, "13600000000").await;
    let now = app.app.ambient.now();
    let at = |second| now.plus(Duration::from_secs(second));
    let expired = new_session(&app, user, "expired", at(10)).await;
    let idle = new_session(&app, user, "idle", at(100)).await;
    let in_use = new_session(&app, user, "used", at(100)).await;
    let mut handle = app.app.db.acquire().await.unwrap();
    store::sessions::touch(handle.conn(), "used", at(9)).await.unwrap();
    store::sessions::touch(handle.conn(), "expired", at(9)).await.unwrap();
    let mut overdue = async |now, idle_since, limit| {
        let mut ids =
            store::sessions::overdue(handle.conn(), now, idle_since, limit).await.unwrap();
        ids.sort_unstable();
        ids
    };
    assert_eq!(overdue(at(9), now.minus(Duration::from_millis(1)), 10).await, [0_i64; 0]);
    assert_eq!(overdue(at(10), at(5), 10).await, [expired, idle]);
    assert_eq!(overdue(at(10), at(5), 1).await.len(), 1);
    assert_eq!(overdue(at(100), at(50), 10).await, [expired, idle, in_use]);
}

async fn outbox_rows_are_postponed_buried_and_removed(app: TestApp) {
    let now = app.app.ambient.now();
    let lease = Duration::from_secs(30);
    let mut tx = app.app.db.begin().await.unwrap();
    let mut ids = Vec::new();
    for n in 0..3 {
        let kind = if n == 0 { Kind::ChatMessage } else { Kind::SessionEnded };
        ids.push(
            store::outbox::insert(tx.conn(), kind, &json!({ "n": n, "text": "好" }), now)
                .await
                .unwrap(),
        );
    }
    let taken = store::outbox::take(tx.conn(), &Kind::ALL, 10, lease, now).await.unwrap();
    assert_eq!(taken.iter().map(|row| row.edge_outbox_id).collect::<Vec<_>>(), ids);
    assert_eq!(
        (taken[0].kind, &taken[0].payload, taken[0].attempts),
        (Kind::ChatMessage, &json!({ "n": 0, "text": "好" }), 0)
    );
    assert!(
        store::outbox::take(tx.conn(), &Kind::ALL, 10, lease, now).await.unwrap().is_empty(),
        "taken until the lease ends"
    );

    let soon = now.plus(Duration::from_secs(1));
    store::outbox::postpone(tx.conn(), ids[0], soon, true).await.unwrap();
    store::outbox::bury(tx.conn(), ids[1], now).await.unwrap();
    store::outbox::remove(tx.conn(), &ids[2..]).await.unwrap();
    store::outbox::remove(tx.conn(), &[]).await.unwrap();
    assert_eq!(store::outbox::depth(tx.conn()).await.unwrap(), (1, 1));
    let again = store::outbox::take(tx.conn(), &Kind::ALL, 10, lease, soon).await.unwrap();
    assert_eq!(
        again
            .iter()
            .map(|row| (row.edge_outbox_id, row.attempts, row.refusals))
            .collect::<Vec<_>>(),
        [(ids[0], 1, 1)]
    );
    let much_later = now.plus(Duration::from_mins(10));
    let rest = store::outbox::take(tx.conn(), &Kind::ALL, 10, lease, much_later).await.unwrap();
    assert_eq!(rest.len(), 1, "a buried row stays where it is");
}

async fn audit_rows_come_back_in_order_with_their_detail(app: TestApp) {
    let now = app.app.ambient.now();
    let mut handle = app.app.db.acquire().await.unwrap();
    for (kind, detail) in [
        (AuditKind::LoggedIn, None),
        (AuditKind::SessionEnded, Some(json!({ "reason": "REPLACED" }))),
    ] {
        let event = NewEvent {
            kind,
            user_id: Some(31),
            authentication_session_id: Some(5),
            actor_user_id: None,
            client_ip: Some("2001:db8::1"),
            request_id: Some("r-1"),
            detail,
        };
        store::audit::insert(handle.conn(), &event, now).await.unwrap();
    }
    let events = store::audit::of_user(handle.conn(), 31, 10).await.unwrap();
    assert_eq!(
        events.iter().map(|event| event.event.as_str()).collect::<Vec<_>>(),
        ["logged_in", "session_ended"]
    );
    assert_eq!(
        (&events[0].detail, &events[1].detail),
        (&None, &Some(json!({ "reason": "REPLACED" })))
    );
    assert_eq!(
        store::audit::of_user(handle.conn(), 31, 1).await.unwrap()[0].event,
        "session_ended"
    );
    assert!(store::audit::of_user(handle.conn(), 32, 10).await.unwrap().is_empty());
}

async fn one_conversation_is_open_until_it_is_closed(app: TestApp) {
    let user = new_user(&app, "13600000000").await;
    let now = app.app.ambient.now();
    let new =
        NewConversation { customer_service_session_id: None, user_id: user, source: "mobile" };
    let mut handle = app.app.db.acquire().await.unwrap();
    let first = store::conversations::insert(handle.conn(), &new, now).await.unwrap();
    let error = store::conversations::insert(handle.conn(), &new, now).await.unwrap_err();
    assert!(store::db::is_unique_violation(&error), "{error}");
    let mut closed =
        store::conversations::lock(handle.conn(), first).await.unwrap().expect("a conversation");
    closed.facts.status = ConversationStatus::Closed;
    closed.close_reason = Some("done".into());
    closed.closed_at = Some(now);
    closed.version += 1;
    store::conversations::save(handle.conn(), &closed).await.unwrap();
    let saved = store::conversations::find(handle.conn(), Which::Id(first)).await.unwrap();
    assert_eq!(saved, Some(closed));
    assert!(
        store::conversations::find(handle.conn(), Which::OpenOf(user)).await.unwrap().is_none()
    );
    let second = store::conversations::insert(handle.conn(), &new, now).await.unwrap();
    let open =
        store::conversations::find(handle.conn(), Which::OpenOf(user)).await.unwrap().unwrap();
    assert_eq!(open.customer_service_session_id, second);
    assert_eq!(list::count_of_user(handle.conn(), user).await.unwrap(), 2);
    let page = list::page_of_user(handle.conn(), user, Slice { offset: 1, ..Slice::first(1) })
        .await
        .unwrap();
    assert_eq!(page[0].customer_service_session_id, first);
    assert!(page[0].last_message.is_none());
}
