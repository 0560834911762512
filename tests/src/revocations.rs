//! Ends sessions by the hundred, in calm and while origin and edge fail, and sees to it that the edge
//! has heard of every single one.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use serde_json::json;
use shared::{error::ErrorCode, route};
use tokio::{sync::mpsc::UnboundedReceiver, time::timeout};

use crate::{
    crowd::{Connected, Member, connect, connect_all, gather, now},
    kv::{Manners, PlayedKv},
    system::{Client, Door, System},
};

/// Longer than any row of the outbox stays with a process that has died.
const PATIENCE: Duration = Duration::from_mins(3);
/// Dead tokens that are shown at once.
const AT_ONCE: usize = 20;

/// How things stood when the end of a session was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weather {
    /// All was well.
    Calm,
    /// The edge hung with its sockets open, and the origin was killed before it could push.
    EdgeHangs,
    /// The edge was gone, and its sockets with it, and the origin was killed before it could push.
    EdgeGone,
}

/// The end of a session, as it was seen from outside.
#[derive(Clone, Copy, Debug)]
pub struct Seen {
    /// How things stood.
    pub weather: Weather,
    /// From the call to its answer; none where the origin died over it, and it was asked again.
    pub answered: Option<Duration>,
    /// From the call to the tombstone in KV.
    pub buried: Duration,
    /// From when both were well to the tombstone.
    pub buried_since_well: Duration,
    /// From the call until the client was told, by a close or at its next handshake.
    pub told: Duration,
    /// Whether its socket was closed; else it broke, and the next handshake was refused.
    pub closed: bool,
}

struct Asked {
    member: Member,
    weather: Weather,
    at: Instant,
    answered: Option<Duration>,
    well_at: Instant,
    told_at: Option<Instant>,
    closed: bool,
}

/// Sessions with open sockets, and those of them that were ended.
pub struct Revocations<'a> {
    system: &'a mut System,
    admin: Client,
    /// One that is never ended.
    bystander: Client,
    tombstones: UnboundedReceiver<(String, Instant)>,
    open: Vec<Connected>,
    asked: Vec<Asked>,
}

impl<'a> Revocations<'a> {
    /// Opens `count` sessions, a socket each, at an edge whose KV is watched.
    pub async fn prepare(system: &'a mut System, count: usize) -> Self {
        let kv = PlayedKv::start(Manners { stale: Duration::ZERO, slow: Duration::ZERO }).await;
        system.share_kv(&kv);
        let (admin, bystander) = (system.admin().await, system.agent().await);
        let members = gather(system, count).await;
        let open = connect_all(system, &members).await;
        Self { system, admin, bystander, tombstones: kv.watch(), open, asked: Vec::new() }
    }

    /// Ends `count` sessions, so many at once, and the next ones when the sockets are closed.
    pub async fn in_calm(&mut self, count: usize, at_once: usize) {
        for done in (0..count).step_by(at_once) {
            let batch = self.some(at_once.min(count - done));
            let first = self.asked.len();
            self.ask(&batch, Weather::Calm).await;
            self.see_closed(first, batch).await;
        }
    }

    /// Ends `count` sessions while the edge hangs, for a while at least, and kills the origin
    /// over the last `in_flight` of them. All sockets are closed when both are back.
    pub async fn while_the_edge_hangs(
        &mut self,
        count: usize,
        in_flight: usize,
        a_while: Duration,
    ) {
        let (first, batch) = (self.asked.len(), self.some(count));
        self.system.pause_edge();
        self.ask_and_crash(&batch, in_flight, Weather::EdgeHangs).await;
        tokio::time::sleep(a_while).await;
        self.system.resume_edge();
        self.all_is_well(first);
        self.see_closed(first, batch).await;
    }

    /// The same while there is no edge. The clients come again when both are back, and whose session was
    /// ended is refused.
    pub async fn while_the_edge_is_gone(
        &mut self,
        count: usize,
        in_flight: usize,
        a_while: Duration,
    ) {
        let (first, batch) = (self.asked.len(), self.some(count));
        self.system.kill_edge();
        self.ask_and_crash(&batch, in_flight, Weather::EdgeGone).await;
        tokio::time::sleep(a_while).await;
        self.system.start_edge();
        self.all_is_well(first);
        for (one, asked) in batch.into_iter().zip(&mut self.asked[first..]) {
            let (code, _) = one.socket.await.expect("a socket's end");
            assert_eq!(code, None, "nobody was there to close it");
            let refused = connect(self.system, &one.member).await.err();
            refused.expect("no socket for a dead session").refused(401, "SESSION_DEACTIVATED");
            asked.told_at = Some(now());
        }
        let mut broken = Vec::new();
        for one in std::mem::take(&mut self.open) {
            assert_eq!(one.socket.await.expect("a socket's end").0, None, "its session lives");
            broken.push(one.member);
        }
        self.open = connect_all(self.system, &broken).await;
    }

