//! SQL over `users`.

use chrono::NaiveDateTime;
use shared::{
    time::Timestamp,
    user::{PublicUser, Role, UserStatus},
};
use sqlx::{FromRow, QueryBuilder};

use super::db::{Conn, DbZone, DialectWords as _, InsertedId as _, on};

const COLUMNS: &str =
    "user_id, mobile, email, nickname, password_hash, status, role, is_vip, created_at, updated_at";

/// A row of `users`.
#[derive(Clone)]
pub struct User {
    /// What a response may say.
    pub public: PublicUser,
    /// PHC string of the password; `None` for users who come by WeChat alone.
    pub password_hash: Option<String>,
}

#[derive(FromRow)]
struct UserRow {
    user_id: i64,
    mobile: Option<String>,
    email: Option<String>,
    nickname: String,
    password_hash: Option<String>,
    #[sqlx(try_from = "String")]
    status: UserStatus,
    #[sqlx(try_from = "String")]
    role: Role,
    is_vip: bool,
    created_at: NaiveDateTime,
    updated_at: NaiveDateTime,
}

impl UserRow {
    fn into_user(self, zone: DbZone) -> User {
        User {
            public: PublicUser {
                user_id: self.user_id,
                mobile: self.mobile,
                email: self.email,
                nickname: self.nickname,
                status: self.status,
                role: self.role,
                is_vip: self.is_vip,
                created_at: zone.read(self.created_at),
                updated_at: zone.read(self.updated_at),
            },
            password_hash: self.password_hash,
        }
    }
}

/// What a user is known by when they log in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Account<'a> {
    /// Mobile number.
    Mobile(&'a str),
    /// E-mail address in lower case.
    Email(&'a str),
    /// What WeChat calls someone towards our mini-program.
    WechatOpenid(&'a str),
}

/// What a user may do beside what their role says; what guards look at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rights {
    /// Whether they have paid for VIP.
    pub is_vip: bool,
    /// Their scopes; none holds a space.
    pub scopes: Vec<String>,
    /// The team that they are in.
    pub team: Option<String>,
}

impl Rights {
    /// What columns say.
    pub(super) fn read(is_vip: bool, scopes: &str, team: Option<String>) -> Self {
        Self { is_vip, scopes: scopes.split_whitespace().map(str::to_owned).collect(), team }
    }
}

/// A user to be.
pub struct NewUser<'a> {
    /// A fixed key, for seeds; the database gives one otherwise.
    pub user_id: Option<i64>,
    /// Mobile number.
    pub mobile: Option<&'a str>,
    /// E-mail address in lower case.
    pub email: Option<&'a str>,
    /// Display name.
    pub nickname: &'a str,
    /// PHC string of the password.
    pub password_hash: Option<&'a str>,
    /// What the user may do.
    pub role: Role,
}

