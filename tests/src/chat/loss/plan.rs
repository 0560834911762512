//! What happens in a run, and when: all of it decided by the seed.

use std::time::Duration;

use crate::{
    chat::{Cut, Wire},
    dice::Dice,
};

/// How large a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Messages that are written.
    pub messages: usize,
    /// Conversations, each of a user of its own.
    pub conversations: usize,
    /// Agents, who share the conversations.
    pub agents: usize,
    /// Connections that are dropped.
    pub drops: usize,
    /// Messages that are sent several times under their id.
    pub storms: usize,
    /// The time within which all of that is begun.
    pub traffic: Duration,
    /// For how long the origin is stopped.
    pub origin_stopped: Duration,
    /// For how long the database is.
    pub database_stopped: Duration,
    /// How long it may take after that until everyone has everything.
    pub patience: Duration,
}

impl Size {
    /// The size that the suite runs, several times.
    pub const SUITE: Self = Self {
        messages: 1_000,
        conversations: 12,
        agents: 10,
        drops: 20,
        storms: 20,
        traffic: Duration::from_secs(12),
        origin_stopped: Duration::from_secs(2),
        database_stopped: Duration::from_millis(1_500),
        patience: Duration::from_mins(1),
    };

    /// The whole size.
    pub const WHOLE: Self = Self {
        messages: 10_000,
        conversations: 20,
        agents: 14,
        drops: 200,
        storms: 200,
        traffic: Duration::from_secs(150),
        origin_stopped: Duration::from_secs(20),
        database_stopped: Duration::from_secs(10),
        patience: Duration::from_mins(5),
    };
}

/// A client of the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Seat {
    /// The phone of the user of this conversation.
    Phone(usize),
    /// That user's browser, where there is one: it reads only.
    Browser(usize),
    /// An agent.
    Agent(usize),
}

/// Whose clients speak Socket.IO; the others are raw.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SocketIo {
    /// Nobody's.
    #[default]
    Nobody,
    /// The users'.
    Users,
    /// The agents'.
    Agents,
}

impl Seat {
    /// What its client speaks.
    #[must_use]
    pub const fn wire(self, socket_io: SocketIo) -> Wire {
        match (self, socket_io) {
            (Self::Phone(_) | Self::Browser(_), SocketIo::Users)
            | (Self::Agent(_), SocketIo::Agents) => Wire::SocketIo,
            _ => Wire::Raw,
        }
    }
}

/// A message that is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// By whom.
    pub seat: Seat,
    /// Where.
    pub conversation: usize,
    /// Its id.
    pub temp_id: String,
    /// What it says.
    pub content: String,
}

/// Something that a client does, or that is done to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// It writes this line of the plan.
    Write(usize),
    /// It sends it again so many times, perhaps over another socket of the same session, too.
    Storm {
        /// The line.
        line: usize,
        /// How many times more.
        times: u32,
        /// Whether over another socket, too.
        over_another: bool,
    },
    /// It loses its connection.
    Drop(Seat, Cut),
    /// It reads nothing for so many milliseconds.
    Deafen(Seat, u64),
}

/// Something that happens to the system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outage {
    /// The edge's process is killed, and started again.
    EdgeKilled,
    /// The origin's process is killed, and started again after a while.
    OriginStopped,
    /// The database is away for a while.
    DatabaseStopped,
}

/// A run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// What decided it.
    pub seed: u64,
    /// How large it is.
    pub size: Size,
    /// Whose clients speak Socket.IO.
    pub socket_io: SocketIo,
    /// What is written.
    pub lines: Vec<Line>,
    /// What happens at clients, by milliseconds since the beginning.
    pub acts: Vec<(u64, Act)>,
    /// What happens to the system, by the same.
    pub outages: Vec<(u64, Outage)>,
}

