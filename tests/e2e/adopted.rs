//! The database of an old back end, adopted by command, behind a real origin and a real edge, while the old back end
//! goes on beside them.

use serde_json::{Value, json};
use shared::route;
use tests::{
    chat::Probe,
    old::Old,
    system::{Client, Door, System, run_adopted},
};

/// The time of the old back end's clock.
const NOW: &str = "(UTC_TIMESTAMP() + INTERVAL 8 HOUR)";

/// User 31 with the old back end's token for a session.
async fn with_old_token(old: &Old, session_id: i64) -> Client {
    let token = old.token(session_id).await;
    Client { token, refresh_token: String::new(), session_id, user_id: 31 }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_of_the_old_back_end_go_on_through_the_edge() {
    run_adopted(async |system: System, old: Old| {
        let phone = with_old_token(&old, 7038).await;
        for door in [Door::Edge, Door::Origin] {
            let session = system.get(&door, &phone, route::VERIFY).await;
            assert_eq!(session.data()["valid"], true, "{session:?}");
            for replaced in 7029..7038 {
                let dead = with_old_token(&old, replaced).await;
                system.get(&door, &dead, route::VERIFY).await.refused(401, "SESSION_REPLACED");
            }
            let listings = system.get(&door, &phone, route::MY_LISTINGS).await;
            assert_eq!(listings.data()["pagination"]["total"], 265);
            assert_eq!(
                listings.data()["status_counts"],
                json!({ "on_sale": 3, "locked": 9, "sold": 16, "withdrawn": 237, "admin_withdrawn": 0 })
            );
            the_times_are_right(&system, &old, &door, &phone).await;
        }
        a_socket_hears_what_the_old_back_end_stores(&system, &old, &phone).await;
        an_end_by_the_old_back_end_closes_it(&system, &old, &phone).await;
    })
    .await;
}

/// Each listing of a page was made at the second that the old column says, and that is Beijing's.
async fn the_times_are_right(system: &System, old: &Old, door: &Door, phone: &Client) {
    let page = system.get(door, phone, route::MY_LISTINGS).await;
    let listings = page.data()["listings"].as_array().unwrap();
    assert_eq!(listings.len(), 20);
    let stored = old
        .texts(
            "SELECT CAST(CONCAT(market_listing_id, ' ', DATE_FORMAT(created_at, '%Y-%m-%dT%H:%i:%s')) AS CHAR)
             FROM market_listings",
        )
        .await;
    for listing in listings {
        let at = listing["created_at"].as_str().unwrap();
        let second = at.strip_suffix(".000+08:00").expect("a whole second in Beijing");
        let seen = format!("{} {second}", listing["market_listing_id"]);
        assert!(stored.contains(&seen), "{seen}");
    }
}

async fn a_socket_hears_what_the_old_back_end_stores(system: &System, old: &Old, phone: &Client) {
    let mut socket = Probe::open(&system.account(phone)).await;
    let resumed = socket.resume(&[(1882, 28)]).await;
    assert_eq!(resumed["conversations"][0]["seq"], 29);
    old.execute(&format!(
        "INSERT INTO `chat_messages` (`chat_message_id`,`customer_service_session_id`,`sender_id`,`sender_type`,
             `message_source`,`content`,`message_type`,`status`,`created_at`,`updated_at`)
         VALUES (DEFAULT,1882,31,'user','user_client','by the old one','text','sent',{NOW},{NOW})",
    ))
    .await;
    let (_, theirs) = socket.message("by the old one").await;
    assert_eq!(theirs["seq"], 30);
    socket.say(1882, "by the new one", "t-1");
    let (_, ours) = socket.message("by the new one").await;
    assert_eq!(ours["seq"], 31);
    let seen: Vec<Value> = old
        .texts("SELECT content FROM chat_messages WHERE customer_service_session_id = 1882 ORDER BY chat_message_id DESC LIMIT 2")
        .await
        .into_iter()
        .map(Value::from)
        .collect();
    assert_eq!(seen, ["by the new one", "by the old one"], "the old back end reads both");
}

async fn an_end_by_the_old_back_end_closes_it(system: &System, old: &Old, phone: &Client) {
    let mut socket = Probe::open(&system.account(phone)).await;
    // A log-in there: what was live is not, and it says no more than that.
    old.execute(&format!(
        "UPDATE `authentication_sessions` SET `is_active`=0,`updated_at`={NOW}
         WHERE `user_id`=31 AND `user_type`='user' AND `is_active`=1",
    ))
    .await;
    let told = socket.event("session_invalidated", |_| true).await;
    assert_eq!(told["code"], "SESSION_REPLACED");
    socket.closed().await;
    for door in [Door::Edge, Door::Origin] {
        system.get(&door, phone, route::VERIFY).await.refused(401, "SESSION_REPLACED");
    }
}
