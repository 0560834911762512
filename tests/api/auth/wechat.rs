//! Log-ins by WeChat, against a WeChat of our own.

use std::time::Duration;

use futures_util::future::join_all;
use origin::{
    clock::Clock as _,
    store::{self, users::Account, wechat_codes::Code},
};
use serde_json::{Value, json};
use shared::{
    route,
    user::{ClientType, UserStatus},
};
use tests::{
    Device, Reply, TestApp, both_databases,
    user::post,
    wechat::{APP_SECRET, FakeWechat, Told},
};

both_databases!(
    without_an_app_id_there_is_no_such_route,
    an_unknown_openid_makes_a_user_and_a_known_one_logs_in,
    input_that_is_not_allowed_is_named,
    one_code_at_two_processes_is_one_question_one_user_one_session,
    a_code_posted_again_is_the_same_answer_for_a_minute,
    a_code_from_another_device_is_worth_nothing,
    newcomers_with_two_codes_at_once_are_one_user,
    what_wechat_refuses_has_codes,
    what_wechat_cannot_answer_now_is_asked_again_and_then_busy,
    a_lost_answer_is_not_the_clients_fault,
    a_claim_of_a_process_that_died_is_taken_over,
    a_client_that_hangs_up_finds_the_answer_when_it_comes_back,
    a_banned_user_is_told,
    bad_codes_from_one_address_have_to_wait,
    a_user_has_one_budget_of_codes_on_all_devices,
);

async fn wechat_app(app: &TestApp) -> (FakeWechat, TestApp) {
    let wechat = FakeWechat::start().await;
    let app = app.process_with(|config| wechat.configure(config)).await;
    (wechat, app)
}

async fn log_in(app: &TestApp, code: &str, device: &Device) -> Reply {
    let body = json!({
        "code": code,
        "device_id": device.device_id,
        "device_token": device.device_token,
    });
    let mut request = post(route::WECHAT_LOGIN, &body);
    request.headers_mut().insert("user-agent", device.user_agent.parse().unwrap());
    app.send(request, device.ip).await
}

fn phone() -> Device {
    Device::phone("phone-1")
}

fn ids(reply: &Reply) -> (i64, i64) {
    let data = reply.data();
    let id = |value: &Value| value.as_i64().unwrap();
    (id(&data["user"]["user_id"]), id(&data["session"]["authentication_session_id"]))
}

async fn audit(app: &TestApp, user_id: i64) -> Vec<String> {
    let mut handle = app.app.db.acquire().await.unwrap();
    let events = store::audit::of_user(handle.conn(), user_id, 100).await.unwrap();
    events.into_iter().map(|event| event.event).collect()
}

async fn without_an_app_id_there_is_no_such_route(app: TestApp) {
    log_in(&app, "code", &phone()).await.refused(404, "NOT_FOUND");
}

async fn an_unknown_openid_makes_a_user_and_a_known_one_logs_in(app: TestApp) {
    let (wechat, app) = wechat_app(&app).await;
    wechat.give("code-1", "openid-of-ana");
    wechat.give("code-2", "openid-of-ana");
    wechat.give("code-3", "OPENID-of-ana");
    let first = log_in(&app, "code-1", &phone()).await;
    assert_eq!(first.data()["user"]["nickname"], "微信用户");
    assert_eq!(first.data()["session"]["client_type"], "mini_program");
    assert!(!first.json.to_string().contains("openid"), "{first:?}");
    let asked = wechat.last_question();
    for (name, value) in [
        ("appid", "wx-app"),
        ("secret", APP_SECRET),
        ("js_code", "code-1"),
        ("grant_type", "authorization_code"),
    ] {
        assert_eq!(asked[name], value);
    }
    app.clock.step(Duration::from_secs(5));
    let second = log_in(&app, "code-2", &phone()).await;
    assert_eq!(ids(&second), ids(&first), "the same user on the same device");
    assert_ne!(ids(&log_in(&app, "code-3", &phone()).await).0, ids(&first).0);
    assert_eq!(audit(&app, ids(&first).0).await, ["registered", "logged_in", "session_renewed"]);
}

async fn input_that_is_not_allowed_is_named(app: TestApp) {
    let (wechat, app) = wechat_app(&app).await;
    let cases = [
        (json!({}), "code"),
        (json!({ "code": "" }), "code"),
        (json!({ "code": 7 }), "code"),
        (json!({ "code": "x".repeat(129) }), "code"),
        (json!({ "code": "码" }), "code"),
        (json!({ "code": "x", "device_id": "d".repeat(129) }), "device_id"),
    ];
    for (body, field) in cases {
        app.send(post(route::WECHAT_LOGIN, &body), phone().ip).await.refused_field(field);
    }
    assert_eq!(wechat.questions(), 0);
}

