//! Lists of conversations: a user's own, those that an agent may see, and those that wait.

use chrono::NaiveDateTime;
use shared::chat::{
    ConversationAdmin, ConversationStatus, ConversationSummary, ConversationUser, LastMessage,
    SenderType,
};
use sqlx::FromRow;

use crate::store::{
    counted::{Counted, MOST_COUNTED},
    db::{Conn, DbZone},
    slice::Slice,
    statement::Statement,
};

#[derive(FromRow)]
struct SummaryRow {
    customer_service_session_id: i64,
    user_id: i64,
    nickname: String,
    mobile: Option<String>,
    admin_id: Option<i64>,
    admin_nickname: Option<String>,
    #[sqlx(try_from = "String")]
    status: ConversationStatus,
    source: String,
    priority: i32,
    last_message_at: Option<NaiveDateTime>,
    created_at: NaiveDateTime,
    updated_at: NaiveDateTime,
    unread_count: i64,
    chat_message_id: Option<i64>,
    content: Option<String>,
    sender_type: Option<String>,
    message_created_at: Option<NaiveDateTime>,
}

impl SummaryRow {
    fn into_summary(self, zone: DbZone) -> sqlx::Result<ConversationSummary> {
        let last_message =
            match (self.chat_message_id, self.content, self.sender_type, self.message_created_at) {
                (Some(chat_message_id), Some(content), Some(sender_type), Some(created_at)) => {
                    Some(LastMessage {
                        chat_message_id,
                        content,
                        sender_type: SenderType::try_from(sender_type)
                            .map_err(|error| bad_word(chat_message_id, error))?,
                        created_at: zone.read(created_at),
                    })
                }
                _ => None,
            };
        Ok(ConversationSummary {
            customer_service_session_id: self.customer_service_session_id,
            user: ConversationUser {
                user_id: self.user_id,
                nickname: self.nickname,
                mobile: self.mobile,
            },
            admin: self.admin_id.map(|user_id| ConversationAdmin {
                user_id,
                nickname: self.admin_nickname.unwrap_or_default(),
            }),
            status: self.status,
            status_display: self.status.display().to_owned(),
            source: self.source,
            priority: self.priority,
            last_message_at: self.last_message_at.map(|at| zone.read(at)),
            last_message,
            unread_count: self.unread_count,
            created_at: zone.read(self.created_at),
            updated_at: zone.read(self.updated_at),
        })
    }
}

fn bad_word(
    chat_message_id: i64,
    error: impl std::error::Error + Send + Sync + 'static,
) -> sqlx::Error {
    sqlx::Error::ColumnDecode {
        index: format!("chat_messages.sender_type of {chat_message_id}"),
        source: Box::new(error),
    }
}

/// What a list shows of conversations `s`; `$side` is the side whose messages count as unread. They are
/// counted from an index; each status by name, since "not read" would be no seek.
macro_rules! shown {
    ($side:literal) => {
        concat!(
            "SELECT s.customer_service_session_id, s.user_id, u.nickname, u.mobile, s.admin_id,
                    a.nickname AS admin_nickname, s.status, s.source, s.priority, s.last_message_at, s.created_at,
                    s.updated_at, m.chat_message_id, m.content, m.sender_type, m.created_at AS message_created_at,
                    (SELECT COUNT(*) FROM chat_messages x
                     WHERE x.customer_service_session_id = s.customer_service_session_id
                       AND x.sender_type = '",
            $side,
            "' AND x.status IN ('sending', 'sent', 'delivered')) AS unread_count FROM "
        )
    };
}

/// What that takes beside them. The newest message is the one with the conversation's last seq: a seek.
const BESIDE: &str = " JOIN users u ON u.user_id = s.user_id
             LEFT JOIN users a ON a.user_id = s.admin_id
             LEFT JOIN chat_messages m
                    ON m.customer_service_session_id = s.customer_service_session_id AND m.seq = s.last_seq";

async fn fetch(conn: Conn<'_>, statement: Statement) -> sqlx::Result<Vec<ConversationSummary>> {
    let zone = conn.zone;
    let rows: Vec<SummaryRow> = statement.fetch_all(conn).await?;
    rows.into_iter().map(|row| row.into_summary(zone)).collect()
}

/// What lists are ordered by, the latest changed first.
const LATEST: [&str; 2] = ["s.updated_at", "s.customer_service_session_id"];
/// What they are ordered by, who has waited longest first.
const WAITING: [&str; 2] = ["s.created_at", "s.customer_service_session_id"];

/// How many conversations a user has had.
///
/// # Errors
/// The database's.
pub async fn count_of_user(conn: Conn<'_>, user_id: i64) -> sqlx::Result<i64> {
    let mut statement = Statement::new("SELECT COUNT(*) FROM customer_service_sessions");
    statement.push(" WHERE user_id = ?", [user_id.into()]);
    statement.fetch_count(conn).await
}

/// A page of a user's conversations, the latest changed first, ties broken by key.
///
/// # Errors
/// The database's.
pub async fn page_of_user(
    conn: Conn<'_>,
    user_id: i64,
    slice: Slice,
) -> sqlx::Result<Vec<ConversationSummary>> {
    let zone = conn.zone;
    fetch(conn, page_of_user_statement(user_id, zone, slice)).await
}

/// The query of [`page_of_user`].
#[must_use]
pub fn page_of_user_statement(user_id: i64, zone: DbZone, slice: Slice) -> Statement {
    let mut statement = Statement::new(shown!("admin"));
    statement.push("customer_service_sessions s", []);
    statement.push(BESIDE, []);
    statement.push(" WHERE s.user_id = ?", [user_id.into()]);
    slice.newest_first(&mut statement, LATEST, zone);
    statement
}

/// Whose conversations someone of the staff may see; the rule of `Participant::may_see`, as a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Visible {
    /// Everybody's: an admin.
    All,
    /// This agent's, and those that no agent has.
    To(i64),
}

