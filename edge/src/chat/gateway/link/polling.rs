//! A link by polling: what waits until its client comes for it. All of it is in memory, and ends with it.

use std::{
    cell::{Cell, RefCell},
    future::poll_fn,
    rc::Rc,
    task::{Poll, Waker},
};

use shared::socket_io::{
    engine::{Kind, Packet, Version},
    payload,
};
use worker::WebSocket;

use super::Known;
use crate::chat::sockets::MAX_BUFFERED;

/// The most packets that may wait for a client, and the most bytes.
const MAX_WAITING: usize = 1_000;
const MAX_WAITING_BYTES: usize = MAX_BUFFERED as usize;
/// The most bytes that may wait for all clients together: an object has not much more memory than this.
const MAX_BYTES: usize = 16 * 1024 * 1024;

/// How far a link has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// It is open.
    Open,
    /// A WebSocket was tried, which it may move to.
    Tried,
    /// It has ended; what waits may be its last words.
    Closed,
}

/// The links by polling of an object, in the order of their names.
#[derive(Default)]
pub struct Links {
    all: RefCell<Vec<Rc<Polling>>>,
    /// The bytes that wait for their clients.
    bytes: Rc<Cell<usize>>,
}

impl Links {
    /// Opens a link.
    pub fn open(&self, known: Known) -> Rc<Polling> {
        let at = self.place(&known.sid);
        let link = Rc::new(Polling::new(known, Rc::clone(&self.bytes)));
        let at = at.unwrap_or_else(|at| at);
        self.all.borrow_mut().insert(at, Rc::clone(&link));
        link
    }

    /// The link of this name.
    pub fn get(&self, sid: &str) -> Option<Rc<Polling>> {
        let at = self.place(sid).ok()?;
        self.all.borrow().get(at).cloned()
    }

    /// Forgets a link.
    pub fn remove(&self, sid: &str) {
        if let Ok(at) = self.place(sid) {
            self.all.borrow_mut().remove(at);
        }
    }

    /// Every link.
    pub fn all(&self) -> Vec<Rc<Polling>> {
        self.all.borrow().clone()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.all.borrow().len()
    }

    fn place(&self, sid: &str) -> Result<usize, usize> {
        self.all.borrow().binary_search_by(|link| link.known.borrow().sid.as_str().cmp(sid))
    }
}

/// A link by polling.
pub struct Polling {
    /// What is known of it.
    pub known: RefCell<Known>,
    /// How far it has come.
    pub stage: Cell<Stage>,
    waiting: RefCell<Vec<String>>,
    bytes: Cell<usize>,
    /// What waits for all clients.
    all_bytes: Rc<Cell<usize>>,
    is_polled: Cell<bool>,
    poll: RefCell<Option<Waker>>,
    moved_to: RefCell<Option<WebSocket>>,
}

impl Polling {
    /// A new link; `all_bytes` is shared by all.
    fn new(known: Known, all_bytes: Rc<Cell<usize>>) -> Self {
        Self {
            known: RefCell::new(known),
            stage: Cell::new(Stage::Open),
            waiting: RefCell::default(),
            bytes: Cell::new(0),
            all_bytes,
            is_polled: Cell::new(false),
            poll: RefCell::default(),
            moved_to: RefCell::default(),
        }
    }

    /// The WebSocket that it has moved to.
    pub fn moved_to(&self) -> Option<WebSocket> {
        self.moved_to.borrow().clone()
    }

    /// Whether its client waits for something.
    pub fn is_polled(&self) -> bool {
        self.is_polled.get()
    }

    /// Has a packet wait for the next poll; `false` where too much does.
    pub fn push(&self, packet: &Packet<'_>) -> bool {
        if self.stage.get() == Stage::Closed {
            return true;
        }
        let packet = packet.to_text(self.version());
        let mut waiting = self.waiting.borrow_mut();
        if waiting.len() >= MAX_WAITING
            || self.bytes.get() + packet.len() > MAX_WAITING_BYTES
            || self.all_bytes.get() + packet.len() > MAX_BYTES
        {
            return false;
        }
        self.count(self.bytes.get() + packet.len());
        waiting.push(packet);
        drop(waiting);
        self.wake();
        true
    }

    /// Begins a poll; `false` where there is one.
    pub fn begin_poll(&self) -> bool {
        !self.is_polled.replace(true)
    }

    /// Ends a poll that has nothing to bring.
    pub fn end_poll(&self) {
        let is_idle = self.waiting.borrow().is_empty() && self.moved_to.borrow().is_none();
        if self.is_polled() && is_idle {
            self.push(&Packet::Text(Kind::Noop, ""));
        }
    }

    /// What a poll that was begun brings: all that waits, once something does; nothing where it has moved,
    /// and what waited with it.
    pub async fn polled(&self) -> Vec<String> {
        poll_fn(|context| {
            if self.waiting.borrow().is_empty() && self.moved_to.borrow().is_none() {
                *self.poll.borrow_mut() = Some(context.waker().clone());
                return Poll::Pending;
            }
            Poll::Ready(())
        })
        .await;
        self.is_polled.set(false);
        self.take()
    }

    /// Packets as the body of an answer.
    pub fn body(&self, packets: Vec<String>) -> String {
        payload::write(packets.into_iter().map(Into::into), self.version())
    }

