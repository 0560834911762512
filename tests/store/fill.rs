//! Rows that several tests fill tables with.

use origin::store::{self, Tx, conversations::NewConversation, users::NewUser};
use shared::{time::Timestamp, user::Role};

/// A user with key `n`, whose conversation with the same key waits for an agent.
pub async fn someone_who_waits(tx: &mut Tx, n: i64, nickname: &str, now: Timestamp) {
    let user = NewUser {
        user_id: Some(n),
        mobile: Some(&format!("{}", 13_900_000_000 + n)),
        email: None,
        nickname,
        password_hash: None,
        role: Role::User,
    };
    store::users::insert(tx.conn(), &user, now).await.unwrap();
    let new =
        NewConversation { customer_service_session_id: Some(n), user_id: n, source: "mobile" };
    store::conversations::insert(tx.conn(), &new, now).await.unwrap();
}
