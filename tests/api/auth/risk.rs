//! What makes a log-in suspicious, where it is shown, and who is told.

use std::time::Duration;

use origin::store::{
    self,
    audit::{AuditKind, Event, NewEvent},
    outbox::{Kind, Taken},
};
use serde_json::{Value, json};
use shared::{route, session::SessionHash, token};
use tests::{Device, LoggedIn, Reply, TestApp, both_databases, user::PASSWORD};

both_databases!(
    what_the_user_agent_tells_is_stored_and_shown,
    a_thief_with_the_password_replaces_and_never_shares,
    nobody_is_in_guangzhou_and_ten_minutes_later_in_berlin,
    failures_shortly_before_count_and_older_ones_do_not,
    a_log_in_from_the_same_device_and_place_tells_nobody,
    without_the_edge_there_is_no_place,
);

const WECHAT: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_3_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 MicroMessenger/8.0.47(0x18002f2f) NetType/WIFI Language/zh_CN";
const ANDROID: &str = "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Mobile Safari/537.36";

fn at_home(id: &str) -> Device {
    Device { user_agent: WECHAT.into(), ..Device::phone(id) }.in_city(
        "CN",
        "Guangzhou",
        23.13,
        113.26,
    )
}

fn in_berlin(id: &str) -> Device {
    at_home(id).at("203.0.113.7").in_city("DE", "Berlin", 52.52, 13.4)
}

async fn session(client: &LoggedIn<'_>) -> Value {
    client.get(route::VERIFY).await.data()["session"].clone()
}

async fn audit(app: &TestApp, user_id: i64, event: &str) -> Vec<Event> {
    let mut handle = app.app.db.acquire().await.unwrap();
    let events = store::audit::of_user(handle.conn(), user_id, 100).await.unwrap();
    events.into_iter().filter(|known| known.event == event).collect()
}

/// What waits for the edge, taken out.
async fn told(app: &TestApp) -> Vec<Taken> {
    let mut tx = app.app.db.begin().await.unwrap();
    let (lease, now) = (Duration::from_secs(30), app.app.ambient.now());
    let rows = store::outbox::take(tx.conn(), &Kind::ALL, 50, lease, now).await.unwrap();
    let ids: Vec<_> = rows.iter().map(|row| row.edge_outbox_id).collect();
    store::outbox::remove(tx.conn(), &ids).await.unwrap();
    tx.commit().await.unwrap();
    rows
}

fn hash(app: &TestApp, client: &LoggedIn<'_>) -> SessionHash {
    let now = app.app.ambient.now();
    token::verify(&client.token, app.app.keys.verification(), &app.app.expectations, now)
        .unwrap()
        .session_hash()
}

async fn what_the_user_agent_tells_is_stored_and_shown(app: TestApp) {
    let ana = app.user("ana").await;
    let phone = ana.log_in(at_home("phone-1")).await;
    let facts = |session: &Value| {
        ["browser", "browser_version", "os", "os_version", "device_type"]
            .map(|field| session[field].as_str().unwrap_or("-").to_owned())
    };
    assert_eq!(facts(&session(&phone).await), ["WeChat", "8.0.47", "iOS", "17.3.1", "phone"]);

    // The same device with another program: the session is renewed, and shows that one.
    let changed = Device {
        device_token: Some(phone.device_token.clone()),
        user_agent: ANDROID.into(),
        ..at_home("phone-1")
    };
    let renewed = ana.log_in(changed).await;
    assert_eq!(renewed.session_id, phone.session_id);
    let shown = facts(&session(&renewed).await);
    assert_eq!(shown, ["Chrome", "126.0.0.0", "Android", "10", "phone"]);

    // What the client says of itself goes before what we make of its agent.
    let body = json!({ "mobile": ana.mobile, "password": PASSWORD, "client_type": "app", "device_type": "fridge" });
    let mut request = tests::user::post(route::LOGIN, &body);
    request.headers_mut().insert("user-agent", ANDROID.parse().unwrap());
    let reply: Reply = app.send(request, phone.device.ip).await;
    assert_eq!(facts(&reply.data()["session"])[4], "fridge");
}

