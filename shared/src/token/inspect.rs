//! What is true of a token, check by check, for a person who wonders why it is refused. The verdict is
//! [`verify`]'s own; what is added here is only where that stopped, and what it saw on the way.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Claims, Expectations, KeySet, MAX_TOKEN_BYTES, TokenError, verify, verify_at_any_age};
use crate::{error::ErrorCode, time::Timestamp, wire_enum::wire_enum};

/// The most characters of a value that a token brings along and that are shown.
const MAX_SHOWN_CHARS: usize = 80;

wire_enum! {
    /// A check, in the order in which they are made.
    Check {
        /// At most 4 KiB: three parts of base64url, two of them JSON objects.
        Form = "form",
        /// No critical extensions.
        Critical = "crit",
        /// The kind of token.
        Type = "typ",
        /// A key of ours is named.
        Key = "kid",
        /// The algorithm is the key's.
        Algorithm = "alg",
        /// The signature is the key's.
        Signature = "signature",
        /// All claims are there, each of its type.
        Claims = "claims",
        /// Who made it.
        Issuer = "iss",
        /// Whom it is for.
        Audience = "aud",
        /// It is not of the future.
        Begin = "iat_nbf",
        /// Its end has not passed.
        End = "exp",
        /// Its session may be used.
        Session = "session",
        /// Its user's account may be used.
        User = "user",
        /// The edge does not think otherwise.
        Edge = "edge",
    }
}

/// What came of a check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Finding {
    /// The check.
    pub check: Check,
    /// Whether it passed; `None` where it was not made.
    pub ok: Option<bool>,
    /// What was seen, or why the check was not made.
    pub detail: String,
}

/// The first check that failed, and what the token's client is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FirstFailure {
    /// The check.
    pub check: Check,
    /// The code.
    pub code: ErrorCode,
}

/// What is true of a token by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inspected {
    /// A finding for each check from [`Check::Form`] to [`Check::End`].
    pub findings: Vec<Finding>,
    /// Where [`verify`] refuses it.
    pub first_failure: Option<FirstFailure>,
    /// What it says, where that may be believed: of a token that holds, or that is only too old.
    pub claims: Option<Claims>,
}

impl TokenError {
    /// The check that fails with it.
    #[must_use]
    pub const fn check(self) -> Check {
        match self {
            Self::TooLong | Self::NotAJwt => Check::Form,
            Self::Critical => Check::Critical,
            Self::WrongType => Check::Type,
            Self::NoKeyNamed | Self::UnknownKey | Self::PastSunset => Check::Key,
            Self::WrongAlgorithm => Check::Algorithm,
            Self::BadSignature => Check::Signature,
            Self::BadClaims => Check::Claims,
            Self::WrongIssuer => Check::Issuer,
            Self::WrongAudience => Check::Audience,
            Self::NotYet => Check::Begin,
            Self::Expired => Check::End,
        }
    }
}

/// What is true of `token` at `now`.
#[must_use]
pub fn inspect(token: &str, keys: &KeySet, expected: &Expectations, now: Timestamp) -> Inspected {
    let verdict = verify(token, keys, expected, now);
    let error = verdict.as_ref().err().copied();
    let seen = Seen::of(token);
    let own = Check::ALL.into_iter().filter(|check| *check <= Check::End);
    let findings = own.map(|check| {
        let ok = match error.map(TokenError::check) {
            Some(failed) if check > failed => None,
            Some(failed) => Some(check < failed),
            None => Some(true),
        };
        let detail = match (ok, error) {
            (None, _) => "not looked at: an earlier check failed".to_owned(),
            (Some(false), Some(error)) => match seen.detail(check, now) {
                seen if seen.is_empty() => error.to_string(),
                seen => format!("{error}: {seen}"),
            },
            (Some(_), _) => seen.detail(check, now),
        };
        Finding { check, ok, detail }
    });
    Inspected {
        findings: findings.collect(),
        first_failure: error.map(|error| FirstFailure { check: error.check(), code: error.code() }),
        claims: verdict.or_else(|_| verify_at_any_age(token, keys, expected, now)).ok(),
    }
}

/// What a token says, read without belief. Never shown of it: the token, its signature, and the name of
/// its session.
struct Seen {
    bytes: usize,
    header: Map<String, Value>,
    claims: Map<String, Value>,
}

impl Seen {
    fn of(token: &str) -> Self {
        let mut parts = token.split('.');
        let mut object = || {
            let part = parts.next().filter(|part| part.len() <= MAX_TOKEN_BYTES)?;
            let bytes = BASE64_URL_SAFE_NO_PAD.decode(part).ok()?;
            serde_json::from_slice(&bytes).ok()
        };
        let (header, claims) = (object().unwrap_or_default(), object().unwrap_or_default());
        Self { bytes: token.len(), header, claims }
    }

    fn detail(&self, check: Check, now: Timestamp) -> String {
        match check {
            Check::Form => format!("{} bytes", self.bytes),
            Check::Critical => member(&self.header, "crit"),
            Check::Type => member(&self.header, "typ"),
            Check::Key => member(&self.header, "kid"),
            Check::Algorithm => member(&self.header, "alg"),
            Check::Claims => ["user_id", "role", "user_type", "client_type", "jti"]
                .map(|name| member(&self.claims, name))
                .join(", "),
            Check::Issuer => member(&self.claims, "iss"),
            Check::Audience => member(&self.claims, "aud"),
            Check::Begin => {
                let (iat, nbf) = (self.time("iat"), self.time("nbf"));
                format!("{iat}, {nbf}; now is {now}")
            }
            Check::End => format!("{}; now is {now}", self.time("exp")),
            Check::Signature | Check::Session | Check::User | Check::Edge => String::new(),
        }
    }

    /// A claim that counts seconds, as a person reads it.
    fn time(&self, name: &str) -> String {
        let millis =
            self.claims.get(name).and_then(Value::as_i64).and_then(|s| s.checked_mul(1000));
        match millis.and_then(Timestamp::from_millis) {
            Some(time) => format!("{name} {time}"),
            None => member(&self.claims, name),
        }
    }
}

fn member(of: &Map<String, Value>, name: &str) -> String {
    let Some(value) = of.get(name) else { return format!("no {name}") };
    let text = value.to_string();
    let mut shown: String = text.chars().take(MAX_SHOWN_CHARS).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    format!("{name} {shown}")
}
