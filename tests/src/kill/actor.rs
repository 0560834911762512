//! A client that does one thing after the other, and writes down what it was told.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use reqwest::Client;
use serde_json::{Value, json};
use shared::route;

use super::Told;
use crate::{dice::Dice, system, user::PASSWORD};

/// How long it waits for an answer: a killed process closes its connections.
const PATIENCE: Duration = Duration::from_secs(20);
/// The pause before it tries again where nobody is there.
const PAUSE: Duration = Duration::from_millis(15);

pub(super) struct Actor {
    base: String,
    http: Client,
    user: usize,
    number: usize,
    dice: Dice,
    told: Arc<Mutex<Told>>,
    session: Option<Session>,
    conversation: Option<i64>,
    sent: usize,
}

struct Session {
    id: i64,
    access_token: String,
    refresh_token: String,
}

fn mobile(user: usize) -> String {
    format!("1370000000{user}")
}

/// A user with an account.
pub(super) async fn register(base: &str, user: usize) {
    let body = json!({
        "mobile": mobile(user), "password": PASSWORD, "nickname": format!("user {user}"),
        "client_type": "web", "device_id": "registration" });
    let request = http().post(format!("{base}{}", route::REGISTER)).json(&body);
    let status = request.send().await.expect("an answer").status();
    assert!(status.is_success(), "{status}");
}

fn http() -> Client {
    Client::builder().no_proxy().timeout(PATIENCE).build().expect("an HTTP client")
}

impl Actor {
    pub fn new(base: &str, user: usize, number: usize, dice: Dice, told: Arc<Mutex<Told>>) -> Self {
        let (base, http) = (base.to_owned(), http());
        Self { base, http, user, number, dice, told, session: None, conversation: None, sent: 0 }
    }

    /// One of the staff, who is there already.
    pub fn staff(
        base: &str,
        client: &system::Client,
        number: usize,
        dice: Dice,
        told: Arc<Mutex<Told>>,
    ) -> Self {
        let session = Session {
            id: client.session_id,
            access_token: client.token.clone(),
            refresh_token: String::new(),
        };
        Self { session: Some(session), ..Self::new(base, 0, number, dice, told) }
    }

    /// Answers whoever has written, and reads what they wrote.
    pub async fn answer_until(mut self, stop: Arc<AtomicBool>) {
        while !stop.load(Ordering::SeqCst) {
            if self.answer().await.is_none() {
                tokio::time::sleep(PAUSE).await;
            }
        }
    }

    async fn answer(&mut self) -> Option<()> {
        let open = self.call("GET", route::DESK_SESSIONS, &Value::Null).await?;
        let open = open["sessions"].as_array()?;
        let one = (!open.is_empty()).then(|| self.dice.of(open))?;
        let id = one["customer_service_session_id"].as_i64()?;
        if let (Some(newest), true) =
            (one["last_message"]["chat_message_id"].as_i64(), self.dice.once_in(2))
        {
            let path = route::with_id(route::DESK_READ, id);
            return self.call("POST", &path, &json!({ "chat_message_id": newest })).await.map(drop);
        }
        self.sent += 1;
        let temp_id = format!("{}-{}", self.number, self.sent);
        let message = json!({ "content": "an answer", "temp_message_id": temp_id });
        self.call("POST", &route::with_id(route::DESK_SEND, id), &message).await?;
        self.told().messages.push(temp_id);
        Some(())
    }

    pub async fn act_until(mut self, stop: Arc<AtomicBool>) {
        while !stop.load(Ordering::SeqCst) {
            let done = match (self.session.is_some(), self.dice.within(0..20)) {
                (false, _) | (_, 0) => self.log_in().await,
                (_, 1..=3) => self.refresh().await,
                (_, 4) => self.log_out(false).await,
                (_, 5) => self.log_out(true).await,
                (_, 6) => self.end_others().await,
                (_, 7) => self.close().await,
                (_, 8..=10) => self.mark().await,
                _ => self.write().await,
            };
            if done.is_none() {
                tokio::time::sleep(PAUSE).await;
            }
        }
    }

