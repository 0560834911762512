//! Guesses, and how long they have to wait.

mod names;
mod queue;

use std::{net::Ipv4Addr, time::Duration};

use futures_util::future::join_all;
use origin::{clock::Clock as _, store};
use serde_json::json;
use shared::route;
use tests::{
    Device, Reply, TestApp, TestUser, both_databases,
    user::{PASSWORD, post},
};

both_databases!(
    guesses_from_one_address_wait_longer_and_longer,
    waits_end_to_the_second_and_failures_are_forgotten,
    an_unknown_account_waits_as_a_known_one_does,
    a_refused_try_costs_no_hash_and_no_longer_wait,
    a_thousand_addresses_do_not_lock_the_owner_out,
    parallel_guesses_at_two_processes_have_one_budget,
    parallel_log_ins_with_the_right_password_all_get_in,
    a_try_that_nobody_waits_for_counts,
    parallel_guesses_from_many_addresses_have_one_budget,
    an_address_that_tries_many_accounts_waits,
    behind_one_address_a_proven_device_gets_in,
    an_ipv6_household_is_one_address,
    a_proven_device_has_a_budget_and_no_more,
    success_forgets_a_persons_own_failures,
    registrations_from_one_address_wait,
    each_wait_is_audited_once,
    rows_expire_and_are_removed,
);

const WRONG: &str = "wrong password";

#[track_caller]
fn waits(reply: &Reply) -> u32 {
    reply.refused(429, "RATE_LIMITED");
    let seconds = reply.headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!(seconds > 0);
    seconds
}

fn step(app: &TestApp, seconds: u64) {
    app.clock.step(Duration::from_secs(seconds));
}

async fn wrong(app: &TestApp, user: &TestUser<'_>, device: &Device) -> Reply {
    user.try_log_in(app, device, WRONG).await
}

/// Guesses wrongly so often, all of which get through.
async fn fail(app: &TestApp, user: &TestUser<'_>, device: &Device, times: u32) {
    for _ in 0..times {
        wrong(app, user, device).await.refused(401, "INVALID_CREDENTIALS");
    }
}

async fn proven(user: &TestUser<'_>, device: Device) -> Device {
    let logged_in = user.log_in(device).await;
    Device { device_token: Some(logged_in.device_token), ..logged_in.device }
}

fn address(n: u32) -> String {
    Ipv4Addr::from_bits(0x5000_0000 + n * 7).to_string()
}

async fn guesses_from_one_address_wait_longer_and_longer(app: TestApp) {
    let ana = app.user("ana").await;
    let thief = Device::phone("thief").at("8.8.8.8");
    fail(&app, &ana, &thief, 5).await;
    let mut seen = Vec::new();
    for _ in 0..12 {
        let seconds = waits(&wrong(&app, &ana, &thief).await);
        seen.push(seconds);
        step(&app, u64::from(seconds));
        fail(&app, &ana, &thief, 1).await;
    }
    // Half an hour and more passes: two failures are forgotten on the way.
    assert_eq!(seen, [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 512, 900]);
    // Even the right password has to wait from there, and the owner does not elsewhere.
    waits(&ana.try_log_in(&app, &thief, PASSWORD).await);
    ana.log_in(Device::phone("phone-1")).await;
}

async fn waits_end_to_the_second_and_failures_are_forgotten(app: TestApp) {
    let ana = app.user("ana").await;
    let thief = Device::phone("thief").at("8.8.8.8");
    fail(&app, &ana, &thief, 5).await;
    step(&app, 1);
    fail(&app, &ana, &thief, 1).await;
    assert_eq!(waits(&wrong(&app, &ana, &thief).await), 2);
    app.clock.step(Duration::from_millis(1999));
    assert_eq!(waits(&wrong(&app, &ana, &thief).await), 1);
    app.clock.step(Duration::from_millis(1));
    fail(&app, &ana, &thief, 1).await;
    // Seven failures, the first counted three seconds ago. All are forgotten after seven quarters of
    // an hour; one is left a second before.
    let ages = 7 * 15 * 60 - 3;
    step(&app, ages - 1);
    fail(&app, &ana, &thief, 4).await;
    assert_eq!(waits(&wrong(&app, &ana, &thief).await), 1, "five with the one that was left");
    step(&app, 3600 * 2);
    fail(&app, &ana, &thief, 5).await;
    assert_eq!(waits(&wrong(&app, &ana, &thief).await), 1);
}

