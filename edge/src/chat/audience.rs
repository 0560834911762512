//! Which of a room's sockets something is for.

use serde_json::value::RawValue;
use shared::{
    chat::{
        SenderType, event,
        news::{MessageHead, RoomConversation},
    },
    session::SessionHash,
};

use super::{crowd::Crowd, room::Room};

impl Room {
    /// The sockets of those who have a conversation: its user's, or its agent's and every agent's while
    /// none has it.
    pub(super) fn holders(&self, conversation: &RoomConversation) -> Crowd {
        match (self.side, conversation.admin_id) {
            (SenderType::Admin, Some(admin_id)) => Crowd::of_user(&self.state, admin_id),
            _ => Crowd::all(&self.state),
        }
    }

    /// The same, and the sockets of one more person of this side.
    pub(super) fn holders_and(
        &self,
        conversation: &RoomConversation,
        side: SenderType,
        user_id: Option<i64>,
    ) -> Crowd {
        let holders = self.holders(conversation);
        if let (SenderType::Admin, SenderType::Admin, Some(admin_id), Some(user_id)) =
            (self.side, side, conversation.admin_id, user_id)
            && admin_id != user_id
        {
            return holders.and(Crowd::of_user(&self.state, user_id));
        }
        holders
    }

    /// Sends a message to whom it is for; whether a socket of the side that did not write it was among
    /// them.
    pub(super) fn deliver_message(
        &self,
        conversation: &RoomConversation,
        head: &MessageHead,
        message: &RawValue,
        sender_session: Option<&SessionHash>,
    ) -> bool {
        let id = conversation.customer_service_session_id;
        let (sent, new) = (sent_frame(message), new_frame(message));
        let holds = self.held.borrow();
        let crowd = self.holders_and(conversation, head.sender_type, head.sender_id);
        let is_others = head.sender_type != self.side;
        if holds.is_empty() {
            let Some(session) = sender_session else { return crowd.send(&new) && is_others };
            let (senders, others) = crowd.split(&self.state, session);
            let is_sent = [senders.send(&sent), others.send(&new)];
            return is_sent.contains(&true) && is_others;
        }
        let mut is_delivered = false;
        for socket in crowd.sockets() {
            // It comes to this one with the past that it is being sent.
            if holds.contains(&(socket.owner.socket_id.clone(), id)) {
                continue;
            }
            let is_senders = sender_session
                .is_some_and(|session| *session == SessionHash::of(&socket.owner.session_token));
            socket.send_text(if is_senders { &sent } else { &new });
            is_delivered |= is_others;
        }
        is_delivered
    }
}

/// A message, as its sender is told of it.
pub(super) fn sent_frame(message: &RawValue) -> String {
    frame(event::name::MESSAGE_SENT, message)
}

/// A message, as all others are told of it.
pub(super) fn new_frame(message: &RawValue) -> String {
    frame(event::name::NEW_MESSAGE, message)
}

/// A frame with data that is handed on as it came.
pub(super) fn frame(event: &str, data: &RawValue) -> String {
    ["{\"event\":\"", event, "\",\"data\":", data.get(), "}"].concat()
}

#[cfg(test)]
mod tests {
    use shared::chat::event::{Queue, ServerEvent, name};
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn a_frame_that_is_put_together_is_the_one_that_would_be_written() {
        let queue = Queue::default();
        let raw = serde_json::value::to_raw_value(&queue).unwrap();
        let written = serde_json::to_string(&ServerEvent::QueueUpdated(queue)).unwrap();
        assert_eq!(frame(name::QUEUE_UPDATED, &raw), written);
    }
}
