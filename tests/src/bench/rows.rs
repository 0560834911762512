//! The database that is measured on, and sessions in it.

use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use origin::{
    keys::SigningKeys,
    store::{Db, DbZone},
};
use serde_json::{Value, json};
use shared::{
    token::Claims,
    user::{ClientType, Role},
};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, MySqlConnection};

use crate::system::open_session;

/// Makes an empty schema on a server: its URL.
///
/// # Errors
/// The server's.
pub async fn create(server: &str) -> Result<String> {
    let name = format!("drawbridge_bench_{}", std::process::id());
    execute(server, format!("CREATE DATABASE {name}")).await?;
    Ok(format!("{}/{name}", server.trim_end_matches('/')))
}

/// Removes it.
///
/// # Errors
/// It is none of these, or the server's.
pub async fn remove(url: &str) -> Result<()> {
    let (server, name) = url.rsplit_once('/').context("no schema")?;
    let number = name.strip_prefix("drawbridge_bench_").unwrap_or_default();
    ensure!(number.parse::<u32>().is_ok(), "{name} is no schema of ours");
    execute(server, format!("DROP DATABASE {name}")).await
}

async fn execute(server: &str, statement: String) -> Result<()> {
    let mut connection = MySqlConnection::connect(server).await?;
    connection.execute(AssertSqlSafe(statement)).await?;
    Ok(())
}

/// A token each of new sessions of a user, signed with the key of this algorithm.
///
/// # Errors
/// There is no such key, or the database does not answer.
pub async fn tokens(
    database: &str,
    keys: &Path,
    algorithm: &str,
    (user_id, role): (i64, Role),
    count: usize,
) -> Result<Vec<String>> {
    let keys = keys_of(keys, algorithm)?;
    let db = Db::connect(database, DbZone::UTC, 2).await?;
    let client_type = if role == Role::User { ClientType::MiniProgram } else { ClientType::Web };
    let mut tokens = Vec::with_capacity(count);
    for _ in 0..count {
        tokens.push(open_session(&db, &keys, (user_id, role), client_type).await.token);
    }
    db.close().await;
    Ok(tokens)
}

/// So many tokens of one new session, no two the same.
///
/// # Errors
/// There is no such key, or the database does not answer.
pub async fn tokens_of_one(
    database: &str,
    keys: &Path,
    algorithm: &str,
    user_id: i64,
    count: usize,
) -> Result<Vec<String>> {
    let first = tokens(database, keys, algorithm, (user_id, Role::User), 1).await?;
    let payload = first.first().and_then(|token| token.split('.').nth(1)).context("no token")?;
    let mut claims: Claims = serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(payload)?)?;
    let keys = keys_of(keys, algorithm)?;
    (0..count)
        .map(|n| {
            claims.jti = format!("{n:032}");
            keys.sign(&claims)
        })
        .collect()
}

/// The keys of this algorithm, of a file that may hold others.
pub(super) fn keys_of(file: &Path, algorithm: &str) -> Result<SigningKeys> {
    let keys: Value = serde_json::from_slice(&std::fs::read(file)?)?;
    let keys = keys["keys"].as_array().context("no key set")?;
    let of_it: Vec<_> = keys.iter().filter(|key| key["alg"] == algorithm).collect();
    ensure!(!of_it.is_empty(), "there is no {algorithm} key");
    SigningKeys::from_jwks(&json!({ "keys": of_it }).to_string())
}
