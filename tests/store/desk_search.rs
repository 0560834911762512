//! What an agent looks for is among what they may see, however many others are of the same name.

use origin::store::{
    conversations::list::{self, Order, Search, Visible},
    slice::Slice,
};
use shared::chat::ConversationStatus;
use tests::{TestApp, both_databases};

use crate::fill;

both_databases!(an_own_conversation_is_found_among_thousands_of_the_same_name);

/// More than are looked up of one name.
const SAME_NAME: i64 = 1_010;
const MINE: i64 = 2;

async fn an_own_conversation_is_found_among_thousands_of_the_same_name(app: TestApp) {
    let now = app.app.ambient.now();
    let mut tx = app.app.db.begin().await.unwrap();
    for n in 1..=SAME_NAME {
        fill::someone_who_waits(&mut tx, n, &format!("小{n:04}"), now).await;
    }
    tx.commit().await.unwrap();
    for (of, admin_id, status) in [("< 1005", 3, "active"), (">= 1005", MINE, "assigned")] {
        let row = format!("admin_id = {admin_id}, status = '{status}'");
        let sql = format!("UPDATE customer_service_sessions SET {row} WHERE user_id {of}");
        app.database.execute(&sql).await;
    }
    let mine = (SAME_NAME - 1004, "those of the agent");
    let all = |text: &str| Search {
        visible: Visible::All,
        status: None,
        admin_id: None,
        text: Some(text.to_owned()),
        order: Order::Waiting,
    };
    for text in ["小", "139"] {
        for (search, (number, what)) in [
            (Search { visible: Visible::To(MINE), ..all(text) }, mine),
            (Search { admin_id: Some(MINE), ..all(text) }, mine),
            (Search { status: Some(ConversationStatus::Assigned), ..all(text) }, mine),
            (Search { status: Some(ConversationStatus::Waiting), ..all(text) }, (0, "none")),
        ] {
            let mut handle = app.app.db.acquire().await.unwrap();
            let count = list::count(handle.conn(), &search).await.unwrap();
            assert_eq!(count, number.into(), "{what}: {search:?}");
            let page = list::page(handle.conn(), &search, Slice::first(100)).await.unwrap();
            let ids: Vec<_> = page.iter().map(|one| one.customer_service_session_id).collect();
            let wanted: Vec<_> = (SAME_NAME - number + 1..=SAME_NAME).collect();
            assert_eq!(ids, wanted, "{what}: {search:?}");
        }
    }
}
