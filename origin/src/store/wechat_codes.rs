//! SQL over `wechat_codes`.

use chrono::NaiveDateTime;
use shared::time::Timestamp;
use sqlx::{FromRow, QueryBuilder};

use super::{
    db::{Conn, DialectWords as _, on},
    delete,
};

/// Why WeChat gives no openid for a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It does not know the code, or somebody has used it.
    Invalid,
    /// It has blocked the user.
    Blocked,
    /// We used the code up ourselves, and the answer did not reach us.
    Lost,
}

impl Refusal {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Invalid => "invalid",
            Self::Blocked => "blocked",
            Self::Lost => "lost",
        }
    }
}

impl TryFrom<String> for Refusal {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        [Self::Invalid, Self::Blocked, Self::Lost]
            .into_iter()
            .find(|refusal| refusal.as_str() == text)
            .ok_or_else(|| format!("unknown refusal of a wechat_codes row: {text:?}"))
    }
}

/// A row of `wechat_codes`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Code {
    /// Hash of the code.
    pub code_hash: String,
    /// Hash of what the first caller was known by.
    pub bound_to: String,
    /// Who asks WeChat.
    pub claimant: String,
    /// Until when the others wait for that.
    pub claimed_until: Timestamp,
    /// WeChat may have been asked before the claimant asks.
    pub was_asked: bool,
    /// Its answer,
    pub openid: Option<String>,
    /// or why there is none.
    pub refusal: Option<Refusal>,
    /// When all this is forgotten.
    pub expires_at: Timestamp,
}

#[derive(FromRow)]
struct CodeRow {
    code_hash: String,
    bound_to: String,
    claimant: String,
    claimed_until: NaiveDateTime,
    was_asked: bool,
    openid: Option<String>,
    refusal: Option<String>,
    expires_at: NaiveDateTime,
}

/// A row by the code's hash, up to that.
pub const BY_HASH: &str =
    "SELECT code_hash, bound_to, claimant, claimed_until, was_asked, openid, refusal, expires_at
     FROM wechat_codes WHERE code_hash = ";

/// Rows whose time is over, the oldest first.
pub const EXPIRED: &str =
    "SELECT code_hash FROM wechat_codes WHERE expires_at <= ? ORDER BY expires_at LIMIT ?";

/// The row of a code; locked until the transaction ends, where `lock`.
///
/// # Errors
/// The database's.
pub async fn find(conn: Conn<'_>, code_hash: &str, lock: bool) -> sqlx::Result<Option<Code>> {
    let zone = conn.zone;
    let row: Option<CodeRow> = on!(conn, |c: Dialect| {
        let mut query = QueryBuilder::<Dialect>::new(BY_HASH);
        query.push_bind(code_hash);
        if lock {
            query.push(Dialect::FOR_UPDATE);
        }
        query.build_query_as().fetch_optional(c).await
    })?;
    let Some(row) = row else {
        return Ok(None);
    };
    let refusal = row.refusal.map(Refusal::try_from).transpose();
    Ok(Some(Code {
        code_hash: row.code_hash,
        bound_to: row.bound_to,
        claimant: row.claimant,
        claimed_until: zone.read(row.claimed_until),
        was_asked: row.was_asked,
        openid: row.openid,
        refusal: refusal.map_err(|unknown| sqlx::Error::Decode(unknown.into()))?,
        expires_at: zone.read(row.expires_at),
    }))
}

/// Adds a row; where the code has one, that is a unique violation.
///
/// # Errors
/// The database's.
pub async fn insert(conn: Conn<'_>, code: &Code) -> sqlx::Result<()> {
    let zone = conn.zone;
    on!(conn, |c| {
        sqlx::query(
            "INSERT INTO wechat_codes
                 (bound_to, claimant, claimed_until, was_asked, openid, refusal, expires_at, code_hash)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(&code.bound_to)
        .bind(&code.claimant)
        .bind(zone.write(code.claimed_until))
        .bind(code.was_asked)
        .bind(&code.openid)
        .bind(code.refusal.map(Refusal::as_str))
        .bind(zone.write(code.expires_at))
        .bind(&code.code_hash)
        .execute(c)
        .await
        .map(|_| ())
    })
}

/// Writes a row that is locked.
///
/// # Errors
/// The database's.
pub async fn save(conn: Conn<'_>, code: &Code) -> sqlx::Result<()> {
    let zone = conn.zone;
    on!(conn, |c| {
        sqlx::query(
            "UPDATE wechat_codes
             SET bound_to = ?, claimant = ?, claimed_until = ?, was_asked = ?, openid = ?, refusal = ?, expires_at = ?
             WHERE code_hash = ?",
        )
        .bind(&code.bound_to)
        .bind(&code.claimant)
        .bind(zone.write(code.claimed_until))
        .bind(code.was_asked)
        .bind(&code.openid)
        .bind(code.refusal.map(Refusal::as_str))
        .bind(zone.write(code.expires_at))
        .bind(&code.code_hash)
        .execute(c)
        .await
        .map(|_| ())
    })
}

/// How many rows nothing depends on any more.
///
/// # Errors
/// The database's.
pub async fn count_expired(conn: Conn<'_>, now: Timestamp) -> sqlx::Result<i64> {
    let now = conn.zone.write(now);
    on!(conn, |c| {
        sqlx::query_scalar("SELECT COUNT(*) FROM wechat_codes WHERE expires_at <= ?")
            .bind(now)
            .fetch_one(c)
            .await
    })
}

/// Removes at most `limit` rows whose time is over; how many those were.
///
/// # Errors
/// The database's.
pub async fn delete_expired(conn: Conn<'_>, now: Timestamp, limit: i64) -> sqlx::Result<u64> {
    delete::expired(conn, "wechat_codes", "code_hash", EXPIRED, now, limit).await
}
