//! SQL over `refresh_tokens`.

pub mod past;

use chrono::NaiveDateTime;
use shared::time::Timestamp;
use sqlx::FromRow;

use super::db::{Conn, DbZone, on};

/// A row of `refresh_tokens`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefreshToken {
    /// Key of the row.
    pub refresh_token_id: i64,
    /// Whose it is.
    pub user_id: i64,
    /// The session that it renews.
    pub authentication_session_id: i64,
    /// All that descend from one log-in.
    pub family: String,
    /// How far down.
    pub generation: i64,
    /// What it was derived with.
    pub nonce: String,
    /// The key that it was derived with.
    pub kid: String,
    /// Its end.
    pub expires_at: Timestamp,
    /// When it was first traded for its successor.
    pub used_at: Option<Timestamp>,
    /// When a log-in from the same device put another family in its place.
    pub retired_at: Option<Timestamp>,
}

#[derive(FromRow)]
struct Row {
    refresh_token_id: i64,
    user_id: i64,
    authentication_session_id: i64,
    family: String,
    generation: i64,
    nonce: String,
    kid: String,
    expires_at: NaiveDateTime,
    used_at: Option<NaiveDateTime>,
    retired_at: Option<NaiveDateTime>,
}

impl Row {
    fn into_token(self, zone: DbZone) -> RefreshToken {
        RefreshToken {
            refresh_token_id: self.refresh_token_id,
            user_id: self.user_id,
            authentication_session_id: self.authentication_session_id,
            family: self.family,
            generation: self.generation,
            nonce: self.nonce,
            kid: self.kid,
            expires_at: zone.read(self.expires_at),
            used_at: self.used_at.map(|at| zone.read(at)),
            retired_at: self.retired_at.map(|at| zone.read(at)),
        }
    }
}

/// A token to be.
pub struct NewRefreshToken<'a> {
    /// Whose it is.
    pub user_id: i64,
    /// The session that it renews.
    pub authentication_session_id: i64,
    /// SHA-256 of the token, in hexadecimal.
    pub token_hash: &'a str,
    /// All that descend from one log-in.
    pub family: &'a str,
    /// How far down.
    pub generation: i64,
    /// What it was derived with.
    pub nonce: &'a str,
    /// The key that it was derived with.
    pub kid: &'a str,
    /// Its end.
    pub expires_at: Timestamp,
}

/// Adds a token; a second one of its generation is a unique violation.
///
/// # Errors
/// The database's.
pub async fn insert(conn: Conn<'_>, new: &NewRefreshToken<'_>, now: Timestamp) -> sqlx::Result<()> {
    let expires_at = conn.zone.write(new.expires_at);
    let now = conn.zone.write(now);
    on!(conn, |c| {
        sqlx::query(
            "INSERT INTO refresh_tokens
                 (user_id, authentication_session_id, token_hash, family, generation, nonce, kid, expires_at, created_at)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(new.user_id)
        .bind(new.authentication_session_id)
        .bind(new.token_hash)
        .bind(new.family)
        .bind(new.generation)
        .bind(new.nonce)
        .bind(new.kid)
        .bind(expires_at)
        .bind(now)
        .execute(c)
        .await
        .map(|_| ())
    })
}

/// The token that was sent.
pub const BY_HASH: &str = "SELECT refresh_token_id, user_id, authentication_session_id, family, generation, nonce, kid, expires_at, used_at, retired_at
     FROM refresh_tokens WHERE token_hash = ?";

/// The token with a hash.
///
/// # Errors
/// The database's.
pub async fn find(conn: Conn<'_>, token_hash: &str) -> sqlx::Result<Option<RefreshToken>> {
    let zone = conn.zone;
    let row: Option<Row> =
        on!(conn, |c| sqlx::query_as(BY_HASH).bind(token_hash).fetch_optional(c).await)?;
    Ok(row.map(|row| row.into_token(zone)))
}

/// The newest of a family.
pub const HEAD: &str = "SELECT refresh_token_id, user_id, authentication_session_id, family, generation, nonce, kid, expires_at, used_at, retired_at
     FROM refresh_tokens WHERE family = ? ORDER BY generation DESC LIMIT 1";

/// The newest token of a family.
///
/// # Errors
/// The database's.
pub async fn head(conn: Conn<'_>, family: &str) -> sqlx::Result<Option<RefreshToken>> {
    let zone = conn.zone;
    let row: Option<Row> =
        on!(conn, |c| sqlx::query_as(HEAD).bind(family).fetch_optional(c).await)?;
    Ok(row.map(|row| row.into_token(zone)))
}

/// When a generation of a family was made.
pub const MADE_AT: &str =
    "SELECT created_at FROM refresh_tokens WHERE family = ? AND generation = ?";

/// When a generation of a family was made; `None` where there is none, or no longer.
///
/// # Errors
/// The database's.
pub async fn made_at(
    conn: Conn<'_>,
    family: &str,
    generation: i64,
) -> sqlx::Result<Option<Timestamp>> {
    let zone = conn.zone;
    let made: Option<NaiveDateTime> = on!(conn, |c| {
        sqlx::query_scalar(MADE_AT).bind(family).bind(generation).fetch_optional(c).await
    })?;
    Ok(made.map(|at| zone.read(at)))
}

/// Notes that a token was traded for its successor.
///
/// # Errors
/// The database's.
pub async fn mark_used(conn: Conn<'_>, refresh_token_id: i64, now: Timestamp) -> sqlx::Result<()> {
    let now = conn.zone.write(now);
    on!(conn, |c| {
        sqlx::query("UPDATE refresh_tokens SET used_at = ? WHERE refresh_token_id = ?")
            .bind(now)
            .bind(refresh_token_id)
            .execute(c)
            .await
            .map(|_| ())
    })
}

/// Retires the families of a session: a log-in from its own device begins another.
///
/// # Errors
/// The database's.
pub async fn retire(
    conn: Conn<'_>,
    authentication_session_id: i64,
    now: Timestamp,
) -> sqlx::Result<()> {
    let now = conn.zone.write(now);
    on!(conn, |c| {
        sqlx::query(
            "UPDATE refresh_tokens SET retired_at = ?
             WHERE authentication_session_id = ? AND retired_at IS NULL",
        )
        .bind(now)
        .bind(authentication_session_id)
        .execute(c)
        .await
        .map(|_| ())
    })
}
