//! Which of a room's sockets something is for.

use shared::{
    chat::{
        SenderType,
        event::{MessageEvent, ServerEvent},
        news::RoomConversation,
    },
    session::SessionHash,
};

use super::{
    room::Room,
    sockets::{self, Socket},
};

impl Room {
    /// The sockets of those who have a conversation: its user's, or its agent's and every agent's while
    /// none has it.
    pub(super) fn holders(&self, conversation: &RoomConversation) -> Vec<Socket> {
        match (self.side, conversation.admin_id) {
            (SenderType::Admin, Some(admin_id)) => sockets::of_user(&self.state, admin_id),
            _ => sockets::all(&self.state),
        }
    }

    /// The same, and the sockets of one more person of this side.
    pub(super) fn holders_and(
        &self,
        conversation: &RoomConversation,
        side: SenderType,
        user_id: Option<i64>,
    ) -> Vec<Socket> {
        let mut sockets = self.holders(conversation);
        if let (SenderType::Admin, SenderType::Admin, Some(admin_id), Some(user_id)) =
            (self.side, side, conversation.admin_id, user_id)
            && admin_id != user_id
        {
            sockets.extend(sockets::of_user(&self.state, user_id));
        }
        sockets
    }

    /// Sends a message to whom it is for; whether a socket of the side that did not write it was among
    /// them.
    pub(super) fn deliver_message(
        &self,
        conversation: &RoomConversation,
        message: &MessageEvent,
        sender_session: Option<&SessionHash>,
    ) -> bool {
        let id = conversation.customer_service_session_id;
        let frames = Frames::new(message);
        let held = self.held.borrow();
        let mut is_delivered = false;
        for socket in self.holders_and(conversation, message.sender_type, message.sender_id) {
            // It comes to this one with the past that it is being sent.
            if !held.is_empty() && held.contains(&(socket.owner.socket_id.clone(), id)) {
                continue;
            }
            let is_senders = sender_session
                .is_some_and(|session| *session == SessionHash::of(&socket.owner.session_token));
            socket.send_text(if is_senders { &frames.sent } else { &frames.new });
            is_delivered |= message.sender_type != self.side;
        }
        is_delivered
    }
}

/// A message as its sender is told of it, and as all others are.
pub(super) struct Frames {
    /// `message_sent`
    pub sent: String,
    /// `new_message`
    pub new: String,
}

impl Frames {
    /// Writes both.
    pub fn new(message: &MessageEvent) -> Self {
        // Our events are plain data: they can be written.
        let write = |event| serde_json::to_string(&event).unwrap_or_default();
        Self {
            sent: write(ServerEvent::MessageSent(message.clone())),
            new: write(ServerEvent::NewMessage(message.clone())),
        }
    }
}