    /// Proves that nothing was lost: each end has its tombstone, and an edge that remembers
    /// nothing refuses each dead token with the true code, with no origin to ask; a live one it does not.
    pub async fn prove(mut self) -> Vec<Seen> {
        let buried = self.buried().await;
        self.outbox_is_empty().await;
        self.system.kill_edge();
        self.system.start_edge();
        self.system.kill_origin();
        let system = &*self.system;
        for some in self.asked.chunks(AT_ONCE) {
            join_all(some.iter().map(async |one| {
                let client = &one.member.client;
                let read = system.get(&Door::Edge, client, route::MY_LISTINGS).await;
                read.refused(401, "SESSION_DEACTIVATED");
                let socket = system.socket(&Door::Edge, client).await.err();
                socket.expect("no socket").refused(401, "SESSION_DEACTIVATED");
            }))
            .await;
        }
        let live = system.get(&Door::Edge, &self.bystander, route::ME).await;
        live.refused(503, "ORIGIN_UNAVAILABLE");
        let seen = |one: &Asked| {
            let buried = buried[&tombstone(&one.member)];
            Seen {
                weather: one.weather,
                answered: one.answered,
                buried: buried - one.at,
                buried_since_well: buried.saturating_duration_since(one.well_at),
                told: one.told_at.expect("everyone was told") - one.at,
                closed: one.closed,
            }
        };
        self.asked.iter().map(seen).collect()
    }

    fn some(&mut self, count: usize) -> Vec<Connected> {
        assert!(count <= self.open.len(), "more ends than sessions");
        self.open.split_off(self.open.len() - count)
    }

    /// Asks for the ends of these sessions at once; each is answered.
    async fn ask(&mut self, some: &[Connected], weather: Weather) {
        let calls = some.iter().map(async |one| {
            let at = now();
            self.call(&one.member).await.ok();
            (at, at.elapsed())
        });
        for (one, (at, answered)) in some.iter().zip(join_all(calls).await) {
            self.asked.push(Asked {
                member: one.member.clone(),
                weather,
                at,
                answered: Some(answered),
                well_at: at,
                told_at: None,
                closed: false,
            });
        }
    }

    /// Asks for them one by one, and kills the origin over the last `in_flight` with nothing pushed. What was not
    /// answered is asked again: once or twice, it is one end.
    async fn ask_and_crash(&mut self, some: &[Connected], in_flight: usize, weather: Weather) {
        let (answered, crashed) = some.split_at(some.len() - in_flight);
        for one in answered {
            self.ask(std::slice::from_ref(one), weather).await;
        }
        let (waiting, _) = self.outbox().await;
        assert!(usize::try_from(waiting).expect("a count") >= answered.len(), "{waiting} wait");
        let calls: Vec<_> =
            crashed.iter().map(|one| tokio::spawn(self.request(&one.member).send())).collect();
        // Some have committed by now, some have not.
        self.calls_begun(crashed).await;
        self.system.kill_origin();
        for call in calls {
            // Answered or not.
            let _ = call.await.expect("a call");
        }
        self.system.start_origin();
        let first = self.asked.len();
        self.ask(crashed, weather).await;
        for one in &mut self.asked[first..] {
            one.answered = None;
        }
    }

    /// Waits until the first of these ends is in the database.
    async fn calls_begun(&self, some: &[Connected]) {
        let Some(first) = some.first() else { return };
        let id = first.member.client.session_id;
        let ended = format!(
            "SELECT end_reason FROM authentication_sessions
             WHERE authentication_session_id = {id} AND end_reason IS NOT NULL"
        );
        let look = async {
            while self.system.texts(&ended).await.is_empty() {
                tokio::task::yield_now().await;
            }
        };
        timeout(PATIENCE, look).await.expect("a commit in time");
    }

    fn request(&self, member: &Member) -> reqwest::RequestBuilder {
        let path = route::with_id(route::DEACTIVATE_SESSION, member.client.session_id);
        let request = self.system.request(&Door::Origin, "POST", &path);
        request.bearer_auth(&self.admin.token).json(&json!({ "reason": "measured" }))
    }

    async fn call(&self, member: &Member) -> crate::Reply {
        self.system.send(self.request(member)).await
    }

    fn all_is_well(&mut self, first: usize) {
        let well_at = now();
        self.asked[first..].iter_mut().for_each(|one| one.well_at = well_at);
    }

    async fn see_closed(&mut self, first: usize, batch: Vec<Connected>) {
        for (one, asked) in batch.into_iter().zip(&mut self.asked[first..]) {
            let (code, at) =
                timeout(PATIENCE, one.socket).await.expect("a close in time").expect("an end");
            assert_eq!(code, ErrorCode::SessionDeactivated.close_code());
            (asked.told_at, asked.closed) = (Some(at), true);
        }
    }

    /// When each tombstone was written first, by its key.
    async fn buried(&mut self) -> HashMap<String, Instant> {
        let mut missing: HashMap<_, _> =
            self.asked.iter().map(|one| (tombstone(&one.member), one.weather)).collect();
        let mut buried = HashMap::new();
        while !missing.is_empty() {
            let Ok(write) = timeout(PATIENCE, self.tombstones.recv()).await else {
                panic!("{} ends are lost: {missing:?}", missing.len());
            };
            let (key, at) = write.expect("a namespace");
            if missing.remove(&key).is_some() {
                buried.insert(key, at);
            }
        }
        buried
    }

    /// How many rows wait for the edge, and how many for a person.
    async fn outbox(&self) -> (i64, i64) {
        let mut handle = self.system.db.acquire().await.expect("a connection");
        origin::store::outbox::depth(handle.conn()).await.expect("a count")
    }

    async fn outbox_is_empty(&self) {
        let emptied = timeout(PATIENCE, async {
            while self.outbox().await != (0, 0) {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        });
        emptied.await.expect("the outbox empties, and nothing is set aside");
    }
}

fn tombstone(member: &Member) -> String {
    format!("dead:{}", member.hash)
}
