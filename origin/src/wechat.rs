//! WeChat's server, as far as log-ins need it: a code of the mini-program becomes an openid.

pub mod code;

use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use anyhow::{Context as _, anyhow};
use backon::{ExponentialBuilder, Retryable as _};
use serde::Deserialize;

/// The longest wait for one answer.
const TIMEOUT: Duration = Duration::from_millis(1500);
/// How often we ask again.
const RETRIES: usize = 2;
/// The pause before we ask again; it doubles.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// The largest answer; a true one has some hundred bytes.
const MAX_ANSWER_BYTES: usize = 64 * 1024;
/// The longest openid that its column holds.
const MAX_OPENID_CHARS: usize = 64;

/// Where and as whom we ask.
#[derive(Clone)]
pub struct WechatConfig {
    /// App id of the mini-program.
    pub app_id: String,
    /// Its secret.
    pub app_secret: String,
    /// Base URL, without a slash at its end.
    pub api_url: String,
}

/// Asks WeChat.
pub struct Wechat {
    http: reqwest::Client,
    config: WechatConfig,
}

/// Why WeChat gave no openid.
#[derive(Debug)]
pub enum Failure {
    /// 40029, or 40163 to the first that we asked: the code is none, or somebody has used it.
    CodeInvalid,
    /// 40163, and we had asked before: it is we who used the code, and the answer was lost.
    AnswerLost,
    /// 40226: WeChat holds the user for a risk.
    Blocked,
    /// 45011, -1, a fault of theirs, or no answer.
    Busy {
        /// WeChat may have used the code up without our knowing.
        was_asked: bool,
        /// 45011: asking again at once would make it worse.
        is_flooded: bool,
    },
    /// Anything else is a fault of ours or of our settings.
    Fault(anyhow::Error),
}

/// What WeChat says; the session key that is in it, too, is not even read.
#[derive(Deserialize)]
struct Answer {
    openid: Option<String>,
    #[serde(default)]
    errcode: i64,
}

/// What came of asking once.
enum Asked {
    CodeInvalid,
    CodeUsed,
    Blocked,
    Flooded,
    /// Worth asking again.
    NoAnswer,
    Fault(anyhow::Error),
}

impl Wechat {
    /// A client of the WeChat at `config.api_url`.
    ///
    /// # Errors
    /// Where TLS cannot be set up.
    pub fn new(config: WechatConfig) -> anyhow::Result<Self> {
        // An error says that a provider is set already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder()
            .timeout(TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .build()?;
        Ok(Self { http, config })
    }

    /// The openid behind a code, asked for at most three times within five seconds. `was_asked` says
    /// whether somebody here may have asked for this code before.
    ///
    /// # Errors
    /// Why there is none.
    pub async fn code2session(&self, code: &str, was_asked: bool) -> Result<String, Failure> {
        // Each asking that may have reached WeChat.
        let asked = AtomicU32::new(u32::from(was_asked));
        let policy =
            ExponentialBuilder::default().with_min_delay(FIRST_PAUSE).with_max_times(RETRIES);
        let answer = (|| self.ask(code, &asked))
            .retry(policy)
            .when(|asked| matches!(asked, Asked::NoAnswer))
            .await;
        let asked = asked.into_inner();
        answer.map_err(|failed| match failed {
            Asked::CodeUsed if asked > 1 => Failure::AnswerLost,
            Asked::CodeInvalid | Asked::CodeUsed => Failure::CodeInvalid,
            Asked::Blocked => Failure::Blocked,
            Asked::Flooded => Failure::Busy { was_asked: asked > 1, is_flooded: true },
            Asked::NoAnswer => Failure::Busy { was_asked: asked > 0, is_flooded: false },
            Asked::Fault(error) => Failure::Fault(error),
        })
    }

    async fn ask(&self, code: &str, asked: &AtomicU32) -> Result<String, Asked> {
        let query = [
            ("appid", self.config.app_id.as_str()),
            ("secret", &self.config.app_secret),
            ("js_code", code),
            ("grant_type", "authorization_code"),
        ];
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
        let url = format!("{}/sns/jscode2session?{query}", self.config.api_url);
        let sent = self.http.get(url).send().await;
        // A connection that was never made brought no code to anyone.
        if !sent.as_ref().is_err_and(reqwest::Error::is_connect) {
            asked.fetch_add(1, Ordering::Relaxed);
        }
        let answer = match sent {
            Ok(response) if response.status().is_success() => read(response).await,
            Ok(response) if response.status().is_server_error() => {
                tracing::warn!(status = response.status().as_u16(), "WeChat is at fault");
                return Err(Asked::NoAnswer);
            }
            Ok(response) => {
                let status = response.status().as_u16();
                return Err(Asked::Fault(anyhow!("WeChat answers code2session with {status}")));
            }
            Err(error) => Err(error),
        };
        let body = match answer {
            Ok(body) => body.ok_or_else(|| Asked::Fault(anyhow!("WeChat's answer is too long")))?,
            Err(error) => {
                // Its URL holds the secret and the code.
                let error = error.without_url();
                tracing::warn!(error = &error as &dyn std::error::Error, "WeChat does not answer");
                return Err(Asked::NoAnswer);
            }
        };
        understand(&body)
    }
}

/// The body, whatever type it says it is; `None` where it is too long.
async fn read(mut response: reqwest::Response) -> reqwest::Result<Option<Vec<u8>>> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > MAX_ANSWER_BYTES {
            return Ok(None);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Some(body))
}

fn understand(body: &[u8]) -> Result<String, Asked> {
    // What is wrong with it is not said: it may quote a session key.
    let answer: Answer = serde_json::from_slice(body)
        .ok()
        .context("WeChat's answer cannot be read")
        .map_err(Asked::Fault)?;
    match answer.errcode {
        0 => answer
            .openid
            .filter(|openid| !openid.is_empty() && openid.chars().count() <= MAX_OPENID_CHARS)
            .context("WeChat's answer has no openid that can be kept")
            .map_err(Asked::Fault),
        40029 => Err(Asked::CodeInvalid),
        40163 => Err(Asked::CodeUsed),
        40226 => Err(Asked::Blocked),
        45011 => Err(Asked::Flooded),
        -1 => Err(Asked::NoAnswer),
        errcode => Err(Asked::Fault(anyhow!(
            "WeChat refuses code2session with errcode {errcode}: look at WECHAT_APP_ID and WECHAT_APP_SECRET"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io::Write,
        sync::{Arc, Mutex},
    };

    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[tokio::test]
    async fn no_log_line_holds_the_secret_or_the_code() {
        let lines = Lines::default();
        let to = lines.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::TRACE)
            .with_writer(move || to.clone())
            .finish();
        let _logging = tracing::subscriber::set_default(subscriber);
        // A port that was free a moment ago: nobody listens there.
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let wechat = Wechat::new(WechatConfig {
            app_id: "wx-app".into(),
            app_secret: "top-secret".into(),
            api_url: format!("http://127.0.0.1:{port}"),
        })
        .unwrap();
        let failure = wechat.code2session("code-of-ana", false).await.unwrap_err();
        assert!(matches!(failure, Failure::Busy { was_asked: false, .. }), "{failure:?}");
        let logged = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
        assert!(logged.contains("WeChat does not answer"), "{logged}");
        assert!(!logged.contains("top-secret") && !logged.contains("code-of-ana"), "{logged}");
    }
}
