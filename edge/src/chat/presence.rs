//! Whether a user is there, as the desks of that user's conversations are told.

use std::time::Duration;

use shared::{
    chat::{
        SenderType,
        event::{Presence, ServerEvent},
        news::RoomConversation,
        room::{Passing, RoomCall},
    },
    time::Timestamp,
};
use worker::Result;

use super::{room::Room, rooms, sockets, store::seen::Seen};
use crate::{clock, log};

/// How long a user has no socket before they are gone: a reconnect is no departure.
const GONE_AFTER: Duration = Duration::from_secs(10);
/// The pause after a failure.
const PAUSE: Duration = Duration::from_secs(2);
/// Conversations whose agents are told; a user has one open.
const MAX_TOLD: i64 = 4;

impl Room {
    /// A socket is gone; it may have been the user's last.
    pub(super) async fn note_gone(&self) {
        if self.side == SenderType::User && sockets::all(&self.state).is_empty() {
            let now = clock::now();
            let noted = self.store().and_then(|store| store.set_seen(Seen::Gone, Some(now)));
            Self::logged("a departure is not noted", noted);
            if let Some(due) = self.presence_due(now) {
                self.arm_by(due).await;
            }
        }
    }

    /// Has the desks told again: there may be others than before.
    pub(super) fn tell_presence_again(&self) -> Result<()> {
        self.store()?.set_seen(Seen::Online, None)
    }

    /// When desks are to be told.
    pub(super) fn presence_due(&self, now: Timestamp) -> Option<Timestamp> {
        if self.side == SenderType::Admin {
            return None;
        }
        let due = || -> Result<Option<Timestamp>> {
            let store = self.store()?;
            let is_there = sockets::count(&self.state)? > 0;
            Ok(match (is_there, store.seen(Seen::Online)?) {
                // There is nobody to tell while no conversation is open.
                (true, None) if !store.open_conversations(1)?.is_empty() => Some(now),
                (false, Some(_)) => {
                    Some(store.seen(Seen::Gone)?.map_or(now, |gone| gone.plus(GONE_AFTER)))
                }
                _ => None,
            })
        };
        Self::logged("presence cannot be read", due()).flatten()
    }

    /// Tells the desks, where it is due.
    pub(super) async fn tell_presence(&self, now: Timestamp) {
        if self.presence_due(now).is_none_or(|due| now < due) {
            return;
        }
        let told = self.try_to_tell_presence(now).await;
        if Self::logged("presence is not told", told).is_none() {
            self.arm_by(clock::now().plus(PAUSE)).await;
        }
    }

    async fn try_to_tell_presence(&self, now: Timestamp) -> Result<()> {
        let store = self.store()?;
        let is_online = sockets::count(&self.state)? > 0;
        let last_seen = if is_online { now } else { store.seen(Seen::Gone)?.unwrap_or(now) };
        // First, so that what changes meanwhile is told anew.
        store.set_seen(Seen::Online, is_online.then_some(now))?;
        for known in store.open_conversations(MAX_TOLD)? {
            let RoomConversation { user_id, admin_id, .. } = known.facts.conversation;
            let event = ServerEvent::Presence(Presence { user_id, is_online, last_seen });
            let news = Passing {
                to_user_ids: admin_id.map(|admin_id| vec![admin_id]),
                frame: serde_json::to_string(&event)?,
            };
            for room in self.other_side(&known.facts.conversation) {
                let told = rooms::tell(&self.env, room, &RoomCall::Pass(news.clone())).await;
                if let Err(refused) = told {
                    log::warn(
                        "",
                        &format!("{} was not told who is there: {refused:?}", room.name()),
                    );
                }
            }
        }
        Ok(())
    }
}
