//! What chat looks up is found by an index, however many conversations and messages there are.

use std::time::Duration;

use origin::store::{
    self, DbZone,
    conversations::{
        list::{self, Order, Search, Visible},
        queue,
        stats::{self, Span, Until},
    },
    messages::{Origination, behind_statement, unread_statement},
    slice::Slice,
};
use serde_json::json;
use shared::chat::{ConversationStatus, MessageSource, MessageStatus, SenderType};
use tests::{TestApp, both_databases, plan::Plan};

use crate::{explain_search::plan, fill};

both_databases!(what_chat_looks_up_is_sought);

async fn what_chat_looks_up_is_sought(app: TestApp) {
    // Once for all: it takes longer than all the plans.
    fill(&app).await;
    the_desk_is_listed_by_indexes(&app).await;
    lists_and_marks_seek(&app).await;
    numbers_are_counted_by_indexes(&app).await;
    what_the_edge_is_told_is_taken_in_order(&app).await;
}

/// Enough that a scan would cost more than a seek.
const CONVERSATIONS: i64 = 2_000;
const PAGE: u32 = 5;
/// The conversation with a long history.
const LONG: i64 = 7;

/// Names of queries within queries.
const WITHIN: [&str; 12] = [
    "branch",
    "branches",
    "page",
    "found",
    "of_status",
    "behind",
    "first_of_all",
    "by_nickname",
    "by_mobile",
    "by_user",
    "counted",
    "",
];

/// Every table is read by an index, none by a walk through the whole of it.
#[track_caller]
fn indexed(plan: &Plan, what: &str) {
    for (table, index) in &plan.tables {
        // What a query within the query has found, which is a page at most.
        let derived = table.starts_with('<') || WITHIN.contains(&table.as_str());
        assert!(derived || index.is_some(), "{what}: {table} is scanned: {plan:?}");
    }
}

/// Besides, none by a walk through the whole of an index. The first of all in its order are read so, up
/// to a limit: for them it is not asked.
#[track_caller]
fn sought(plan: &Plan, what: &str) {
    indexed(plan, what);
    assert!(plan.walked.is_empty(), "{what}: an index is walked: {plan:?}");
}

fn search(visible: Visible) -> Search {
    Search { visible, status: None, admin_id: None, text: None, order: Order::Latest }
}

async fn the_desk_is_listed_by_indexes(app: &TestApp) {
    let waiting = Some(ConversationStatus::Waiting);
    let all = || search(Visible::All);
    let own = || search(Visible::To(2));
    for (index, wanted) in [
        ("latest", all()),
        ("began", Search { order: Order::Waiting, ..all() }),
        ("status", Search { status: waiting, ..all() }),
        ("status_began", Search { status: waiting, order: Order::Waiting, ..all() }),
        ("admin", Search { admin_id: Some(2), ..all() }),
        ("admin_began", Search { admin_id: Some(2), order: Order::Waiting, ..all() }),
        ("admin", own()),
        ("admin_began", Search { order: Order::Waiting, ..own() }),
    ] {
        let statement = list::page_statement(&wanted, DbZone::UTC, Slice::first(PAGE)).unwrap();
        let page = plan(app, statement).await;
        if ["latest", "began"].contains(&index) {
            indexed(&page, &format!("{wanted:?}"));
            assert_eq!(page.walked, ["s"], "{wanted:?} {page:?}");
        } else {
            sought(&page, &format!("{wanted:?}"));
        }
        let used = format!("idx_customer_service_sessions_{index}");
        assert!(
            page.tables.iter().any(|(_, one)| one.as_deref() == Some(used.as_str())),
            "{wanted:?} {page:?}"
        );
    }
    for wanted in [
        Search { text: Some("小".into()), ..all() },
        Search { text: Some("139".into()), ..own() },
        Search { text: Some("x77".into()), status: waiting, ..all() },
    ] {
        let page = list::page_statement(&wanted, DbZone::UTC, Slice::first(PAGE)).unwrap();
        for statement in std::iter::once(page).chain(list::count_statements(&wanted)) {
            let mut plan = plan(app, statement).await;
            if app.database.is_mariadb().await {
                // Whether it goes from the people found to their conversations or the other way round
                // is a matter of its statistics, and of so few rows it may read all.
                plan.tables.retain(|(table, index)| table != "s" || index.is_some());
            }
            sought(&plan, &format!("{wanted:?}"));
        }
    }
    for wanted in [own(), Search { status: waiting, ..all() }] {
        for statement in list::count_statements(&wanted) {
            sought(&plan(app, statement).await, &format!("count of {wanted:?}"));
        }
    }
    let nothing = Search { admin_id: Some(3), ..own() };
    assert!(list::page_statement(&nothing, DbZone::UTC, Slice::first(PAGE)).is_none());
    assert!(list::count_statements(&nothing).is_empty());
}

