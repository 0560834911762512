//! A database as the old back end leaves it: the incident, and what such databases hold besides.

use std::sync::Arc;

use crate::{Backend, TestApp, clock::StepClock, database::TestDatabase, user::PASSWORD};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use jsonwebtoken::{EncodingKey, Header};
use origin::{
    clock::{Ambient, Clock as _, SystemClock, SystemEntropy},
    seed::{self, DemoPasswords},
    store::{
        Db, DbZone,
        adoption::{self, NotAdopted, Plan},
    },
};
use serde_json::{Value, json};
use sqlx::{Connection as _, MySqlConnection};

/// The old back end's shared secret.
const SECRET: [u8; 32] = [9; 32];
/// What a table of its had before.
const COLUMNS: [(&str, &str); 5] = [
    (
        "users",
        "user_id, mobile, email, wechat_openid, nickname, password_hash, status, role, is_vip, created_at, updated_at",
    ),
    (
        "authentication_sessions",
        "authentication_session_id, session_token, user_type, user_id, is_active, expires_at, last_activity, login_ip,
         created_at, updated_at",
    ),
    (
        "market_listings",
        "market_listing_id, listing_kind, seller_user_id, offer_item_instance_id, offer_item_template_id,
         offer_item_category_code, offer_item_rarity, offer_item_display_name, offer_asset_group_code, offer_asset_code,
         offer_asset_display_name, offer_amount, price_asset_code, price_amount, status, created_at, updated_at",
    ),
    (
        "customer_service_sessions",
        "customer_service_session_id, user_id, admin_id, status, source, priority, is_active_session, last_message_at,
         first_response_at, closed_at, close_reason, satisfaction_score, created_at, updated_at",
    ),
    (
        "chat_messages",
        "chat_message_id, customer_service_session_id, sender_id, sender_type, message_source, content, message_type,
         status, reply_to_id, temp_message_id, metadata, created_at, updated_at",
    ),
];

/// The old back end's database.
pub struct Old {
    /// It.
    pub database: Arc<TestDatabase>,
    /// The time at which it was left so.
    pub clock: StepClock,
}

impl Old {
    /// The incident, as the old back end has it; and, besides, messages that were stored twice, others of one
    /// second, and a user with several conversations open.
    pub async fn create() -> Self {
        Self::create_at(StepClock::default()).await
    }

    /// The same as of now.
    pub async fn create_now() -> Self {
        Self::create_at(StepClock::at(SystemClock.now())).await
    }

    async fn create_at(clock: StepClock) -> Self {
        let ours = TestDatabase::create(Backend::MySql).await;
        let database = TestDatabase::create(Backend::MySql).await;
        let db = ours.connect_in(zone()).await;
        let passwords = DemoPasswords {
            demo_user_password: PASSWORD.into(),
            demo_agent_password: PASSWORD.into(),
            demo_admin_password: PASSWORD.into(),
        };
        let ambient = Ambient::new(clock.clone(), SystemEntropy);
        seed::demo(&db, &ambient, &passwords).await.expect("demo data");
        db.close().await;
        for statement in include_str!("old_schema.sql").split(";\n") {
            if !statement.trim().is_empty() {
                database.execute(statement).await;
            }
        }
        let schema = ours.url.rsplit('/').next().expect("a schema's name");
        for (table, columns) in COLUMNS {
            let copy =
                format!("INSERT INTO {table} ({columns}) SELECT {columns} FROM {schema}.{table}");
            database.execute(&copy).await;
        }
        ours.remove().await;
        let hash = bcrypt::hash_with_salt(PASSWORD, 4, [9; 16]).expect("a hash");
        let hash = hash.format_for_version(bcrypt::Version::TwoA);
        // Bound: a hash in the text of a statement would be in a log, too.
        let mut connection = MySqlConnection::connect(&database.url).await.expect("a connection");
        let set = sqlx::query("UPDATE users SET password_hash = ?").bind(hash);
        set.execute(&mut connection).await.expect("a statement");
        let old = Self { database: Arc::new(database), clock };
        old.disorder().await;
        old
    }

