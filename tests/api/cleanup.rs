//! What is long past goes, and nothing that anybody may still be asked about.

use std::time::Duration;

use origin::{
    background::{
        cleanup::{BATCH, Cleanup, Removed},
        expiry,
    },
    clock::Clock as _,
    config::Retention,
    store,
};
use shared::route;
use tests::{Device, TestApp, backlog, both_databases};

both_databases!(
    a_session_goes_with_its_tokens_once_its_time_is_over,
    the_newest_token_of_a_family_stays_as_long_as_its_session,
    spent_tokens_of_a_long_lived_session_go_and_its_newest_stays,
    tries_go_once_they_are_forgotten,
    audit_events_go_only_where_an_operator_says_so,
    a_backlog_goes_in_bounded_batches_while_people_come_and_go,
);

const DAY: Duration = Duration::from_hours(24);

fn cleanup(app: &TestApp) -> Cleanup<'_> {
    let app = &app.app;
    Cleanup { db: &app.db, ambient: &app.ambient, retention: app.policy.retention }
}

/// Cleans up, and says what went; counting beforehand says the same.
async fn clean_up(app: &TestApp) -> Removed {
    let would_go = cleanup(app).count().await.unwrap();
    let gone = cleanup(app).drain(|_, _| {}).await.unwrap();
    assert_eq!(would_go, gone);
    assert_eq!(cleanup(app).count().await.unwrap(), Removed::default());
    // What log-ins leave goes as soon as it counts for nothing: a story of its own.
    Removed { login_attempts: 0, ..gone }
}

async fn tries_go_once_they_are_forgotten(app: TestApp) {
    let ana = app.user("ana").await;
    let wrong = ana.try_log_in(&app, &Device::phone("phone-1"), "not the one").await;
    wrong.refused(401, "INVALID_CREDENTIALS");
    cleanup(&app).drain(|_, _| {}).await.unwrap();
    assert_eq!(cleanup(&app).count().await.unwrap().login_attempts, 0, "the failure still counts");
    app.clock.step(DAY);
    let gone = cleanup(&app).drain(|_, _| {}).await.unwrap();
    assert!(gone.login_attempts >= 2, "of the account and the address: {gone:?}");
    assert_eq!(cleanup(&app).count().await.unwrap().login_attempts, 0);
}

async fn a_session_goes_with_its_tokens_once_its_time_is_over(app: TestApp) {
    let ana = app.user("ana").await;
    let phone = ana.log_in(Device::phone("phone-1")).await;
    let mut newest = phone.refresh_token.clone();
    for _ in 0..2 {
        newest = app.refresh(&newest).await.refresh_token().unwrap();
    }
    let next = ana.log_in(Device::phone("phone-2").at("8.8.8.8")).await;
    // The one of the registration has its own kind of client, and ends like the others.
    assert_eq!(clean_up(&app).await, Removed::default(), "what has just ended stays");

    app.clock.step(89 * DAY);
    assert_eq!(expiry::sweep(&app.app).await.unwrap(), 2);
    assert_eq!(clean_up(&app).await, Removed::default());
    app.refresh(&newest).await.refused(401, "SESSION_REPLACED");
    app.refresh(&phone.refresh_token).await.refused(401, "SESSION_REPLACED");

    app.clock.step(2 * DAY);
    let gone = clean_up(&app).await;
    assert_eq!(gone, Removed { refresh_tokens: 3, sessions: 1, ..Removed::default() });
    app.refresh(&newest).await.refused(401, "TOKEN_INVALID");
    next.refresh().await.refused(401, "SESSION_EXPIRED");

    app.clock.step(90 * DAY);
    assert_eq!(
        clean_up(&app).await,
        Removed { refresh_tokens: 2, sessions: 2, ..Removed::default() }
    );
    next.refresh().await.refused(401, "TOKEN_INVALID");
}

async fn the_newest_token_of_a_family_stays_as_long_as_its_session(app: TestApp) {
    let ana = app.user("ana").await;
    let phone = ana.log_in(Device::phone("phone-1")).await;
    let web = ana.log_in(Device::browser("browser-1")).await;
    let newest = phone.refresh().await.refresh_token().unwrap();
    let tokens = |refresh_tokens| Removed { refresh_tokens, ..Removed::default() };

    // All of them are past their end for more than 90 days; nobody has put the ends of sessions on record.
    app.clock.step(98 * DAY);
    assert_eq!(clean_up(&app).await, tokens(1), "the one that was traded");
    app.refresh(&newest).await.refused(401, "SESSION_EXPIRED");
    app.refresh(&phone.refresh_token).await.refused(401, "TOKEN_INVALID");
    assert_eq!(expiry::sweep(&app.app).await.unwrap(), 3);
    assert_eq!(clean_up(&app).await, tokens(0));
    app.refresh(&newest).await.refused(401, "SESSION_EXPIRED");

    // A row that someone has removed by hand leaves a token that tells nobody anything.
    let mut handle = app.app.db.acquire().await.unwrap();
    store::sessions::past::remove(handle.conn(), &[web.session_id]).await.unwrap();
    drop(handle);
    assert_eq!(clean_up(&app).await, tokens(1));
    app.clock.step(90 * DAY);
    assert_eq!(clean_up(&app).await, Removed { sessions: 2, ..tokens(2) });
    app.refresh(&newest).await.refused(401, "TOKEN_INVALID");
}