/// Adds a user; a mobile or e-mail that is taken is a unique violation.
///
/// # Errors
/// The database's.
pub async fn insert(conn: Conn<'_>, new: &NewUser<'_>, now: Timestamp) -> sqlx::Result<i64> {
    let now = conn.zone.write(now);
    on!(conn, |c| {
        let done = sqlx::query(
            "INSERT INTO users (user_id, mobile, email, nickname, password_hash, status, role, is_vip, created_at, updated_at)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(new.user_id)
        .bind(new.mobile)
        .bind(new.email)
        .bind(new.nickname)
        .bind(new.password_hash)
        .bind(UserStatus::Active.as_str())
        .bind(new.role.as_str())
        .bind(false)
        .bind(now)
        .bind(now)
        .execute(c)
        .await?;
        Ok(new.user_id.unwrap_or_else(|| done.inserted_id()))
    })
}

/// Adds a user who comes by WeChat alone; an openid that is taken is a unique violation.
///
/// # Errors
/// The database's.
pub async fn insert_from_wechat(
    conn: Conn<'_>,
    openid: &str,
    nickname: &str,
    now: Timestamp,
) -> sqlx::Result<i64> {
    let now = conn.zone.write(now);
    on!(conn, |c| {
        sqlx::query(
            "INSERT INTO users (wechat_openid, nickname, status, role, is_vip, created_at, updated_at)
             VALUES (?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(openid)
        .bind(nickname)
        .bind(UserStatus::Active.as_str())
        .bind(Role::User.as_str())
        .bind(false)
        .bind(now)
        .bind(now)
        .execute(c)
        .await
        .map(|done| done.inserted_id())
    })
}

/// The user of an account name.
///
/// # Errors
/// The database's.
pub async fn find_by_account(conn: Conn<'_>, account: Account<'_>) -> sqlx::Result<Option<User>> {
    let zone = conn.zone;
    let (column, value) = match account {
        Account::Mobile(mobile) => ("mobile", mobile),
        Account::Email(email) => ("email", email),
        Account::WechatOpenid(openid) => ("wechat_openid", openid),
    };
    let row: Option<UserRow> = on!(conn, |c: Dialect| {
        let mut query =
            QueryBuilder::<Dialect>::new(format!("SELECT {COLUMNS} FROM users WHERE {column} = "));
        query.push_bind(value);
        query.build_query_as().fetch_optional(c).await
    })?;
    Ok(row.map(|row| row.into_user(zone)))
}

/// The user with a key.
///
/// # Errors
/// The database's.
pub async fn find(conn: Conn<'_>, user_id: i64) -> sqlx::Result<Option<User>> {
    select(conn, user_id, false).await
}

/// The same, locked until the transaction ends: log-ins of one user queue here.
///
/// # Errors
/// The database's.
pub async fn lock(conn: Conn<'_>, user_id: i64) -> sqlx::Result<Option<User>> {
    select(conn, user_id, true).await
}

async fn select(conn: Conn<'_>, user_id: i64, lock: bool) -> sqlx::Result<Option<User>> {
    let zone = conn.zone;
    let row: Option<UserRow> = on!(conn, |c: Dialect| {
        let mut query =
            QueryBuilder::<Dialect>::new(format!("SELECT {COLUMNS} FROM users WHERE user_id = "));
        query.push_bind(user_id);
        if lock {
            query.push(Dialect::FOR_UPDATE);
        }
        query.build_query_as().fetch_optional(c).await
    })?;
    Ok(row.map(|row| row.into_user(zone)))
}

/// Sets a user's password.
///
/// # Errors
/// The database's.
pub async fn set_password_hash(
    conn: Conn<'_>,
    user_id: i64,
    hash: &str,
    now: Timestamp,
) -> sqlx::Result<()> {
    let now = conn.zone.write(now);
    on!(conn, |c| {
        sqlx::query("UPDATE users SET password_hash = ?, updated_at = ? WHERE user_id = ?")
            .bind(hash)
            .bind(now)
            .bind(user_id)
            .execute(c)
            .await
            .map(|_| ())
    })
}

/// Puts a better hash of the same password in place of `old`; `false` where that is there no more.
/// The account itself has not changed, so that `updated_at` stays.
///
/// # Errors
/// The database's.
pub async fn replace_password_hash(
    conn: Conn<'_>,
    user_id: i64,
    old: &str,
    new: &str,
) -> sqlx::Result<bool> {
    on!(conn, |c| {
        sqlx::query("UPDATE users SET password_hash = ? WHERE user_id = ? AND password_hash = ?")
            .bind(new)
            .bind(user_id)
            .bind(old)
            .execute(c)
            .await
            .map(|done| done.rows_affected() == 1)
    })
}

/// Sets whether an account may be used.
///
/// # Errors
/// The database's.
pub async fn set_status(
    conn: Conn<'_>,
    user_id: i64,
    status: UserStatus,
    now: Timestamp,
) -> sqlx::Result<()> {
    let now = conn.zone.write(now);
    on!(conn, |c| {
        sqlx::query("UPDATE users SET status = ?, updated_at = ? WHERE user_id = ?")
            .bind(status.as_str())
            .bind(now)
            .bind(user_id)
            .execute(c)
            .await
            .map(|_| ())
    })
}

/// Sets what a user may do.
///
/// # Errors
/// The database's.
pub async fn set_role(
    conn: Conn<'_>,
    user_id: i64,
    role: Role,
    now: Timestamp,
) -> sqlx::Result<()> {
    let now = conn.zone.write(now);
    on!(conn, |c| {
        sqlx::query("UPDATE users SET role = ?, updated_at = ? WHERE user_id = ?")
            .bind(role.as_str())
            .bind(now)
            .bind(user_id)
            .execute(c)
            .await
            .map(|_| ())
    })
}

/// Sets what a user may do beside what their role says; sessions that are live have it at once.
///
/// # Errors
/// The database's.
pub async fn set_rights(
    conn: Conn<'_>,
    user_id: i64,
    rights: &Rights,
    now: Timestamp,
) -> sqlx::Result<()> {
    let now = conn.zone.write(now);
    on!(conn, |c| {
        sqlx::query(
            "UPDATE users SET is_vip = ?, scopes = ?, team = ?, updated_at = ? WHERE user_id = ?",
        )
        .bind(rights.is_vip)
        .bind(rights.scopes.join(" "))
        .bind(&rights.team)
        .bind(now)
        .bind(user_id)
        .execute(c)
        .await
        .map(|_| ())
    })
}

/// At most `limit` users with keys above `after`, by key, of one role or status or of all.
///
/// # Errors
/// The database's.
pub async fn page(
    conn: Conn<'_>,
    role: Option<Role>,
    status: Option<UserStatus>,
    after: i64,
    limit: i64,
) -> sqlx::Result<Vec<User>> {
    let zone = conn.zone;
    let rows: Vec<UserRow> = on!(conn, |c: Dialect| {
        let mut query =
            QueryBuilder::<Dialect>::new(format!("SELECT {COLUMNS} FROM users WHERE user_id > "));
        query.push_bind(after);
        if let Some(role) = role {
            query.push(" AND role = ").push_bind(role.as_str());
        }
        if let Some(status) = status {
            query.push(" AND status = ").push_bind(status.as_str());
        }
        query.push(" ORDER BY user_id LIMIT ").push_bind(limit);
        query.build_query_as().fetch_all(c).await
    })?;
    Ok(rows.into_iter().map(|row| row.into_user(zone)).collect())
}

/// How many users have a key above `from` and below `to`.
///
/// # Errors
/// The database's.
pub async fn count_between(conn: Conn<'_>, from: i64, to: i64) -> sqlx::Result<i64> {
    on!(conn, |c| {
        sqlx::query_scalar("SELECT COUNT(*) FROM users WHERE user_id > ? AND user_id < ?")
            .bind(from)
            .bind(to)
            .fetch_one(c)
            .await
    })
}
