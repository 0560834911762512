//! Bans and changes of role, which end sessions.

use std::time::Duration;

use origin::{
    store,
    users::{self, By, Change},
};
use serde_json::json;
use shared::{
    error::ErrorCode,
    route,
    user::{ClientType, Role, UserStatus, UserType},
};
use tests::{Device, TestApp, both_databases, user::PASSWORD};
use tokio::sync::Notify;

both_databases!(
    a_ban_ends_every_session_and_is_lifted_again,
    a_change_of_role_ends_every_session,
    what_changes_nothing_ends_nothing,
    a_ban_leaves_alone_what_was_over,
    no_log_in_slips_through_a_ban,
    a_ban_waits_for_the_log_in_before_it,
);

async fn a_ban_ends_every_session_and_is_lifted_again(app: TestApp) {
    for status in [UserStatus::Banned, UserStatus::Inactive] {
        let (ana, bob) = (app.user("ana").await, app.user("bob").await);
        let boss = app.staff("boss", Role::Admin).await;
        let phone = ana.log_in(Device::phone("phone-1")).await;
        let web = ana.log_in(Device::browser("browser-1")).await;
        let of_bob = bob.log_in(Device::phone("phone-2")).await;
        let depth = depth(&app).await;
        let by = By { user_id: Some(boss.user_id), note: Some("spam"), ..By::default() };
        let done = users::change(&app.app, ana.user_id, Change::Status(status), by).await.unwrap();
        assert!(done.changed);
        assert_eq!(done.ended.len(), 3, "phone, browser, and the registration's: {done:?}");
        assert_eq!(self::depth(&app).await - depth, 3, "the edge is told of each");
        for session in [&phone, &web] {
            session.get(route::VERIFY).await.refused(403, "USER_INACTIVE");
        }
        of_bob.get(route::VERIFY).await.ok();
        let refused = ana.try_log_in(&app, &Device::phone("phone-1"), PASSWORD).await;
        refused.refused(403, "USER_INACTIVE");

        let mut handle = app.app.db.acquire().await.unwrap();
        let events = store::audit::of_user(handle.conn(), ana.user_id, 100).await.unwrap();
        let changed: Vec<_> =
            events.iter().filter(|event| event.event == "user_status_changed").collect();
        assert_eq!(changed.len(), 1, "{events:?}");
        assert_eq!(changed[0].actor_user_id, Some(boss.user_id));
        assert_eq!(
            changed[0].detail,
            Some(json!({ "from": "active", "to": status, "note": "spam" }))
        );
        let ends: Vec<_> = events.iter().filter(|event| event.event == "session_ended").collect();
        assert!(ends.iter().all(|end| end.actor_user_id == Some(boss.user_id)), "{ends:?}");
        drop(handle);

        let again =
            users::change(&app.app, ana.user_id, Change::Status(UserStatus::Active), By::default());
        assert!(again.await.unwrap().changed);
        phone.get(route::VERIFY).await.refused(403, "USER_INACTIVE");
        let phone = ana.log_in(Device::phone("phone-1")).await;
        phone.get(route::VERIFY).await.ok();
    }
}

async fn a_change_of_role_ends_every_session(app: TestApp) {
    let ana = app.user("ana").await;
    let phone = ana.log_in(Device::phone("phone-1")).await;
    let web = ana.log_in(Device::browser("browser-1")).await;
    let done = users::change(&app.app, ana.user_id, Change::Role(Role::Admin), By::default())
        .await
        .unwrap();
    assert_eq!((done.changed, done.ended.len()), (true, 3));
    for session in [&phone, &web] {
        session.get(route::VERIFY).await.refused(401, "SESSION_DEACTIVATED");
    }
    let desk = ana.log_in(Device::browser("browser-1")).await;
    desk.get(route::CONSOLE_SESSIONS).await.ok();
    users::change(&app.app, ana.user_id, Change::Role(Role::User), By::default()).await.unwrap();
    desk.get(route::CONSOLE_SESSIONS).await.refused(401, "SESSION_DEACTIVATED");
    let mut handle = app.app.db.acquire().await.unwrap();
    let events = store::audit::of_user(handle.conn(), ana.user_id, 100).await.unwrap();
    let changes: Vec<_> = events
        .iter()
        .filter(|event| event.event == "user_role_changed")
        .map(|event| event.detail.clone().unwrap())
        .collect();
    assert_eq!(
        changes,
        [
            json!({ "from": "user", "to": "admin", "note": null }),
            json!({ "from": "admin", "to": "user", "note": null }),
        ]
    );
}

