//! Users and their devices, who come in by the router alone.

use std::{
    net::{IpAddr, Ipv4Addr},
    sync::atomic::{AtomicU32, Ordering},
};

use axum::body::Body;
use http::{Request, header};
use origin::{clock::Clock as _, store};
use serde_json::{Value, json};
use shared::{
    assertion::{ASSERTION_HEADER, Assertion, Coordinates, Place},
    route,
    seal::Purpose,
};

use crate::{app::TestApp, reply::Reply};

/// The password of every test user.
pub const PASSWORD: &str = "correct horse battery";

/// Someone with an account.
pub struct TestUser<'a> {
    app: &'a TestApp,
    /// Key of the user.
    pub user_id: i64,
    /// Mobile number.
    pub mobile: String,
}

/// What a log-in comes from.
#[derive(Clone, Debug)]
pub struct Device {
    /// `mini_program`, `web`…
    pub client_type: &'static str,
    /// The id that the client gives itself.
    pub device_id: Option<String>,
    /// Proof from an earlier log-in.
    pub device_token: Option<String>,
    /// An earlier access token.
    pub earlier_token: Option<String>,
    /// `User-Agent`.
    pub user_agent: String,
    /// Address that it calls from.
    pub ip: IpAddr,
    /// Where that is, as the edge says; without it, the call comes to the origin directly.
    pub place: Option<Place>,
}

impl Device {
    /// A phone with the mini-program.
    #[must_use]
    pub fn phone(id: &str) -> Self {
        Self {
            client_type: "mini_program",
            device_id: Some(id.to_owned()),
            device_token: None,
            earlier_token: None,
            user_agent: "MicroMessenger/8.0".to_owned(),
            ip: IpAddr::from([116, 4, 39, 203]),
            place: None,
        }
    }

    /// A browser.
    #[must_use]
    pub fn browser(id: &str) -> Self {
        Self {
            client_type: "web",
            user_agent: "Mozilla/5.0".to_owned(),
            ip: IpAddr::from([127, 0, 0, 1]),
            ..Self::phone(id)
        }
    }

    /// The same from another address.
    #[must_use]
    pub fn at(mut self, ip: &str) -> Self {
        self.ip = ip.parse().expect("an address");
        self
    }

    /// The same from somewhere, through the edge.
    #[must_use]
    pub fn in_city(mut self, country: &str, city: &str, latitude: f64, longitude: f64) -> Self {
        self.place = Some(Place {
            country: Some(country.to_owned()),
            city: Some(city.to_owned()),
            coordinates: Coordinates::new(latitude, longitude),
        });
        self
    }

    /// The edge's word about a log-in from here.
    fn assertion(&self, app: &TestApp, place: &Place) -> String {
        let assertion = Assertion {
            request_id: app.app.ambient.unique_name(),
            issued_at: app.app.ambient.now(),
            method: "POST".into(),
            path_and_query: route::LOGIN.into(),
            client_ip: self.ip.to_string(),
            place: place.clone(),
            session: None,
        };
        app.edge_key().seal(Purpose::Assertion, &assertion).expect("plain data")
    }
}

/// A client that has logged in.
#[derive(Clone)]
pub struct LoggedIn<'a> {
    app: &'a TestApp,
    /// Where it is.
    pub device: Device,
    /// Its access token.
    pub token: String,
    /// What it renews its access token with: of the body, or of a browser's cookie.
    pub refresh_token: String,
    /// Proof of its device.
    pub device_token: String,
    /// Key of its user.
    pub user_id: i64,
    /// Key of its session.
    pub session_id: i64,
}

impl<'a> TestUser<'a> {
    pub(crate) async fn register(app: &'a TestApp, name: &str) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let mobile = format!("139{number:08}");
        // From an address of their own: registrations from one are limited.
        let from = IpAddr::from(Ipv4Addr::from_bits(0x0a00_0000 | (number & 0x00ff_ffff)));
        let body = json!({ "mobile": mobile, "password": PASSWORD, "nickname": name, "client_type": "app" });
        let reply = app.send(post(route::REGISTER, &body), from).await;
        let user_id = reply.data()["user"]["user_id"].as_i64().expect("a user id");
        Self { app, user_id, mobile }
    }

    /// Someone who is there already, with the password of all test users.
    #[must_use]
    pub fn known(app: &'a TestApp, user_id: i64, mobile: &str) -> Self {
        Self { app, user_id, mobile: mobile.to_owned() }
    }

