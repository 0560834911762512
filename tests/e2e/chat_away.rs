//! Clients that were away, asleep, or too slow.

use std::time::Duration;

use tests::{
    Backend,
    chat::{
        App, Cut, Manner, Probe,
        scene::{
            Pair,
            away::{percentile, replays},
            idle, slow,
        },
    },
    system::{System, run, settled},
};
use tokio::time::{Instant, sleep};

/// The most by which the edge may grow beyond what it needs for a reader that keeps up: it holds 1 MiB for the
/// slow one. Much less than what is sent, which is what it would grow by if it held all.
const GROWTH: u64 = 32 * 1024 * 1024;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_hundred_missed_messages_come_by_resume_and_more_by_rest() {
    run(Backend::MySql, async |system| {
        let pair = Pair::meet(&system).await;
        pair.agent_says_much(&system, 500, |n| format!("missed {n}")).await;
        let times = replays(&system, &pair, 0, 20).await;
        println!(
            "500 missed messages: p50 {:?}, p99 {:?}",
            percentile(&times, 50),
            percentile(&times, 99)
        );

        pair.agent_says_much(&system, 100, |n| format!("missed, too, {n}")).await;
        settled(&system).await;
        let mut probe = Probe::open(&pair.user_account(&system)).await;
        let resumed = probe.resume(&[(pair.conversation, 0)]).await;
        let truncated = probe.event("resume_truncated", |_| true).await;
        assert_eq!(truncated["customer_service_session_id"], pair.conversation);
        assert_eq!(
            (&truncated["seq"], &resumed["conversations"][0]["seq"]),
            (&500.into(), &500.into())
        );
        let got: Vec<_> = probe.messages().into_iter().map(|(_, seq)| seq).collect();
        assert!(got.iter().copied().eq(1..=500), "{got:?}");

        // A good client loads the rest by REST, and is as if it had never been away.
        let app = App::start("user", pair.user_account(&system), Manner::user(1));
        app.join(pair.conversation);
        let deadline = Instant::now() + Duration::from_secs(30);
        while app.state().book.positions() != [(pair.conversation, 600)] {
            assert!(Instant::now() < deadline, "{:?}", app.state().book.positions());
            sleep(Duration::from_millis(50)).await;
        }
        assert!(app.state().book.violations.is_empty(), "{:?}", app.state().book.violations);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn heartbeats_let_a_room_sleep_and_who_was_away_meanwhile_misses_nothing() {
    run(Backend::Sqlite, async |mut system: System| {
        system.restart_edge_with(&[
            ("TRACE_ROOMS", "1"),
            ("GATEWAY_OBJECTS", "1"),
            ("SOCKET_IO_PING_INTERVAL_MS", "20000"),
        ]);
        let pair = Pair::meet(&system).await;
        let gone = Pair::meet(&system).await;
        let mut probe = Probe::open(&gone.user_account(&system)).await;
        probe.say(gone.conversation, "before", "t-1");
        probe.message("before").await;
        probe.cut(Cut::Reset);
        let other = Pair::meet(&system).await;
        let time = Duration::from_secs(30);
        let (woken, by_socket_io) = tokio::join!(
            idle::heartbeats(&system, &pair, time),
            idle::socket_io(&system, &other, time)
        );
        assert_eq!(woken, 0, "heartbeats woke the room");
        // In thirty seconds a ping is due once or twice; nothing but that wakes its gateway.
        println!("an idle client of Socket.IO: {by_socket_io:?}");
        assert_eq!(by_socket_io.room, 0, "heartbeats woke the room");
        assert!((1..=2).contains(&by_socket_io.gateway), "{by_socket_io:?}");

        // The other one's room has slept as long; what was written meanwhile is there for it.
        gone.agent_says(&system, "while you were away").await;
        settled(&system).await;
        let mut probe = Probe::open(&gone.user_account(&system)).await;
        probe.resume(&[(gone.conversation, 1)]).await;
        assert_eq!(probe.messages(), [(gone.conversation, 2)]);
        assert_eq!(probe.message("while you were away").await.0, "new_message");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_wrote_learns_that_it_was_delivered_by_resume() {
    run(Backend::Sqlite, async |system| {
        let pair = Pair::meet(&system).await;
        let mut desk = Probe::open(&pair.agent_account(&system)).await;
        let probe = Probe::open(&pair.user_account(&system)).await;
        // Who comes is announced, and with that the room looks after everything once: only then is it quiet.
        desk.event("presence", |data| data["is_online"] == true).await;
        probe.cut(Cut::Fin);
        desk.event("presence", |data| data["is_online"] == false).await;
        pair.agent_says(&system, "while you were away").await;
        settled(&system).await;
        let mut probe = Probe::open(&pair.user_account(&system)).await;
        desk.event("presence", |data| data["is_online"] == true).await;
        sleep(Duration::from_secs(1)).await;
        probe.resume(&[(pair.conversation, 0)]).await;
        probe.message("while you were away").await;
        let told = desk.event("message_status", |data| data["status"] == "delivered").await;
        assert_eq!(told["customer_service_session_id"], pair.conversation);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_that_stops_reading_is_closed_and_catches_up() {
    run(Backend::Sqlite, async |system| {
        let pair = Pair::meet(&system).await;
        let slow = slow::reader(&system, &pair).await;
        println!("a slow reader: {slow:?}");
        let grown = slow.memory_most.saturating_sub(slow.memory_kept_up);
        assert!(slow.sent > 2 * usize::try_from(GROWTH).expect("fits"));
        assert!(grown < GROWTH, "the edge has grown by {grown} bytes");
    })
    .await;
}
