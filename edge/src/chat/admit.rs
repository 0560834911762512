//! What happened in conversations, made once and in order, however often and in whatever order the
//! room is told of it.

use serde_json::value::RawValue;
use shared::{
    chat::{
        ConversationStatus, SenderType,
        event::{ConversationChange, MAX_REPLAYED, Position, ServerEvent, name},
        news::{
            ChangeHead, ConversationNews, MessageHead, News, RawNews, RoomConversation,
            StoredMessage,
        },
    },
    internal::{MAX_BATCH, ReplayAnswer, ReplayQuestion},
    session::SessionHash,
};
use worker::{Error, Result};

use super::{
    audience::frame,
    crowd::Crowd,
    room::Room,
    sockets::{self, Socket},
    store::conversation::Known,
};
use crate::{
    clock, env,
    origin::{self, RawReplay},
    random, sorted,
};

/// A message that is stored, as rooms take it.
pub(super) type RawMessage = StoredMessage<Box<RawValue>>;

/// What remains to be done when a room has heard something.
#[derive(Default)]
struct Rest {
    /// Conversations in which something is missing, and up to which `seq`.
    behind: sorted::Map<i64, i64>,
    /// Under which sessions the messages were sent that are behind, by conversation and `seq`.
    senders: sorted::Map<(i64, i64), SessionHash>,
    /// Messages that come late: from before what was delivered here first.
    late: sorted::Map<i64, i64>,
    /// Sockets that must be sent the past of a conversation first, and where it begins.
    newcomers: Vec<(Socket, Position)>,
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
                News::Marked(marked) => self.marked(marked)?,
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
    pub(super) fn known(&self, told: &RoomConversation) -> Result<Option<Known>> {
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
        let is_known = |known: &Known| {
            head.seq <= known.last_seq
                && conversation.version <= known.facts.conversation.version
                && conversation.last_seq <= known.facts.conversation.last_seq
        };
        if known.as_ref().is_some_and(is_known) {
            return Ok(());
        }
        let mut known =
            known.unwrap_or_else(|| Known::new(*conversation, head.seq.saturating_sub(1)));
        if let Some((user_id, from)) = known.learn(conversation) {
            self.hold_newcomers(id, user_id, from, rest);
        }
        if head.seq == known.last_seq.saturating_add(1) {
            known.last_seq = head.seq;
            // Who sent it last is who waits for it.
            let session = self.waiting_session(id, &head)?.or_else(|| sender_session.clone());
            let told = &known.facts.conversation;
            if self.deliver_message(told, &head, message, session.as_ref()) {
                known.delivered_seq = head.seq;
            }
        } else if head.seq > known.last_seq {
            let behind = rest.behind.get_or_insert_with(id, || 0);
            *behind = head.seq.max(*behind);
            if let Some(session) = sender_session {
                rest.senders.insert((id, head.seq), session.clone());
            }
        }
        // Of a message that was here before, too: what it tells of its conversation may be new.
        store.save_conversation(&known)
    }

    /// The origin tells of a message when it is new: one before the first that was delivered here has
    /// been overtaken on its way.
    fn note_late(&self, stored: &RawMessage, rest: &mut Rest) -> Result<()> {
        let id = stored.conversation.customer_service_session_id;
        let seq = head(&stored.message)?.seq;
        if self.known(&stored.conversation)?.is_some_and(|known| seq < known.facts.first_seq) {
            let late = rest.late.get_or_insert_with(id, || seq);
            *late = seq.min(*late);
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
            self.hold_newcomers(id, user_id, from, rest);
        }
        self.store()?.save_conversation(&known)?;
        let is_everyones =
            matches!(change, ConversationChange::Waiting | ConversationChange::Accepted);
        let concerned = if self.side == SenderType::User || is_everyones {
            Crowd::all(&self.state)
        } else {
            let holders = self.holders(conversation);
            match previous_admin_id {
                Some(previous) if conversation.admin_id.is_some() => {
                    holders.and(Crowd::of_user(&self.state, *previous))
                }
                _ => holders,
            }
        };
        concerned.send(&frame(name::CONVERSATION_UPDATED, update));
        match self.side {
            SenderType::Admin => self.queue_wanted.borrow_mut().wanted_by_all(clock::now()),
            SenderType::User if conversation.status != ConversationStatus::Closed => {
                self.tell_presence_again()?;
            }
            SenderType::User => {}
        }
        Ok(())
    }

    /// Holds live messages back from an agent who has got a conversation back, until what lies between is
    /// sent.
    fn hold_newcomers(&self, id: i64, user_id: i64, seq: i64, rest: &mut Rest) {
        for socket in sockets::of_user(&self.state, user_id) {
            if self.held.borrow_mut().insert((socket.owner.socket_id.clone(), id)) {
                rest.newcomers.push((socket, Position { customer_service_session_id: id, seq }));
            }
        }
    }

