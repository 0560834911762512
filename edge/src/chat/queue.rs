//! The conversations that wait for an agent, as desks show them: always as the origin has them now.

use std::time::Duration;

use shared::{chat::event, time::Timestamp};

use super::{admit::send_text_to, audience::frame, crowd::Crowd, room::Room};
use crate::{clock, env, log, origin, random, sorted};

/// What changes within this is told together.
const TOGETHER: Duration = Duration::from_millis(200);
/// The pause after a failure.
const PAUSE: Duration = Duration::from_secs(2);

/// Who is to be sent the queue, and when.
#[derive(Default)]
pub struct QueueWanted {
    is_everyones: bool,
    sockets: sorted::Set<String>,
    at: Option<Timestamp>,
}

impl QueueWanted {
    /// Something has changed: everyone is to see it.
    pub fn wanted_by_all(&mut self, now: Timestamp) {
        self.is_everyones = true;
        self.at.get_or_insert(now.plus(TOGETHER));
    }

    /// A socket is new.
    pub fn wanted_by(&mut self, socket_id: &str, now: Timestamp) {
        self.sockets.insert(socket_id.to_owned());
        self.at.get_or_insert(now);
    }

    fn put_off(&mut self, wanted: Self, now: Timestamp) {
        self.is_everyones |= wanted.is_everyones;
        self.sockets.extend(wanted.sockets);
        self.at = Some(now.plus(PAUSE));
    }
}

impl Room {
    /// When the queue is to be sent.
    pub(super) fn queue_due(&self) -> Option<Timestamp> {
        self.queue_wanted.borrow().at
    }

    /// Sends the queue to whom it is due.
    pub(super) async fn send_queue(&self, now: Timestamp) {
        if self.queue_due().is_none_or(|at| now < at) {
            return;
        }
        // What changes from here on is told anew.
        let wanted = self.queue_wanted.take();
        let request_id = random::id();
        let asked = async {
            let caller =
                origin::Caller { config: env::config(&self.env)?, request_id: &request_id };
            origin::queue(caller).await
        };
        match asked.await {
            Ok(queue) => {
                let text = frame(event::name::QUEUE_UPDATED, &queue);
                let crowd = Crowd::all(&self.state);
                if wanted.is_everyones {
                    crowd.send(&text);
                } else {
                    let mut open = crowd.sockets();
                    open.retain(|socket| wanted.sockets.contains(&socket.owner.socket_id));
                    send_text_to(&open, &text);
                }
            }
            Err(refused) => {
                log::warn(&request_id, &format!("the queue is not to be had: {refused:?}"));
                self.queue_wanted.borrow_mut().put_off(wanted, clock::now());
            }
        }
    }
}
