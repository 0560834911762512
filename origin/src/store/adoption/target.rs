//! What the old back end's tables lack: the state after migrations 0001 to 0017 and 0020, frozen. Migrations
//! that come later find it, and change it as they change any other database.

/// Migrations that an adoption does in its own way, and then marks as done.
pub(super) const DONE_HERE: [i64; 18] =
    [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 20];

/// The tables that the old back end has made.
pub(super) const TABLES: [&str; 5] = [
    "users",
    "authentication_sessions",
    "market_listings",
    "customer_service_sessions",
    "chat_messages",
];

/// A column that a table of the old back end gets.
#[derive(Clone, Copy)]
pub(super) struct Column {
    pub(super) table: &'static str,
    pub(super) name: &'static str,
    pub(super) definition: &'static str,
    /// Computed from others and not stored; its ALTER goes alone.
    pub(super) is_virtual: bool,
}

/// A key that a table of the old back end gets.
#[derive(Clone, Copy)]
pub(super) struct Key {
    pub(super) table: &'static str,
    pub(super) name: &'static str,
    pub(super) columns: &'static str,
    pub(super) is_unique: bool,
    /// One of the old back end's, which may have another name there.
    pub(super) is_theirs: bool,
}

const fn column(table: &'static str, name: &'static str, definition: &'static str) -> Column {
    Column { table, name, definition, is_virtual: false }
}

const fn computed(table: &'static str, name: &'static str, definition: &'static str) -> Column {
    Column { table, name, definition, is_virtual: true }
}

const fn key(table: &'static str, name: &'static str, columns: &'static str) -> Key {
    Key { table, name, columns, is_unique: false, is_theirs: false }
}

const fn unique(table: &'static str, name: &'static str, columns: &'static str) -> Key {
    Key { table, name, columns, is_unique: true, is_theirs: false }
}

const fn theirs(table: &'static str, name: &'static str, columns: &'static str) -> Key {
    Key { table, name, columns, is_unique: true, is_theirs: true }
}

/// A text of ours: exact, whatever the table's collation is.
macro_rules! text {
    ($length:literal, $rest:literal) => {
        concat!("VARCHAR(", $length, ") CHARACTER SET utf8mb4 COLLATE utf8mb4_bin ", $rest)
    };
}

/// In the order in which they are added.
pub(super) const COLUMNS: &[Column] = &[
    column("users", "scopes", text!("500", "NOT NULL DEFAULT ''")),
    column("users", "team", text!("50", "NULL")),
    // What a log-in by the old back end is, is refined by `CLIENT_TYPE_DEFAULT`.
    column("authentication_sessions", "client_type", text!("20", "NOT NULL DEFAULT 'mini_program'")),
    column("authentication_sessions", "device_id", text!("128", "NULL")),
    column("authentication_sessions", "device_key", text!("64", "NULL")),
    column("authentication_sessions", "device_name", text!("100", "NULL")),
    column("authentication_sessions", "device_type", text!("32", "NULL")),
    column("authentication_sessions", "user_agent", text!("512", "NULL")),
    column("authentication_sessions", "country", text!("2", "NULL")),
    column("authentication_sessions", "city", text!("100", "NULL")),
    column("authentication_sessions", "current_jti", text!("64", "NULL")),
    column(
        "authentication_sessions",
        "end_reason",
        "ENUM('EXPIRED','IDLE','REPLACED','DEACTIVATED','REVOKED','LOGGED_OUT','PASSWORD_CHANGED','REUSE_DETECTED','USER_INACTIVE')
         CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL",
    ),
    column("authentication_sessions", "ended_at", "DATETIME(3) NULL"),
    column("authentication_sessions", "ended_by_session_id", "BIGINT NULL"),
    column("authentication_sessions", "ended_by_user_id", "INT NULL"),
    column("authentication_sessions", "browser", text!("50", "NULL")),
    column("authentication_sessions", "browser_version", text!("32", "NULL")),
    column("authentication_sessions", "os", text!("50", "NULL")),
    column("authentication_sessions", "os_version", text!("32", "NULL")),
    column("authentication_sessions", "latitude", "DOUBLE NULL"),
    column("authentication_sessions", "longitude", "DOUBLE NULL"),
    column("authentication_sessions", "risk_score", "SMALLINT NOT NULL DEFAULT 0"),
    column("authentication_sessions", "risk_causes", "JSON NULL"),
    column("authentication_sessions", "logged_in_at", "DATETIME(3) NULL"),
    column("customer_service_sessions", "last_seq", "BIGINT NOT NULL DEFAULT 0"),
    column("customer_service_sessions", "version", "BIGINT NOT NULL DEFAULT 1"),
    column("customer_service_sessions", "accepted_at", "DATETIME(3) NULL"),
    // 1 in what this program inserts: of those alone, a user has one open.
    column("customer_service_sessions", "opened_here", "TINYINT(1) NOT NULL DEFAULT 0"),
    // Without a value until the row has a place: the old back end gives none.
    column("chat_messages", "seq", "BIGINT NULL"),
    // 1 in what was there without a place.
    column("chat_messages", "placed_late", "TINYINT(1) NULL"),
    computed(
        "customer_service_sessions",
        "open_user_id",
        "INT GENERATED ALWAYS AS (CASE WHEN status = 'closed' THEN NULL ELSE user_id END) VIRTUAL",
    ),
    computed(
        "customer_service_sessions",
        "sole_open_user_id",
        "INT GENERATED ALWAYS AS (CASE WHEN status = 'closed' OR opened_here = 0 THEN NULL ELSE user_id END) VIRTUAL",
    ),
    computed(
        "chat_messages",
        "temp_message_key",
        "VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
         GENERATED ALWAYS AS (CASE WHEN seq IS NULL OR placed_late = 1 THEN NULL ELSE temp_message_id END) VIRTUAL",
    ),
];

