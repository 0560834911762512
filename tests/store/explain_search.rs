//! What admins look for is found by an index, whatever they narrow it by, and read in its order.

use std::time::Duration;

use origin::store::{
    self, DbZone,
    audit::{self, AuditKind, NewEvent},
    sessions::{
        Device, End, NewSession, Risk,
        search::{self, At, Search, State},
    },
    slice::{Position, Slice},
    statement::{Statement, Value},
    users::NewUser,
};
use shared::{
    session::EndReason,
    user::{ClientType, Role, UserType},
};
use tests::{
    TestApp, both_databases,
    plan::{Plan, Planner},
};

both_databases!(sessions_are_searched_by_indexes, the_audit_log_is_read_by_indexes);

/// Enough rows that a scan would cost more than a seek.
const ROWS: i64 = 3000;
const USERS: i64 = 60;
/// Rows of a page, few enough beside [`ROWS`]: of a small table MySQL would rather sort the whole.
const PAGE: u32 = 5;

async fn sessions_are_searched_by_indexes(app: TestApp) {
    fill(&app).await;
    let now = app.app.ambient.now();
    let at = At { now, idle_limit: Duration::from_hours(1) };
    let some =
        |search: Search| search::page_statement(&search, at, DbZone::UTC, Slice::first(PAGE));
    let count = |search: Search| search::count_statement(&search, at, DbZone::UTC);
    let all = Search::default;
    let soon = Some(now.plus(Duration::from_secs(ROWS.unsigned_abs() - 30)));
    for (index, search) in [
        ("created", all()),
        ("created", Search { from: soon, ..all() }),
        ("user", Search { user_id: Some(7), ..all() }),
        ("user", Search { user_id: Some(7), from: soon, ..all() }),
        ("ip", Search { login_ip: Some("10.0.0.7".into()), ..all() }),
        ("ip", Search { login_ip: Some("10.0.0.7".into()), from: soon, ..all() }),
        ("reason", Search { state: Some(State::Ended(EndReason::Revoked)), ..all() }),
    ] {
        let plan = plan(&app, some(search.clone())).await;
        assert_eq!(
            plan.index_of("s"),
            format!("idx_authentication_sessions_{index}"),
            "{search:?} {plan:?}"
        );
        assert!(plan.in_order, "{search:?}: {plan:?}");
    }
    // By any of several that have the order: servers differ in which they like best.
    let live = plan(&app, some(Search { state: Some(State::Live), ..all() })).await;
    assert!(live.index_of("s").starts_with("idx_") && live.in_order, "{live:?}");
    // Narrowed by more: by whichever index the optimiser likes best, but by one. Without a user it is not
    // asked of USER_INACTIVE, which is an OR over two tables: no index serves that whole.
    let user = Search { user_id: Some(7), ..all() };
    let web = Search { client_type: Some(ClientType::Web), ..all() };
    for search in [
        web.clone(),
        Search { user_type: Some(UserType::User), ..all() },
        Search { client_type: Some(ClientType::Web), ..user.clone() },
        Search { state: Some(State::Live), ..user.clone() },
        Search { state: Some(State::Ended(EndReason::Replaced)), ..user.clone() },
        Search { state: Some(State::Ended(EndReason::Replaced)), ..all() },
        Search { state: Some(State::Ended(EndReason::Expired)), ..web.clone() },
        Search { state: Some(State::Ended(EndReason::UserInactive)), ..user.clone() },
        Search { login_ip: Some("10.0.0.7".into()), state: Some(State::Live), ..user.clone() },
    ] {
        let plan = plan(&app, some(search.clone())).await;
        assert!(plan.index_of("s").starts_with("idx_"), "{search:?}: {plan:?}");
    }
    // Counts, too, where something narrows them that has an index.
    for search in [
        user,
        Search { login_ip: Some("10.0.0.7".into()), ..all() },
        Search { state: Some(State::Ended(EndReason::Revoked)), ..all() },
        Search { from: soon, ..all() },
    ] {
        let plan = plan(&app, count(search.clone())).await;
        assert!(plan.index_of("s").starts_with("idx_"), "{search:?}: {plan:?}");
    }
}

