//! `GET verify`: is my session live?
//!
//! The origin judges it by the session's row. What it said is said again for as long as an isolate
//! rests on a word that a session is live, with the seconds that have passed since taken off.

use std::{cell::RefCell, rc::Rc, time::Duration};

use shared::{
    error::ErrorCode, route::MAX_BODY_BYTES, session::SessionHash, time::Timestamp, token::Claims,
    user::Role,
};
use worker::Response;

use crate::{
    cache::Cache,
    call::Call,
    clock, forward,
    liveness::{self, LIVE_TTL, RENEWED_BEFORE},
    origin::within,
    refused::Refused,
    respond,
};

/// Answers that an isolate remembers; some 1,000 bytes each.
const REMEMBERED: usize = 2_000;
/// The longest answer that is remembered, in bytes.
const REMEMBERED_BYTES: usize = 4 * 1024;
/// The longest wait for the rest of an answer that has begun.
const BODY_LIMIT: Duration = Duration::from_secs(5);

// The members of the answer that change as time passes, the last of all, in their order.
const SESSION: &str = r#","session_expires_in":"#;
const IDLE: &str = r#","idle_expires_in":"#;
const TOKEN: &str = r#","expires_in":"#;

thread_local! {
    static SAID: RefCell<Cache<SessionHash, Rc<Said>>> = const { RefCell::new(Cache::new(REMEMBERED)) };
}

/// What the origin said of a session.
#[derive(Debug, PartialEq, Eq)]
struct Said {
    user_id: i64,
    /// Before it was said.
    asked_at: Timestamp,
    /// The answer as it came, up to what changes as time passes.
    begin: String,
    session_expires_in: u64,
    idle_expires_in: u64,
}

/// Answers from memory, or has the origin answer and remembers that.
pub async fn verify(call: Call<'_>, path_and_query: &str) -> Result<Response, Refused> {
    call.check_length(MAX_BODY_BYTES)?;
    let claims = forward::claims(&call).await?;
    let checked = liveness::check_read(call.work(), &claims).await?;
    let said =
        SAID.with_borrow(|cache| cache.get_or_renew(&checked.session, call.now, RENEWED_BEFORE));
    if let Some(body) = said.and_then(|said| said.again(&claims, call.now)) {
        return respond::json(body.into_bytes());
    }
    let (session, asked_at) = (checked.session.clone(), clock::now());
    let mut response = forward::send(&call, Some(checked), "GET", path_and_query).await?;
    // What someone of the staff may do is never told from a cache.
    if response.status_code() != 200 || claims.role != Role::User {
        return Ok(response);
    }
    let Some(Ok(body)) = within(BODY_LIMIT, response.bytes()).await else {
        return Err(ErrorCode::OriginUnavailable.into());
    };
    if let Some(said) = Said::read(&body, claims.user_id, asked_at) {
        let until = asked_at.plus(LIVE_TTL);
        SAID.with_borrow_mut(|cache| cache.put(session, Rc::new(said), until));
    }
    respond::json(body)
}

/// The answer for a session that is live, where [`verify`] would give it from memory.
pub fn remembered(session: &SessionHash, claims: &Claims, now: Timestamp) -> Option<String> {
    SAID.with_borrow(|cache| cache.get_unless_due(session, now, RENEWED_BEFORE))?.again(claims, now)
}

impl Said {
    fn read(body: &[u8], user_id: i64, asked_at: Timestamp) -> Option<Self> {
        let body = str::from_utf8(body).ok().filter(|body| body.len() <= REMEMBERED_BYTES)?;
        // No text within has these quotes: in a text they are escaped.
        let (begin, rest) = body.rsplit_once(SESSION)?;
        let (session, rest) = rest.split_once(IDLE)?;
        let (idle, token) = rest.split_once(TOKEN)?;
        token.strip_suffix("}}")?.parse::<i64>().ok()?;
        Some(Self {
            user_id,
            asked_at,
            begin: begin.to_owned(),
            session_expires_in: session.parse().ok()?,
            idle_expires_in: idle.parse().ok()?,
        })
    }

