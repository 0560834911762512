//! What clients of a [`System`] do.

use origin::clock::Ambient;
use reqwest::header::{ACCEPT_LANGUAGE, AUTHORIZATION, HeaderMap, HeaderValue, USER_AGENT};
use serde_json::{Value, json};
use shared::{
    assertion::{CALL_HEADER, CallSignature},
    route,
    seal::{Purpose, Secret},
};
use xtask::secrets::{DEMO_ADMIN_MOBILE, DEMO_AGENT_MOBILE, DEMO_USER_MOBILE};

use super::{Client, Door, Person, System};
use crate::{reply::Reply, socket::Socket};

impl System {
    /// A request to be filled in.
    pub fn request(&self, door: &Door, method: &str, path: &str) -> reqwest::RequestBuilder {
        let method = method.parse().expect("a method");
        self.http.request(method, format!("{}{path}", self.url(door)))
    }

    /// Sends a request.
    pub async fn send(&self, request: reqwest::RequestBuilder) -> Reply {
        Reply::fetch(request).await
    }

    /// Gets a path as a client.
    pub async fn get(&self, door: &Door, client: &Client, path: &str) -> Reply {
        self.send(self.request(door, "GET", path).bearer_auth(&client.token)).await
    }

    /// Posts JSON to a path as a client.
    pub async fn post(&self, door: &Door, client: &Client, path: &str, body: &Value) -> Reply {
        self.send(self.request(door, "POST", path).bearer_auth(&client.token).json(body)).await
    }

    /// Logs the demo user in through the edge.
    pub async fn user(&self, client_type: &str, device_id: &str) -> Client {
        self.log_in(Person::User, client_type, device_id, &[]).await
    }

    /// Logs the demo agent in through the edge.
    pub async fn agent(&self) -> Client {
        self.log_in(Person::Agent, "web", "desk-agent", &[]).await
    }

    /// Logs the demo admin in through the edge.
    pub async fn admin(&self) -> Client {
        self.log_in(Person::Admin, "web", "desk-admin", &[]).await
    }

    /// Logs someone in through the edge, with further headers.
    pub async fn log_in(
        &self,
        person: Person,
        client_type: &str,
        device_id: &str,
        headers: &[(&'static str, &str)],
    ) -> Client {
        let values = &self.origin_options.secrets.values;
        let (mobile, password) = match person {
            Person::User => (DEMO_USER_MOBILE, &values.demo_user_password),
            Person::Agent => (DEMO_AGENT_MOBILE, &values.demo_agent_password),
            Person::Admin => (DEMO_ADMIN_MOBILE, &values.demo_admin_password),
        };
        let body = json!({
            "mobile": mobile, "password": password, "client_type": client_type, "device_id": device_id });
        let mut sent = HeaderMap::from_iter([(
            USER_AGENT,
            HeaderValue::from_str(client_type).expect("a header"),
        )]);
        for (name, value) in headers {
            sent.insert(*name, value.parse().expect("a header"));
        }
        let request = self.request(&Door::Edge, "POST", route::LOGIN).headers(sent).json(&body);
        let reply = self.send(request).await;
        let data = reply.data();
        Client {
            refresh_token: reply.refresh_token().expect("a refresh token"),
            token: data["access_token"].as_str().expect("a token").to_owned(),
            session_id: data["session"]["authentication_session_id"]
                .as_i64()
                .expect("a session id"),
            user_id: data["user"]["user_id"].as_i64().expect("a user id"),
        }
    }

    /// Refreshes by body, as clients that are no browsers do.
    pub async fn refresh(&self, door: &Door, token: &str) -> Reply {
        let body = json!({ "refresh_token": token });
        self.send(self.request(door, "POST", route::REFRESH).json(&body)).await
    }

    /// A person of the staff takes a conversation that waits.
    pub async fn accept(&self, client: &Client, conversation: i64) {
        let path = route::with_id(route::DESK_ACCEPT, conversation);
        self.post(&Door::Edge, client, &path, &json!({})).await.ok();
    }

    /// Pushes something to the edge, signed as the origin signs it.
    pub async fn push(&self, path: &str, body: &Value) -> Reply {
        let key = Secret::parse(&self.origin_options.secrets.values.origin_to_edge_key);
        let body = body.to_string();
        let signature = CallSignature::new(path, body.as_bytes(), Ambient::system().now());
        let seal = key.expect("a key").seal(Purpose::InternalCall, &signature).expect("plain data");
        self.send(self.request(&Door::Edge, "POST", path).header(CALL_HEADER, seal).body(body))
            .await
    }

    /// Opens a chat socket with the token in the `Authorization` header.
    ///
    /// # Errors
    /// What was answered instead of an upgrade.
    pub async fn socket(&self, door: &Door, client: &Client) -> Result<Socket, Reply> {
        let headers = [
            (AUTHORIZATION, format!("Bearer {}", client.token)),
            (ACCEPT_LANGUAGE, "zh-CN".to_owned()),
        ];
        self.socket_with(door, route::CHAT_SOCKET, &headers).await
    }

    /// Opens a chat socket with these headers.
    ///
    /// # Errors
    /// What was answered instead of an upgrade.
    pub async fn socket_with(
        &self,
        door: &Door,
        path: &str,
        headers: &[(reqwest::header::HeaderName, String)],
    ) -> Result<Socket, Reply> {
        let url = format!("{}{path}", self.url(door).replacen("http", "ws", 1));
        Socket::open(&url, headers).await
    }
}