async fn one_code_at_two_processes_is_one_question_one_user_one_session(app: TestApp) {
    let (wechat, one) = wechat_app(&app).await;
    let two = app.process_with(|config| wechat.configure(config)).await;
    wechat.give("code-1", "openid-of-ana");
    wechat.delay(Duration::from_millis(200));
    let (device, mut posts) = (phone(), Vec::new());
    for n in 0..20 {
        posts.push(log_in(if n % 2 == 0 { &one } else { &two }, "code-1", &device));
    }
    let replies = join_all(posts).await;
    assert_eq!(wechat.questions(), 1);
    for reply in &replies {
        assert_eq!(ids(reply), ids(&replies[0]));
    }
    let (user_id, _) = ids(&replies[0]);
    let mut handle = app.app.db.acquire().await.unwrap();
    let open = store::sessions::open_of(handle.conn(), user_id, Some(ClientType::MiniProgram));
    assert_eq!(open.await.unwrap().len(), 1);
    drop(handle);
    let events = audit(&app, user_id).await;
    assert_eq!(events.iter().filter(|event| *event == "registered").count(), 1, "{events:?}");
    assert_eq!(events.iter().filter(|event| *event == "session_renewed").count(), 19, "{events:?}");
}

async fn a_code_posted_again_is_the_same_answer_for_a_minute(app: TestApp) {
    let (wechat, app) = wechat_app(&app).await;
    wechat.give("code-1", "openid-of-ana");
    let first = ids(&log_in(&app, "code-1", &phone()).await);
    app.clock.step(Duration::from_millis(59_999));
    assert_eq!(ids(&log_in(&app, "code-1", &phone()).await), first);
    assert_eq!(wechat.questions(), 1);
    app.clock.step(Duration::from_millis(1));
    log_in(&app, "code-1", &phone()).await.refused(401, "WECHAT_CODE_INVALID");
    assert_eq!(wechat.questions(), 2, "what is forgotten is asked again");
    let mut handle = app.app.db.acquire().await.unwrap();
    let minute = app.clock.now().plus(Duration::from_mins(1));
    let gone = store::wechat_codes::delete_expired(handle.conn(), minute, 10).await.unwrap();
    assert_eq!(gone, 1);
}

async fn a_code_from_another_device_is_worth_nothing(app: TestApp) {
    let (wechat, app) = wechat_app(&app).await;
    wechat.give("code-1", "openid-of-ana");
    let ana = log_in(&app, "code-1", &phone()).await;
    let others = [
        phone().at("8.8.8.8"),
        Device::phone("phone-2"),
        Device { user_agent: "curl/8".into(), ..phone() },
        Device { device_token: ana.data()["device_token"].as_str().map(Into::into), ..phone() },
    ];
    for other in others {
        log_in(&app, "code-1", &other).await.refused(401, "WECHAT_CODE_INVALID");
    }
    // A phone's address moves within its network.
    assert_eq!(ids(&log_in(&app, "code-1", &phone().at("116.4.39.9")).await), ids(&ana));
    assert_eq!(wechat.questions(), 1);

    // With proof it is the device wherever it is.
    wechat.give("code-2", "openid-of-ana");
    let proven =
        || Device { device_token: ana.data()["device_token"].as_str().map(Into::into), ..phone() };
    assert_eq!(ids(&log_in(&app, "code-2", &proven()).await), ids(&ana));
    assert_eq!(ids(&log_in(&app, "code-2", &proven().at("9.9.9.9")).await), ids(&ana));
    log_in(&app, "code-2", &phone()).await.refused(401, "WECHAT_CODE_INVALID");
}

async fn newcomers_with_two_codes_at_once_are_one_user(app: TestApp) {
    let (wechat, one) = wechat_app(&app).await;
    let two = app.process_with(|config| wechat.configure(config)).await;
    for n in 0..10 {
        wechat.give(&format!("code-{n}"), "openid-of-ana");
    }
    let device = phone();
    let posts = (0..10).map(|n| {
        let (app, device) = (if n % 2 == 0 { &one } else { &two }, &device);
        async move { log_in(app, &format!("code-{n}"), device).await }
    });
    let replies = join_all(posts).await;
    assert_eq!(wechat.questions(), 10);
    for reply in &replies {
        assert_eq!(ids(reply), ids(&replies[0]));
    }
}

