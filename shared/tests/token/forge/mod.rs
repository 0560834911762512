//! Makes the corpus' tokens, honest and not, from its recipes (`../corpus/*.json`).

mod keys;
mod recipe;
mod signature;

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::{Value, json};

pub use keys::KeySetName;
pub use recipe::{Case, corpus};

use keys::Keys;
use recipe::{Change, Template};

/// Makes tokens as of a time, in seconds since 1970.
pub struct Forge {
    now: i64,
    keys: Keys,
}

impl Forge {
    /// Makes tokens as of `now`.
    pub fn at(now: i64) -> Self {
        Self { now, keys: Keys::read() }
    }

    /// The set that a case's token is verified with, without anything private but shared secrets.
    pub fn jwks(&self, name: KeySetName) -> Value {
        self.keys.jwks(name, self.now)
    }

    /// The token of a case.
    pub fn token(&self, case: &Case) -> String {
        let header = self.text(self.header(case.of), &case.header);
        let claims = self.text(self.claims(case.of), &case.claims);
        let message = format!("{}.{}", b64(&header), b64(&claims));
        let signer = case.sign.unwrap_or(case.of.signer());
        let mut signature = self.keys.sign(signer, message.as_bytes());
        if let Some(change) = case.signature {
            signature = change.of(signature);
        }
        let parts = [
            after(&header, case.swapped_header.as_ref()),
            after(&claims, case.swapped_claims.as_ref()),
            b64(signature),
        ];
        match &case.whole {
            None => parts.join("."),
            Some(whole) => filled(&self.resolved(whole), &parts),
        }
    }

    fn header(&self, of: Template) -> Value {
        let alg = self.keys.of(of.kid())["alg"].clone();
        match of {
            Template::Old => json!({ "alg": alg, "typ": "JWT" }),
            _ => json!({ "alg": alg, "typ": "at+jwt", "kid": of.kid() }),
        }
    }

    fn claims(&self, of: Template) -> Value {
        let mut claims = json!({
            "user_id": 31, "user_type": "user", "session_token": "s-1", "role": "user",
            "iat": self.now, "exp": self.now + 600,
        });
        if !matches!(of, Template::Old) {
            let ours = json!({
                "sub": "31", "client_type": "web", "scopes": [], "jti": "j",
                "iss": "drawbridge", "aud": "drawbridge-api",
            });
            members(&mut claims).extend(members(&mut ours.clone()).clone());
        }
        claims
    }

    /// An object as JSON, changed.
    fn text(&self, mut object: Value, change: &Change) -> String {
        for (member, value) in &change.set {
            object[member] = self.resolved(value);
        }
        for member in &change.without {
            members(&mut object).remove(member);
        }
        let mut text = object.to_string();
        for (member, raw) in &change.raw {
            text = format!(r#"{{"{member}":{raw},{}"#, &text[1..]);
        }
        change.text.as_ref().map_or(text.clone(), |template| template.replace("{}", &text))
    }

    /// A value with what stands for other values replaced: `{"now": seconds}` by that time,
    /// `{"repeat": text, "times": n}` by a long text, `{"deep": n}` by lists in lists.
    fn resolved(&self, value: &Value) -> Value {
        if let Some(seconds) = value.get("now").and_then(Value::as_i64) {
            return json!(self.now + seconds);
        }
        let count =
            |member| value.get(member).and_then(Value::as_u64).map(|n| n.try_into().unwrap());
        if let (Some(text), Some(times)) =
            (value.get("repeat").and_then(Value::as_str), count("times"))
        {
            return json!(text.repeat(times));
        }
        if let Some(depth) = count("deep") {
            return (0..depth).fold(json!([]), |inner, _| json!([inner]));
        }
        value.clone()
    }
}

/// `{h}`, `{c}`, `{s}`: the parts; `{s-}`: the signature without its last letter.
fn filled(whole: &Value, [header, claims, signature]: &[String; 3]) -> String {
    whole
        .as_str()
        .expect("a whole token is a text")
        .replace("{h}", header)
        .replace("{c}", claims)
        .replace("{s}", signature)
        .replace("{s-}", &signature[..signature.len().saturating_sub(1)])
}

/// A part of the token, with members that were set after it was signed.
fn after(part: &str, changed: Option<&serde_json::Map<String, Value>>) -> String {
    let Some(changed) = changed else { return b64(part) };
    let mut object: Value = serde_json::from_str(part).expect("an object");
    members(&mut object).extend(changed.clone());
    b64(object.to_string())
}

fn members(object: &mut Value) -> &mut serde_json::Map<String, Value> {
    object.as_object_mut().expect("an object")
}

fn b64(bytes: impl AsRef<[u8]>) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}
