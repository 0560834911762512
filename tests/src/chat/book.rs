//! What a good client keeps on its device: what it has written until that is confirmed, and what it has
//! read, by `seq`. Nothing of it is lost with a socket.

use std::collections::BTreeMap;

use serde_json::Value;

/// A message that the client has written.
#[derive(Clone, Debug)]
pub struct Letter {
    /// The conversation.
    pub conversation: i64,
    /// The client's own id of it.
    pub temp_id: String,
    /// Text.
    pub content: String,
    /// How far it has come.
    pub state: LetterState,
    /// Whether the server ever took it upon itself.
    pub acked: bool,
    /// How often it was sent, over whatever socket of its session.
    pub times_sent: u32,
    /// How often it was answered out of its turn.
    pub times_repeated: u32,
}

/// How far a letter has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LetterState {
    /// It is to be sent.
    Queued,
    /// It was sent on the socket that is open.
    Unacked,
    /// The server has it.
    Sending,
    /// It is stored under this `seq`.
    Sent(i64),
    /// It is not stored and will not be, for this code.
    Failed(String),
}

impl LetterState {
    /// Whether nothing more will happen to it.
    #[must_use]
    pub const fn is_settled(&self) -> bool {
        matches!(self, Self::Sent(_) | Self::Failed(_))
    }
}

/// A message that the client has read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Its key.
    pub chat_message_id: i64,
    /// What it says.
    pub content: String,
    /// The sender's own id of it.
    pub temp_id: Option<String>,
}

/// A conversation as the client has it.
#[derive(Clone, Debug, Default)]
pub struct Shelf {
    /// By `seq`.
    pub pages: BTreeMap<i64, Page>,
    /// Up to here nothing is missing.
    pub complete_to: i64,
}

/// Everything.
#[derive(Clone, Debug, Default)]
pub struct Book {
    /// In the order in which they were written.
    pub letters: Vec<Letter>,
    /// By conversation.
    pub shelves: BTreeMap<i64, Shelf>,
    /// What was not as it must be.
    pub violations: Vec<String>,
    by_temp_id: BTreeMap<String, usize>,
}

/// Codes after which the same message may be sent again.
pub const PASSING: [&str; 3] = ["RATE_LIMITED", "ORIGIN_UNAVAILABLE", "INTERNAL"];

impl Book {
    /// Takes part in a conversation.
    pub fn join(&mut self, conversation: i64) {
        self.shelves.entry(conversation).or_default();
    }

    /// Writes a message.
    pub fn write(&mut self, conversation: i64, temp_id: &str, content: &str) {
        self.join(conversation);
        self.by_temp_id.insert(temp_id.to_owned(), self.letters.len());
        self.letters.push(Letter {
            conversation,
            temp_id: temp_id.to_owned(),
            content: content.to_owned(),
            state: LetterState::Queued,
            acked: false,
            times_sent: 0,
            times_repeated: 0,
        });
    }

    /// A letter by its id.
    #[must_use]
    pub fn letter(&self, temp_id: &str) -> Option<&Letter> {
        self.by_temp_id.get(temp_id).map(|index| &self.letters[*index])
    }

    fn letter_mut(&mut self, temp_id: &str) -> Option<&mut Letter> {
        self.by_temp_id.get(temp_id).map(|index| &mut self.letters[*index])
    }

    /// The next letter that is to be sent; it counts as sent.
    pub fn next_to_send(&mut self) -> Option<Letter> {
        let letter = self.letters.iter_mut().find(|one| one.state == LetterState::Queued)?;
        letter.state = LetterState::Unacked;
        letter.times_sent += 1;
        Some(letter.clone())
    }

    /// The socket is gone: what is not confirmed is to be sent again, in the old order.
    pub fn send_again(&mut self) {
        for letter in self.letters.iter_mut().filter(|one| !one.state.is_settled()) {
            letter.state = LetterState::Queued;
        }
    }

    /// A letter that was not acked for long is to be sent again.
    pub fn requeue(&mut self, temp_id: &str) {
        if let Some(letter) = self.letter_mut(temp_id)
            && letter.state == LetterState::Unacked
        {
            letter.state = LetterState::Queued;
        }
    }

    /// A letter is sent some more times.
    pub fn sent_again(&mut self, temp_id: &str, times: u32) {
        if let Some(letter) = self.letter_mut(temp_id) {
            letter.times_sent += times;
        }
    }

