//! A WeChat whose answers are scripted, and which counts what it is asked.

use std::{
    collections::{HashMap, VecDeque},
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use axum::{
    Router,
    extract::{Query, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use origin::{config::Config, wechat::WechatConfig};
use serde_json::{Value, json};
use tokio::{net::TcpListener, task::JoinHandle};

/// App secret of the mini-program.
pub const APP_SECRET: &str = "top-secret-of-the-app";

/// What the server does when it is asked.
#[derive(Clone, Debug)]
pub enum Told {
    /// Answers as WeChat does: JSON as text/plain, with status 200.
    Json(Value),
    /// Answers with a status and a page.
    Status(u16),
    /// Takes the question and the code with it, and does not answer in time.
    Nothing,
}

impl Told {
    /// A refusal.
    #[must_use]
    pub fn errcode(errcode: i64) -> Self {
        Self::Json(json!({ "errcode": errcode, "errmsg": "rid: 1" }))
    }
}

/// A WeChat that exists for one test.
pub struct FakeWechat {
    address: SocketAddr,
    state: Arc<Mutex<Script>>,
    serving: JoinHandle<()>,
}

#[derive(Default)]
struct Script {
    /// Openids by code; each code can be used once.
    codes: HashMap<String, String>,
    used: HashMap<String, u32>,
    /// What to do first, before codes are looked at.
    first: VecDeque<Told>,
    questions: Vec<HashMap<String, String>>,
    delay: Duration,
}

impl FakeWechat {
    /// Starts to listen.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let state = Arc::new(Mutex::new(Script::default()));
        let router = Router::new()
            .route("/sns/jscode2session", get(code2session))
            .with_state(Arc::clone(&state));
        let serving = tokio::spawn(async move {
            axum::serve(listener, router).await.expect("axum serves");
        });
        Self { address, state, serving }
    }

    /// Has an origin ask this WeChat.
    pub fn configure(&self, config: &mut Config) {
        config.wechat = Some(WechatConfig {
            app_id: "wx-app".into(),
            app_secret: APP_SECRET.into(),
            api_url: format!("http://{}", self.address),
        });
    }

    /// Gives out a code.
    pub fn give(&self, code: &str, openid: &str) {
        self.script().codes.insert(code.to_owned(), openid.to_owned());
    }

    /// What to do with the next questions, each once.
    pub fn next(&self, told: impl IntoIterator<Item = Told>) {
        self.script().first.extend(told);
    }

    /// How long each answer takes.
    pub fn delay(&self, delay: Duration) {
        self.script().delay = delay;
    }

    /// How often it was asked.
    #[must_use]
    pub fn questions(&self) -> usize {
        self.script().questions.len()
    }

    /// What it was asked last.
    #[must_use]
    pub fn last_question(&self) -> HashMap<String, String> {
        self.script().questions.last().cloned().unwrap_or_default()
    }

    fn script(&self) -> MutexGuard<'_, Script> {
        self.state.lock().expect("nobody panics over it")
    }
}

impl Drop for FakeWechat {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn code2session(
    State(state): State<Arc<Mutex<Script>>>,
    Query(question): Query<HashMap<String, String>>,
) -> Response {
    let (told, delay) = {
        let mut script = state.lock().expect("nobody panics over it");
        let told = script.answer(&question);
        script.questions.push(question);
        (told, script.delay)
    };
    tokio::time::sleep(delay).await;
    match told {
        Told::Json(json) => {
            ([(header::CONTENT_TYPE, "text/plain")], json.to_string()).into_response()
        }
        Told::Status(status) => {
            (StatusCode::from_u16(status).expect("a status"), "<html>sorry</html>").into_response()
        }
        Told::Nothing => std::future::pending().await,
    }
}

impl Script {
    fn answer(&mut self, question: &HashMap<String, String>) -> Told {
        let code = question.get("js_code").cloned().unwrap_or_default();
        match self.first.pop_front() {
            Some(Told::Nothing) => {
                *self.used.entry(code).or_default() += 1;
                return Told::Nothing;
            }
            Some(told) => return told,
            None => {}
        }
        let Some(openid) = self.codes.get(&code) else {
            return Told::errcode(40029);
        };
        let uses = self.used.entry(code).or_default();
        *uses += 1;
        if *uses > 1 {
            return Told::errcode(40163);
        }
        Told::Json(json!({ "openid": openid, "session_key": "c2Vzc2lvbg==", "unionid": "u-1" }))
    }
}