async fn what_changes_nothing_ends_nothing(app: TestApp) {
    let ana = app.user("ana").await;
    let phone = ana.log_in(Device::phone("phone-1")).await;
    let nothing = users::Changed { changed: false, ended: Vec::new() };
    let (id, by) = (ana.user_id, By::default());
    assert_eq!(users::change(&app.app, id, Change::Role(Role::User), by).await.unwrap(), nothing);
    assert_eq!(
        users::change(&app.app, id, Change::Status(UserStatus::Active), by).await.unwrap(),
        nothing
    );
    phone.get(route::VERIFY).await.ok();
    users::change(&app.app, id, Change::Status(UserStatus::Banned), by).await.unwrap();
    assert_eq!(
        users::change(&app.app, id, Change::Status(UserStatus::Banned), by).await.unwrap(),
        nothing
    );

    let gone = |result: Result<users::Changed, origin::error::ApiError>| {
        assert_eq!(result.unwrap_err().code(), ErrorCode::NotFound);
    };
    gone(users::change(&app.app, 4242, Change::Role(Role::User), by).await);
    gone(users::change(&app.app, 4242, Change::Status(UserStatus::Banned), by).await);
}

async fn a_ban_leaves_alone_what_was_over(app: TestApp) {
    let ana = app.user("ana").await;
    let replaced = ana.log_in(Device::phone("phone-1")).await;
    let expired = ana.log_in(Device::phone("phone-2")).await;
    let web = ana.log_in(Device::browser("browser-1")).await;
    let now = app.app.ambient.now();
    let mut handle = app.app.db.acquire().await.unwrap();
    store::sessions::set_expiry(handle.conn(), expired.session_id, now).await.unwrap();
    drop(handle);
    app.clock.step(Duration::from_secs(1));
    let by = By::default();
    let done =
        users::change(&app.app, ana.user_id, Change::Status(UserStatus::Banned), by).await.unwrap();
    assert!(done.ended.contains(&web.session_id) && !done.ended.contains(&expired.session_id));
    replaced.get(route::VERIFY).await.refused(401, "SESSION_REPLACED");
    expired.get(route::VERIFY).await.refused(401, "SESSION_EXPIRED");
    web.get(route::VERIFY).await.refused(403, "USER_INACTIVE");
}

async fn no_log_in_slips_through_a_ban(app: TestApp) {
    /// More than any database lets in before the ban's few statements are through.
    const MOST: usize = 200;
    let other = app.second_process().await;
    let ana = app.user("ana").await;
    let first_in = Notify::new();
    // Each begins anew until it is refused, so that some are under way whenever the ban comes.
    let log_ins = (0..20).map(|n| {
        let (ana, other, first_in) = (&ana, &other, &first_in);
        async move {
            let device = Device::browser(&format!("browser-{n}"));
            for let_in in 0..MOST {
                let reply = ana.try_log_in(other, &device, PASSWORD).await;
                if reply.status != 200 {
                    reply.refused(403, "USER_INACTIVE");
                    return let_in;
                }
                first_in.notify_one();
            }
            panic!("let in {MOST} times, and no ban came");
        }
    });
    let ban = async {
        first_in.notified().await;
        users::change(&app.app, ana.user_id, Change::Status(UserStatus::Banned), By::default())
            .await
            .unwrap()
    };
    // All twenty were refused in the end; some were let in before, or the ban would not have begun.
    let (let_in, banned) = tokio::join!(futures_util::future::join_all(log_ins), ban);
    assert!(let_in.iter().sum::<usize>() > 0, "{let_in:?}");
    assert!(banned.changed && !banned.ended.is_empty(), "{banned:?}");
    let mut handle = app.app.db.acquire().await.unwrap();
    let open = store::sessions::open_of(handle.conn(), ana.user_id, None).await.unwrap();
    assert!(open.is_empty(), "{open:?}");
}

async fn a_ban_waits_for_the_log_in_before_it(app: TestApp) {
    let ana = app.user("ana").await;
    let now = app.app.ambient.now();
    let session = store::sessions::NewSession {
        authentication_session_id: None,
        session_token: "under way",
        user_type: UserType::User,
        user_id: ana.user_id,
        client_type: ClientType::App,
        expires_at: now.plus(Duration::from_hours(1)),
        device: &store::sessions::Device::default(),
        risk: &store::sessions::Risk::default(),
        current_jti: None,
    };
    // A log-in that has found the account in order, and is not yet through.
    let mut tx = app.app.db.begin().await.unwrap();
    store::users::lock(tx.conn(), ana.user_id).await.unwrap();
    let id = store::sessions::insert(tx.conn(), &session, now).await.unwrap();
    let log_in = async {
        // Long enough for a ban that does not wait to have looked for sessions.
        tokio::time::sleep(Duration::from_millis(300)).await;
        tx.commit().await.unwrap();
    };
    let ban =
        users::change(&app.app, ana.user_id, Change::Status(UserStatus::Banned), By::default());
    let (banned, ()) = tokio::join!(ban, log_in);
    assert!(banned.unwrap().ended.contains(&id), "it is ended with the others");
}

async fn depth(app: &TestApp) -> i64 {
    let mut handle = app.app.db.acquire().await.unwrap();
    store::outbox::depth(handle.conn()).await.unwrap().0
}
