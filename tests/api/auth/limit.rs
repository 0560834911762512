//! How many live sessions a user may have, and what one log-in too many does.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use origin::store;
use serde_json::json;
use shared::{
    route,
    user::{ClientType, Role},
};
use sqlx::{Connection as _, MySqlConnection, SqliteConnection};
use tests::{Device, LoggedIn, TestApp, both_databases, user::PASSWORD};

both_databases!(
    the_oldest_log_in_goes_and_a_renewal_counts_as_one,
    one_too_many_is_refused_and_on_record,
    each_user_type_and_client_type_has_a_limit_of_its_own,
    sessions_of_a_role_of_before_do_not_stay,
    a_lower_limit_lets_as_many_go_as_must,
    an_adopted_database_may_hold_more_than_one_look_reads,
    a_hundred_parallel_log_ins_never_leave_six,
    a_hundred_parallel_log_ins_never_leave_two,
    a_hundred_parallel_log_ins_are_refused_but_five,
);

async fn the_oldest_log_in_goes_and_a_renewal_counts_as_one(app: TestApp) {
    let app = app.process_with_policy("user/mini_program=2,replace_oldest").await;
    let ana = app.user("ana").await;
    let mut phones = Vec::new();
    for name in ["phone-1", "phone-2", "phone-1"] {
        app.clock.step(Duration::from_secs(1));
        phones.push(ana.log_in(Device::phone(name)).await);
    }
    assert_eq!(phones[0].session_id, phones[2].session_id);
    let third = ana.log_in(Device::phone("phone-3")).await;
    phones[1].get(route::VERIFY).await.refused(401, "SESSION_REPLACED");
    for live in [&phones[2], &third] {
        live.get(route::VERIFY).await.ok();
    }
}

async fn one_too_many_is_refused_and_on_record(app: TestApp) {
    let app = app.process_with_policy("user/mini_program=1,refuse").await;
    let ana = app.user("ana").await;
    let first = ana.log_in(Device::phone("phone-1")).await;
    let second = ana.try_log_in(&app, &Device::phone("phone-2"), PASSWORD).await;
    second.refused(409, "SESSION_LIMIT");
    first.get(route::VERIFY).await.ok();
    assert_eq!(ana.log_in(Device::phone("phone-1")).await.session_id, first.session_id);

    let mut handle = app.app.db.acquire().await.unwrap();
    let events = store::audit::of_user(handle.conn(), ana.user_id, 100).await.unwrap();
    let of = |kind: &str| events.iter().filter(|event| event.event == kind).collect::<Vec<_>>();
    // Nobody guessed: it is no failure that the risk of log-ins counts.
    assert_eq!(of("login_failed").len(), 0, "{events:?}");
    let refused = of("login_refused");
    assert_eq!(refused.len(), 1, "{events:?}");
    assert_eq!(refused[0].detail, Some(json!({ "why": "SESSION_LIMIT" })));
    drop(handle);

    first.post(route::LOGOUT, &json!({})).await.ok();
    ana.log_in(Device::phone("phone-2")).await;
}

async fn each_user_type_and_client_type_has_a_limit_of_its_own(app: TestApp) {
    let app = app.process_with_policy("user/web=2,replace_oldest; admin/web=1,refuse").await;
    let (ana, wang) = (app.user("ana").await, app.staff("wang", Role::Agent).await);
    let phone = ana.log_in(Device::phone("phone-1")).await;
    let first = ana.log_in(Device::browser("browser-1")).await;
    let second = ana.log_in(Device::browser("browser-2")).await;
    for live in [&phone, &first, &second] {
        live.get(route::VERIFY).await.ok();
    }
    let desk = wang.log_in(Device::browser("desk-1")).await;
    let other = wang.try_log_in(&app, &Device::browser("desk-2"), PASSWORD).await;
    other.refused(409, "SESSION_LIMIT");
    desk.get(route::VERIFY).await.ok();
}

async fn sessions_of_a_role_of_before_do_not_stay(app: TestApp) {
    let ana = app.user("ana").await;
    let phone = ana.log_in(Device::phone("phone-1")).await;
    let web = ana.log_in(Device::browser("browser-1")).await;
    // Another service writes the role, and ends nothing.
    let mut handle = app.app.db.acquire().await.unwrap();
    store::users::set_role(handle.conn(), ana.user_id, Role::Agent, app.app.ambient.now())
        .await
        .unwrap();
    drop(handle);
    let desk = ana.log_in(Device::browser("browser-1")).await;
    assert_ne!(desk.session_id, web.session_id, "a session of the user's side is not renewed");
    for old in [&phone, &web] {
        old.get(route::VERIFY).await.refused(401, "SESSION_DEACTIVATED");
    }
    let session = desk.get(route::VERIFY).await;
    assert_eq!(session.data()["session"]["user_type"], "admin");
}

async fn a_lower_limit_lets_as_many_go_as_must(app: TestApp) {
    let before = app.process_with_policy("user/mini_program=4,replace_oldest").await;
    let ana = before.user("ana").await;
    let mut phones = Vec::new();
    for n in 0..4 {
        app.clock.step(Duration::from_secs(1));
        phones.push(ana.log_in(Device::phone(&format!("phone-{n}"))).await);
    }
    let after = app.process_with_policy("user/mini_program=2,replace_oldest").await;
    let new = ana.log_in_at(&after, Device::phone("phone-new")).await;
    for gone in &phones[..3] {
        gone.get(route::VERIFY).await.refused(401, "SESSION_REPLACED");
    }
    phones[3].get(route::VERIFY).await.ok();
    new.get(route::VERIFY).await.ok();
}

