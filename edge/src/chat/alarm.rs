//! The object's one alarm, which all that must be done later shares.

use std::time::Duration;

use futures_util::future::join4;
use shared::time::Timestamp;

use super::room::Room;
use crate::{clock, log};

/// The alarm is not set for less than this: what comes together is done together.
const SOONEST: Duration = Duration::from_millis(20);
/// An alarm that should have rung so long ago is taken for lost.
const LOST_AFTER: Duration = Duration::from_secs(30);

impl Room {
    /// The alarm rings: does what is due. It never fails, since the platform gives up on an alarm that
    /// keeps failing.
    pub async fn ring(&self) {
        self.armed.set(None);
        let now = clock::now();
        self.run_life(now);
        self.run_remote();
        // Not waited for: while this rings it cannot ring again, and what waits for the origin must not
        // hold up the rest.
        if let Some(room) = self.me() {
            self.state.wait_until(async move {
                join4(
                    room.flush(),
                    room.flush_marks(),
                    room.send_queue(now),
                    room.tell_presence(now),
                )
                .await;
                room.arm().await;
            });
        }
        self.arm().await;
    }

    /// Sets the alarm to when something is due next.
    pub(super) async fn arm(&self) {
        let now = clock::now();
        let due = [
            self.outgoing_due(now),
            self.marks_due(now),
            self.queue_due(),
            self.presence_due(now),
            self.life_due(),
            self.remote_due(now),
        ];
        if let Some(due) = due.into_iter().flatten().min() {
            self.set_alarm(due, now).await;
        }
    }

    /// Has the alarm ring at `due`, unless it does before that anyway.
    pub(super) async fn arm_by(&self, due: Timestamp) {
        match self.armed.get() {
            // Just woken: an alarm may be set that we do not know of, and of all that is due.
            None => self.arm().await,
            Some(_) => self.set_alarm(due, clock::now()).await,
        }
    }

    async fn set_alarm(&self, due: Timestamp, now: Timestamp) {
        let is_set = |armed: Timestamp| armed <= due && now < armed.plus(LOST_AFTER);
        if self.armed.get().is_some_and(is_set) {
            return;
        }
        self.armed.set(Some(due));
        if let Err(error) = self.state.storage().set_alarm(due.since(now).max(SOONEST)).await {
            self.armed.set(None);
            log::error("", &format!("no alarm: {error}"));
        }
    }

    /// The value, or a line in the log.
    pub(super) fn logged<T>(what: &str, result: worker::Result<T>) -> Option<T> {
        result.inspect_err(|error| log::error("", &format!("{what}: {error}"))).ok()
    }
}

/// When to try again after so many failures.
pub(super) fn retry_at(now: Timestamp, failures: u32) -> Timestamp {
    now.plus(Duration::from_millis(200 << failures.min(6)))
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn pauses_grow_to_a_limit() {
        let pause = |failures| retry_at(Timestamp::EPOCH, failures).as_millis();
        assert_eq!([0, 1, 6, 7, u32::MAX].map(pause), [200, 400, 12_800, 12_800, 12_800]);
    }
}