/// In which order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// The latest changed first.
    Latest,
    /// Who has waited longest first.
    Waiting,
}

/// Which conversations of those that are visible.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Search {
    /// To whom.
    pub visible: Visible,
    /// Of this status.
    pub status: Option<ConversationStatus>,
    /// Of this agent.
    pub admin_id: Option<i64>,
    /// Of users whose nickname or mobile number begins so, or with this key; or the one with this key.
    /// Of a name or number that very many share, some are left out: each finds 1,000 of those that are
    /// visible and asked for at most.
    pub text: Option<String>,
    /// In this order, ties broken by key.
    pub order: Order,
}

/// What one look reads by one index.
#[derive(Clone, Copy, Debug)]
enum Branch {
    Any,
    Unassigned,
    Of(i64),
}

/// Greater than every character that a name can hold.
const LAST_CHARACTER: char = char::MAX;

impl Search {
    /// What is visible and asked for, as looks that have an index each: an OR has none.
    fn branches(&self) -> Vec<Branch> {
        match (self.visible, self.admin_id) {
            (Visible::All, None) => vec![Branch::Any],
            (Visible::All, Some(admin_id)) => vec![Branch::Of(admin_id)],
            (Visible::To(me), Some(admin_id)) if me == admin_id => vec![Branch::Of(me)],
            (Visible::To(_), Some(_)) => Vec::new(),
            (Visible::To(me), None) => vec![Branch::Unassigned, Branch::Of(me)],
        }
    }

    /// Goes on from a SELECT of conversations `s` with those of a branch.
    fn push_from(&self, statement: &mut Statement, branch: Branch) {
        statement.push(" FROM ", []);
        if let Some(text) = &self.text {
            self.push_found(statement, text, branch);
            statement.push(
                " found JOIN customer_service_sessions s ON s.customer_service_session_id = found.id",
                [],
            );
        } else {
            statement.push("customer_service_sessions s", []);
        }
        statement.push(" WHERE 1 = 1", []);
        self.push_narrowed(statement, branch);
    }

    /// Goes on with what narrows conversations `s` to those of a branch.
    fn push_narrowed(&self, statement: &mut Statement, branch: Branch) {
        match branch {
            Branch::Any => {}
            Branch::Unassigned => statement.push(" AND s.admin_id IS NULL", []),
            Branch::Of(admin_id) => statement.push(" AND s.admin_id = ?", [admin_id.into()]),
        }
        statement.push_some(" AND s.status = ?", self.status.map(ConversationStatus::as_str));
    }