async fn the_audit_log_is_read_by_indexes(app: TestApp) {
    fill(&app).await;
    let all = audit::Search::default();
    let (user_id, event) = (Some(7), Some(AuditKind::LoginFailed));
    let middle = app.app.ambient.now().plus(Duration::from_secs(ROWS.unsigned_abs() / 2));
    for (index, search) in [
        ("created", all),
        ("user", audit::Search { user_id, ..all }),
        ("event", audit::Search { event, ..all }),
        ("user_event", audit::Search { user_id, event, ..all }),
    ] {
        let after = Position { by: middle.as_millis(), key: ROWS / 2 };
        for (from, after) in [(None, None), (Some(middle), None), (None, Some(after))] {
            let search = audit::Search { from, ..search };
            let slice = Slice { after, ..Slice::first(PAGE) };
            let page = plan(&app, audit::page_statement(&search, DbZone::UTC, slice)).await;
            let index = format!("idx_audit_events_{index}");
            assert_eq!(page.index_of("audit_events"), index, "{search:?} {page:?}");
            assert!(page.in_order, "{search:?}: {page:?}");
            let count = plan(&app, audit::count_statement(&search, DbZone::UTC)).await;
            assert!(count.index_of("audit_events").starts_with("idx_"), "{search:?}: {count:?}");
        }
    }
}

async fn fill(app: &TestApp) {
    let start = app.app.ambient.now();
    let mut tx = app.app.db.begin().await.unwrap();
    for user_id in 1..=USERS {
        let user = NewUser {
            user_id: Some(user_id),
            mobile: None,
            email: None,
            nickname: "x",
            password_hash: None,
            role: Role::User,
        };
        store::users::insert(tx.conn(), &user, start).await.unwrap();
    }
    for n in 1..=ROWS {
        let now = start.plus(Duration::from_secs(n.unsigned_abs()));
        let user_id = n % USERS + 1;
        let session = NewSession {
            authentication_session_id: Some(n),
            session_token: &format!("token-{n}"),
            user_type: UserType::User,
            user_id,
            client_type: ClientType::ALL[usize::try_from(n % 3).unwrap()],
            expires_at: now.plus(Duration::from_hours(9)),
            device: &Device { login_ip: Some(format!("10.0.0.{}", n % 50)), ..Device::default() },
            risk: &Risk::default(),
            current_jti: None,
        };
        store::sessions::insert(tx.conn(), &session, now).await.unwrap();
        // One in fifty lives; the others ended for all reasons there are.
        if n % 50 != 0 {
            let reason = EndReason::ALL[usize::try_from(n % 9).unwrap()];
            let end = End { reason, by_session_id: None, by_user_id: None };
            store::sessions::end(tx.conn(), n, end, now).await.unwrap();
        }
        let event = NewEvent {
            kind: AuditKind::ALL[usize::try_from(n % 11).unwrap()],
            user_id: Some(user_id),
            authentication_session_id: Some(n),
            actor_user_id: None,
            client_ip: None,
            request_id: None,
            detail: None,
        };
        store::audit::insert(tx.conn(), &event, now).await.unwrap();
    }
    tx.commit().await.unwrap();
}

/// How the database would go about a statement, knowing its tables.
pub async fn plan(app: &TestApp, statement: Statement) -> Plan {
    explain(&mut Planner::open(&app.database).await, statement).await
}

/// The same by a planner that knows them.
pub async fn explain(planner: &mut Planner, statement: Statement) -> Plan {
    let sql = statement.values.iter().fold(statement.sql, |sql, value| {
        let literal = match value {
            Value::Int(value) => value.to_string(),
            Value::Flag(value) => u8::from(*value).to_string(),
            Value::Text(value) => format!("'{value}'"),
            Value::Time(value) => format!("'{value}'"),
        };
        sql.replacen('?', &literal, 1)
    });
    planner.plan(&sql).await
}
