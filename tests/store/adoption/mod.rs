//! The database of an old back end is adopted: nothing of it is changed, both go on, and what breaks off goes on.

mod beside;
mod sessions;

use std::collections::BTreeSet;

use origin::store::adoption::NotAdopted;
use tests::{Backend, database::TestDatabase, old::Old};

/// Columns with their kinds, and keys with their columns.
async fn schema(database: &TestDatabase) -> (BTreeSet<String>, BTreeSet<String>) {
    let columns = "SELECT CAST(CONCAT(table_name, '.', column_name, ' ', data_type) AS CHAR)
                   FROM information_schema.columns WHERE table_schema = DATABASE()";
    let keys = "SELECT CAST(CONCAT(table_name, ' (', GROUP_CONCAT(column_name ORDER BY seq_in_index), ') ',
                    MIN(non_unique)) AS CHAR)
                FROM information_schema.statistics WHERE table_schema = DATABASE() GROUP BY table_name, index_name";
    let set = |texts: Vec<String>| texts.into_iter().collect();
    (set(database.texts(columns).await), set(database.texts(keys).await))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_is_adopted_and_nothing_of_it_is_changed() {
    let old = Old::create().await;
    let (before, tables) = (old.sums().await, schema(&old.database).await);
    let plan = old.check().await;
    assert!(plan.conflicts.is_empty(), "{:?}", plan.conflicts);
    assert_eq!(plan.unplaced, 33);
    assert!(plan.rows.contains(&("authentication_sessions", 63)), "{:?}", plan.rows);
    assert_eq!(plan.notes.len(), 2, "one of open conversations, one of ids: {:?}", plan.notes);
    assert_eq!(schema(&old.database).await, tables, "looking changes nothing");

    let mut told = Vec::new();
    let done = old.adopt(|step| told.push(step.to_owned())).await.unwrap();
    assert_eq!(done.steps, plan.steps);
    assert!(told.len() > plan.steps.len(), "batches are told, too: {told:?}");
    assert_eq!(old.sums().await, before);
    assert!(old.adopt(|_| ()).await.unwrap().steps.is_empty(), "a second time does nothing");

    // Migrations find nothing to do, and all that they make elsewhere is there.
    let ours = TestDatabase::create(Backend::MySql).await;
    for database in [&ours, &old.database] {
        database.connect().await.close().await;
    }
    let ((columns, keys), (adopted_columns, adopted_keys)) =
        (schema(&ours).await, schema(&old.database).await);
    let lacking: Vec<_> = columns.difference(&adopted_columns).collect();
    assert!(lacking.is_empty(), "{lacking:?}");
    let lacking: Vec<_> = keys.difference(&adopted_keys).map(String::as_str).collect();
    assert_eq!(
        lacking,
        [
            "chat_messages (customer_service_session_id,sender_id,temp_message_id) 0",
            "customer_service_sessions (open_user_id) 0"
        ],
        "two keys are unique over what was made here alone"
    );
    ours.remove().await;
    old.remove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_get_their_places_by_time() {
    let old = Old::create().await;
    old.adopt(|_| ()).await.unwrap();
    let order =
        "SELECT content FROM chat_messages WHERE customer_service_session_id = 1884 ORDER BY seq";
    assert_eq!(old.texts(order).await, ["first", "second", "third", "fourth"]);
    let numbers = "SELECT CONCAT(s.customer_service_session_id, ': ', s.last_seq, ' ', COUNT(m.seq), ' ',
                       COALESCE(MIN(m.seq), 0), ' ', COALESCE(MAX(m.seq), 0))
                   FROM customer_service_sessions s LEFT JOIN chat_messages m
                     ON m.customer_service_session_id = s.customer_service_session_id
                   GROUP BY s.customer_service_session_id, s.last_seq ORDER BY s.customer_service_session_id";
    let expected = ["1882: 29 29 1 29", "1883: 0 0 0 0", "1884: 4 4 1 4", "1885: 0 0 0 0"];
    assert_eq!(old.texts(numbers).await, expected);
    old.remove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_killed_within_goes_on_where_it_was() {
    let old = Old::create().await;
    let before = old.sums().await;
    // Each is killed after some steps more than were done before it, and leaves what was not committed to the server.
    for steps in [1, 3, 9, 14] {
        let killed = tokio::spawn({
            let database = old.database.clone();
            let clock = old.clock.clone();
            async move {
                let mut left = steps;
                let old = Old { database, clock };
                old.adopt(|_| {
                    left -= 1;
                    assert!(left > 0, "killed");
                })
                .await
                .map(|_| ())
            }
        });
        assert!(killed.await.unwrap_err().is_panic());
        assert_eq!(old.sums().await, before);
    }
    // Of a process that is killed within a migration, this is left.
    let plan = old.adopt(|_| ()).await.unwrap();
    assert!(!plan.steps.is_empty());
    let last =
        "(SELECT version FROM (SELECT MAX(version) AS version FROM _sqlx_migrations) newest)";
    old.execute(&format!("UPDATE _sqlx_migrations SET success = FALSE WHERE version = {last}"))
        .await;
    old.adopt(|_| ()).await.unwrap();
    assert!(old.check().await.steps.is_empty());
    assert_eq!(old.sums().await, before);
    old.remove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_stands_in_the_way_is_told_and_nothing_is_done() {
    let old = Old::create().await;
    old.execute(
        "ALTER TABLE users MODIFY nickname VARCHAR(50) NULL, DROP KEY mobile, DROP KEY mobile_2",
    )
    .await;
    old.execute(
        "UPDATE users SET nickname = NULL, mobile = '13612227930' WHERE user_id IN (31, 32)",
    )
    .await;
    old.execute(
        "ALTER TABLE chat_messages ADD COLUMN tenant_id INT NOT NULL, ADD COLUMN seq VARCHAR(9)",
    )
    .await;
    let tables = schema(&old.database).await;
    let Err(NotAdopted::Conflicts(conflicts)) = old.adopt(|_| ()).await else {
        panic!("there is much in the way");
    };
    for part in [
        "users.nickname is NULL in 2 rows",
        "1 values of users.mobile are there more than once",
        "chat_messages.tenant_id may not be NULL and has no default",
        "chat_messages.seq is there already and is varchar(9)",
    ] {
        assert!(conflicts.iter().any(|one| one.starts_with(part)), "{part}: {conflicts:?}");
    }
    assert_eq!(schema(&old.database).await, tables);
    old.remove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_migrations_have_made_is_left_alone() {
    let ours = TestDatabase::create(Backend::MySql).await;
    let db = ours.connect().await;
    let Err(NotAdopted::Conflicts(conflicts)) =
        origin::store::adoption::adopt(&db, false, |_| ()).await
    else {
        panic!("there is nothing to adopt");
    };
    assert_eq!(conflicts, ["migrations have made this database: there is nothing to adopt"]);
    db.close().await;
    ours.remove().await;
}