async fn lists_and_marks_seek(app: &TestApp) {
    let page = plan(app, list::page_of_user_statement(7, DbZone::UTC, Slice::first(PAGE))).await;
    assert_eq!(page.index_of("s"), "idx_customer_service_sessions_user", "{page:?}");
    assert_eq!(page.index_of("x"), "idx_chat_messages_side", "{page:?}");
    assert_eq!(page.index_of("m"), "uq_chat_messages_seq", "{page:?}");
    assert!(page.in_order, "{page:?}");
    let unread = plan(app, unread_statement(LONG, SenderType::User)).await;
    assert_eq!(unread.index_of("chat_messages"), "idx_chat_messages_side", "{unread:?}");
    for status in [MessageStatus::Delivered, MessageStatus::Read] {
        let behind = behind_statement(LONG, SenderType::User, status, i64::MAX, 500);
        let behind = plan(app, behind).await;
        sought(&behind, "behind");
        let by: Vec<_> =
            behind.tables.iter().filter(|(table, _)| table == "chat_messages").collect();
        assert!(!by.is_empty(), "{behind:?}");
        // Not through all that was read long since.
        for (_, index) in by {
            assert_eq!(index.as_deref(), Some("idx_chat_messages_side"), "{behind:?}");
        }
    }
}

async fn numbers_are_counted_by_indexes(app: &TestApp) {
    let now = app.app.ambient.now();
    let soon = now.plus(Duration::from_secs(CONVERSATIONS.unsigned_abs() - 30));
    let span = Span { from: soon, to: soon.plus(Duration::from_secs(20)) };
    let used = |name: &str| format!("idx_customer_service_sessions_{name}");
    for (index, statement) in [
        ("began", stats::began_statement(span, DbZone::UTC)),
        ("began", stats::waited_statement(span, Until::Accepted, DbZone::UTC)),
        ("began", stats::waited_statement(span, Until::FirstResponse, DbZone::UTC)),
        ("closed", stats::closed_statement(span, DbZone::UTC)),
    ] {
        let plan = plan(app, statement).await;
        sought(&plan, index);
        assert_eq!(plan.covered, ["customer_service_sessions"], "{plan:?}");
        assert_eq!(plan.index_of("customer_service_sessions"), used(index), "{plan:?}");
    }
    for statement in [stats::open_statement(), queue::waiting_statement(), queue::queue_statement()]
    {
        let text = statement.sql.clone();
        sought(&plan(app, statement).await, &text);
    }
    let first = plan(app, queue::queue_statement()).await;
    assert!(
        first.tables.iter().any(|(_, index)| index.as_deref() == Some(used("queue").as_str())),
        "{first:?}"
    );
}

async fn what_the_edge_is_told_is_taken_in_order(app: &TestApp) {
    let statement = store::outbox::oldest_statement(
        &store::outbox::Kind::CHAT,
        50,
        app.app.ambient.now(),
        DbZone::UTC,
    );
    let plan = plan(app, statement).await;
    let by: Vec<_> = plan.tables.iter().filter(|(table, _)| table == "edge_outbox").collect();
    assert_eq!(by.len(), 3, "{plan:?}");
    for (_, index) in by {
        assert_eq!(index.as_deref(), Some("idx_edge_outbox_kind"), "{plan:?}");
    }
}

/// Users with a conversation each: one in fifty waits, one in fifty is an agent's, the others are over;
/// one has a long history, of which nearly all was read.
async fn fill(app: &TestApp) {
    let start = app.app.ambient.now();
    let mut tx = app.app.db.begin().await.unwrap();
    for n in 1..=CONVERSATIONS {
        let now = start.plus(Duration::from_secs(n.unsigned_abs()));
        fill::someone_who_waits(&mut tx, n, &format!("x{n}"), now).await;
        let mut one = store::conversations::lock(tx.conn(), n).await.unwrap().unwrap();
        match n % 50 {
            0 => continue,
            1 => {
                one.facts.admin_id = Some(2 + n % 5);
                one.facts.status = ConversationStatus::Active;
            }
            _ => {
                one.facts.admin_id = Some(2 + n % 40);
                one.facts.status = ConversationStatus::Closed;
                one.closed_at = Some(now);
            }
        }
        store::conversations::save(tx.conn(), &one).await.unwrap();
    }
    let message = serde_json::from_value(json!({ "content": "x" })).unwrap();
    let from = Origination {
        sender_id: Some(LONG),
        sender_type: SenderType::User,
        source: MessageSource::UserClient,
    };
    for first in 0..20 {
        let rows = vec![(from, &message); 100];
        store::messages::insert(tx.conn(), LONG, first * 100 + 1, &rows, start).await.unwrap();
        for other in 0..10 {
            let id = 100 + first * 10 + other;
            store::messages::insert(tx.conn(), id, 1, &rows[..10], start).await.unwrap();
        }
    }
    tx.commit().await.unwrap();
    app.database.execute("UPDATE chat_messages SET status = 'read' WHERE seq < 1990").await;
    let rows: Vec<_> = (0..600)
        .map(|n| {
            let kind = ["chat_message", "conversation_updated", "messages_marked"][n % 3];
            format!("('{kind}', '{{}}', '2026-02-28 16:00:00.000', '2026-02-28 16:00:00.000')")
        })
        .collect();
    let outbox = "INSERT INTO edge_outbox (kind, payload, available_at, created_at) VALUES";
    app.database.execute(&format!("{outbox} {}", rows.join(","))).await;
}
