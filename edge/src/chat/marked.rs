//! Messages that have come further, as those are told who wrote them and who reads along.

use shared::chat::{
    MessageStatus, SenderType,
    event::{MessageStatusChange, MessagesRead, ServerEvent},
    news::Marked,
};
use worker::Result;

use super::{crowd::Crowd, room::Room};

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
                let holders = self.holders_and(conversation, marked.by, marked.reader_id);
                match &marked.reader_session {
                    Some(session) => holders.split(&self.state, session).1.tell(&event),
                    None => holders.tell(&event),
                }
            }
            return Ok(());
        }
        if marked.status == MessageStatus::Read {
            let event = ServerEvent::MessagesRead(read_event(marked));
            self.holders(conversation).tell(&event);
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
            SenderType::User => Crowd::all(&self.state).tell(&event),
            SenderType::Admin => {
                for sender_id in &marked.sender_ids {
                    Crowd::of_user(&self.state, *sender_id).tell(&event);
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
