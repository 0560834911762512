//! The old back end reads and writes beside us.

use origin::{background::beside, clock::Clock as _};
use serde_json::json;
use shared::route;
use tests::{TestApp, old::Old, user::LoggedIn};

const AT: &str = "'2026-03-01 00:00:00'";

/// As its ORM sends it: all columns of its model, by name.
async fn stores(old: &Old, conversation: i64, temp: &str, content: &str) {
    old.execute(&format!(
        "INSERT INTO `chat_messages` (`chat_message_id`,`customer_service_session_id`,`sender_id`,`sender_type`,
             `message_source`,`content`,`message_type`,`status`,`reply_to_id`,`temp_message_id`,`metadata`,`created_at`,
             `updated_at`)
         VALUES (DEFAULT,{conversation},31,'user','user_client','{content}','text','sent',NULL,'{temp}',NULL,{AT},{AT})"
    ))
    .await;
}

fn messages(conversation: i64) -> String {
    format!("{}/{conversation}/messages", route::CHAT_SESSIONS)
}

async fn user<'a>(old: &Old, app: &'a TestApp) -> LoggedIn<'a> {
    LoggedIn::holding(app, &old.token(7038).await)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn its_messages_get_a_place_and_are_told() {
    let old = Old::create().await;
    old.adopt(|_| ()).await.unwrap();
    let app = old.origin(true).await;
    let user = user(&old, &app).await;
    let sent =
        user.post(&messages(1882), &json!({ "content": "one", "temp_message_id": "a" })).await;
    sent.ok();
    stores(&old, 1882, "b", "two").await;
    stores(&old, 1882, "b", "two").await;
    let told = app.outbox("chat_message").await;
    assert_eq!(beside::take_messages(&app.app).await.unwrap(), 2);
    assert_eq!(app.outbox("chat_message").await, told + 2);
    assert_eq!(beside::take_messages(&app.app).await.unwrap(), 0);
    // Those that nobody has taken up yet are before what is sent here, and are what is sent here again.
    stores(&old, 1882, "c", "four").await;
    let again = json!({ "content": "four", "temp_message_id": "c" });
    user.post(&messages(1882), &again).await.ok();
    let last =
        user.post(&messages(1882), &json!({ "content": "five", "temp_message_id": "d" })).await;
    last.ok();
    let history = user.get(&format!("{}?limit=5", messages(1882))).await;
    let seen: Vec<_> = history.data()["messages"].as_array().unwrap().iter().rev().collect();
    let seen: Vec<_> =
        seen.iter().map(|one| (one["seq"].as_i64(), one["content"].as_str())).collect();
    let expected = [(30, "one"), (31, "two"), (32, "two"), (33, "four"), (34, "five")];
    assert_eq!(seen, expected.map(|(seq, content)| (Some(seq), Some(content))));
    // The same message twice is stored once, and another under its id is none.
    user.post(&messages(1882), &json!({ "content": "one", "temp_message_id": "a" })).await.ok();
    let other =
        user.post(&messages(1882), &json!({ "content": "other", "temp_message_id": "a" })).await;
    other.refused(409, "CONFLICT");
    user.post(&messages(1882), &json!({ "content": "loud", "temp_message_id": "A" })).await.ok();
    app.app.db.close().await;
    old.remove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn its_log_ins_and_ends_are_seen() {
    let old = Old::create().await;
    old.adopt(|_| ()).await.unwrap();
    let app = old.origin(true).await;
    let began = app.clock.now();
    while beside::take_ends(&app.app, began).await.unwrap() > 0 {}
    old.execute(&format!(
        "UPDATE `authentication_sessions` SET `is_active`=0,`updated_at`={AT}
         WHERE `user_id`=31 AND `user_type`='user' AND `is_active`=1"
    ))
    .await;
    for (user_type, token) in [("user", "their-user"), ("admin", "their-admin")] {
        old.execute(&format!(
            "INSERT INTO `authentication_sessions` (`authentication_session_id`,`session_token`,`user_type`,`user_id`,
                 `is_active`,`expires_at`,`last_activity`,`login_ip`,`created_at`,`updated_at`)
             VALUES (DEFAULT,'{token}','{user_type}',31,1,'2026-03-08 00:00:00',{AT},'127.0.0.1',{AT},{AT})"
        ))
        .await;
    }
    let kinds = "SELECT client_type FROM authentication_sessions ORDER BY authentication_session_id DESC LIMIT 2";
    assert_eq!(old.texts(kinds).await, ["web", "mini_program"]);
    // Judged at once, and told once it is noticed.
    user(&old, &app).await.get(route::VERIFY).await.refused(401, "SESSION_REPLACED");
    let told = app.outbox("session_ended").await;
    assert_eq!(beside::take_ends(&app.app, began).await.unwrap(), 1);
    assert_eq!(beside::take_ends(&app.app, began).await.unwrap(), 0);
    assert_eq!(app.outbox("session_ended").await, told + 1);
    user(&old, &app).await.get(route::VERIFY).await.refused(401, "SESSION_REPLACED");
    let theirs = LoggedIn::holding(&app, &old.token(7039).await);
    theirs.get(route::VERIFY).await.ok();
    old.execute(&format!(
        "INSERT INTO `users` (`user_id`,`mobile`,`nickname`,`password_hash`,`status`,`role`,`is_vip`,`created_at`,`updated_at`)
         VALUES (DEFAULT,'13700000000','新',NULL,'active','user',0,{AT},{AT})"
    ))
    .await;
    app.app.db.close().await;
    old.remove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn conversations_that_it_opens_are_no_second_of_ours() {
    let old = Old::create().await;
    old.adopt(|_| ()).await.unwrap();
    let app = old.origin(true).await;
    let user = user(&old, &app).await;
    old.execute(&format!(
        "INSERT INTO `customer_service_sessions` (`customer_service_session_id`,`user_id`,`status`,`source`,`priority`,
             `is_active_session`,`created_at`,`updated_at`) VALUES (DEFAULT,31,'waiting','mobile',1,1,{AT},{AT})"
    ))
    .await;
    // The newest of those that are open.
    let open = async || {
        user.post(route::CHAT_SESSIONS, &json!({})).await.data()["customer_service_session_id"]
            .clone()
    };
    assert_eq!(open().await, 1886);
    stores(&old, 1886, "x", "hello").await;
    assert_eq!(beside::take_messages(&app.app).await.unwrap(), 1);
    for id in [1886, 1882] {
        user.post(&format!("{}/{id}/close", route::CHAT_SESSIONS), &json!({})).await.ok();
    }
    let ours = open().await;
    assert_eq!(ours, 1887);
    let twice = sqlx::query(
        "INSERT INTO customer_service_sessions (user_id, status, opened_here, created_at, updated_at)
         VALUES (31, 'waiting', 1, '2026-03-01', '2026-03-01')",
    );
    let mut connection =
        <sqlx::MySqlConnection as sqlx::Connection>::connect(&old.database.url).await.unwrap();
    let refused = twice.execute(&mut connection).await.unwrap_err();
    assert!(origin::store::db::is_unique_violation(&refused), "{refused}");
    app.app.db.close().await;
    old.remove().await;
}
