//! Looks through logs for what must never be in one: tokens, secrets, passwords and their hashes.

use std::{
    io::{self, Write},
    sync::{LazyLock, Mutex, Once},
};

use regex::Regex;
use tracing_subscriber::{
    EnvFilter, Layer as _, fmt::MakeWriter, layer::SubscriberExt as _, util::SubscriberInitExt as _,
};

use crate::{statements::Statements, user::PASSWORD};

/// What gives a credential away by its form: access tokens, what we seal, refresh tokens, password
/// hashes, private members of keys.
static FORMS: LazyLock<Regex> = LazyLock::new(|| {
    let forms = [
        r"eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{20,}",
        r"dbr_[A-Za-z0-9_-]{20,}",
        r"\$argon2|\$2[aby]\$[0-9]",
        r#""(d|k)"\s*:\s*"[A-Za-z0-9_-]{20,}"#,
        r"(?i)(bearer|password)\W{1,4}[A-Za-z0-9_.-]{12,}",
    ];
    Regex::new(&forms.join("|")).expect("a pattern")
});

/// The first line that shows a credential, by its form or as one of `secrets`.
#[must_use]
pub fn find<'a>(log: &'a str, secrets: &[String]) -> Option<&'a str> {
    log.lines().find(|line| {
        FORMS.is_match(line)
            || line.contains(PASSWORD)
            || secrets.iter().any(|secret| line.contains(secret.as_str()))
    })
}

static FOUND: Mutex<Vec<String>> = Mutex::new(Vec::new());

struct Watch;

impl Write for Watch {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(bytes);
        if let Some(line) = find(&text, &[]) {
            FOUND.lock().expect("nobody panics with it").push(line.to_owned());
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Watch {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        Self
    }
}

/// From now on all that this process logs, down to the statements that it sends to the database,
/// is looked through.
pub fn watch() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let watched = tracing_subscriber::fmt::layer()
            .with_ansi(false)
            .with_writer(Watch)
            .with_filter(EnvFilter::new("info,origin=trace,sqlx=debug"));
        tracing_subscriber::registry().with(watched).with(Statements::layer()).init();
    });
}

/// Asserts that nothing was found so far.
pub fn assert_none() {
    let found = FOUND.lock().expect("nobody panics with it").clone();
    assert!(found.is_empty(), "a log shows a credential: {found:?}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_found_and_what_names_things_is_not() {
        let line = |line: &str| find(line, &["hunter2-of-the-database".to_owned()]).is_some();
        for leak in [
            "error url=/x?token=eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiIzMSJ9eyJzdWIiOiIzMSJ9.c2ln",
            "device eyJ1c2VyX2lkIjozMX0.MAC0MAC0MAC0MAC0MAC0MAC0MAC0",
            "refresh dbr_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            "hash $argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA",
            "hash $2b$12$KIXQ",
            r#"key {"kty":"OKP","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"}"#,
            "authorization: Bearer AAAAAAAAAAAAAAAA",
            r#"body {"password":"AAAAAAAAAAAAAAAA"}"#,
            "mysql://root:hunter2-of-the-database@db",
            "someone typed correct horse battery",
        ] {
            assert!(line(leak), "{leak}");
        }
        for fine in [
            "call{request_id=KJ4Sx8Zk1Q2b method=POST path=/api/v4/auth/login}: answered status=200",
            "the password of user 31 was changed",
            "dead:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
            "UPDATE users SET password_hash = ?, updated_at = ? WHERE user_id = ?",
        ] {
            assert!(!line(fine), "{fine}");
        }
    }
}
