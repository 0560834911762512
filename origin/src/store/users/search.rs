//! Users as an admin looks for them.

use shared::user::{Role, UserStatus};

use super::{User, UserRow};
use crate::store::{
    counted::{Counted, MOST_COUNTED},
    db::Conn,
    slice::Slice,
    statement::Statement,
};

/// Which users.
#[derive(Clone, Debug, Default)]
pub struct Search {
    /// Whose nickname, mobile number or e-mail address begins so, or with this key. Of a beginning that very
    /// many share, some are left out: each way of meaning it finds [`MOST_FOUND`] at most.
    pub text: Option<String>,
    /// Of this status.
    pub status: Option<UserStatus>,
    /// Of this role.
    pub role: Option<Role>,
}

/// The most users that are found by the beginning of one of their names.
pub const MOST_FOUND: i64 = 1_000;

/// Greater than every character that a name can hold.
const LAST_CHARACTER: char = char::MAX;

impl Search {
    /// How far what is found is counted.
    fn most(&self) -> i64 {
        if self.text.is_some() { MOST_FOUND } else { MOST_COUNTED }
    }

    /// Goes on from a SELECT of users `u`.
    fn push_from(&self, statement: &mut Statement) {
        statement.push(" FROM ", []);
        match &self.text {
            Some(text) => {
                self.push_found(statement, text);
                statement.push(" found JOIN users u ON u.user_id = found.id", []);
            }
            None => statement.push("users u", []),
        }
        statement.push(" WHERE 1 = 1", []);
        self.push_narrowed(statement);
    }

    fn push_narrowed(&self, statement: &mut Statement) {
        statement.push_some(" AND u.status = ?", self.status.map(UserStatus::as_str));
        statement.push_some(" AND u.role = ?", self.role.map(Role::as_str));
    }

    /// The keys of the users that a text means, each way of meaning it by an index and narrowed by itself.
    fn push_found(&self, statement: &mut Statement, text: &str) {
        let end = |text: &str| format!("{text}{LAST_CHARACTER}");
        // Addresses are stored in lower case.
        let email = text.to_lowercase();
        let ways = [
            (
                "SELECT id FROM (SELECT u.user_id AS id FROM users u WHERE u.nickname >= ? AND u.nickname < ?",
                text,
            ),
            (
                " UNION SELECT id FROM (SELECT u.user_id AS id FROM users u WHERE u.mobile >= ? AND u.mobile < ?",
                text,
            ),
            (
                " UNION SELECT id FROM (SELECT u.user_id AS id FROM users u WHERE u.email >= ? AND u.email < ?",
                &email,
            ),
        ];
        statement.push("(", []);
        for ((sql, text), name) in
            ways.into_iter().zip([") by_nickname", ") by_mobile", ") by_email"])
        {
            statement.push(sql, [text.into(), end(text).as_str().into()]);
            self.push_narrowed(statement);
            statement.push(" LIMIT ?", [MOST_FOUND.into()]);
            statement.push(name, []);
        }
        if let Ok(key) = text.parse::<i64>() {
            statement.push(" UNION SELECT user_id FROM users WHERE user_id = ?", [key.into()]);
        }
        statement.push(")", []);
    }
}

/// A page of the users who are looked for, the newest key first.
///
/// # Errors
/// The database's.
pub async fn page(conn: Conn<'_>, search: &Search, slice: Slice) -> sqlx::Result<Vec<User>> {
    let zone = conn.zone;
    let rows: Vec<UserRow> = page_statement(search, slice).fetch_all(conn).await?;
    Ok(rows.into_iter().map(|row| row.into_user(zone)).collect())
}

/// The query of [`page`].
#[must_use]
pub fn page_statement(search: &Search, slice: Slice) -> Statement {
    let mut statement = Statement::new(
        "SELECT u.user_id, u.mobile, u.email, u.nickname, u.password_hash, u.status, u.role, u.is_vip,
                u.created_at, u.updated_at",
    );
    search.push_from(&mut statement);
    slice.newest_key_first(&mut statement, "u.user_id");
    statement
}

/// How many users are looked for.
///
/// # Errors
/// The database's.
pub async fn count(conn: Conn<'_>, search: &Search) -> sqlx::Result<Counted> {
    let found = count_statement(search).fetch_count(conn).await?;
    let counted = Counted::up_to(search.most(), found);
    // What a text finds is cut off at that number.
    Ok(Counted { at_least: found >= search.most(), ..counted })
}

/// The query of [`count`].
#[must_use]
pub fn count_statement(search: &Search) -> Statement {
    let mut statement = Statement::new("SELECT COUNT(*) FROM (SELECT u.user_id");
    search.push_from(&mut statement);
    statement.count_up_to(search.most());
    statement
}