async fn spent_tokens_of_a_long_lived_session_go_and_its_newest_stays(app: TestApp) {
    let ana = app.user("ana").await;
    let mut phone = ana.log_in(Device::phone("phone-1")).await;
    for _ in 0..30 {
        app.clock.step(4 * DAY);
        let session_id = phone.session_id;
        phone.refresh_token = phone.refresh().await.refresh_token().unwrap();
        let device =
            Device { device_token: Some(phone.device_token.clone()), ..Device::phone("phone-1") };
        phone = ana.log_in(device).await;
        assert_eq!(phone.session_id, session_id, "it is one session all the time");
    }
    // Of 120 days, tokens of the first 23 have been past their 7 days for 90. A log-in a day of coming
    // and a refresh: the log-in's token was retired, the one before it used.
    let gone = clean_up(&app).await;
    assert_eq!(gone, Removed { refresh_tokens: 1 + 5 * 2, ..Removed::default() });
    phone.get(route::VERIFY).await.ok();
    phone.refresh().await.ok();
}

async fn audit_events_go_only_where_an_operator_says_so(app: TestApp) {
    let ana = app.user("ana").await;
    let recorded = async || {
        let mut handle = app.app.db.acquire().await.unwrap();
        store::audit::of_user(handle.conn(), ana.user_id, 100).await.unwrap().len()
    };
    let before = recorded().await;
    assert!(before >= 2, "an account and a log-in");
    app.clock.step(400 * DAY);
    ana.log_in(Device::phone("phone-1")).await;
    let after = recorded().await;
    assert_eq!(clean_up(&app).await.audit_events, 0);
    let retention = Retention { audit_events: Some(365 * DAY), ..app.app.policy.retention };
    let cleanup = Cleanup { retention, ..cleanup(&app) };
    let would_go = cleanup.count().await.unwrap();
    assert_eq!(cleanup.drain(|_, _| {}).await.unwrap(), would_go);
    assert_eq!((would_go.audit_events, recorded().await), (before as u64, after - before));
}

async fn a_backlog_goes_in_bounded_batches_while_people_come_and_go(app: TestApp) {
    const SESSIONS: u64 = 1000;
    let ended_at = app.clock.now().minus(91 * DAY);
    backlog::fill(&app.database.url, 0, SESSIONS, ended_at).await;
    let just_ended = app.clock.now().minus(89 * DAY);
    backlog::fill(&app.database.url, SESSIONS, 10, just_ended).await;
    let other = app.second_process().await;
    let people = [app.user("ana").await, app.user("bob").await];

    let drain = async |app: &TestApp| {
        let mut largest = 0;
        let gone = cleanup(app).drain(|rows, _| largest = largest.max(rows)).await.unwrap();
        assert!(largest <= BATCH.unsigned_abs(), "{largest}");
        gone
    };
    let come_and_go = async |person: &tests::TestUser<'_>| {
        for visit in 0..6 {
            let client = person.log_in(Device::phone(&format!("phone-{visit}"))).await;
            let refreshed = client.refresh().await;
            refreshed.ok();
            app.refresh(&refreshed.refresh_token().unwrap()).await.ok();
            client.get(route::VERIFY).await.ok();
        }
    };
    let (one, two, (), ()) =
        tokio::join!(drain(&app), drain(&other), come_and_go(&people[0]), come_and_go(&people[1]));
    // A row is counted by the one of the two that removed it.
    assert_eq!(one.sessions + two.sessions, SESSIONS);
    assert_eq!(
        one.refresh_tokens + two.refresh_tokens,
        // The traded ones of those that ended the other day are past their end as long, but not long enough.
        SESSIONS * backlog::TOKENS_A_SESSION
    );
    let tokens = i64::try_from(10 * backlog::TOKENS_A_SESSION).unwrap();
    assert_eq!(backlog::left(&app.database.url).await, (10, tokens));
}
