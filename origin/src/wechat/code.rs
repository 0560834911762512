//! One code is one answer, at however many processes and how often it is posted.
//!
//! A code can be used once, and clients post it twice: a tap too many, an answer that was lost on the
//! way. So whoever comes first writes a claim (its key is the code's hash) and asks WeChat; whoever
//! else comes waits for what is written there. A claim whose process died is taken over when its time
//! is up. The answer is kept for a minute, for the device that came first and no other: a code that
//! somebody intercepts is worth nothing to them.

use std::{net::IpAddr, time::Duration};

use anyhow::Context as _;
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use ipnet::{Ipv4Net, Ipv6Net};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use shared::error::ErrorCode;

use super::{Failure, Wechat};
use crate::{
    error::ApiError,
    state::App,
    store::{
        self,
        db::is_unique_violation,
        wechat_codes::{Code, Refusal},
    },
};

/// How long an answer is kept.
const KEPT: Duration = Duration::from_mins(1);
/// How long a claim holds; asking takes five seconds at most.
const CLAIM: Duration = Duration::from_secs(6);
/// The pause between two looks at another's claim.
const LOOK_AGAIN: Duration = Duration::from_millis(100);
/// Looks at another's claim, before the client is told to come back; longer than a claim holds.
const MAX_LOOKS: u32 = 80;
/// Seconds until a client may come back to a WeChat that did not answer.
const BUSY_RETRY_AFTER: u32 = 2;
/// Seconds until a client may come back to a WeChat that has had too many of this user's calls (100 a
/// minute).
const FLOODED_RETRY_AFTER: u32 = 30;

/// What came of a code.
pub enum Outcome {
    /// Whose it is.
    Openid(String),
    /// It is no good, and that is the caller's affair.
    Refused(ErrorCode),
    /// It is no good, because we used it up and lost the answer.
    Spent,
}

/// What a caller is known by who has no account yet.
#[derive(Clone, Copy, Debug)]
pub struct Caller<'a> {
    /// User and key of the device, where a valid device token names them.
    pub proven: Option<(i64, &'a str)>,
    /// The id that the client gives itself.
    pub device_id: Option<&'a str>,
    /// `User-Agent`.
    pub user_agent: Option<&'a str>,
    /// Address.
    pub ip: IpAddr,
}

impl Caller<'_> {
    /// Hash of it: proof of a device from anywhere, else what a client cannot help to send.
    fn binding(&self) -> String {
        let network = match self.ip.to_canonical() {
            IpAddr::V4(ip) => Ipv4Net::new(ip, 24).map(|net| net.trunc().to_string()),
            IpAddr::V6(ip) => Ipv6Net::new(ip, 48).map(|net| net.trunc().to_string()),
        };
        let known_by = match self.proven {
            Some(proven) => json!(proven),
            None => json!([self.device_id, self.user_agent, network.unwrap_or_default()]),
        };
        hash(&known_by.to_string())
    }
}

/// What becomes of a code that `caller` has posted.
///
/// # Errors
/// `WECHAT_BUSY` with the seconds to wait; ours and the database's.
pub async fn outcome(app: &App, code: &str, caller: &Caller<'_>) -> Result<Outcome, ApiError> {
    let (code_hash, bound_to) = (hash(code), caller.binding());
    for _ in 0..MAX_LOOKS {
        let looked = app.db.retrying(|| look(app, &code_hash, &bound_to)).await?;
        match looked {
            Looked::Known(outcome) => return Ok(outcome),
            Looked::Claimed(claim) => {
                // It goes on if the client hangs up: its next try finds the answer.
                let (app, code) = (app.clone(), code.to_owned());
                let asking = tokio::spawn(async move { ask(&app, &code, claim).await });
                return asking.await.context("asking WeChat panicked")?;
            }
            Looked::Asking => tokio::time::sleep(LOOK_AGAIN).await,
        }
    }
    Err(busy(BUSY_RETRY_AFTER))
}

enum Looked {
    Known(Outcome),
    /// It is ours to ask.
    Claimed(Code),
    /// Somebody asks.
    Asking,
}

async fn look(app: &App, code_hash: &str, bound_to: &str) -> Result<Looked, ApiError> {
    let now = app.ambient.now();
    let read = store::wechat_codes::find(app.db.acquire().await?.conn(), code_hash, false).await?;
    if let Some(known) = read.filter(|row| row.expires_at > now)
        && let Some(looked) = judge(&known, bound_to, now)
    {
        return Ok(looked);
    }
    let mut tx = app.db.begin().await?;
    let row = store::wechat_codes::find(tx.conn(), code_hash, true).await?;
    let claim = Code {
        code_hash: code_hash.to_owned(),
        bound_to: bound_to.to_owned(),
        claimant: app.ambient.unique_name(),
        claimed_until: now.plus(CLAIM),
        was_asked: false,
        openid: None,
        refusal: None,
        expires_at: now.plus(KEPT),
    };
    let Some(row) = row else {
        return match store::wechat_codes::insert(tx.conn(), &claim).await {
            // Somebody came first.
            Err(error) if is_unique_violation(&error) => Ok(Looked::Asking),
            inserted => {
                inserted?;
                tx.commit().await?;
                Ok(Looked::Claimed(claim))
            }
        };
    };
    let claim = if row.expires_at > now {
        if let Some(looked) = judge(&row, bound_to, now) {
            return Ok(looked);
        }
        // Its claimant is gone, or told us that WeChat was busy.
        Code { was_asked: row.was_asked, expires_at: row.expires_at, ..claim }
    } else {
        claim
    };
    store::wechat_codes::save(tx.conn(), &claim).await?;
    tx.commit().await?;
    Ok(Looked::Claimed(claim))
}