/// What an INSERT of the old back end, which knows nothing of client types, is taken for.
pub(super) const CLIENT_TYPE_DEFAULT: &str = "ALTER COLUMN client_type SET DEFAULT (CASE WHEN user_type = 'admin' THEN 'web' ELSE 'mini_program' END)";

/// In the order in which they are added. What each is for, the migrations say.
pub(super) const KEYS: &[Key] = &[
    theirs("users", "uq_users_mobile", "mobile"),
    theirs("users", "uq_users_email", "email"),
    theirs("users", "uq_users_wechat_openid", "wechat_openid"),
    key("users", "idx_users_nickname", "nickname"),
    theirs("authentication_sessions", "uq_authentication_sessions_session_token", "session_token"),
    key(
        "authentication_sessions",
        "idx_authentication_sessions_live",
        "user_id, is_active, client_type",
    ),
    key("authentication_sessions", "idx_authentication_sessions_expiry", "is_active, expires_at"),
    key("authentication_sessions", "idx_authentication_sessions_idle", "is_active, last_activity"),
    key(
        "authentication_sessions",
        "idx_authentication_sessions_created",
        "created_at, authentication_session_id",
    ),
    key(
        "authentication_sessions",
        "idx_authentication_sessions_user",
        "user_id, created_at, authentication_session_id",
    ),
    key(
        "authentication_sessions",
        "idx_authentication_sessions_ip",
        "login_ip, created_at, authentication_session_id",
    ),
    key(
        "authentication_sessions",
        "idx_authentication_sessions_open",
        "is_active, created_at, authentication_session_id",
    ),
    key(
        "authentication_sessions",
        "idx_authentication_sessions_reason",
        "end_reason, created_at, authentication_session_id",
    ),
    key(
        "authentication_sessions",
        "idx_authentication_sessions_history",
        "user_id, logged_in_at, authentication_session_id",
    ),
    key("authentication_sessions", "idx_authentication_sessions_ended", "is_active, updated_at"),
    key(
        "market_listings",
        "idx_market_listings_seller_status",
        "seller_user_id, status, created_at, market_listing_id",
    ),
    key(
        "market_listings",
        "idx_market_listings_seller",
        "seller_user_id, created_at, market_listing_id",
    ),
    // The old back end may have opened several of a user: not unique, as it is elsewhere.
    key("customer_service_sessions", "idx_customer_service_sessions_open_user_id", "open_user_id"),
    unique(
        "customer_service_sessions",
        "uq_customer_service_sessions_sole_open_user_id",
        "sole_open_user_id",
    ),
    key(
        "customer_service_sessions",
        "idx_customer_service_sessions_user",
        "user_id, updated_at, customer_service_session_id",
    ),
    key(
        "customer_service_sessions",
        "idx_customer_service_sessions_queue",
        "status, priority DESC, created_at, customer_service_session_id",
    ),
    key(
        "customer_service_sessions",
        "idx_customer_service_sessions_latest",
        "updated_at, customer_service_session_id",
    ),
    key(
        "customer_service_sessions",
        "idx_customer_service_sessions_status",
        "status, updated_at, customer_service_session_id",
    ),
    key(
        "customer_service_sessions",
        "idx_customer_service_sessions_admin",
        "admin_id, updated_at, customer_service_session_id",
    ),
    key(
        "customer_service_sessions",
        "idx_customer_service_sessions_began",
        "created_at, customer_service_session_id, first_response_at, accepted_at",
    ),
    key(
        "customer_service_sessions",
        "idx_customer_service_sessions_status_began",
        "status, created_at, customer_service_session_id",
    ),
    key(
        "customer_service_sessions",
        "idx_customer_service_sessions_admin_began",
        "admin_id, created_at, customer_service_session_id",
    ),
    key(
        "customer_service_sessions",
        "idx_customer_service_sessions_closed",
        "closed_at, satisfaction_score",
    ),
    unique("chat_messages", "uq_chat_messages_seq", "customer_service_session_id, seq"),
    // Whether a message is stored already; the old back end's may be there twice.
    key(
        "chat_messages",
        "idx_chat_messages_temp_message_id",
        "customer_service_session_id, sender_id, temp_message_id",
    ),
    // A message that is sent here twice is stored once.
    unique(
        "chat_messages",
        "uq_chat_messages_temp_message_key",
        "customer_service_session_id, sender_id, temp_message_key",
    ),
    key(
        "chat_messages",
        "idx_chat_messages_side",
        "customer_service_session_id, sender_type, status, seq",
    ),
    // What the old back end has added and nobody has given a place.
    key("chat_messages", "idx_chat_messages_unplaced", "placed_late, seq"),
];

