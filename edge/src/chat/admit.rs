//! What happened in conversations, made once and in order, however often and in whatever order the
//! room is told of it.

use std::collections::BTreeMap;

use serde_json::value::RawValue;
use shared::{
    chat::{
        ConversationStatus, MessageStatus, SenderType,
        event::{
            ConversationChange, MAX_REPLAYED, MessageStatusChange, MessagesRead, Position,
            ServerEvent,
        },
        news::{
            ChangeHead, ConversationNews, Marked, MessageHead, News, RawNews, RoomConversation,
            StoredMessage,
        },
    },
    internal::{MAX_BATCH, ReplayAnswer, ReplayQuestion},
    session::SessionHash,
};
use worker::{Error, Result};

use super::{
    audience::frame,
    room::Room,
    sockets::{self, Socket},
    store::conversation::Known,
};
use crate::{
    clock, env,
    origin::{self, RawReplay},
    random,
};

/// A message that is stored, as rooms take it.
pub(super) type RawMessage = StoredMessage<Box<RawValue>>;

/// What remains to be done when a room has heard something.
#[derive(Default)]
struct Rest {
    /// Conversations in which something is missing, and up to which `seq`.
    behind: BTreeMap<i64, i64>,
    /// Under which sessions the messages were sent that are behind, by conversation and `seq`.
    senders: BTreeMap<(i64, i64), SessionHash>,
    /// Messages that come late: from before what was delivered here first.
    late: Vec<(i64, i64)>,
    /// Who must be sent the past of a conversation, and after which `seq`.
    newcomers: Vec<(i64, i64, i64)>,
}

impl Room {
    /// Hears what the origin tells; an error where it has to be told again.
    pub(super) async fn hear(&self, news: Vec<RawNews>) -> Result<()> {
        let mut rest = Rest::default();
        for one in &news {
            match one {
                News::Message(stored) => {
                    self.take_in(stored, &mut rest)?;
                    self.note_late(stored, &mut rest)?;
                }
                News::Conversation(changed) => self.conversation_changed(changed, &mut rest)?,
                News::Marked(marked) => self.marked(marked),
            }
        }
        self.finish(rest).await
    }

    /// Takes in messages that are stored.
    pub(super) async fn admit(&self, messages: Vec<RawMessage>) -> Result<()> {
        let mut rest = Rest::default();
        for stored in &messages {
            self.take_in(stored, &mut rest)?;
        }
        self.finish(rest).await
    }

    /// What is known of a conversation; `None` where what is told is of another database.
    fn known(&self, told: &RoomConversation) -> Result<Option<Known>> {
        let known = self.store()?.conversation(told.customer_service_session_id)?;
        Ok(known.filter(|known| known.is(told)))
    }

    /// Delivers a message, if it is the next of its conversation.
    fn take_in(&self, stored: &RawMessage, rest: &mut Rest) -> Result<()> {
        let StoredMessage { conversation, message, sender_session } = stored;
        let head = head(message)?;
        let id = conversation.customer_service_session_id;
        let store = self.store()?;
        let known = self.known(conversation)?;
        if known.is_none() {
            store.forget_conversations_before(id)?;
        }
        let mut known =
            known.unwrap_or_else(|| Known::new(*conversation, head.seq.saturating_sub(1)));
        if let Some((user_id, from)) = known.learn(conversation) {
            rest.newcomers.push((id, user_id, from));
        }
        if head.seq == known.last_seq.saturating_add(1) {
            known.last_seq = head.seq;
            let mut session = sender_session.clone();
            if let (Some(sender_id), Some(temp_id)) = (head.sender_id, &head.temp_message_id)
                && head.sender_type == self.side
            {
                let waiting = store.tell_outgoing(id, sender_id, temp_id)?;
                session = session.or(waiting);
            }
            let told = &known.facts.conversation;
            if self.deliver_message(told, &head, message, session.as_ref()) {
                known.delivered_seq = head.seq;
            }
            store.save_conversation(&known)?;
        } else if head.seq > known.last_seq {
            store.save_conversation(&known)?;
            let behind = rest.behind.entry(id).or_default();
            *behind = head.seq.max(*behind);
            if let Some(session) = sender_session {
                rest.senders.insert((id, head.seq), session.clone());
            }
        }
        Ok(())
    }