async fn what_wechat_refuses_has_codes(app: TestApp) {
    let (wechat, app) = wechat_app(&app).await;
    log_in(&app, "never given", &phone()).await.refused(401, "WECHAT_CODE_INVALID");
    wechat.next([Told::errcode(40163)]);
    log_in(&app, "used by others", &phone()).await.refused(401, "WECHAT_CODE_INVALID");
    wechat.next([Told::errcode(40226)]);
    log_in(&app, "risky", &phone()).await.refused(403, "WECHAT_BLOCKED");
    wechat.next([Told::errcode(45011)]);
    let busy = log_in(&app, "flood", &phone()).await;
    busy.refused(503, "WECHAT_BUSY");
    assert_eq!(busy.headers["retry-after"], "30");
    let questions = wechat.questions();
    assert_eq!(questions, 4, "none of these is asked again");
    // The refusals that are for good are remembered.
    log_in(&app, "never given", &phone()).await.refused(401, "WECHAT_CODE_INVALID");
    log_in(&app, "risky", &phone()).await.refused(403, "WECHAT_BLOCKED");
    assert_eq!(wechat.questions(), questions);
    // What is wrong with our settings is no client's affair, nor is a page where JSON should be.
    for ours in [
        Told::errcode(40013),
        Told::errcode(40125),
        Told::errcode(40001),
        Told::Json(json!({ "openid": "" })),
        Told::Json(json!({ "openid": "x".repeat(65) })),
        Told::Json(json!([])),
        Told::Status(404),
    ] {
        wechat.next([ours]);
        let fault = log_in(&app, "ours", &phone()).await;
        fault.refused(500, "INTERNAL");
        assert!(!fault.json.to_string().contains("400"), "{fault:?}");
    }
}

async fn what_wechat_cannot_answer_now_is_asked_again_and_then_busy(app: TestApp) {
    let (wechat, app) = wechat_app(&app).await;
    wechat.give("code-1", "openid-of-ana");
    wechat.next([Told::errcode(-1), Told::Status(502)]);
    log_in(&app, "code-1", &phone()).await.ok();
    assert_eq!(wechat.questions(), 3);

    wechat.give("code-2", "openid-of-ana");
    wechat.next([Told::errcode(-1), Told::errcode(-1), Told::Status(500)]);
    let busy = log_in(&app, "code-2", &phone()).await;
    busy.refused(503, "WECHAT_BUSY");
    assert_eq!(busy.headers["retry-after"], "2");
    assert_eq!(wechat.questions(), 6, "three times and no more");
    // Later the same code is as good as before.
    log_in(&app, "code-2", &phone()).await.ok();
}

async fn a_lost_answer_is_not_the_clients_fault(app: TestApp) {
    let (wechat, app) = wechat_app(&app).await;
    wechat.give("code-1", "openid-of-ana");
    wechat.next([Told::Nothing]);
    // We ask again, and WeChat says that the code was used: by us.
    log_in(&app, "code-1", &phone()).await.refused(503, "WECHAT_BUSY");
    assert_eq!(wechat.questions(), 2);
    // Waiting does not help: the client needs a new code, and is told so at once.
    log_in(&app, "code-1", &phone()).await.refused(401, "WECHAT_CODE_INVALID");
    assert_eq!(wechat.questions(), 2);
    let keys = ["wechat:116.4.39.203"];
    let mut handle = app.app.db.acquire().await.unwrap();
    let counted = store::attempts::find(handle.conn(), &keys).await.unwrap();
    assert_eq!(counted[0].count.failures, 0, "none of this is held against it");
}

async fn a_claim_of_a_process_that_died_is_taken_over(app: TestApp) {
    let (wechat, app) = wechat_app(&app).await;
    wechat.give("code-1", "openid-of-ana");
    // What a process leaves that dies before WeChat hears of the code: a claim without an answer.
    log_in(&app, "code-1", &phone()).await.ok();
    wechat.give("code-2", "openid-of-ana");
    let hash = |code: &str| {
        use base64::Engine as _;
        use sha2::Digest as _;
        base64::prelude::BASE64_URL_SAFE_NO_PAD.encode(sha2::Sha256::digest(code))
    };
    let mut handle = app.app.db.acquire().await.unwrap();
    let known = store::wechat_codes::find(handle.conn(), &hash("code-1"), false).await.unwrap();
    let known = known.unwrap();
    assert_eq!(known.openid.as_deref(), Some("openid-of-ana"));
    let left = Code {
        code_hash: hash("code-2"),
        claimant: "a process that died".into(),
        claimed_until: app.clock.now().plus(Duration::from_secs(6)),
        openid: None,
        ..known
    };
    store::wechat_codes::insert(handle.conn(), &left).await.unwrap();
    drop(handle);
    let waiting = async { log_in(&app, "code-2", &phone()).await };
    let stepping = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert_eq!(wechat.questions(), 1, "it waits for the claimant");
        app.clock.step(Duration::from_secs(6));
    };
    let (reply, ()) = tokio::join!(waiting, stepping);
    reply.ok();
    assert_eq!(wechat.questions(), 2);
}