    /// Logs in from a device.
    pub async fn log_in(&self, device: Device) -> LoggedIn<'a> {
        self.log_in_at(self.app, device).await
    }

    /// Logs in from a device, at another process of the origin.
    pub async fn log_in_at<'b>(&self, app: &'b TestApp, device: Device) -> LoggedIn<'b> {
        let reply = self.try_log_in(app, &device, PASSWORD).await;
        let data = reply.data();
        let text = |field: &str| data[field].as_str().expect("log-ins answer it").to_owned();
        LoggedIn {
            app,
            user_id: self.user_id,
            refresh_token: reply.refresh_token().expect("log-ins give a refresh token"),
            device,
            token: text("access_token"),
            device_token: text("device_token"),
            session_id: data["session"]["authentication_session_id"]
                .as_i64()
                .expect("a session id"),
        }
    }

    /// Tries to log in.
    pub async fn try_log_in(&self, app: &TestApp, device: &Device, password: &str) -> Reply {
        let body = json!({
            "mobile": self.mobile,
            "password": password,
            "client_type": device.client_type,
            "device_id": device.device_id,
            "device_token": device.device_token,
        });
        let mut request = post(route::LOGIN, &body);
        let headers = request.headers_mut();
        headers.insert(header::USER_AGENT, device.user_agent.parse().expect("a header"));
        if let Some(token) = &device.earlier_token {
            headers.insert(
                header::AUTHORIZATION,
                format!("Bearer {token}").parse().expect("a header"),
            );
        }
        if let Some(place) = &device.place {
            let sealed = device.assertion(app, place).parse().expect("a header");
            request.headers_mut().insert(ASSERTION_HEADER, sealed);
        }
        app.send(request, device.ip).await
    }
}

impl<'a> LoggedIn<'a> {
    /// Someone of whom nothing is known but an access token that another back end made.
    #[must_use]
    pub fn holding(app: &'a TestApp, token: &str) -> Self {
        Self {
            app,
            user_id: 0,
            refresh_token: String::new(),
            device: Device::phone(""),
            token: token.to_owned(),
            device_token: String::new(),
            session_id: 0,
        }
    }
}

impl LoggedIn<'_> {
    /// Uses the session, as far as its row shows it.
    pub async fn device_is_used(&self, app: &TestApp) {
        let mut handle = app.app.db.acquire().await.expect("a connection");
        let session = store::sessions::lock(handle.conn(), self.session_id).await;
        let token = session.expect("an answer").expect("a session").session_token;
        store::sessions::touch(handle.conn(), &token, app.clock.now()).await.expect("a touch");
    }

    /// The same client with another access token.
    #[must_use]
    pub fn with_token(self, token: String) -> Self {
        Self { token, ..self }
    }

    /// Refreshes with the token that its log-in gave, by body.
    pub async fn refresh(&self) -> Reply {
        self.app.refresh(&self.refresh_token).await
    }

    /// The same client, calling another process of the origin.
    #[must_use]
    pub fn at<'b>(&self, app: &'b TestApp) -> LoggedIn<'b> {
        LoggedIn { app, ..self.clone() }
    }

    /// Gets a path.
    pub async fn get(&self, path: &str) -> Reply {
        let request =
            Request::get(path).header(header::AUTHORIZATION, format!("Bearer {}", self.token));
        self.app.send(request.body(Body::empty()).expect("a request"), self.device.ip).await
    }

    /// The whole of a list, page by page, each asked for by the cursor of the one before. The path has a query.
    pub async fn by_cursor(&self, path: &str, list: &str) -> Vec<Value> {
        let (mut all, mut page) = (Vec::new(), self.get(path).await);
        for number in 2.. {
            let rows = page.data()[list].as_array().expect("a list");
            all.extend(rows.iter().cloned());
            let Some(cursor) = page.data()["pagination"]["next_cursor"].as_str() else { break };
            page = self.get(&format!("{path}&cursor={cursor}")).await;
            assert_eq!(page.data()["pagination"]["page"], number);
        }
        all
    }

    /// Posts JSON to a path.
    pub async fn post(&self, path: &str, body: &Value) -> Reply {
        let mut request = post(path, body);
        let bearer = format!("Bearer {}", self.token).parse().expect("a header");
        request.headers_mut().insert(header::AUTHORIZATION, bearer);
        self.app.send(request, self.device.ip).await
    }
}

/// A request that posts JSON.
#[must_use]
pub fn post(path: &str, body: &Value) -> Request<Body> {
    Request::post(path)
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(body.to_string()))
        .expect("a request")
}
