//! What all of the edge remembers of sessions: `dead:<hash>` and `live:<hash>` in KV.
//!
//! A read that fails is a miss, and a write that fails is a miss to come: both are logged.

use serde::{Serialize, de::DeserializeOwned};
use shared::{session::SessionHash, time::Timestamp};
use worker::{KvError, KvStore};

use super::entry::{LiveEntry, MAX_AGE, Tombstone};
use crate::{
    call::{Background, Work},
    log,
    refused::Refused,
};

/// The binding of the namespace.
const BINDING: &str = "SESSIONS";

/// The namespace, for the time of a call.
pub struct Sessions {
    kv: KvStore,
    request_id: String,
}

impl Sessions {
    /// The namespace that is bound to the worker.
    pub fn of(work: Work<'_>) -> Result<Self, Refused> {
        Ok(Self { kv: work.env.kv(BINDING)?, request_id: work.id.to_owned() })
    }

    /// The tombstone, if the session has one.
    pub async fn tombstone(&self, session: &SessionHash) -> Option<Tombstone> {
        self.read(&dead_key(session)).await
    }

    /// What an origin last said of the session alive.
    pub async fn live(&self, session: &SessionHash) -> Option<LiveEntry> {
        self.read(&live_key(session)).await
    }

    /// Remembers that the session is live, after the call has been answered.
    pub fn fill(self, background: Background<'_>, session: SessionHash, live: LiveEntry) {
        background.run(async move {
            if let Err(error) = self.write(&live_key(&session), &live, MAX_AGE.as_secs()).await {
                log::warn(&self.request_id, &format!("KV did not take live:{session}: {error}"));
            }
        });
    }

    /// Writes a tombstone; whether it is there. KV takes one write a second of a key, so a refused
    /// write may mean that it was there already.
    pub async fn bury(&self, session: &SessionHash, tombstone: Tombstone, now: Timestamp) -> bool {
        match self.write(&dead_key(session), &tombstone, tombstone.ttl(now)).await {
            Ok(()) => true,
            Err(error) => {
                log::warn(&self.request_id, &format!("KV did not take dead:{session}: {error}"));
                self.tombstone(session)
                    .await
                    .is_some_and(|there| there.remember_until >= tombstone.remember_until)
            }
        }
    }

    async fn read<T: DeserializeOwned>(&self, key: &str) -> Option<T> {
        let value = self.kv.get(key).text().await.unwrap_or_else(|error| {
            log::warn(&self.request_id, &format!("KV did not give {key}: {error}"));
            None
        })?;
        serde_json::from_slice(value.as_bytes())
            .inspect_err(|error| {
                log::error(&self.request_id, &format!("KV has nonsense at {key}: {error}"));
            })
            .ok()
    }

    async fn write<T: Serialize>(
        &self,
        key: &str,
        value: &T,
        ttl_seconds: u64,
    ) -> Result<(), KvError> {
        let value = serde_json::to_string(value)?;
        self.kv.put(key, value)?.expiration_ttl(ttl_seconds).execute().await
    }
}

fn dead_key(session: &SessionHash) -> String {
    format!("dead:{session}")
}

fn live_key(session: &SessionHash) -> String {
    format!("live:{session}")
}