async fn an_unknown_account_waits_as_a_known_one_does(app: TestApp) {
    let known = app.user("ana").await;
    let unknown = TestUser::known(&app, 0, "13000000000");
    let mut stories = Vec::new();
    for (user, ip) in [(&known, "8.8.8.8"), (&unknown, "8.8.4.4")] {
        let device = Device::phone("thief").at(ip);
        let mut told = Vec::new();
        let before = app.app.passwords.work();
        for _ in 0..8 {
            let mut reply = wrong(&app, user, &device).await;
            reply.json["request_id"].take();
            told.push((reply.status, reply.headers.get("retry-after").cloned(), reply.json));
        }
        let after = app.app.passwords.work();
        stories.push((told, after.0 - before.0, after.1 - before.1));
    }
    assert_eq!(stories[0], stories[1]);
    assert_eq!(stories[0].1, 5, "five were checked");
}

async fn a_refused_try_costs_no_hash_and_no_longer_wait(app: TestApp) {
    let ana = app.user("ana").await;
    let thief = Device::phone("thief").at("8.8.8.8");
    fail(&app, &ana, &thief, 5).await;
    let work = app.app.passwords.work();
    for _ in 0..50 {
        assert_eq!(waits(&wrong(&app, &ana, &thief).await), 1);
    }
    assert_eq!(app.app.passwords.work(), work);
    step(&app, 1);
    fail(&app, &ana, &thief, 1).await;
}

async fn a_thousand_addresses_do_not_lock_the_owner_out(app: TestApp) {
    let ana = app.user("ana").await;
    let phone = proven(&ana, Device::phone("phone-1")).await;
    let mut through = 0;
    for n in 0..1000 {
        let reply = wrong(&app, &ana, &Device::phone("bot").at(&address(n))).await;
        through += u32::from(reply.status == 401);
        if n % 100 == 0 {
            // The owner gets in throughout, from wherever their phone is.
            let owner = phone.clone().at(&format!("203.0.{}.1", n / 100));
            ana.try_log_in(&app, &owner, PASSWORD).await.ok();
        }
    }
    assert_eq!(through, 20, "the account's free failures, and no more");
    // Without proof the right password waits, and is not told from a wrong one.
    let elsewhere = Device::browser("new").at("198.51.100.1");
    let mut right = ana.try_log_in(&app, &elsewhere, PASSWORD).await;
    let mut other = wrong(&app, &ana, &elsewhere).await;
    assert_eq!(waits(&right), waits(&other));
    right.json["request_id"].take();
    other.json["request_id"].take();
    assert_eq!(right.json, other.json);
    step(&app, 1);
    ana.try_log_in(&app, &elsewhere, PASSWORD).await.ok();
}

async fn parallel_guesses_at_two_processes_have_one_budget(app: TestApp) {
    let two = app.second_process().await;
    let ana = app.user("ana").await;
    let thief = Device::phone("thief").at("8.8.8.8");
    let guesses = (0..40).map(|n| wrong(if n % 2 == 0 { &app } else { &two }, &ana, &thief));
    let replies = join_all(guesses).await;
    let through = replies.iter().filter(|reply| reply.status == 401).count();
    assert_eq!(through, 5);
    assert_eq!(replies.iter().filter(|reply| reply.status == 429).count(), 35);
    assert_eq!(app.app.passwords.work().0 + two.app.passwords.work().0, 5);
}

async fn parallel_log_ins_with_the_right_password_all_get_in(app: TestApp) {
    let two = app.second_process().await;
    let ana = app.user("ana").await;
    let phone = Device::phone("phone-1");
    fail(&app, &ana, &phone, 4).await;
    let log_ins = (0..40).map(|n| {
        let at = if n % 2 == 0 { &app } else { &two };
        ana.try_log_in(at, &phone, PASSWORD)
    });
    for reply in join_all(log_ins).await {
        reply.ok();
    }
}

