//! What a client does about what it missed.

use std::time::Duration;

use serde_json::Value;

use super::session::{ANOTHER_TRY, Caught, Session};
use crate::chat::rest::Rest;

impl Session<'_> {
    /// Everything that was asked for has been sent, the server says.
    pub fn resumed(&mut self, data: &Value) {
        let Caught::Asked(_, mut missing) = std::mem::replace(&mut self.caught, Caught::Up) else {
            return self.wrong(format!("resumed without having asked: {data}"));
        };
        for entry in data["conversations"].as_array().into_iter().flatten() {
            let of = |field: &str| entry[field].as_i64();
            let (Some(id), Some(seq)) = (of("customer_service_session_id"), of("seq")) else {
                self.wrong(format!("no position: {entry}"));
                continue;
            };
            missing.remove(&id);
            self.witness.is_resumed(id, seq);
            let held =
                self.run.with(|state| state.book.shelves.get(&id).map(|one| one.complete_to));
            if held < Some(seq) && !self.truncated.contains(&id) {
                self.wrong(format!("{id} is resumed up to {seq}, and only {held:?} is there"));
            }
        }
        if !missing.is_empty() {
            self.wrong(format!("{missing:?} left out of {data}"));
        }
        self.caught_up();
    }

    /// Loads by REST what a socket is not sent.
    pub fn fetch(&mut self, conversation: i64, after: Duration) {
        if !self.loading.insert(conversation) {
            return;
        }
        let known = self.run.with(|state| {
            let held = state.book.shelves.get(&conversation)?;
            held.pages.get(&held.complete_to).map(|page| page.chat_message_id)
        });
        let (rest, loaded) = (Rest::new(&self.run.account), self.loaded.0.clone());
        let is_staff = self.run.manner.is_staff;
        tokio::spawn(async move {
            tokio::time::sleep(after).await;
            let rows = rest.behind(is_staff, conversation, known).await.ok();
            let _ = loaded.send((conversation, rows));
        });
    }

    pub fn load(&mut self, conversation: i64, rows: Option<&[Value]>) {
        self.loading.remove(&conversation);
        let has_hole = self.run.with(|state| {
            for row in rows.into_iter().flatten() {
                state.book.apply(row);
            }
            let held = state.book.shelves.get(&conversation);
            held.is_some_and(|held| {
                held.pages.last_key_value().is_some_and(|(seq, _)| *seq > held.complete_to)
            })
        });
        if has_hole || rows.is_none() {
            self.fetch(conversation, ANOTHER_TRY);
        }
    }
}