    /// The keys of the conversations that a text means, each way of meaning it by an index. Each look is
    /// narrowed by itself: of what it leaves out, nothing can be found.
    fn push_found(&self, statement: &mut Statement, text: &str, branch: Branch) {
        let end = format!("{text}{LAST_CHARACTER}");
        statement.push(
            "(SELECT id FROM (SELECT s.customer_service_session_id AS id
                              FROM users n JOIN customer_service_sessions s ON s.user_id = n.user_id
                              WHERE n.nickname >= ? AND n.nickname < ?",
            [text.into(), end.as_str().into()],
        );
        self.push_narrowed(statement, branch);
        statement.push(
            " LIMIT 1000) by_nickname
              UNION SELECT id FROM (SELECT s.customer_service_session_id AS id
                              FROM users n JOIN customer_service_sessions s ON s.user_id = n.user_id
                              WHERE n.mobile >= ? AND n.mobile < ?",
            [text.into(), end.as_str().into()],
        );
        self.push_narrowed(statement, branch);
        statement.push(" LIMIT 1000) by_mobile", []);
        if let Ok(key) = text.parse::<i64>() {
            statement.push(
                " UNION SELECT id FROM (SELECT s.customer_service_session_id AS id
                              FROM customer_service_sessions s WHERE s.user_id = ?",
                [key.into()],
            );
            self.push_narrowed(statement, branch);
            statement.push(
                " LIMIT 1000) by_user
                  UNION SELECT customer_service_session_id FROM customer_service_sessions
                              WHERE customer_service_session_id = ?",
                [key.into()],
            );
        }
        statement.push(")", []);
    }

    /// The keys of the first rows of a branch that a page of all of them can need.
    fn push_keys(&self, statement: &mut Statement, branch: Branch, zone: DbZone, slice: Slice) {
        let most = slice.offset.saturating_add(u64::from(slice.limit));
        let first = Slice { limit: u32::try_from(most).unwrap_or(u32::MAX), offset: 0, ..slice };
        statement.push(
            match self.order {
                Order::Latest => "SELECT s.customer_service_session_id AS id, s.updated_at AS at",
                Order::Waiting => "SELECT s.customer_service_session_id AS id, s.created_at AS at",
            },
            [],
        );
        self.push_from(statement, branch);
        match self.order {
            Order::Latest => first.newest_first(statement, LATEST, zone),
            Order::Waiting => first.oldest_first(statement, WAITING, zone),
        }
    }
}

/// How many conversations are found.
///
/// # Errors
/// The database's.
pub async fn count(mut conn: Conn<'_>, search: &Search) -> sqlx::Result<Counted> {
    let mut found = 0;
    for statement in count_statements(search) {
        found += statement.fetch_count(conn.reborrow()).await?;
    }
    Ok(Counted::up_to(MOST_COUNTED, found))
}

/// The queries of [`count`].
#[must_use]
pub fn count_statements(search: &Search) -> Vec<Statement> {
    let of_branch = |branch| {
        let mut statement =
            Statement::new("SELECT COUNT(*) FROM (SELECT s.customer_service_session_id");
        search.push_from(&mut statement, branch);
        statement.count_up_to(MOST_COUNTED);
        statement
    };
    search.branches().into_iter().map(of_branch).collect()
}

/// A page of what is found.
///
/// # Errors
/// The database's.
pub async fn page(
    conn: Conn<'_>,
    search: &Search,
    slice: Slice,
) -> sqlx::Result<Vec<ConversationSummary>> {
    match page_statement(search, conn.zone, slice) {
        Some(statement) => fetch(conn, statement).await,
        None => Ok(Vec::new()),
    }
}

/// The query of [`page`]; `None` where nothing can be found. First the keys, each branch in the order of
/// its index, then what is shown of those.
#[must_use]
pub fn page_statement(search: &Search, zone: DbZone, slice: Slice) -> Option<Statement> {
    let branches = search.branches();
    if branches.is_empty() {
        return None;
    }
    let mut statement = Statement::new(shown!("user"));
    statement.push("(SELECT id FROM (", []);
    for (nth, branch) in branches.into_iter().enumerate() {
        statement.push(
            if nth == 0 { "SELECT id, at FROM (" } else { " UNION ALL SELECT id, at FROM (" },
            [],
        );
        search.push_keys(&mut statement, branch, zone, slice);
        statement.push(") branch", []);
    }
    let (keys, shown) = match search.order {
        Order::Latest => (
            ") branches ORDER BY at DESC, id DESC",
            " ORDER BY s.updated_at DESC, s.customer_service_session_id DESC",
        ),
        Order::Waiting => {
            (") branches ORDER BY at, id", " ORDER BY s.created_at, s.customer_service_session_id")
        }
    };
    statement.push(keys, []);
    slice.limit(&mut statement);
    statement.push(") page", []);
    statement
        .push(" JOIN customer_service_sessions s ON s.customer_service_session_id = page.id", []);
    statement.push(BESIDE, []);
    statement.push(shown, []);
    Some(statement)
}