impl Plan {
    /// The plan of a seed.
    #[must_use]
    pub fn draw(seed: u64, size: Size) -> Self {
        let mut dice = Dice::new(seed);
        let millis = u64::try_from(size.traffic.as_millis()).expect("a few minutes");
        let mut acts = Vec::new();
        let mut lines = Vec::new();
        let mut writing = dice.split();
        for number in 0..size.messages {
            // Both sides write everywhere, and alike often.
            let conversation = number % size.conversations;
            let is_of_agent = (number / size.conversations) % 2 == 1;
            let seat = if is_of_agent {
                Self::agent_of(conversation, &size)
            } else {
                Seat::Phone(conversation)
            };
            let padding = "字".repeat(writing.index(40));
            lines.push(Line {
                seat,
                conversation,
                temp_id: format!("{seed}-{number}"),
                content: format!("line {number} {padding}"),
            });
            acts.push((writing.within(0..millis), Act::Write(number)));
        }
        // In the order of time, and of one seat's own numbers, so that a person writes 1 before 2.
        acts.sort_by_key(|(at, _)| *at);
        for (place, (_, act)) in acts.iter_mut().enumerate() {
            *act = Act::Write(place);
        }

        let mut storming = dice.split();
        for _ in 0..size.storms {
            let (written, line) =
                (storming.index(acts.len().min(size.messages)), storming.within(0..2_000));
            let act = Act::Storm {
                line: written,
                times: u32::try_from(storming.within(1..5)).expect("a few"),
                over_another: storming.once_in(3),
            };
            acts.push((acts[written].0 + line, act));
        }
        let mut dropping = dice.split();
        let seats = Self::seats_of(&size);
        for _ in 0..size.drops {
            let cut = *dropping.of(&[Cut::Polite, Cut::Fin, Cut::Reset]);
            acts.push((dropping.within(0..millis), Act::Drop(*dropping.of(&seats), cut)));
        }
        for _ in 0..size.drops / 5 {
            let deaf = dropping.within(300..4_000);
            acts.push((dropping.within(0..millis), Act::Deafen(*dropping.of(&seats), deaf)));
        }
        acts.sort_by_key(|(at, _)| *at);

        let mut order = [Outage::EdgeKilled, Outage::OriginStopped, Outage::DatabaseStopped];
        let mut breaking = dice.split();
        for last in (1..order.len()).rev() {
            order.swap(last, breaking.index(last + 1));
        }
        let outages =
            [15, 40, 65].map(|share| millis * share / 100 + breaking.within(0..millis / 10));
        let outages = outages.into_iter().zip(order).collect();
        Self { seed, size, socket_io: SocketIo::Nobody, lines, acts, outages }
    }

    /// The same plan with clients of Socket.IO on one side.
    #[must_use]
    pub fn with(self, socket_io: SocketIo) -> Self {
        Self { socket_io, ..self }
    }

    /// The agent of a conversation: some have several, some share nobody's.
    #[must_use]
    pub fn agent_of(conversation: usize, size: &Size) -> Seat {
        Seat::Agent(conversation % size.agents)
    }

    /// Every client.
    #[must_use]
    pub fn seats_of(size: &Size) -> Vec<Seat> {
        let phones = (0..size.conversations).map(Seat::Phone);
        let browsers = (0..size.conversations).step_by(3).map(Seat::Browser);
        phones.chain(browsers).chain((0..size.agents).map(Seat::Agent)).collect()
    }

    /// The conversations that a client takes part in.
    #[must_use]
    pub fn conversations_of(seat: Seat, size: &Size) -> Vec<usize> {
        match seat {
            Seat::Phone(conversation) | Seat::Browser(conversation) => vec![conversation],
            Seat::Agent(_) => {
                (0..size.conversations).filter(|one| Self::agent_of(*one, size) == seat).collect()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_is_the_same_plan() {
        assert_eq!(Plan::draw(5, Size::SUITE), Plan::draw(5, Size::SUITE));
        assert_ne!(Plan::draw(5, Size::SUITE).acts, Plan::draw(6, Size::SUITE).acts);
    }

    #[test]
    fn a_plan_has_what_its_size_says() {
        let plan = Plan::draw(9, Size::SUITE);
        let count =
            |wanted: fn(&Act) -> bool| plan.acts.iter().filter(|(_, act)| wanted(act)).count();
        assert_eq!(count(|act| matches!(act, Act::Write(_))), 1_000);
        assert_eq!(count(|act| matches!(act, Act::Drop(..))), 20);
        assert_eq!(count(|act| matches!(act, Act::Storm { .. })), 20);
        assert!(plan.acts.windows(2).all(|two| two[0].0 <= two[1].0), "in the order of time");
        let written: Vec<_> = plan
            .acts
            .iter()
            .filter_map(|(_, act)| if let Act::Write(line) = act { Some(*line) } else { None })
            .collect();
        assert!(written.iter().copied().eq(0..1_000), "each line once, in order");
        let mut kinds: Vec<_> =
            plan.outages.iter().map(|(_, outage)| format!("{outage:?}")).collect();
        kinds.sort();
        assert_eq!(kinds, ["DatabaseStopped", "EdgeKilled", "OriginStopped"]);
        // A storm comes after what it repeats was written.
        for (at, act) in &plan.acts {
            if let Act::Storm { line, .. } = act {
                let written = plan.acts.iter().find(|(_, act)| *act == Act::Write(*line)).unwrap();
                assert!(written.0 <= *at);
            }
        }
    }

    #[test]
    fn every_conversation_has_both_sides() {
        let size = Size::WHOLE;
        let plan = Plan::draw(1, size);
        for conversation in 0..size.conversations {
            let of = |seat| {
                plan.lines
                    .iter()
                    .filter(|line| line.conversation == conversation && line.seat == seat)
                    .count()
            };
            assert_eq!(
                (of(Seat::Phone(conversation)), of(Plan::agent_of(conversation, &size))),
                (250, 250)
            );
        }
    }
}
