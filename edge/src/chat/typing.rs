//! Who types: told to the other side, never kept.

use serde_json::json;
use shared::{
    chat::{
        ConversationStatus, SenderType,
        event::{AckFrame, AckOutcome, ServerEvent, Typing, TypingEvent},
        news::RoomConversation,
        room::{Passing, Room as Name, RoomCall},
    },
    error::ErrorCode,
    internal::{ReplayAnswer, ReplayQuestion},
    user::UserType,
};
use worker::Result;

use super::{
    meter::Meter, outgoing::is_key, room::Room, rooms, sockets::Socket, store::conversation::Known,
};
use crate::{clock, env, log};

impl Room {
    /// Tells the other side that someone types, at most once a second.
    pub(super) async fn typing(&self, socket: &Socket, typing: Typing, ack: Option<u64>) {
        let id = typing.customer_service_session_id;
        if !self.may_act(socket) {
            return socket.refuse(ErrorCode::RateLimited, ack);
        }
        if !is_key(id) {
            return socket.refuse(ErrorCode::ValidationFailed, ack);
        }
        let conversation = match self.may_type(socket, id).await {
            Ok(Ok(conversation)) => conversation,
            Ok(Err(code)) => return socket.refuse(code, ack),
            Err(error) => {
                log::warn("", &format!("nobody is told who types: {error}"));
                return socket.refuse(ErrorCode::OriginUnavailable, ack);
            }
        };
        if let Some(ack) = ack {
            let outcome = AckOutcome::Data(json!({ "status": "accepted" }));
            socket.send(&AckFrame { ack, outcome });
        }
        if !self.metered(socket, |meter| Meter::take_typing(meter, clock::now())) {
            return;
        }
        let event = TypingEvent {
            customer_service_session_id: id,
            user_id: socket.owner.user_id,
            is_typing: typing.is_typing,
        };
        // Our events are plain data: they can be written.
        let frame = serde_json::to_string(&ServerEvent::Typing(event)).unwrap_or_default();
        let to_user_ids = match self.side {
            SenderType::User => conversation.admin_id.map(|admin_id| vec![admin_id]),
            SenderType::Admin => None,
        };
        let passing = RoomCall::Pass(Passing { to_user_ids, frame });
        for room in self.other_side(&conversation) {
            // It is of the moment: what does not arrive is not said again.
            if let Err(refused) = rooms::tell(&self.env, room, &passing).await {
                log::warn("", &format!("{} was not told who types: {refused:?}", room.name()));
            }
        }
    }

    /// The rooms of the other side of a conversation.
    pub(super) fn other_side(&self, conversation: &RoomConversation) -> Vec<Name> {
        match self.side {
            SenderType::Admin => vec![Name::User(conversation.user_id)],
            SenderType::User => {
                let shards = env::config(&self.env).map_or(1, |config| config.desk_shards);
                match conversation.admin_id {
                    Some(admin_id) => vec![Name::of(admin_id, UserType::Admin, shards)],
                    None => (0..shards).map(Name::Desk).collect(),
                }
            }
        }
    }

    /// The conversation, if its rules let the socket's owner write into it.
    async fn may_type(
        &self,
        socket: &Socket,
        id: i64,
    ) -> Result<Result<RoomConversation, ErrorCode>> {
        let user_id = socket.owner.user_id;
        // What is known here may be old, but not so that it would let in someone new: an agent who
        // lost the conversation is told so by the same call that changes what is known.
        let known = self.store()?.conversation(id)?.map(|known| known.facts.conversation);
        let conversation = match known {
            Some(known) if self.side == SenderType::User && known.user_id == user_id => known,
            Some(known)
                if self.side == SenderType::Admin
                    && known.admin_id.is_none_or(|admin_id| admin_id == user_id) =>
            {
                known
            }
            _ => {
                let question = ReplayQuestion {
                    reader: Some(socket.accepts_now()),
                    customer_service_session_id: id,
                    after_seq: 0,
                    limit: 0,
                };
                match self.ask_replay(&question).await? {
                    ReplayAnswer::Replay { conversation, .. } => {
                        self.remember(&conversation)?;
                        conversation
                    }
                    ReplayAnswer::Refused(code) => return Ok(Err(code)),
                }
            }
        };
        let is_closed = conversation.status == ConversationStatus::Closed;
        Ok(if is_closed { Err(ErrorCode::Conflict) } else { Ok(conversation) })
    }

    /// Remembers a conversation that was not known here; what was written is its past.
    fn remember(&self, conversation: &RoomConversation) -> Result<()> {
        let store = self.store()?;
        let known = store.conversation(conversation.customer_service_session_id)?;
        if known.is_none_or(|known| !known.is(conversation)) {
            store.save_conversation(&Known::new(*conversation, conversation.last_seq))?;
        }
        Ok(())
    }
}
