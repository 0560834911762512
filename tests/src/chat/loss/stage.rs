//! The people of a run, their conversations and their clients.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use serde_json::json;
use shared::{
    route,
    user::{ClientType, Role},
};
use tokio::time::{Instant, sleep, timeout};

use super::plan::{Line, Plan, Seat};
use crate::{
    chat::{Account, App, Heard, Line as Socket, Manner, frame},
    system::{Client, Door, System},
};

/// How often it is looked whether all is done.
const LOOK: Duration = Duration::from_millis(200);

pub struct Stage {
    /// The conversations of the plan, by their keys.
    pub ids: Vec<i64>,
    pub apps: BTreeMap<Seat, App>,
    pub began: Instant,
    accounts: BTreeMap<Seat, Account>,
}

impl Stage {
    /// Everybody comes in, every conversation begins and has its agent, every client is online.
    pub async fn set(system: &System, plan: &Plan) -> Self {
        let mut clients: BTreeMap<Seat, Client> = BTreeMap::new();
        for seat in Plan::seats_of(&plan.size) {
            let client = match seat {
                Seat::Phone(n) => system.person(&format!("user {n}"), Role::User).await,
                Seat::Agent(n) => system.person(&format!("agent {n}"), Role::Agent).await,
                Seat::Browser(n) => {
                    let user_id = clients[&Seat::Phone(n)].user_id;
                    system.session(user_id, Role::User, ClientType::Web).await
                }
            };
            clients.insert(seat, client);
        }
        let mut ids = Vec::new();
        for conversation in 0..plan.size.conversations {
            let phone = &clients[&Seat::Phone(conversation)];
            let begun = system.post(&Door::Edge, phone, route::CHAT_SESSIONS, &json!({})).await;
            let id = begun.data()["customer_service_session_id"].as_i64().expect("a number");
            let agent = &clients[&Plan::agent_of(conversation, &plan.size)];
            system.accept(agent, id).await;
            ids.push(id);
        }
        let mut apps = BTreeMap::new();
        let mut accounts = BTreeMap::new();
        for (number, (seat, client)) in clients.iter().enumerate() {
            let account = system.account(client).over(seat.wire(plan.socket_io));
            let seed = plan.seed.wrapping_mul(1_000).wrapping_add(number as u64);
            let manner = match seat {
                Seat::Agent(_) => Manner::staff(seed),
                Seat::Phone(_) | Seat::Browser(_) => Manner::user(seed),
            };
            let manner = Manner { is_eager: number % 2 == 0, ..manner };
            let app = App::start(&format!("{seat:?}"), account.clone(), manner);
            for conversation in Plan::conversations_of(*seat, &plan.size) {
                app.join(ids[conversation]);
            }
            apps.insert(*seat, app);
            accounts.insert(*seat, account);
        }
        let stage = Self { ids, apps, began: Instant::now(), accounts };
        let deadline = Instant::now() + Duration::from_mins(1);
        while !stage.apps.values().all(|app| app.state().is_online) {
            assert!(Instant::now() < deadline, "not everybody comes online");
            sleep(LOOK).await;
        }
        Self { began: Instant::now(), ..stage }
    }

    /// Sends a line several times over another socket of the same session.
    pub async fn storm(self: Arc<Self>, line: Line, times: u32) {
        let id = self.ids[line.conversation];
        let Ok(mut socket) = Socket::open(&self.accounts[&line.seat]).await else { return };
        // What is answered is answered to the session.
        self.apps[&line.seat].state().book.sent_again(&line.temp_id, times);
        for ack in 0..times {
            let text = frame::send_message(id, &line.content, &line.temp_id, u64::from(ack));
            if !socket.send(text).await {
                return;
            }
        }
        // It stays for a moment, so that what comes to it comes.
        let listen = async { while matches!(socket.next().await, Heard::Text(_)) {} };
        let _ = timeout(Duration::from_secs(1), listen).await;
    }

    /// Waits until every client has settled what it wrote and has what is stored; what is not so when the time
    /// is up.
    pub async fn settle(&self, system: &System, patience: Duration) -> Vec<String> {
        let deadline = Instant::now() + patience;
        loop {
            let open = self.open_ends(system).await;
            if open.is_empty() || Instant::now() > deadline {
                return open;
            }
            sleep(LOOK).await;
        }
    }

    async fn open_ends(&self, system: &System) -> Vec<String> {
        let mut open = Vec::new();
        for app in self.apps.values() {
            let state = app.state();
            if let Some(code) = &state.ended {
                open.push(format!("{} has ended: {code}", app.name));
            } else if state.book.unsettled() > 0 {
                open.push(format!("{} waits for {} messages", app.name, state.book.unsettled()));
            } else if !state.is_online {
                open.push(format!("{} is offline", app.name));
            }
        }
        // Only then: what is stored is complete now.
        if open.is_empty() {
            let last = system.last_seqs().await;
            for app in self.apps.values() {
                for (id, seq) in app.state().book.positions() {
                    let stored = last.get(&id).copied().unwrap_or_default();
                    if seq < stored {
                        open.push(format!("{}: {id} is there up to {seq} of {stored}", app.name));
                    }
                }
            }
        }
        open
    }
}