async fn a_thief_with_the_password_replaces_and_never_shares(app: TestApp) {
    let ana = app.user("ana").await;
    let owner = ana.log_in(at_home("phone-1")).await;
    let web = ana.log_in(Device::browser("browser-1")).await;
    told(&app).await;
    app.clock.step(Duration::from_mins(10));
    let thief = ana.log_in(in_berlin("phone-1")).await;

    assert_ne!(thief.session_id, owner.session_id);
    owner.get(route::VERIFY).await.refused(401, "SESSION_REPLACED");
    web.get(route::VERIFY).await.ok();
    let causes =
        json!(["device_claimed", "new_device", "new_network", "new_country", "impossible_travel"]);
    let risk =
        (json!(95), json!(["new_device", "new_network", "new_country", "impossible_travel"]));
    let shown = session(&thief).await;
    assert_eq!((shown["risk_score"].clone(), shown["risk_causes"].clone()), risk);

    // The alert goes before the end, and not to the thief.
    let rows = told(&app).await;
    let kinds: Vec<_> = rows.iter().map(|row| row.kind).collect();
    assert_eq!(kinds, [Kind::SecurityAlert, Kind::SessionEnded]);
    assert_eq!(
        rows[0].payload,
        json!({
            "user_id": ana.user_id,
            "user_type": "user",
            "occurred_at": "2026-03-01T00:10:00.000+08:00",
            "except_session": hash(&app, &thief),
            "alert": {
                "causes": causes,
                "risk_score": 95,
                "authentication_session_id": thief.session_id,
                "client_type": "mini_program",
                "device_name": null,
                "device_type": "phone",
                "browser": "WeChat",
                "os": "iOS",
                "login_ip": "203.0.113.7",
                "country": "DE",
                "city": "Berlin",
                "occurred_at": "2026-03-01T00:10:00.000+08:00",
            },
        })
    );
    assert_eq!(rows[1].payload["session"], json!(hash(&app, &owner)));

    let alerts = audit(&app, ana.user_id, "security_alert").await;
    let detail = json!({ "causes": causes, "risk_score": 95 });
    assert_eq!(alerts.last().unwrap().detail, Some(detail));
    assert_eq!(alerts.last().unwrap().authentication_session_id, Some(thief.session_id));
    let log_ins = audit(&app, ana.user_id, "logged_in").await;
    let detail = log_ins.last().unwrap().detail.clone().unwrap();
    assert_eq!((detail["risk_score"].clone(), detail["risk_causes"].clone()), risk);

    // The owner comes back with proof; a claim that is made again is one again, however late.
    let proven = Device { device_token: Some(owner.device_token.clone()), ..at_home("phone-1") };
    let owner = ana.log_in(proven).await;
    app.clock.step(Duration::from_hours(24));
    let again = Device { user_agent: ANDROID.into(), ..in_berlin("phone-1") };
    let again = ana.log_in(again).await;
    assert_ne!(again.session_id, owner.session_id);
    let claims = audit(&app, ana.user_id, "device_claim_refused").await;
    // Thief, owner and again: each came with the id of the session that was live.
    assert_eq!(claims.len(), 3, "{claims:?}");
    assert_eq!(claims[2].authentication_session_id, Some(owner.session_id));
}