    /// Whether a letter may be answered once more, out of its turn: as often as it was sent again.
    #[must_use]
    pub fn may_repeat(&self, temp_id: &str) -> bool {
        self.letter(temp_id).is_some_and(|one| one.times_repeated + 1 < one.times_sent)
    }

    /// A letter was answered once more.
    pub fn repeated(&mut self, temp_id: &str) {
        if let Some(letter) = self.letter_mut(temp_id) {
            letter.times_repeated += 1;
        }
    }

    /// The server says that it has a letter.
    pub fn acked(&mut self, temp_id: &str, data: &Value) {
        let Some(letter) = self.letter_mut(temp_id) else {
            return self.violations.push(format!("an ack of {temp_id}, which was never sent"));
        };
        // What is stored already may be called so when it is sent again.
        let is_again = letter.times_sent > 1;
        let status = data["status"].as_str().unwrap_or_default();
        let fits = (status == "sending" || (is_again && status == "sent"))
            && data["temp_message_id"] == *temp_id
            && data["customer_service_session_id"] == letter.conversation;
        letter.acked = true;
        if letter.state == LetterState::Unacked || letter.state == LetterState::Queued {
            letter.state = LetterState::Sending;
        }
        if let LetterState::Failed(code) = &letter.state {
            let said = format!("{temp_id} is acked after it failed with {code}");
            self.violations.push(said);
        } else if !fits {
            self.violations.push(format!("{temp_id} is acked with {data}"));
        }
    }

    /// The server says that it has not taken a letter, or that it will not be stored.
    pub fn refused(&mut self, temp_id: &str, code: &str) {
        let Some(letter) = self.letter_mut(temp_id) else {
            return self.violations.push(format!("{temp_id} failed and was never sent"));
        };
        if PASSING.contains(&code) {
            if !letter.state.is_settled() {
                letter.state = LetterState::Queued;
            }
            return;
        }
        if let LetterState::Sent(seq) = letter.state {
            self.violations.push(format!("{temp_id} failed with {code} and is stored under {seq}"));
        } else {
            letter.state = LetterState::Failed(code.to_owned());
        }
    }

    /// A message is there, by whatever way: data of `message_sent` or `new_message`, or a row of the history.
    /// Where it stands, and its temporary id.
    pub fn apply(&mut self, message: &Value) -> Option<(i64, i64, Option<String>)> {
        let number = |field: &str| message[field].as_i64().filter(|number| *number > 0);
        let (Some(conversation), Some(seq), Some(chat_message_id), Some(content)) = (
            number("customer_service_session_id"),
            number("seq"),
            number("chat_message_id"),
            message["content"].as_str(),
        ) else {
            self.violations.push(format!("no message: {message}"));
            return None;
        };
        let temp_id = message["temp_message_id"].as_str().map(str::to_owned);
        let page = Page { chat_message_id, content: content.to_owned(), temp_id: temp_id.clone() };
        self.confirm(conversation, seq, &page);
        let Some(held) = self.shelves.get_mut(&conversation) else {
            self.violations.push(format!("a message of {conversation}, which is none of ours"));
            return None;
        };
        if held.pages.get(&seq).is_some_and(|known| *known != page) {
            self.violations.push(format!("{conversation}: two messages under {seq}"));
        }
        held.pages.insert(seq, page);
        while held.pages.contains_key(&(held.complete_to + 1)) {
            held.complete_to += 1;
        }
        Some((conversation, seq, temp_id))
    }

    /// A message of our own is stored.
    fn confirm(&mut self, conversation: i64, seq: i64, page: &Page) {
        let Some(temp_id) = &page.temp_id else { return };
        let Some(letter) = self.letter_mut(temp_id) else { return };
        let state = letter.state.clone();
        let is_ours = letter.conversation == conversation && letter.content == page.content;
        letter.state = LetterState::Sent(seq);
        let wrong = match state {
            LetterState::Sent(other) if other != seq => format!("is stored under {other}, too"),
            LetterState::Failed(code) => format!("had failed with {code}"),
            _ if !is_ours => "says something else".to_owned(),
            _ => return,
        };
        self.violations.push(format!("{temp_id}, stored under {seq}, {wrong}"));
    }