    /// Moves it to a WebSocket, with all that waits.
    pub fn move_to(&self, socket: &WebSocket) {
        for packet in self.take() {
            match Packet::parse(&packet, self.version()) {
                Ok(Packet::Binary(bytes)) => {
                    let bytes = super::framed(bytes.into_owned(), self.version());
                    let _ = socket.send_with_bytes(bytes);
                }
                _ => drop(socket.send_with_str(packet)),
            }
        }
        *self.moved_to.borrow_mut() = Some(socket.clone());
        self.wake();
    }

    /// Ends it. What waits is given to the next poll where it `is_to_be_read`, and `last` to the one
    /// after it: whoever finds both in one body acts on the end first. Whether such polls are waited for.
    pub fn close(&self, last: Kind, is_to_be_read: bool) -> bool {
        if !is_to_be_read {
            drop(self.take());
        }
        let is_read_later = !self.waiting.borrow().is_empty();
        self.stage.set(Stage::Closed);
        if self.is_polled() && !is_read_later {
            self.say_last(last);
        }
        self.wake();
        is_read_later
    }

    /// Has a poll bring the end, where nothing else waits; whether that is so.
    pub fn say_last(&self, last: Kind) -> bool {
        let mut waiting = self.waiting.borrow_mut();
        let is_last = waiting.is_empty();
        if is_last {
            waiting.push(Packet::Text(last, "").to_text(self.version()));
        }
        is_last
    }

    fn version(&self) -> Version {
        self.known.borrow().version()
    }

    /// All that waits.
    pub fn take(&self) -> Vec<String> {
        self.count(0);
        self.waiting.take()
    }

    fn count(&self, bytes: usize) {
        self.all_bytes.set((self.all_bytes.get() + bytes).saturating_sub(self.bytes.get()));
        self.bytes.set(bytes);
    }

    fn wake(&self) {
        if let Some(poll) = self.poll.take() {
            poll.wake();
        }
    }
}

impl Drop for Polling {
    fn drop(&mut self) {
        self.count(0);
    }
}

#[cfg(test)]
mod tests {
    use futures_util::future::join;
    use shared::{error::Language, time::Timestamp};
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    fn link(all_bytes: &Rc<Cell<usize>>) -> Polling {
        let known = Known::new("1024-0".to_owned(), Language::English, None, Timestamp::EPOCH);
        Polling::new(known, Rc::clone(all_bytes))
    }

    fn message(text: &str) -> Packet<'_> {
        Packet::Text(Kind::Message, text)
    }

    #[test]
    fn links_are_found_by_name() {
        let links = Links::default();
        for name in ["c", "a", "b"] {
            links.open(Known::new(name.to_owned(), Language::English, None, Timestamp::EPOCH));
        }
        assert!(["a", "b", "c"].iter().all(|name| links.get(name).is_some()));
        links.remove("b");
        links.remove("b");
        assert!(links.get("b").is_none());
        assert_eq!((links.len(), links.all().len()), (2, 2));
    }

    #[test]
    async fn a_poll_brings_all_that_waits_and_waits_for_it() {
        let link = link(&Rc::default());
        link.push(&message("a"));
        link.push(&message("b"));
        assert!(link.begin_poll() && !link.begin_poll());
        let packets = link.polled().await;
        assert_eq!(link.body(packets), "4a\x1e4b");
        assert!(link.begin_poll(), "the one before has ended");
        let (brought, ()) = join(link.polled(), async {
            link.push(&message("c"));
        })
        .await;
        assert_eq!(brought, ["4c"]);
    }

    #[test]
    async fn a_poll_ends_with_the_link() {
        let link = link(&Rc::default());
        assert!(link.begin_poll());
        assert!(!link.close(Kind::Close, true));
        assert_eq!(link.polled().await, ["1"]);
        assert!(link.push(&message("late")));
        assert!(!link.is_polled() && link.take().is_empty());
    }

    #[test]
    fn last_words_wait_where_there_are_any() {
        let all_bytes = Rc::default();
        let silent = link(&all_bytes);
        assert!(!silent.close(Kind::Close, true));
        let unread = link(&all_bytes);
        unread.push(&message("bye"));
        assert!(unread.close(Kind::Close, true));
        assert!(!unread.say_last(Kind::Close));
        assert_eq!(unread.take(), ["4bye"]);
        assert!(unread.say_last(Kind::Close));
        assert_eq!(unread.take(), ["1"]);
        let broken = link(&all_bytes);
        broken.push(&message("bye"));
        assert!(!broken.close(Kind::Close, false));
        assert!(broken.take().is_empty());
    }

    #[test]
    fn what_waits_is_bounded_for_each_and_for_all() {
        let all_bytes = Rc::default();
        let small = link(&all_bytes);
        assert!((0..MAX_WAITING).all(|_| small.push(&message(""))));
        assert!(!small.push(&message("")));
        assert_eq!(all_bytes.get(), MAX_WAITING);
        drop(small);
        assert_eq!(all_bytes.get(), 0);
        let large = "x".repeat(MAX_WAITING_BYTES - 1);
        let links: Vec<_> = (0..17).map(|_| link(&all_bytes)).collect();
        assert!(links[..16].iter().all(|link| link.push(&message(&large))));
        assert!(!links[0].push(&message("")), "its own bound");
        assert!(!links[16].push(&message("")), "that of all");
        links[0].take();
        assert!(links[16].push(&message("")));
    }
}
