//! Those that wait for the outcome of others.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use futures_util::future::join_all;
use origin::{
    clock::Clock as _,
    sessions::attempts::{MAX_QUEUED, limit::Count},
    store::{self, attempts::Attempts},
};
use tests::{Device, TestApp, both_databases, user::PASSWORD};

use super::{fail, step, waits, wrong};

both_databases!(
    tries_of_a_process_that_died_are_one_wait,
    tries_of_a_process_that_died_are_counted_while_others_go_on,
    a_full_queue_turns_away_and_loses_nobody,
);

const HELD: &str = "address:8.8.8.8";

/// So many tries of 8.8.8.8 go on somewhere, for fifteen seconds if nobody tells of them.
async fn hold(app: &TestApp, open_tries: usize) {
    let now = app.clock.now();
    let until = now.plus(Duration::from_secs(15));
    let count = Count { open_ends: vec![until; open_tries], ..Count::none(now) };
    let row = Attempts { attempt_key: HELD.to_owned(), count, noted_until: None };
    let mut tx = app.app.db.begin().await.unwrap();
    store::attempts::lock(tx.conn(), &[HELD], now).await.unwrap();
    store::attempts::save(tx.conn(), &row, until).await.unwrap();
    tx.commit().await.unwrap();
}

async fn tries_of_a_process_that_died_are_one_wait(app: TestApp) {
    let ana = app.user("ana").await;
    let thief = Device::phone("thief").at("8.8.8.8");
    hold(&app, 51).await;
    step(&app, 15);
    assert_eq!(waits(&wrong(&app, &ana, &thief).await), 2);
    step(&app, 1);
    assert_eq!(waits(&wrong(&app, &ana, &thief).await), 1, "and not anew with each look");
    step(&app, 1);
    fail(&app, &ana, &thief, 1).await;
    let mut handle = app.app.db.acquire().await.unwrap();
    let rows = store::attempts::find(handle.conn(), &[HELD]).await.unwrap();
    assert_eq!((rows[0].count.failures, rows[0].count.open_tries()), (52, 0));
    let events = store::audit::of_user(handle.conn(), ana.user_id, 100).await.unwrap();
    assert_eq!(events.iter().filter(|event| event.event == "login_blocked").count(), 1);
}

async fn tries_of_a_process_that_died_are_counted_while_others_go_on(app: TestApp) {
    let ana = app.user("ana").await;
    let phone = Device::phone("phone-1").at("8.8.8.8");
    hold(&app, 49).await;
    // Never fifteen seconds without a try.
    for _ in 0..2 {
        step(&app, 10);
        ana.try_log_in(&app, &phone, PASSWORD).await.ok();
    }
    let mut handle = app.app.db.acquire().await.unwrap();
    let rows = store::attempts::find(handle.conn(), &[HELD]).await.unwrap();
    assert_eq!(rows[0].count.failures, 49, "{rows:?}");
}

async fn a_full_queue_turns_away_and_loses_nobody(app: TestApp) {
    const TOO_MANY: usize = 20;
    let app = app
        .process_with(|config| {
            let limits = &mut config.policy.login_limits;
            (limits.account.free, limits.account_at_address.free) = (1000, 1000);
        })
        .await;
    let ana = app.user("ana").await;
    let phone = Device::phone("phone-1").at("8.8.8.8");
    // All that may go on from there do: whoever comes has to queue.
    hold(&app, 50).await;
    let (told, turned_away) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let (app, ana, phone) = (&app, &ana, &phone);
    let (told, turned_away) = (&told, &turned_away);
    let log_ins = (0..MAX_QUEUED + TOO_MANY).map(|_| async move {
        let reply = ana.try_log_in(app, phone, PASSWORD).await;
        told.fetch_add(1, Ordering::SeqCst);
        if reply.status == 200 {
            return;
        }
        assert_eq!(waits(&reply), 1);
        turned_away.fetch_add(1, Ordering::SeqCst);
    });
    let release = async {
        while told.load(Ordering::SeqCst) < TOO_MANY {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        hold(app, 0).await;
    };
    tokio::join!(join_all(log_ins), release);
    assert_eq!(turned_away.load(Ordering::SeqCst), TOO_MANY);
    assert_eq!(told.load(Ordering::SeqCst), MAX_QUEUED + TOO_MANY);
}
