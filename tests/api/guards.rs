//! Who may call what: each guard on a route of its own, judged by the rows and not by the token.

use std::net::IpAddr;

use axum::{Router, body::Body, extract::ConnectInfo, routing::get};
use http::{Request, StatusCode};
use origin::{
    guard::{
        Admin, Agent, ClientKind, FromClient, MiniProgram, NativeApp, OfTeam, Scope, Scoped,
        StaffSide, Team, UserSide, Vip, Web,
    },
    state::App,
    store::{self, users::Rights},
};
use shared::user::Role;
use tests::{Device, LoggedIn, TestApp, TestUser, both_databases};
use tower::ServiceExt as _;

both_databases!(
    roles_and_sides,
    vip_scopes_and_teams,
    kinds_of_client,
    a_right_that_was_taken_away_is_gone_at_once,
    a_scope_is_a_whole_word,
    tokens_carry_the_scopes_of_the_row,
    no_guard_lets_in_a_dead_session_or_none,
);

struct ReadAudit;
impl Scope for ReadAudit {
    const NAME: &'static str = "audit:read";
}

struct Night;
impl Team for Night {
    const NAME: &'static str = "night";
}

/// Every guard, each at a path of its own.
const PATHS: [&str; 10] = [
    "/admin",
    "/agent",
    "/vip",
    "/user-side",
    "/staff-side",
    "/scope",
    "/team",
    "/mini-program",
    "/web",
    "/app",
];

fn guarded(app: App) -> Router {
    async fn kind<K: ClientKind>(_: FromClient<K>) {}
    Router::new()
        .route("/admin", get(async |_: Admin| {}))
        .route("/agent", get(async |_: Agent| {}))
        .route("/vip", get(async |_: Vip| {}))
        .route("/user-side", get(async |_: UserSide| {}))
        .route("/staff-side", get(async |_: StaffSide| {}))
        .route("/scope", get(async |_: Scoped<ReadAudit>| {}))
        .route("/team", get(async |_: OfTeam<Night>| {}))
        .route("/mini-program", get(kind::<MiniProgram>))
        .route("/web", get(kind::<Web>))
        .route("/app", get(kind::<NativeApp>))
        .with_state(app)
}

