//! Each end, grace and leeway, a second before its boundary and at it.

use std::time::Duration;

use shared::{route, token::Claims};
use tests::{Device, LoggedIn, TestApp, both_databases};

both_databases!(
    an_access_token_ends_to_the_second_and_has_no_leeway,
    a_token_from_the_future_has_thirty_seconds,
    a_session_ends_absolutely_to_the_second,
    a_session_ends_idly_to_the_second,
    a_refresh_token_ends_to_the_second,
    a_used_refresh_token_has_thirty_seconds,
    no_token_outlives_its_session,
);

const SECOND: Duration = Duration::from_secs(1);

async fn phone(app: &TestApp) -> LoggedIn<'_> {
    app.user("ana").await.log_in(Device::phone("phone-1")).await
}

fn claims(app: &TestApp, client: &LoggedIn<'_>) -> Claims {
    let (keys, now) = (app.app.keys.verification(), app.app.ambient.now());
    shared::token::verify(&client.token, keys, &app.app.expectations, now).unwrap()
}

/// The same client with claims of its token changed.
fn with<'a>(
    app: &TestApp,
    client: &LoggedIn<'a>,
    change: impl FnOnce(&mut Claims),
) -> LoggedIn<'a> {
    let mut claims = claims(app, client);
    change(&mut claims);
    client.clone().with_token(app.app.keys.sign(&claims).unwrap())
}

/// A token that outlives every step of a test.
fn undying<'a>(app: &TestApp, client: &LoggedIn<'a>) -> LoggedIn<'a> {
    with(app, client, |claims| claims.exp += 365 * 24 * 3600)
}

async fn an_access_token_ends_to_the_second_and_has_no_leeway(app: TestApp) {
    let ana = phone(&app).await;
    app.clock.step(Duration::from_hours(24).saturating_sub(SECOND));
    ana.get(route::ME).await.ok();
    app.clock.step(SECOND);
    ana.get(route::ME).await.refused(401, "TOKEN_EXPIRED");
}

async fn a_token_from_the_future_has_thirty_seconds(app: TestApp) {
    type Shift = fn(&mut Claims, i64);
    let shifts: [Shift; 2] = [
        |claims, seconds| claims.iat += seconds,
        |claims, seconds| claims.nbf = Some(claims.iat + seconds),
    ];
    for shift in shifts {
        let ana = phone(&app).await;
        with(&app, &ana, |claims| shift(claims, 30)).get(route::ME).await.ok();
        let early = with(&app, &ana, |claims| shift(claims, 31));
        early.get(route::ME).await.refused(401, "TOKEN_INVALID");
        app.clock.step(SECOND);
        early.get(route::ME).await.ok();
    }
}

async fn a_session_ends_absolutely_to_the_second(app: TestApp) {
    let ana = undying(&app, &phone(&app).await);
    for _ in 0..5 {
        app.clock.step(Duration::from_hours(5 * 24));
        ana.device_is_used(&app).await;
    }
    app.clock.step(Duration::from_hours(5 * 24).saturating_sub(SECOND));
    ana.get(route::ME).await.ok();
    app.clock.step(SECOND);
    ana.get(route::ME).await.refused(401, "SESSION_EXPIRED");
}

async fn a_session_ends_idly_to_the_second(app: TestApp) {
    let ana = undying(&app, &phone(&app).await);
    app.clock.step(Duration::from_hours(7 * 24).saturating_sub(SECOND));
    ana.get(route::ME).await.ok();
    app.clock.step(SECOND);
    ana.get(route::ME).await.refused(401, "SESSION_IDLE");
}

async fn a_refresh_token_ends_to_the_second(app: TestApp) {
    let in_time = phone(&app).await;
    app.clock.step(Duration::from_hours(7 * 24).saturating_sub(SECOND));
    in_time.device_is_used(&app).await;
    in_time.refresh().await.ok();

    let late = app.user("bob").await.log_in(Device::phone("phone-2")).await;
    app.clock.step(Duration::from_hours(7 * 24).saturating_sub(SECOND));
    late.device_is_used(&app).await;
    app.clock.step(SECOND);
    late.refresh().await.refused(401, "TOKEN_EXPIRED");
}

async fn a_used_refresh_token_has_thirty_seconds(app: TestApp) {
    let ana = phone(&app).await;
    let first = ana.refresh().await.refresh_token();
    app.clock.step(30 * SECOND);
    assert_eq!(ana.refresh().await.refresh_token(), first);
    app.clock.step(SECOND);
    ana.refresh().await.refused(401, "REUSE_DETECTED");
}

async fn no_token_outlives_its_session(app: TestApp) {
    let ana = phone(&app).await;
    let mut token = ana.refresh_token.clone();
    for _ in 0..5 {
        app.clock.step(Duration::from_hours(6 * 24).saturating_sub(SECOND));
        token = app.refresh(&token).await.refresh_token().unwrap();
    }
    let reply = app.refresh(&token).await;
    assert_eq!(reply.data()["expires_in"], 5, "what is left of the session");
    assert_eq!(reply.data()["refresh_expires_in"], 5);
}