    async fn disorder(&self) {
        for status in ["'closed'", "'waiting'", "'active'"] {
            self.execute(&format!(
                "INSERT INTO customer_service_sessions (user_id, status, created_at, updated_at)
                 VALUES (32, {status}, '2026-02-20 10:00:00', '2026-02-20 10:00:00')"
            ))
            .await;
        }
        // Keys and times that disagree, ids of the client that are there twice or in other letters.
        for (content, temp, at) in [
            ("third", "'t'", "10:00:02"),
            ("first", "'t'", "10:00:01"),
            ("second", "'T'", "10:00:01"),
            ("fourth", "NULL", "10:00:02"),
        ] {
            self.execute(&format!(
                "INSERT INTO chat_messages (customer_service_session_id, sender_id, sender_type, message_source, content,
                     temp_message_id, created_at, updated_at)
                 VALUES (1884, 32, 'user', 'user_client', '{content}', {temp}, '2026-02-20 {at}', '2026-02-20 {at}')"
            ))
            .await;
        }
    }

    /// Runs a statement, as the old back end would.
    pub async fn execute(&self, statement: &str) {
        self.database.execute(statement).await;
    }

    /// The one column of text that a query reads.
    pub async fn texts(&self, query: &str) -> Vec<String> {
        self.database.texts(query).await
    }

    /// A pool on it that changes nothing of it.
    pub async fn db(&self) -> Db {
        Db::connect(&self.database.url, zone(), 4).await.expect("the database answers")
    }

    /// Adopts it, as far as `progress` lets it.
    ///
    /// # Errors
    /// What stands in the way.
    pub async fn adopt(&self, progress: impl FnMut(&str) + Send) -> Result<Plan, NotAdopted> {
        let db = self.db().await;
        // Beside writers, all of it.
        let done = adoption::adopt(&db, false, progress).await;
        db.close().await;
        done
    }

    /// What would be done.
    pub async fn check(&self) -> Plan {
        let db = self.db().await;
        let plan = adoption::check(&db).await.expect("a plan");
        db.close().await;
        plan
    }

    /// An application on it; `beside` the old back end, or without.
    pub async fn origin(&self, beside: bool) -> TestApp {
        TestApp::on(
            Arc::clone(&self.database),
            zone(),
            self.clock.clone(),
            &legacy_key(),
            |config| {
                config.adopted_bcrypt_cost = Some(4);
                config.policy.old_back_end_beside = beside;
            },
        )
        .await
    }

    /// An access token of the old back end for a session.
    pub async fn token(&self, authentication_session_id: i64) -> String {
        let session_token = self
            .texts(&format!(
                "SELECT session_token FROM authentication_sessions
                 WHERE authentication_session_id = {authentication_session_id}"
            ))
            .await
            .remove(0);
        // From a day ago, for eight.
        let issued_at = self.clock.now().as_seconds() - 24 * 60 * 60;
        let claims = json!({
            "user_id": 31, "role": "user", "user_type": "user", "session_token": session_token,
            "iat": issued_at, "exp": issued_at + 8 * 24 * 60 * 60,
        });
        jsonwebtoken::encode(&Header::default(), &claims, &EncodingKey::from_secret(&SECRET))
            .expect("a token")
    }

    /// What stands in the columns that were there before, table by table.
    pub async fn sums(&self) -> Vec<String> {
        let mut sums = Vec::new();
        for (table, columns) in COLUMNS {
            let texts: Vec<_> = columns
                .split(',')
                .map(|column| format!("COALESCE(HEX({}), '-')", column.trim()))
                .collect();
            let sum = format!(
                "SELECT CAST(CONCAT('{table} ', COUNT(*), ' ', SUM(CRC32(CONCAT_WS(',', {}))), ' ',
                     BIT_XOR(CRC32(CONCAT_WS(';', {})))) AS CHAR) FROM {table}",
                texts.join(", "),
                texts.join(", ")
            );
            sums.extend(self.texts(&sum).await);
        }
        sums
    }

    /// Removes it.
    pub async fn remove(self) {
        self.database.remove().await;
    }
}

/// The old secret as a key that verifies until a sunset.
#[must_use]
pub fn legacy_key() -> Value {
    json!({
        "kid": "old", "kty": "oct", "alg": "HS256", "k": BASE64_URL_SAFE_NO_PAD.encode(SECRET),
        "drawbridge_legacy": { "sunset": "2099-01-01T00:00:00+08:00" },
    })
}

/// Beijing's.
#[must_use]
pub fn zone() -> DbZone {
    "+08:00".parse().expect("a zone")
}