    /// The same to whom it was said, at `now`; `None` where a time is over, which is for the origin to
    /// say, and to others.
    fn again(&self, claims: &Claims, now: Timestamp) -> Option<String> {
        if (claims.user_id, claims.role) != (self.user_id, Role::User) {
            return None;
        }
        // A second that has begun is taken off: what is told is never too much.
        let passed = u64::try_from(now.since(self.asked_at).as_millis()).ok()?.div_ceil(1000);
        let left = |seconds: u64| seconds.checked_sub(passed).filter(|left| *left > 0);
        let (session, idle) = (left(self.session_expires_in)?, left(self.idle_expires_in)?);
        let token = u64::try_from(claims.exp - now.as_seconds()).ok()?;
        // Without the formatter, whose code would take longer than all else here.
        let mut answer = String::with_capacity(self.begin.len() + 128);
        answer.push_str(&self.begin);
        let members = [(SESSION, session), (IDLE, idle), (TOKEN, token)];
        for (name, seconds) in members {
            answer.push_str(name);
            push_number(&mut answer, seconds);
        }
        answer.push_str("}}");
        Some(answer)
    }
}

fn push_number(text: &mut String, mut number: u64) {
    let (mut digits, mut first) = ([b'0'; 20], 20);
    loop {
        first -= 1;
        let digit = (number % 10) as u8;
        digits[first] += digit;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    text.extend(digits[first..].iter().map(|digit| char::from(*digit)));
}

#[cfg(test)]
mod tests {
    use shared::{
        token::Audience,
        user::{ClientType, UserType},
    };
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    const ANSWER: &str = r#"{"success":true,"data":{"valid":true,"user_id":7,"session":{"device_name":"a \",\"session_expires_in\":1"},"session_expires_in":100,"idle_expires_in":3,"expires_in":50}}"#;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis).unwrap()
    }

    fn said(answer: &str) -> Option<Said> {
        Said::read(answer.as_bytes(), 7, at(10_000))
    }

    /// A token of user 7 that ends a minute after 1970.
    fn claims() -> Claims {
        Claims {
            sub: "7".into(),
            user_id: 7,
            user_type: UserType::User,
            client_type: ClientType::Web,
            session_token: "s".into(),
            device: None,
            role: Role::User,
            scopes: Vec::new(),
            jti: String::new(),
            iat: 0,
            exp: 60,
            nbf: None,
            iss: "i".into(),
            aud: Audience::One("a".into()),
        }
    }

    #[test]
    fn what_was_said_is_said_again_to_the_letter() {
        assert_eq!(said(ANSWER).unwrap().again(&claims(), at(10_000)).as_deref(), Some(ANSWER));
        for other in [Claims { user_id: 8, ..claims() }, Claims { role: Role::Agent, ..claims() }] {
            assert_eq!(said(ANSWER).unwrap().again(&other, at(10_000)), None);
        }
    }

    #[test]
    fn time_is_taken_off_and_what_is_over_is_not_said() {
        let said = said(ANSWER).unwrap();
        let told = |millis| {
            let told: serde_json::Value =
                serde_json::from_str(&said.again(&claims(), at(millis))?).unwrap();
            let member = |name: &str| told["data"][name].as_i64().unwrap();
            Some(["session_expires_in", "idle_expires_in", "expires_in"].map(member))
        };
        assert_eq!(told(10_001), Some([99, 2, 50]));
        assert_eq!(told(11_000), Some([99, 2, 49]));
        assert_eq!(told(12_000), Some([98, 1, 48]));
        assert_eq!(told(12_001), None);
    }

    #[test]
    fn numbers_are_written_as_ever() {
        for number in [0, 7, 10, 99, 100, 604_800, u64::MAX] {
            let mut text = String::new();
            push_number(&mut text, number);
            assert_eq!(text, number.to_string());
        }
    }

    #[test]
    fn an_answer_of_another_shape_is_not_remembered() {
        for other in [
            "",
            "{}",
            r#"{"success":true,"data":{"valid":true}}"#,
            &ANSWER.replace("100", "1e2"),
            &ANSWER.replace("\"expires_in\":50", "\"expires_in\":50,\"new\":1"),
            &ANSWER.replace("idle", "other"),
            &ANSWER.replace("a ", &"a".repeat(REMEMBERED_BYTES)),
        ] {
            assert_eq!(said(other), None, "{other}");
        }
    }
}