async fn an_adopted_database_may_hold_more_than_one_look_reads(app: TestApp) {
    let ana = app.user("ana").await;
    let now = app.app.ambient.now();
    let mut tx = app.app.db.begin().await.unwrap();
    for n in 0..i32::from(store::sessions::MAX_OPEN) + 5 {
        let new = store::sessions::NewSession {
            authentication_session_id: None,
            session_token: &format!("adopted-{n}"),
            user_type: shared::user::UserType::User,
            user_id: ana.user_id,
            client_type: ClientType::MiniProgram,
            expires_at: now.plus(Duration::from_hours(1)),
            device: &store::sessions::Device::default(),
            risk: &store::sessions::Risk::default(),
            current_jti: None,
        };
        store::sessions::insert(tx.conn(), &new, now).await.unwrap();
    }
    tx.commit().await.unwrap();
    let phone = ana.log_in(Device::phone("phone-1")).await;
    let mut handle = app.app.db.acquire().await.unwrap();
    let open = store::sessions::open_of(handle.conn(), ana.user_id, Some(ClientType::MiniProgram));
    let open: Vec<_> =
        open.await.unwrap().iter().map(|one| one.authentication_session_id).collect();
    assert_eq!(open, [phone.session_id]);
}

const LOG_INS: usize = 100;

async fn a_hundred_parallel_log_ins_never_leave_six(app: TestApp) {
    race(app, 5).await;
}

async fn a_hundred_parallel_log_ins_never_leave_two(app: TestApp) {
    race(app, 1).await;
}

/// A hundred devices log in at once, at two processes, while someone looks on.
async fn race(app: TestApp, limit: usize) {
    let policy = format!("user/mini_program={limit},replace_oldest");
    let (one, other) =
        (app.process_with_policy(&policy).await, app.process_with_policy(&policy).await);
    let ana = app.user("ana").await;
    let watch = Watch::start(&app, ana.user_id).await;
    let log_ins = (0..LOG_INS).map(|n| {
        let at = if n % 2 == 0 { &one } else { &other };
        ana.log_in_at(at, Device::phone(&format!("phone-{n}")))
    });
    let sessions: Vec<LoggedIn> = futures_util::future::join_all(log_ins).await;
    let (looks, most) = watch.end().await;
    assert!(looks > LOG_INS, "the watch looked {looks} times");
    assert_eq!(most, limit, "in {looks} looks");

    let mut live = 0;
    for session in &sessions {
        let reply = session.get(route::VERIFY).await;
        if reply.status == 200 {
            live += 1;
        } else {
            reply.refused(401, "SESSION_REPLACED");
        }
    }
    assert_eq!(live, limit);
    assert_eq!(live_rows(&app, ana.user_id).await, limit);
}

async fn a_hundred_parallel_log_ins_are_refused_but_five(app: TestApp) {
    let policy = "user/mini_program=5,refuse";
    let (one, other) =
        (app.process_with_policy(policy).await, app.process_with_policy(policy).await);
    let ana = app.user("ana").await;
    let watch = Watch::start(&app, ana.user_id).await;
    let phones: Vec<_> = (0..LOG_INS).map(|n| Device::phone(&format!("phone-{n}"))).collect();
    let log_ins = phones
        .iter()
        .enumerate()
        .map(|(n, phone)| ana.try_log_in(if n % 2 == 0 { &one } else { &other }, phone, PASSWORD));
    let replies = futures_util::future::join_all(log_ins).await;
    let (looks, most) = watch.end().await;
    assert_eq!(most, 5, "in {looks} looks");
    let refused: Vec<_> = replies.iter().filter(|reply| reply.status != 200).collect();
    assert_eq!(refused.len(), LOG_INS - 5);
    for reply in refused {
        reply.refused(409, "SESSION_LIMIT");
    }
}

/// Someone with a connection of their own, who counts a user's live rows again and again.
struct Watch {
    stop: Arc<AtomicBool>,
    counting: tokio::task::JoinHandle<(usize, usize)>,
}

impl Watch {
    async fn start(app: &TestApp, user_id: i64) -> Self {
        let mut rows = Rows::connect(app).await;
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let counting = tokio::spawn(async move {
            let (mut looks, mut most) = (0, 0);
            while !stopped.load(Ordering::SeqCst) {
                most = most.max(rows.live(user_id).await);
                looks += 1;
            }
            (looks, most)
        });
        Self { stop, counting }
    }

    /// How often they looked, and the most that they saw.
    async fn end(self) -> (usize, usize) {
        self.stop.store(true, Ordering::SeqCst);
        self.counting.await.unwrap()
    }
}

enum Rows {
    MySql(MySqlConnection),
    Sqlite(SqliteConnection),
}

impl Rows {
    async fn connect(app: &TestApp) -> Self {
        let url = &app.database.url;
        if url.starts_with("sqlite") {
            Self::Sqlite(SqliteConnection::connect(url).await.unwrap())
        } else {
            Self::MySql(MySqlConnection::connect(url).await.unwrap())
        }
    }

    async fn live(&mut self, user_id: i64) -> usize {
        const SQL: &str = "SELECT COUNT(*) FROM authentication_sessions
            WHERE user_id = ? AND client_type = 'mini_program' AND is_active = 1";
        let count: i64 = match self {
            Self::MySql(c) => sqlx::query_scalar(SQL).bind(user_id).fetch_one(c).await.unwrap(),
            Self::Sqlite(c) => sqlx::query_scalar(SQL).bind(user_id).fetch_one(c).await.unwrap(),
        };
        usize::try_from(count).unwrap()
    }
}

async fn live_rows(app: &TestApp, user_id: i64) -> usize {
    Rows::connect(app).await.live(user_id).await
}