    /// The origin tells of a message when it is new: one before the first that was delivered here has
    /// been overtaken on its way.
    fn note_late(&self, stored: &RawMessage, rest: &mut Rest) -> Result<()> {
        let id = stored.conversation.customer_service_session_id;
        let seq = head(&stored.message)?.seq;
        if self.known(&stored.conversation)?.is_some_and(|known| seq < known.facts.first_seq) {
            rest.late.push((id, seq));
        }
        Ok(())
    }

    fn conversation_changed(
        &self,
        changed: &ConversationNews<Box<RawValue>>,
        rest: &mut Rest,
    ) -> Result<()> {
        let ConversationNews { conversation, previous_admin_id, update } = changed;
        let ChangeHead { change } = serde_json::from_slice(update.get().as_bytes())?;
        let id = conversation.customer_service_session_id;
        let mut known = match self.known(conversation)? {
            // It was told before, or something newer was.
            Some(known) if known.facts.conversation.version > conversation.version => return Ok(()),
            Some(known) => known,
            // All that was written before is the past: who wants it asks for it.
            None => Known::new(*conversation, conversation.last_seq),
        };
        if let Some((user_id, from)) = known.learn(conversation) {
            rest.newcomers.push((id, user_id, from));
        }
        self.store()?.save_conversation(&known)?;
        let is_everyones =
            matches!(change, ConversationChange::Waiting | ConversationChange::Accepted);
        let concerned = if self.side == SenderType::User || is_everyones {
            sockets::all(&self.state)
        } else {
            let mut concerned = self.holders(conversation);
            if let (Some(previous), true) = (previous_admin_id, conversation.admin_id.is_some()) {
                concerned.extend(sockets::of_user(&self.state, *previous));
            }
            concerned
        };
        let text = frame("conversation_updated", update);
        send_text_to(&concerned, &text);
        match self.side {
            SenderType::Admin => self.queue_wanted.borrow_mut().wanted_by_all(clock::now()),
            SenderType::User if conversation.status != ConversationStatus::Closed => {
                self.tell_presence_again()?;
            }
            SenderType::User => {}
        }
        Ok(())
    }

