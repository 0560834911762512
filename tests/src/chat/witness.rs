//! What one socket may be sent, and in which order: every frame is held against it.
//!
//! In a conversation messages come without a hole and none twice, but for three cases that the protocol
//! knows: a `resume` begins anew behind the position that it named; after `resume_truncated` there is a jump;
//! a message that its session sends again is answered to it again.

use std::collections::BTreeMap;

/// What is known of a socket.
#[derive(Debug, Default)]
pub struct Witness {
    conversations: BTreeMap<i64, Track>,
    /// What was not as it must be.
    pub violations: Vec<String>,
}

/// A conversation on a socket.
#[derive(Debug, Default)]
struct Track {
    last: Option<i64>,
    /// A replay from behind this `seq` has been asked for and has not been seen to begin.
    resumed_from: Option<i64>,
    /// The next message may be any that is newer.
    may_jump: bool,
}

impl Witness {
    /// The socket asks for what it has missed behind `seq`.
    pub fn asks(&mut self, conversation: i64, seq: i64) {
        self.conversations.entry(conversation).or_default().resumed_from = Some(seq);
    }

    /// The socket is told that a `resume` is answered up to `seq`.
    pub fn is_resumed(&mut self, conversation: i64, seq: i64) {
        let track = self.conversations.entry(conversation).or_default();
        let asked = track.resumed_from.take();
        let reached = track.last.max(asked);
        if reached.is_none() {
            self.violations
                .push(format!("{conversation} is resumed without having been asked for"));
        } else if !track.may_jump && reached < Some(seq) {
            self.violations
                .push(format!("{conversation} is resumed up to {seq}, and {reached:?} was sent"));
        }
        // What was not sent before cannot come after.
        track.last = reached.max(Some(seq));
    }

    /// The socket is told that more is missing than it is sent.
    pub fn is_truncated(&mut self, conversation: i64) {
        let track = self.conversations.entry(conversation).or_default();
        track.may_jump = true;
        track.resumed_from = None;
    }

    /// The socket gets a message. Whether it comes out of its turn as the answer to one that was sent again, where
    /// that may be.
    pub fn gets(&mut self, conversation: i64, seq: i64, may_be_answer: bool) -> bool {
        let track = self.conversations.entry(conversation).or_default();
        let next = track.last.map(|last| last + 1);
        // The first one is the beginning, whichever it is. Where a replay is to come, that begins anew.
        if next.is_none_or(|next| next == seq) {
            track.last = Some(seq);
        } else if track.resumed_from.is_some_and(|from| from + 1 == seq) {
            track.resumed_from = None;
            track.last = Some(seq);
        } else if may_be_answer {
            return true;
        } else if track.may_jump && next.is_none_or(|next| seq > next) {
            track.may_jump = false;
            track.last = Some(seq);
        } else {
            let what = if next.is_some_and(|next| seq < next) { "twice" } else { "after a hole" };
            self.violations.push(format!(
                "{conversation}: {seq} came {what}: last {:?}, resume from {:?}",
                track.last, track.resumed_from
            ));
            track.last = track.last.max(Some(seq));
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn got(story: impl FnOnce(&mut Witness)) -> usize {
        let mut witness = Witness::default();
        story(&mut witness);
        witness.violations.len()
    }

    fn live(witness: &mut Witness, seqs: &[i64]) {
        for seq in seqs {
            witness.gets(1, *seq, false);
        }
    }

    #[test]
    fn live_messages_come_once_and_in_order() {
        assert_eq!(got(|w| live(w, &[5, 6, 7])), 0);
        assert_eq!(got(|w| live(w, &[5, 7])), 1, "a hole");
        assert_eq!(got(|w| live(w, &[5, 6, 6])), 1, "twice");
        assert_eq!(got(|w| live(w, &[6, 5])), 1, "out of order");
    }

    #[test]
    fn a_resume_begins_anew_once() {
        let resumed = |seqs: &'static [i64]| {
            got(|w| {
                live(w, &[9, 10]);
                w.asks(1, 7);
                live(w, seqs);
            })
        };
        assert_eq!(resumed(&[8, 9, 10, 11]), 0);
        assert_eq!(resumed(&[11, 8, 9, 10, 11]), 0, "live before the replay begins");
        assert_eq!(resumed(&[8, 10]), 1, "a hole in the replay");
        assert_eq!(resumed(&[8, 9, 8, 9]), 2, "the replay twice");
        assert_eq!(resumed(&[9]), 1, "a replay that leaves one out");
        let first = |seqs: &'static [i64]| {
            got(|w| {
                w.asks(1, 7);
                live(w, seqs);
                w.is_resumed(1, 9);
            })
        };
        assert_eq!(first(&[8, 9, 8, 9]), 0, "live ones, and then the replay");
        assert_eq!(first(&[9, 8, 9]), 0, "the same, begun later");
        assert_eq!(first(&[8, 9, 8, 9, 8, 9]), 2);
    }

    #[test]
    fn after_a_resume_the_next_is_the_one_behind_it() {
        let after = |reached, next: &'static [i64]| {
            got(|w| {
                w.asks(1, 7);
                live(w, &[8, 9]);
                w.is_resumed(1, reached);
                live(w, next);
            })
        };
        assert_eq!(after(9, &[10]), 0);
        assert_eq!(after(9, &[11]), 1);
        assert_eq!(after(11, &[12]), 1, "it says to have sent what it has not");
        assert_eq!(
            got(|w| {
                w.asks(1, 7);
                w.is_resumed(1, 7);
                live(w, &[8]);
            }),
            0,
            "nothing was missing"
        );
        assert_eq!(got(|w| w.is_resumed(1, 7)), 1, "nobody asked");
    }

    #[test]
    fn a_truncated_resume_jumps_once() {
        let jump = |seqs: &'static [i64]| {
            got(|w| {
                w.asks(1, 0);
                live(w, &[1, 2]);
                w.is_truncated(1);
                live(w, seqs);
            })
        };
        assert_eq!(jump(&[900, 901]), 0);
        assert_eq!(jump(&[900, 902]), 1);
        assert_eq!(jump(&[2]), 1);
    }

    #[test]
    fn an_answer_to_what_was_sent_again_may_stand_anywhere() {
        let mut witness = Witness::default();
        live(&mut witness, &[5]);
        assert!(!witness.gets(1, 6, true), "in its turn");
        assert!(witness.gets(1, 6, true) && witness.gets(1, 3, true));
        assert!(witness.violations.is_empty());
        assert!(!witness.gets(1, 6, false));
        assert_eq!(witness.violations.len(), 1);
    }
}