    /// The data of a success; nothing where the origin is gone, or says no.
    async fn call(&mut self, method: &str, path: &str, body: &Value) -> Option<Value> {
        let url = format!("{}{path}", self.base);
        let mut request = self.http.request(method.parse().expect("a method"), url);
        if let Some(session) = &self.session {
            request = request.bearer_auth(&session.access_token);
        }
        if method == "POST" {
            request = request.json(body);
        }
        let answer = request.send().await.ok()?;
        let status = answer.status().as_u16();
        let answer: Value = answer.json().await.ok()?;
        let mut told = self.told();
        match status {
            200..300 => {
                told.successes += 1;
                drop(told);
                return Some(answer["data"].clone());
            }
            // Of a session that a client shared with nobody, nothing is ever stolen.
            _ if status == 500 || answer["code"] == "REUSE_DETECTED" => {
                told.faults.push(format!("{method} {path}: {answer}"));
            }
            _ => {}
        }
        drop(told);
        if status == 401 {
            self.session = None;
        }
        None
    }

    fn told(&self) -> std::sync::MutexGuard<'_, Told> {
        self.told.lock().expect("nobody panics with it")
    }

    async fn log_in(&mut self) -> Option<()> {
        self.session = None;
        // Devices are few, so that some log-ins renew a session, and others replace one.
        let device = format!("phone-{}-{}", self.number, self.dice.within(0..2));
        let body = json!({
            "mobile": mobile(self.user), "password": PASSWORD, "client_type": "app", "device_id": device });
        let data = self.call("POST", route::LOGIN, &body).await?;
        let id = data["session"]["authentication_session_id"].as_i64()?;
        self.session = Some(Session {
            id,
            access_token: data["access_token"].as_str()?.to_owned(),
            refresh_token: data["refresh_token"].as_str()?.to_owned(),
        });
        self.told().opened.push(id);
        Some(())
    }

    /// An answer that did not come is asked for again with the same token, as clients do.
    async fn refresh(&mut self) -> Option<()> {
        let token = self.session.as_ref()?.refresh_token.clone();
        let data = self.call("POST", route::REFRESH, &json!({ "refresh_token": token })).await?;
        let session = self.session.as_mut()?;
        data["access_token"].as_str()?.clone_into(&mut session.access_token);
        data["refresh_token"].as_str()?.clone_into(&mut session.refresh_token);
        Some(())
    }

    async fn log_out(&mut self, all_devices: bool) -> Option<()> {
        let id = self.session.as_ref()?.id;
        self.call("POST", route::LOGOUT, &json!({ "all_devices": all_devices })).await?;
        self.session = None;
        self.told().ended.push(id);
        Some(())
    }

    async fn end_others(&mut self) -> Option<()> {
        self.call("POST", route::REVOKE_ALL_SESSIONS, &json!({})).await.map(drop)
    }

    async fn conversation(&mut self) -> Option<i64> {
        if self.conversation.is_none() {
            let data = self.call("POST", route::CHAT_SESSIONS, &json!({})).await?;
            self.conversation = data["customer_service_session_id"].as_i64();
        }
        self.conversation
    }

    async fn write(&mut self) -> Option<()> {
        let path = route::with_id(route::CHAT_MESSAGES, self.conversation().await?);
        self.sent += 1;
        let id = format!("{}-{}", self.number, self.sent);
        let message = json!({ "content": format!("message {id}"), "temp_message_id": id });
        let Some(_) = self.call("POST", &path, &message).await else {
            // It may be closed by now; where nobody answered, the next is another one.
            self.conversation = None;
            return None;
        };
        self.told().messages.push(id);
        Some(())
    }

    async fn mark(&mut self) -> Option<()> {
        let id = self.conversation().await?;
        let path = route::with_id(route::CHAT_MESSAGES, id);
        let history = self.call("GET", &path, &Value::Null).await?;
        let newest = history["messages"][0]["chat_message_id"].as_i64()?;
        let body = json!({ "chat_message_id": newest });
        self.call("POST", &route::with_id(route::CHAT_READ, id), &body).await.map(drop)
    }

    async fn close(&mut self) -> Option<()> {
        let id = self.conversation.take()?;
        self.call("POST", &route::with_id(route::CHAT_CLOSE, id), &json!({})).await.map(drop)
    }
}