async fn a_try_that_nobody_waits_for_counts(app: TestApp) {
    let ana = app.user("ana").await;
    let thief = Device::phone("thief").at("8.8.8.8");
    for nth in 1..=5 {
        // Gone as soon as it has been let in, before its answer.
        tokio::select! {
            reply = wrong(&app, &ana, &thief) => reply.refused(401, "INVALID_CREDENTIALS"),
            () = let_in(&app, nth) => {}
        }
    }
    waits(&wrong(&app, &ana, &thief).await);
}

async fn let_in(app: &TestApp, nth: u32) {
    let open = async || {
        let mut handle = app.app.db.acquire().await.unwrap();
        let rows = store::attempts::find(handle.conn(), &["address:8.8.8.8"]).await.unwrap();
        rows.iter().any(|row| row.count.failures + row.count.open_tries() == nth)
    };
    while !open().await {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    // The origin has committed, and is about to know it.
    tokio::time::sleep(Duration::from_millis(2)).await;
}

async fn parallel_guesses_from_many_addresses_have_one_budget(app: TestApp) {
    let two = app.second_process().await;
    let ana = app.user("ana").await;
    let devices: Vec<_> = (0..60).map(|n| Device::phone("bot").at(&address(n))).collect();
    let guesses = devices.iter().enumerate();
    let guesses =
        guesses.map(|(n, device)| wrong(if n % 2 == 0 { &app } else { &two }, &ana, device));
    let replies = join_all(guesses).await;
    assert_eq!(replies.iter().filter(|reply| reply.status == 401).count(), 20);
    assert_eq!(replies.iter().filter(|reply| reply.status == 429).count(), 40);
}

async fn an_address_that_tries_many_accounts_waits(app: TestApp) {
    let thief = Device::phone("thief").at("8.8.8.8");
    for n in 0..50 {
        let user = TestUser::known(&app, 0, &format!("130{n:08}"));
        wrong(&app, &user, &thief).await.refused(401, "INVALID_CREDENTIALS");
    }
    let fresh = TestUser::known(&app, 0, "13100000000");
    assert_eq!(waits(&wrong(&app, &fresh, &thief).await), 1);
    wrong(&app, &fresh, &thief.clone().at("8.8.8.9")).await.refused(401, "INVALID_CREDENTIALS");
}

async fn behind_one_address_a_proven_device_gets_in(app: TestApp) {
    let ana = app.user("ana").await;
    let nat = "116.4.39.203";
    let phone = proven(&ana, Device::phone("phone-1").at(nat)).await;
    for n in 0..50 {
        let user = TestUser::known(&app, 0, &format!("130{n:08}"));
        wrong(&app, &user, &Device::phone("thief").at(nat)).await;
    }
    let stranger = Device::browser("new").at(nat);
    waits(&ana.try_log_in(&app, &stranger, PASSWORD).await);
    ana.try_log_in(&app, &phone, PASSWORD).await.ok();
    // The proof is of its user alone.
    let bob = app.user("bob").await;
    waits(&bob.try_log_in(&app, &phone, PASSWORD).await);
    let forged = Device { device_token: Some("x.y".into()), ..phone };
    waits(&ana.try_log_in(&app, &forged, PASSWORD).await);
}

async fn an_ipv6_household_is_one_address(app: TestApp) {
    let ana = app.user("ana").await;
    for n in 0..5 {
        fail(&app, &ana, &Device::phone("thief").at(&format!("2001:db8:1:2:{n}::1")), 1).await;
    }
    waits(&wrong(&app, &ana, &Device::phone("thief").at("2001:db8:1:2:ffff::1")).await);
    fail(&app, &ana, &Device::phone("other").at("2001:db8:1:3::1"), 1).await;
}

async fn a_proven_device_has_a_budget_and_no_more(app: TestApp) {
    let ana = app.user("ana").await;
    let phone = proven(&ana, Device::phone("phone-1")).await;
    fail(&app, &ana, &phone, 10).await;
    // Not even from another address.
    let moved = phone.clone().at("8.8.8.8");
    assert_eq!(waits(&ana.try_log_in(&app, &moved, PASSWORD).await), 1);
    // And nobody else is held up by it.
    ana.log_in(Device::browser("browser-1")).await;
    step(&app, 1);
    ana.try_log_in(&app, &moved, PASSWORD).await.ok();
}

async fn success_forgets_a_persons_own_failures(app: TestApp) {
    let ana = app.user("ana").await;
    let phone = Device::phone("phone-1");
    for _ in 0..4 {
        fail(&app, &ana, &phone, 4).await;
        ana.try_log_in(&app, &phone, PASSWORD).await.ok();
    }
    // What others share does not forget, and the successes count for nothing there.
    let mut handle = app.app.db.acquire().await.unwrap();
    let rows = store::attempts::find(handle.conn(), &["address:116.4.39.203"]).await.unwrap();
    assert_eq!((rows[0].count.failures, rows[0].count.wait_until), (16, None));
}

async fn registrations_from_one_address_wait(app: TestApp) {
    let from = [9, 9, 9, 9].into();
    let register = |n: u32| {
        let mobile = format!("137{n:08}");
        post(route::REGISTER, &json!({ "mobile": mobile, "password": PASSWORD, "nickname": "x" }))
    };
    for n in 0..19 {
        app.send(register(n), from).await.ok();
    }
    app.send(register(0), from).await.refused(409, "CONFLICT");
    let work = app.app.passwords.work();
    assert_eq!(waits(&app.send(register(20), from).await), 30);
    assert_eq!(app.app.passwords.work(), work);
    app.send(register(20), [9, 9, 9, 8].into()).await.ok();
    step(&app, 30);
    app.send(register(21), from).await.ok();
}

async fn each_wait_is_audited_once(app: TestApp) {
    let ana = app.user("ana").await;
    let thief = Device::phone("thief").at("8.8.8.8");
    fail(&app, &ana, &thief, 5).await;
    for _ in 0..2 {
        for _ in 0..20 {
            waits(&wrong(&app, &ana, &thief).await);
        }
        step(&app, 2);
        fail(&app, &ana, &thief, 1).await;
    }
    let mut handle = app.app.db.acquire().await.unwrap();
    let events = store::audit::of_user(handle.conn(), ana.user_id, 100).await.unwrap();
    let of = |kind: &str| {
        let events = events.iter().filter(|event| event.event == kind);
        events.map(|event| event.detail.clone().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(of("login_failed"), vec![json!({ "why": "wrong_password" }); 7]);
    let blocked = |seconds| json!({ "limit": "account_at_address", "retry_after": seconds });
    assert_eq!(of("login_blocked"), [blocked(1), blocked(2)]);
}

async fn rows_expire_and_are_removed(app: TestApp) {
    let ana = app.user("ana").await;
    fail(&app, &ana, &Device::phone("thief").at("8.8.8.8"), 2).await;
    let mut handle = app.app.db.acquire().await.unwrap();
    let remove = async |handle: &mut store::db::Handle, after: u64, limit: i64| {
        let at = app.clock.now().plus(Duration::from_secs(after));
        store::attempts::delete_expired(handle.conn(), at, limit).await.unwrap()
    };
    // The address forgets in a minute, the registration in three, the account in half an hour.
    assert_eq!(remove(&mut handle, 59, 10).await, 0);
    assert_eq!(remove(&mut handle, 60, 10).await, 1);
    assert_eq!(remove(&mut handle, 180, 10).await, 1);
    assert_eq!(remove(&mut handle, 1799, 10).await, 0);
    assert_eq!(remove(&mut handle, 1800, 1).await, 1);
    assert_eq!(remove(&mut handle, 1800, 10).await, 1);
    assert_eq!(remove(&mut handle, 1800, 10).await, 0);
}