/// What a row says to a caller; `None` where it says that somebody must ask.
fn judge(row: &Code, bound_to: &str, now: shared::time::Timestamp) -> Option<Looked> {
    let refused = |code| Looked::Known(Outcome::Refused(code));
    if row.bound_to != bound_to {
        return Some(refused(ErrorCode::WechatCodeInvalid));
    }
    if let Some(openid) = &row.openid {
        return Some(Looked::Known(Outcome::Openid(openid.clone())));
    }
    match row.refusal {
        Some(Refusal::Invalid) => Some(refused(ErrorCode::WechatCodeInvalid)),
        Some(Refusal::Blocked) => Some(refused(ErrorCode::WechatBlocked)),
        Some(Refusal::Lost) => Some(Looked::Known(Outcome::Spent)),
        None if row.claimed_until > now => Some(Looked::Asking),
        None => None,
    }
}

async fn ask(app: &App, code: &str, claim: Code) -> Result<Outcome, ApiError> {
    let wechat: &Wechat = app.wechat.as_ref().context("log-in by WeChat is off")?;
    let was_asked = claim.was_asked;
    // Should this process die now, whoever takes over must know that WeChat may have been asked.
    let claim = Code { was_asked: true, ..claim };
    if !was_asked {
        let noted = &claim;
        app.db.retrying(|| keep(app, noted)).await?;
    }
    let answer = wechat.code2session(code, was_asked).await;
    let over = Code { claimed_until: app.ambient.now(), ..claim };
    let (row, outcome) = match answer {
        Ok(openid) => (Code { openid: Some(openid.clone()), ..over }, Ok(Outcome::Openid(openid))),
        Err(Failure::CodeInvalid) => (
            Code { refusal: Some(Refusal::Invalid), ..over },
            Ok(Outcome::Refused(ErrorCode::WechatCodeInvalid)),
        ),
        Err(Failure::Blocked) => (
            Code { refusal: Some(Refusal::Blocked), ..over },
            Ok(Outcome::Refused(ErrorCode::WechatBlocked)),
        ),
        Err(Failure::AnswerLost) => {
            tracing::warn!("WeChat's answer to a code was lost: the client must get a new code");
            // Now it is we who are busy; who comes again is told to get a new code.
            (Code { refusal: Some(Refusal::Lost), ..over }, Err(busy(BUSY_RETRY_AFTER)))
        }
        Err(Failure::Busy { was_asked, is_flooded }) => {
            let retry_after = if is_flooded { FLOODED_RETRY_AFTER } else { BUSY_RETRY_AFTER };
            (Code { was_asked, ..over }, Err(busy(retry_after)))
        }
        Err(Failure::Fault(error)) => (over, Err(error.into())),
    };
    app.db.retrying(|| keep(app, &row)).await?;
    outcome
}

/// Writes what the claimant knows. Where another has taken over, only an openid counts: whoever asks
/// after us learns from WeChat just that the code was used.
async fn keep(app: &App, row: &Code) -> Result<(), ApiError> {
    let mut tx = app.db.begin().await?;
    let now = store::wechat_codes::find(tx.conn(), &row.code_hash, true).await?;
    let ours = now.is_some_and(|now| {
        now.claimant == row.claimant
            || (now.openid.is_none() && row.openid.is_some() && now.bound_to == row.bound_to)
    });
    if ours {
        store::wechat_codes::save(tx.conn(), row).await?;
    }
    tx.commit().await?;
    Ok(())
}

fn busy(retry_after: u32) -> ApiError {
    ApiError::Later { code: ErrorCode::WechatBusy, retry_after }
}

fn hash(text: &str) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(text.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caller_is_known_by_proof_or_by_all_that_it_sends() {
        let binding = |proven, device_id, user_agent, ip: &str| {
            let caller = Caller {
                proven,
                device_id: Some(device_id),
                user_agent: Some(user_agent),
                ip: ip.parse().unwrap(),
            };
            caller.binding()
        };
        let phone = binding(None, "phone", "WeChat/8", "116.4.39.203");
        assert_eq!(binding(None, "phone", "WeChat/8", "116.4.39.7"), phone);
        assert_ne!(binding(None, "phone", "WeChat/8", "116.4.40.7"), phone);
        assert_ne!(binding(None, "phone", "WeChat/9", "116.4.39.203"), phone);
        assert_ne!(binding(None, "tablet", "WeChat/8", "116.4.39.203"), phone);
        let v6 = |ip| binding(None, "phone", "WeChat/8", ip);
        assert_eq!(v6("2001:db8:1:2::3"), v6("2001:db8:1:9::3"));
        assert_ne!(v6("2001:db8:1::3"), v6("2001:db8:2::3"));
        let proven = binding(Some((7, "key")), "phone", "WeChat/8", "116.4.39.203");
        assert_eq!(binding(Some((7, "key")), "tablet", "WeChat/9", "8.8.8.8"), proven);
        assert_ne!(binding(Some((8, "key")), "phone", "WeChat/8", "116.4.39.203"), proven);
        assert_ne!(proven, phone);
    }
}
