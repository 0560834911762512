//! Messages that have come further, as those are told who wrote them and who reads along.

use shared::{
    chat::{
        MessageStatus, SenderType,
        event::{MessageStatusChange, MessagesRead, ServerEvent},
        news::Marked,
    },
    session::SessionHash,
};
use worker::Result;

use super::{admit::send_to, room::Room, sockets};

impl Room {
    /// Tells whom it concerns that messages have come further. A message that was read is not told to be
    /// delivered after that, though the two may come in any order.
    pub(super) fn marked(&self, marked: &Marked) -> Result<()> {
        let conversation = &marked.conversation;
        let mut chat_message_ids = marked.chat_message_ids.clone();
        if marked.by != self.side
            && let Some(mut known) = self.known(conversation)?
        {
            if marked.status == MessageStatus::Read {
                known.facts.read_id = known.facts.read_id.max(marked.chat_message_id);
                self.store()?.save_conversation(&known)?;
            } else {
                chat_message_ids.retain(|id| *id > known.facts.read_id);
            }
        }
        if marked.by == self.side {
            // The reader's other devices.
            if marked.status == MessageStatus::Read {
                let event = ServerEvent::MessagesRead(read_event(marked));
                let mut sockets = self.holders_and(conversation, marked.by, marked.reader_id);
                sockets.retain(|socket| {
                    let session = SessionHash::of(&socket.owner.session_token);
                    marked.reader_session.as_ref() != Some(&session)
                });
                send_to(&sockets, &event);
            }
            return Ok(());
        }
        if marked.status == MessageStatus::Read {
            let event = ServerEvent::MessagesRead(read_event(marked));
            send_to(&self.holders(conversation), &event);
        }
        if chat_message_ids.is_empty() {
            return Ok(());
        }
        let event = ServerEvent::MessageStatus(MessageStatusChange {
            customer_service_session_id: conversation.customer_service_session_id,
            chat_message_ids,
            status: marked.status,
        });
        match self.side {
            SenderType::User => send_to(&sockets::all(&self.state), &event),
            SenderType::Admin => {
                for sender_id in &marked.sender_ids {
                    send_to(&sockets::of_user(&self.state, *sender_id), &event);
                }
            }
        }
        Ok(())
    }
}

fn read_event(marked: &Marked) -> MessagesRead {
    MessagesRead {
        customer_service_session_id: marked.conversation.customer_service_session_id,
        chat_message_id: marked.chat_message_id,
        seq: marked.seq,
        user_id: marked.reader_id.unwrap_or_default(),
        reader_type: marked.by,
    }
}