    /// Where to resume from: each conversation, and the last `seq` without a gap before it.
    #[must_use]
    pub fn positions(&self) -> Vec<(i64, i64)> {
        self.shelves.iter().map(|(id, shelf)| (*id, shelf.complete_to)).collect()
    }

    /// Letters that are neither stored nor refused.
    #[must_use]
    pub fn unsettled(&self) -> usize {
        self.letters.iter().filter(|letter| !letter.state.is_settled()).count()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn message(seq: i64, content: &str, temp_id: Option<&str>) -> Value {
        json!({ "customer_service_session_id": 1, "seq": seq, "chat_message_id": seq + 100,
            "content": content, "temp_message_id": temp_id })
    }

    fn ack(status: &str) -> Value {
        json!({ "status": status, "temp_message_id": "t", "customer_service_session_id": 1 })
    }

    fn book() -> Book {
        let mut book = Book::default();
        book.write(1, "t", "hi");
        book.next_to_send().unwrap();
        book
    }

    #[test]
    fn a_letter_goes_its_way() {
        let mut book = book();
        assert!(book.next_to_send().is_none(), "once a socket");
        book.acked("t", &ack("sending"));
        assert_eq!(book.letter("t").unwrap().state, LetterState::Sending);
        book.send_again();
        assert_eq!(book.next_to_send().unwrap().times_sent, 2);
        book.apply(&message(1, "hi", Some("t")));
        book.acked("t", &ack("sent"));
        assert_eq!(book.letter("t").unwrap().state, LetterState::Sent(1));
        assert!(book.next_to_send().is_none());
        assert_eq!((book.unsettled(), book.violations), (0, vec![]));
    }

    #[test]
    fn passing_faults_leave_a_letter_in_the_outbox_and_others_do_not() {
        let mut book = book();
        book.refused("t", "RATE_LIMITED");
        assert_eq!(book.next_to_send().unwrap().temp_id, "t");
        book.refused("t", "CONFLICT");
        assert_eq!(book.letter("t").unwrap().state, LetterState::Failed("CONFLICT".into()));
        book.send_again();
        assert!(book.next_to_send().is_none());
        assert!(book.violations.is_empty());
    }

    #[test]
    fn a_letter_is_answered_again_as_often_as_it_was_sent_again() {
        let mut book = book();
        assert!(!book.may_repeat("t"), "sent once");
        book.sent_again("t", 1);
        assert!(book.may_repeat("t"));
        book.repeated("t");
        assert!(!book.may_repeat("t"));
    }

    #[test]
    fn what_contradicts_itself_is_noticed() {
        let wrong = |story: fn(&mut Book)| {
            let mut book = book();
            story(&mut book);
            book.violations.len()
        };
        assert_eq!(wrong(|b| b.acked("other", &ack("sending"))), 1);
        assert_eq!(wrong(|b| b.acked("t", &ack("sent"))), 1, "stored before it was sent twice");
        assert_eq!(
            wrong(|b| {
                b.refused("t", "CONFLICT");
                b.acked("t", &ack("sending"));
            }),
            1
        );
        assert_eq!(
            wrong(|b| {
                b.refused("t", "CONFLICT");
                b.apply(&message(1, "hi", Some("t")));
            }),
            1
        );
        assert_eq!(
            wrong(|b| {
                b.apply(&message(1, "hi", Some("t")));
                b.refused("t", "CONFLICT");
            }),
            1
        );
        assert_eq!(
            wrong(|b| {
                b.apply(&message(1, "other", Some("t")));
            }),
            1
        );
        assert_eq!(
            wrong(|b| {
                b.apply(&message(1, "hi", Some("t")));
                b.apply(&message(2, "hi", Some("t")));
            }),
            1
        );
        assert_eq!(
            wrong(|b| {
                b.apply(&message(1, "a", None));
                b.apply(&message(1, "b", None));
            }),
            1
        );
        assert_eq!(
            wrong(|b| {
                b.apply(&message(1, "a", None));
                b.apply(&message(1, "a", None));
            }),
            0
        );
    }

    #[test]
    fn a_position_is_before_the_first_hole() {
        let mut book = book();
        for seq in [1, 2, 4, 5] {
            book.apply(&message(seq, "x", None));
        }
        assert_eq!(book.positions(), [(1, 2)]);
        book.apply(&message(3, "x", None));
        assert_eq!(book.positions(), [(1, 5)]);
    }
}