    fn marked(&self, marked: &Marked) {
        let conversation = &marked.conversation;
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
            return;
        }
        if marked.status == MessageStatus::Read {
            let event = ServerEvent::MessagesRead(read_event(marked));
            send_to(&self.holders(conversation), &event);
        }
        if marked.chat_message_ids.is_empty() {
            return;
        }
        let event = ServerEvent::MessageStatus(MessageStatusChange {
            customer_service_session_id: conversation.customer_service_session_id,
            chat_message_ids: marked.chat_message_ids.clone(),
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
    }

    async fn finish(&self, rest: Rest) -> Result<()> {
        for (id, seq) in rest.late {
            self.deliver_late(id, seq).await?;
        }
        for (id, seq) in &rest.behind {
            self.catch_up(*id, *seq, &rest.senders).await?;
        }
        for (id, user_id, from) in rest.newcomers {
            for socket in sockets::of_user(&self.state, user_id) {
                self.replay(&socket, Position { customer_service_session_id: id, seq: from }, None)
                    .await;
            }
        }
        let now = clock::now();
        let due = [self.marks_due(now), self.queue_due(), self.presence_due(now)];
        if let Some(due) = due.into_iter().flatten().min() {
            self.arm_by(due).await;
        }
        Ok(())
    }

    /// Fetches and delivers what is missing, up to `seq`.
    async fn catch_up(
        &self,
        id: i64,
        seq: i64,
        senders: &BTreeMap<(i64, i64), SessionHash>,
    ) -> Result<()> {
        while let Some(mut known) = self.store()?.conversation(id)?
            && known.last_seq < seq
        {
            if seq - known.last_seq > MAX_REPLAYED {
                let position = Position { customer_service_session_id: id, seq: known.last_seq };
                known.last_seq = seq - i64::try_from(MAX_BATCH).unwrap_or_default();
                self.store()?.save_conversation(&known)?;
                let concerned = self.holders(&known.facts.conversation);
                send_to(&concerned, &ServerEvent::ResumeTruncated(position));
            }
            let question = ReplayQuestion {
                reader: None,
                customer_service_session_id: id,
                after_seq: known.last_seq,
                limit: u32::try_from(MAX_BATCH).unwrap_or_default(),
            };
            let ReplayAnswer::Replay { conversation, messages } =
                self.ask_replay(&question).await?
            else {
                return Err(Error::from("a conversation that messages were stored in is unknown"));
            };
            if messages.is_empty() {
                return Err(Error::from("a message that was stored is not to be had"));
            }
            let before = known.last_seq;
            self.take_in_sent(&conversation, messages, senders)?;
            if self.store()?.conversation(id)?.is_none_or(|known| known.last_seq <= before) {
                return Err(Error::from("what was read out does not go on where it should"));
            }
        }
        Ok(())
    }

    /// Fetches and delivers what came before the first message that was delivered here, from `seq` on.
    async fn deliver_late(&self, id: i64, seq: i64) -> Result<()> {
        let limit = u32::try_from(MAX_BATCH).unwrap_or_default();
        let question = ReplayQuestion {
            reader: None,
            customer_service_session_id: id,
            after_seq: seq.saturating_sub(1),
            limit,
        };
        let ReplayAnswer::Replay { conversation, messages } = self.ask_replay(&question).await?
        else {
            return Ok(());
        };
        let Some(mut known) = self.known(&conversation)? else { return Ok(()) };
        let first_seq = known.facts.first_seq;
        if seq < first_seq {
            known.facts.first_seq = seq;
            self.store()?.save_conversation(&known)?;
            for message in &messages {
                let head = head(message)?;
                if head.seq < first_seq {
                    self.deliver_message(&conversation, &head, message, None);
                }
            }
        }
        Ok(())
    }

    /// Takes in what the origin has read out; what is new here is delivered.
    pub(super) fn take_in_past(
        &self,
        conversation: &RoomConversation,
        messages: Vec<Box<RawValue>>,
    ) -> Result<()> {
        self.take_in_sent(conversation, messages, &BTreeMap::new())
    }

    fn take_in_sent(
        &self,
        conversation: &RoomConversation,
        messages: Vec<Box<RawValue>>,
        senders: &BTreeMap<(i64, i64), SessionHash>,
    ) -> Result<()> {
        // Nothing is missing within what was read out, and whom the conversation is for is known already.
        let mut rest = Rest::default();
        for message in messages {
            let key = (conversation.customer_service_session_id, head(&message)?.seq);
            let sender_session = senders.get(&key).cloned();
            let stored = StoredMessage { conversation: *conversation, sender_session, message };
            self.take_in(&stored, &mut rest)?;
        }
        Ok(())
    }

    /// Asks the origin what was written.
    pub(super) async fn ask_replay(&self, question: &ReplayQuestion) -> Result<RawReplay> {
        let request_id = random::id();
        let asked = async {
            let caller =
                origin::Caller { config: env::config(&self.env)?, request_id: &request_id };
            origin::replay(caller, question).await
        };
        asked.await.map_err(|refused| Error::from(format!("no replay: {refused:?}")))
    }
}

/// What a room reads of a message.
pub(super) fn head(message: &RawValue) -> Result<MessageHead> {
    Ok(serde_json::from_slice(message.get().as_bytes())?)
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

/// Sends one event to several sockets.
pub(super) fn send_to(sockets: &[Socket], event: &ServerEvent) {
    // Our events are plain data: they can be written.
    if let Ok(text) = serde_json::to_string(event) {
        send_text_to(sockets, &text);
    }
}

/// Sends one frame to several sockets.
pub(super) fn send_text_to(sockets: &[Socket], text: &str) {
    for socket in sockets {
        socket.send_text(text);
    }
}