async fn a_client_that_hangs_up_finds_the_answer_when_it_comes_back(app: TestApp) {
    let (wechat, app) = wechat_app(&app).await;
    wechat.give("code-1", "openid-of-ana");
    wechat.delay(Duration::from_millis(300));
    let device = phone();
    let hung_up = tokio::time::timeout(Duration::from_millis(150), log_in(&app, "code-1", &device));
    assert!(hung_up.await.is_err());
    log_in(&app, "code-1", &device).await.ok();
    assert_eq!(wechat.questions(), 1);
}

async fn a_banned_user_is_told(app: TestApp) {
    let (wechat, app) = wechat_app(&app).await;
    wechat.give("code-1", "openid-of-ana");
    wechat.give("code-2", "openid-of-ana");
    let (user_id, _) = ids(&log_in(&app, "code-1", &phone()).await);
    let mut handle = app.app.db.acquire().await.unwrap();
    let known =
        store::users::find_by_account(handle.conn(), Account::WechatOpenid("openid-of-ana"));
    assert_eq!(known.await.unwrap().unwrap().public.user_id, user_id);
    let now = app.clock.now();
    store::users::set_status(handle.conn(), user_id, UserStatus::Banned, now).await.unwrap();
    drop(handle);
    log_in(&app, "code-2", &phone()).await.refused(403, "USER_INACTIVE");
}

async fn bad_codes_from_one_address_have_to_wait(app: TestApp) {
    let wechat = FakeWechat::start().await;
    let app = app
        .process_with(|config| {
            wechat.configure(config);
            config.policy.login_limits.wechat_code.free = 3;
        })
        .await;
    wechat.give("code-1", "openid-of-ana");
    wechat.give("code-2", "openid-of-ana");
    wechat.give("code-3", "openid-of-bob");
    let ana = log_in(&app, "code-1", &phone()).await;
    for n in 0..3 {
        log_in(&app, &format!("bad-{n}"), &phone()).await.refused(401, "WECHAT_CODE_INVALID");
    }
    let waits = log_in(&app, "code-3", &phone()).await;
    waits.refused(429, "RATE_LIMITED");
    assert_eq!(waits.headers["retry-after"], "1");
    // A device that has proved itself is held up by nobody else at its address.
    let proven =
        Device { device_token: ana.data()["device_token"].as_str().map(Into::into), ..phone() };
    log_in(&app, "code-2", &proven).await.ok();
    app.clock.step(Duration::from_secs(1));
    log_in(&app, "code-3", &phone()).await.ok();
    assert_eq!(wechat.questions(), 6, "nobody asks WeChat for whoever has to wait");
}

async fn a_user_has_one_budget_of_codes_on_all_devices(app: TestApp) {
    let wechat = FakeWechat::start().await;
    let app = app
        .process_with(|config| {
            wechat.configure(config);
            config.policy.login_limits.wechat_code.free = 3;
        })
        .await;
    let mut proven = Vec::new();
    for n in 0..5 {
        let code = format!("code-{n}");
        wechat.give(&code, "openid-of-ana");
        let device = Device::phone(&format!("phone-{n}"));
        let reply = log_in(&app, &code, &device).await;
        let token = reply.data()["device_token"].as_str().unwrap().to_owned();
        proven.push(Device { device_token: Some(token), ..device });
    }
    let questions = wechat.questions();
    for (n, device) in proven.iter().enumerate() {
        let bad = log_in(&app, &format!("bad-{n}"), device).await;
        match n {
            0..3 => bad.refused(401, "WECHAT_CODE_INVALID"),
            _ => bad.refused(429, "RATE_LIMITED"),
        }
    }
    assert_eq!(wechat.questions(), questions + 3);
    // It is theirs alone.
    wechat.give("code-of-bob", "openid-of-bob");
    log_in(&app, "code-of-bob", &phone()).await.ok();
}