    /// Sends them the past, behind the call's back: a slow reader is no business of who tells us.
    fn serve_newcomers(&self, newcomers: Vec<(Socket, Position)>) {
        for (socket, position) in newcomers {
            if let Some(room) = self.me() {
                self.state.wait_until(async move {
                    let reader = Some(socket.accepts_now());
                    room.replay_and_release(&socket, position, reader).await;
                });
            }
        }
    }

    /// Does what remains; an error of one conversation keeps nothing back from the others.
    async fn finish(&self, mut rest: Rest) -> Result<()> {
        let mut done = Ok(());
        for (id, seq) in std::mem::take(&mut rest.late) {
            done = done.and(self.deliver_late(id, seq).await);
        }
        for (id, seq) in std::mem::take(&mut rest.behind) {
            done = done.and(self.catch_up(id, seq, &mut rest).await);
        }
        self.serve_newcomers(rest.newcomers);
        let now = clock::now();
        let due = [self.marks_due(now), self.queue_due(), self.presence_due(now)];
        if let Some(due) = due.into_iter().flatten().min() {
            self.arm_by(due).await;
        }
        done
    }

    /// Fetches and delivers what is missing, up to `seq`.
    async fn catch_up(&self, id: i64, seq: i64, rest: &mut Rest) -> Result<()> {
        while let Some(mut known) = self.store()?.conversation(id)?
            && known.last_seq < seq
        {
            if seq - known.last_seq > MAX_REPLAYED {
                let position = Position { customer_service_session_id: id, seq: known.last_seq };
                known.last_seq = seq - i64::try_from(MAX_BATCH).unwrap_or_default();
                self.store()?.save_conversation(&known)?;
                let concerned = self.holders(&known.facts.conversation);
                concerned.tell(&ServerEvent::ResumeTruncated(position));
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
            self.take_in_sent(&conversation, messages, rest)?;
            if self.store()?.conversation(id)?.is_none_or(|known| known.last_seq <= before) {
                return Err(Error::from("what was read out does not go on where it should"));
            }
        }
        Ok(())
    }

    /// Fetches and delivers what came before the first message that was delivered here, from `seq` on.
    async fn deliver_late(&self, id: i64, seq: i64) -> Result<()> {
        let known = self.store()?.conversation(id)?;
        let Some(first_seq) = known.map(|known| known.facts.first_seq) else { return Ok(()) };
        let mut next = seq;
        while next < first_seq {
            let question = ReplayQuestion {
                reader: None,
                customer_service_session_id: id,
                after_seq: next.saturating_sub(1),
                limit: u32::try_from(MAX_BATCH).unwrap_or_default(),
            };
            let ReplayAnswer::Replay { conversation, messages } =
                self.ask_replay(&question).await?
            else {
                return Ok(());
            };
            let Some(mut known) = self.known(&conversation)? else { return Ok(()) };
            if messages.is_empty() || known.facts.first_seq != first_seq {
                // Someone else has seen to it.
                return Ok(());
            }
            for message in &messages {
                let head = head(message)?;
                if head.seq >= first_seq {
                    break;
                }
                let session = self.waiting_session(id, &head)?;
                self.deliver_message(&conversation, &head, message, session.as_ref());
                next = head.seq + 1;
            }
            if next >= first_seq {
                known.facts.first_seq = seq;
                self.store()?.save_conversation(&known)?;
            }
        }
        Ok(())
    }

    /// The session that a message of this side waits under, whose sockets are now told.
    fn waiting_session(&self, id: i64, head: &MessageHead) -> Result<Option<SessionHash>> {
        match (head.sender_id, &head.temp_message_id) {
            (Some(sender_id), Some(temp_id)) if head.sender_type == self.side => {
                self.store()?.tell_outgoing(id, sender_id, temp_id)
            }
            _ => Ok(None),
        }
    }

    /// Takes in what the origin has read out; what is new here is delivered.
    pub(super) fn take_in_past(
        &self,
        conversation: &RoomConversation,
        messages: Vec<Box<RawValue>>,
    ) -> Result<()> {
        let mut rest = Rest::default();
        let taken = self.take_in_sent(conversation, messages, &mut rest);
        self.serve_newcomers(rest.newcomers);
        taken
    }

    fn take_in_sent(
        &self,
        conversation: &RoomConversation,
        messages: Vec<Box<RawValue>>,
        rest: &mut Rest,
    ) -> Result<()> {
        for message in messages {
            let key = (conversation.customer_service_session_id, head(&message)?.seq);
            let sender_session = rest.senders.get(&key).cloned();
            let stored = StoredMessage { conversation: *conversation, sender_session, message };
            self.take_in(&stored, rest)?;
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

/// Sends one frame to several sockets.
pub(super) fn send_text_to(sockets: &[Socket], text: &str) {
    for socket in sockets {
        socket.send_text(text);
    }
}
