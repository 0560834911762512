//! Messages that were taken and are not stored: their sender is told, and told again when back.

use shared::user::{ClientType, Role};
use tests::{
    both_databases,
    chat::{Cut, Probe, scene::Pair},
    system::System,
};

both_databases!(run by tests::system::run: a_message_that_is_not_stored_is_told_of_until_it_is_heard);

async fn a_message_that_is_not_stored_is_told_of_until_it_is_heard(mut system: System) {
    let closed = Pair::meet(&system).await;
    let banned = Pair::meet(&system).await;
    let mut of_closed = Probe::open(&closed.user_account(&system)).await;
    let mut of_banned = Probe::open(&banned.user_account(&system)).await;

    // Taken while the origin is away; what was allowed then is allowed no longer when it is back.
    system.kill_origin();
    for (pair, probe) in [(&closed, &mut of_closed), (&banned, &mut of_banned)] {
        let ack = probe.say(pair.conversation, "too late", "t-1");
        assert_eq!(probe.answer(ack).await.expect("it is taken")["status"], "sending");
    }
    of_closed.cut(Cut::Reset);
    let close = "UPDATE customer_service_sessions SET status = 'closed' WHERE customer_service_session_id =";
    system.alter(&format!("{close} {}", closed.conversation)).await;
    let ban = |status: &str| {
        format!("UPDATE users SET status = '{status}' WHERE user_id = {}", banned.user.user_id)
    };
    system.alter(&ban("banned")).await;
    system.start_origin();

    let failed = of_banned.event("message_failed", |_| true).await;
    assert_eq!(
        (failed["temp_message_id"].as_str(), failed["code"].as_str()),
        (Some("t-1"), Some("USER_INACTIVE"))
    );
    assert_eq!(of_banned.closed().await.0, 4419);
    let refused = Probe::try_open(&banned.user_account(&system)).await;
    assert!(refused.is_err(), "nobody who is banned comes in");
    // Let in again they log in anew: the session has ended with the ban.
    system.alter(&ban("active")).await;
    let again = system.session(banned.user.user_id, Role::User, ClientType::MiniProgram).await;

    for (pair, client, code) in
        [(&closed, &closed.user, "CONFLICT"), (&banned, &again, "USER_INACTIVE")]
    {
        let mut probe = Probe::open(&system.account(client)).await;
        // It may fail only now: then it is told at once, and at the next resume again.
        probe.resume(&[(pair.conversation, 0)]).await;
        let failed = probe.event("message_failed", |_| true).await;
        assert_eq!(
            (failed["temp_message_id"].as_str(), failed["code"].as_str()),
            (Some("t-1"), Some(code))
        );
        let mut probe = Probe::open(&system.account(client)).await;
        probe.resume(&[(pair.conversation, 0)]).await;
        assert_eq!(probe.seen("message_failed").len(), 1, "{code}");
        assert!(probe.messages().is_empty());
    }

    // Into a closed conversation, with everything at work.
    let mut probe = Probe::open(&closed.user_account(&system)).await;
    probe.say(closed.conversation, "hello?", "t-2");
    let failed = probe.event("message_failed", |data| data["temp_message_id"] == "t-2").await;
    assert_eq!(failed["code"], "CONFLICT");
}