/// Columns that this program reads and that must hold something in each row.
pub(super) const NEVER_NULL: &[(&str, &[&str])] = &[
    ("users", &["nickname", "status", "role", "is_vip", "created_at", "updated_at"]),
    (
        "authentication_sessions",
        &[
            "session_token",
            "user_type",
            "user_id",
            "is_active",
            "expires_at",
            "last_activity",
            "created_at",
            "updated_at",
        ],
    ),
    (
        "market_listings",
        &[
            "listing_kind",
            "seller_user_id",
            "price_asset_code",
            "price_amount",
            "status",
            "created_at",
            "updated_at",
        ],
    ),
    (
        "customer_service_sessions",
        &["user_id", "status", "source", "priority", "created_at", "updated_at"],
    ),
    (
        "chat_messages",
        &[
            "customer_service_session_id",
            "sender_type",
            "message_source",
            "content",
            "message_type",
            "status",
            "created_at",
            "updated_at",
        ],
    ),
];

/// Columns of the old back end that each INSERT of this program gives a value; any other needs a default.
pub(super) const WRITTEN: &[(&str, &[&str])] = &[
    ("users", &["user_id", "nickname", "status", "role", "is_vip", "created_at", "updated_at"]),
    (
        "authentication_sessions",
        &[
            "authentication_session_id",
            "session_token",
            "user_type",
            "user_id",
            "is_active",
            "expires_at",
            "last_activity",
            "login_ip",
            "created_at",
            "updated_at",
        ],
    ),
    (
        "customer_service_sessions",
        &[
            "customer_service_session_id",
            "user_id",
            "status",
            "source",
            "is_active_session",
            "created_at",
            "updated_at",
        ],
    ),
    (
        "chat_messages",
        &[
            "chat_message_id",
            "customer_service_session_id",
            "sender_id",
            "sender_type",
            "message_source",
            "content",
            "message_type",
            "status",
            "reply_to_id",
            "temp_message_id",
            "metadata",
            "created_at",
            "updated_at",
        ],
    ),
];