/// The paths that let the session in.
async fn open_to(app: &TestApp, session: &LoggedIn<'_>) -> Vec<&'static str> {
    let mut open = Vec::new();
    for path in PATHS {
        if status(app, path, &session.token).await == StatusCode::OK {
            open.push(path);
        }
    }
    open
}

/// What the guard says, without the envelope: a refusal's code is an extension of the answer.
async fn status(app: &TestApp, path: &str, token: &str) -> StatusCode {
    let mut request = Request::get(path)
        .header("authorization", format!("Bearer {token}"))
        .body(Body::empty())
        .unwrap();
    request
        .extensions_mut()
        .insert(ConnectInfo(std::net::SocketAddr::from((IpAddr::from([127, 0, 0, 1]), 40_000))));
    let response = guarded(app.app.clone()).oneshot(request).await.unwrap();
    match response.extensions().get::<origin::error::Refusal>() {
        Some(refusal) => StatusCode::from_u16(refusal.code.status()).unwrap(),
        None => response.status(),
    }
}

async fn set_rights(app: &TestApp, user: &TestUser<'_>, rights: &Rights) {
    let mut handle = app.app.db.acquire().await.unwrap();
    store::users::set_rights(handle.conn(), user.user_id, rights, app.app.ambient.now())
        .await
        .unwrap();
}

async fn roles_and_sides(app: TestApp) {
    let ana = app.user("ana").await.log_in(Device::browser("1")).await;
    assert_eq!(open_to(&app, &ana).await, ["/user-side", "/web"]);
    let wang = app.staff("wang", Role::Agent).await.log_in(Device::browser("2")).await;
    assert_eq!(open_to(&app, &wang).await, ["/agent", "/staff-side", "/web"]);
    let boss = app.staff("boss", Role::Admin).await.log_in(Device::browser("3")).await;
    assert_eq!(open_to(&app, &boss).await, ["/admin", "/agent", "/staff-side", "/web"]);
}

async fn vip_scopes_and_teams(app: TestApp) {
    let ana = app.user("ana").await;
    let session = ana.log_in(Device::browser("1")).await;
    let rights = |is_vip, scopes: &[&str], team: Option<&str>| Rights {
        is_vip,
        scopes: scopes.iter().map(ToString::to_string).collect(),
        team: team.map(str::to_owned),
    };
    for (rights, extra) in [
        (rights(true, &[], None), Some("/vip")),
        (rights(false, &["audit:read"], None), Some("/scope")),
        (rights(false, &["market:write", "audit:read"], None), Some("/scope")),
        (rights(false, &[], Some("night")), Some("/team")),
        (rights(false, &["market:write"], Some("day")), None),
        (rights(false, &[], Some("Night")), None),
    ] {
        set_rights(&app, &ana, &rights).await;
        let mut open = open_to(&app, &session).await;
        open.retain(|path| !["/user-side", "/web"].contains(path));
        assert_eq!(open, extra.as_slice(), "{rights:?}");
    }
}

async fn kinds_of_client(app: TestApp) {
    let ana = app.user("ana").await;
    let phone = ana.log_in(Device::phone("1")).await;
    let native = ana.log_in(Device { client_type: "app", ..Device::phone("2") }).await;
    assert_eq!(open_to(&app, &phone).await, ["/user-side", "/mini-program"]);
    assert_eq!(open_to(&app, &native).await, ["/user-side", "/app"]);
}

async fn a_right_that_was_taken_away_is_gone_at_once(app: TestApp) {
    let boss = app.staff("boss", Role::Admin).await;
    let vip =
        Rights { is_vip: true, scopes: vec!["audit:read".into()], team: Some("night".into()) };
    set_rights(&app, &boss, &vip).await;
    let session = boss.log_in(Device::browser("1")).await;
    assert_eq!(open_to(&app, &session).await.len(), 7);
    set_rights(&app, &boss, &Rights::default()).await;
    assert_eq!(open_to(&app, &session).await, ["/admin", "/agent", "/staff-side", "/web"]);
    let mut handle = app.app.db.acquire().await.unwrap();
    let now = app.app.ambient.now();
    store::users::set_role(handle.conn(), boss.user_id, Role::Agent, now).await.unwrap();
    drop(handle);
    assert_eq!(open_to(&app, &session).await, ["/agent", "/staff-side", "/web"]);
    let mut handle = app.app.db.acquire().await.unwrap();
    store::users::set_role(handle.conn(), boss.user_id, Role::User, now).await.unwrap();
    drop(handle);
    // The session is of the console's side, and its user no longer is: it is of neither.
    assert_eq!(open_to(&app, &session).await, ["/web"]);
}

async fn a_scope_is_a_whole_word(app: TestApp) {
    let ana = app.user("ana").await;
    let session = ana.log_in(Device::browser("1")).await;
    for near in ["audit", "audit:readall", "xaudit:read", "AUDIT:READ", "audit:read,market"] {
        set_rights(&app, &ana, &Rights { scopes: vec![near.into()], ..Rights::default() }).await;
        assert_eq!(status(&app, "/scope", &session.token).await, StatusCode::FORBIDDEN, "{near}");
    }
}

async fn tokens_carry_the_scopes_of_the_row(app: TestApp) {
    let ana = app.user("ana").await;
    let scopes = vec!["audit:read".to_owned(), "market:write".to_owned()];
    set_rights(&app, &ana, &Rights { scopes: scopes.clone(), ..Rights::default() }).await;
    let session = ana.log_in(Device::browser("1")).await;
    let (keys, now) = (app.app.keys.verification(), app.app.ambient.now());
    let claims = shared::token::verify(&session.token, keys, &app.app.expectations, now).unwrap();
    assert_eq!(claims.scopes, scopes);
}

async fn no_guard_lets_in_a_dead_session_or_none(app: TestApp) {
    let boss = app.staff("boss", Role::Admin).await;
    let all =
        Rights { is_vip: true, scopes: vec!["audit:read".into()], team: Some("night".into()) };
    set_rights(&app, &boss, &all).await;
    let old = boss.log_in(Device::browser("1")).await;
    boss.log_in(Device::browser("2")).await;
    for path in PATHS {
        for token in [old.token.as_str(), "x", ""] {
            assert_eq!(status(&app, path, token).await, StatusCode::UNAUTHORIZED, "{path} {token}");
        }
    }
}