async fn nobody_is_in_guangzhou_and_ten_minutes_later_in_berlin(app: TestApp) {
    let ana = app.user("ana").await;
    let home = ana.log_in(at_home("phone-1")).await;
    // With proof of the device, so that travel alone is what is new.
    let proven =
        |device: Device| Device { device_token: Some(home.device_token.clone()), ..device };
    app.clock.step(Duration::from_mins(10));
    let away = ana.log_in(proven(in_berlin("phone-1"))).await;
    assert_eq!(away.session_id, home.session_id, "it is the same device all the same");
    let shown = session(&away).await;
    assert_eq!(shown["risk_score"], 75);
    assert_eq!(shown["risk_causes"], json!(["new_network", "new_country", "impossible_travel"]));
    assert_eq!((&shown["country"], &shown["city"]), (&json!("DE"), &json!("Berlin")));

    // The renewal counts as the last log-in: from Berlin home in ten hours is a flight.
    app.clock.step(Duration::from_hours(10));
    let back = ana.log_in(proven(at_home("phone-1"))).await;
    let shown = session(&back).await;
    // The row held Berlin alone by then, and the registration has no place.
    assert_eq!(shown["risk_causes"], json!(["new_network", "new_country"]));
    app.clock.step(Duration::from_mins(1));
    let again = ana.log_in(proven(at_home("phone-1"))).await;
    let shown = session(&again).await;
    assert_eq!((&shown["risk_score"], &shown["risk_causes"]), (&json!(0), &json!([])));
}

async fn failures_shortly_before_count_and_older_ones_do_not(app: TestApp) {
    let ana = app.user("ana").await;
    ana.log_in(at_home("phone-1")).await;
    let fail = async || {
        let mut handle = app.app.db.acquire().await.unwrap();
        let event = NewEvent {
            kind: AuditKind::LoginFailed,
            user_id: Some(ana.user_id),
            authentication_session_id: None,
            actor_user_id: None,
            client_ip: None,
            request_id: None,
            detail: None,
        };
        store::audit::insert(handle.conn(), &event, app.app.ambient.now()).await.unwrap();
    };
    for _ in 0..4 {
        fail().await;
    }
    let client = ana.log_in(at_home("phone-1")).await;
    assert_eq!(session(&client).await["risk_causes"], json!([]));
    fail().await;
    app.clock.step(Duration::from_mins(15));
    let client = ana.log_in(at_home("phone-1")).await;
    let shown = session(&client).await;
    assert_eq!(
        (&shown["risk_score"], &shown["risk_causes"]),
        (&json!(25), &json!(["failure_burst"]))
    );
    app.clock.step(Duration::from_millis(1));
    let client = ana.log_in(at_home("phone-1")).await;
    assert_eq!(session(&client).await["risk_causes"], json!([]));
}

async fn a_log_in_from_the_same_device_and_place_tells_nobody(app: TestApp) {
    let ana = app.user("ana").await;
    let first = ana.log_in(at_home("phone-1")).await;
    let alert = told(&app).await;
    assert_eq!(alert.len(), 1, "a new device, while the session of the registration lives");
    assert_eq!(alert[0].payload["alert"]["causes"], json!(["new_device", "new_network"]));
    for _ in 0..3 {
        app.clock.step(Duration::from_mins(1));
        assert_eq!(ana.log_in(at_home("phone-1")).await.session_id, first.session_id);
    }
    assert!(told(&app).await.is_empty());
    assert_eq!(audit(&app, ana.user_id, "session_renewed").await.len(), 3);
    assert_eq!(audit(&app, ana.user_id, "security_alert").await.len(), 1);
}

async fn without_the_edge_there_is_no_place(app: TestApp) {
    let ana = app.user("ana").await;
    ana.log_in(at_home("phone-1")).await;
    let direct = Device { place: None, ..in_berlin("phone-2") };
    let client = ana.log_in(direct).await;
    let shown = session(&client).await;
    assert_eq!((&shown["country"], &shown["city"]), (&Value::Null, &Value::Null));
    assert_eq!(shown["risk_causes"], json!(["new_device", "new_network"]));
    let mut handle = app.app.db.acquire().await.unwrap();
    let row = store::sessions::lock(handle.conn(), client.session_id).await.unwrap().unwrap();
    assert_eq!(row.device.coordinates, None);
}
