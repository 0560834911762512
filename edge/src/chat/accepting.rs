//! Messages that come close after one another, to be put into the outbox together: what each costs is
//! mostly the commit.

use std::time::Duration;

use shared::{internal::SocketMessage, time::Timestamp};

use super::sockets::Socket;

/// Who follows a message within this is put into the outbox together with others.
const CLOSE: Duration = Duration::from_millis(10);
/// How long they are waited for.
pub const TOGETHER: Duration = Duration::from_millis(2);
/// When who collects is taken for lost.
const LOST_AFTER: Duration = Duration::from_secs(1);

/// A message that was sent on a socket.
pub struct Sent {
    /// The socket.
    pub socket: Socket,
    /// What the origin is to store.
    pub message: SocketMessage,
    /// The number by which the client wants to hear that it is kept.
    pub ack: Option<u64>,
}

/// How long is waited for others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Collecting {
    /// Not at all: nobody has sent anything just before.
    ForNobody,
    /// For [`TOGETHER`].
    ForAWhile,
}

/// Messages that are about to be accepted, in the order in which they came.
pub struct Accepting<T = Sent> {
    waiting: Vec<T>,
    /// Since when somebody collects.
    since: Option<Timestamp>,
    /// When messages were last taken.
    taken_at: Option<Timestamp>,
}

impl<T> Default for Accepting<T> {
    fn default() -> Self {
        Self { waiting: Vec::new(), since: None, taken_at: None }
    }
}

impl<T> Accepting<T> {
    /// Adds a message. Who is told how long to wait is to [`Self::take`] all that are there then; who is
    /// told nothing has it taken along.
    pub fn add(&mut self, sent: T, now: Timestamp) -> Option<Collecting> {
        self.waiting.push(sent);
        if self.since.is_some_and(|since| now < since.plus(LOST_AFTER)) {
            return None;
        }
        self.since = Some(now);
        let follows = self.taken_at.is_some_and(|at| now < at.plus(CLOSE));
        Some(if follows { Collecting::ForAWhile } else { Collecting::ForNobody })
    }

    /// All that are there.
    pub fn take(&mut self, now: Timestamp) -> Vec<T> {
        self.since = None;
        self.taken_at = Some(now);
        std::mem::take(&mut self.waiting)
    }
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis).unwrap()
    }

    #[test]
    fn the_first_waits_for_nobody_and_those_that_follow_are_taken_together() {
        let mut accepting = Accepting::default();
        assert_eq!(accepting.add(1, at(0)), Some(Collecting::ForNobody));
        assert_eq!(accepting.take(at(0)), [1]);
        assert_eq!(accepting.add(2, at(1)), Some(Collecting::ForAWhile));
        assert_eq!([accepting.add(3, at(1)), accepting.add(4, at(2))], [None, None]);
        assert_eq!(accepting.take(at(3)), [2, 3, 4]);
        assert_eq!(accepting.add(5, at(13)), Some(Collecting::ForNobody));
    }

    #[test]
    fn what_one_left_behind_who_never_came_back_is_taken_by_the_next() {
        let mut accepting = Accepting::default();
        assert_eq!(accepting.add(1, at(0)), Some(Collecting::ForNobody));
        assert_eq!(accepting.add(2, at(999)), None);
        assert_eq!(accepting.add(3, at(1000)), Some(Collecting::ForNobody));
        assert_eq!(accepting.take(at(1000)), [1, 2, 3]);
        assert!(accepting.take(at(1001)).is_empty());
    }
}
