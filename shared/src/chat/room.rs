//! The Durable Objects that hold sockets: their names and the calls they answer, each stated once.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};

use super::{gateway::ClientFrames, news::RawNews};
use crate::{error::ErrorCode, session::SessionHash, time::Timestamp, user::UserType};

/// An object that holds sockets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Room {
    /// All sockets of one user.
    User(i64),
    /// The sockets of the agents and admins of one shard.
    Desk(u32),
    /// Sockets that have yet to say whose they are.
    Gateway(u32),
}

impl Room {
    /// The room that a person's sockets live in; `desk_shards` is at least 1.
    #[must_use]
    pub fn of(user_id: i64, user_type: UserType, desk_shards: u32) -> Self {
        match user_type {
            UserType::User => Self::User(user_id),
            UserType::Admin => {
                let shard = user_id.rem_euclid(i64::from(desk_shards.max(1)));
                Self::Desk(u32::try_from(shard).unwrap_or_default())
            }
        }
    }

    /// The name of the binding that the object's class is reached by.
    #[must_use]
    pub const fn binding(self) -> &'static str {
        match self {
            Self::User(_) => "USER_CHANNEL",
            Self::Desk(_) => "DESK",
            Self::Gateway(_) => "GATEWAY",
        }
    }

    /// The object's name.
    #[must_use]
    pub fn name(self) -> String {
        match self {
            Self::User(user_id) => format!("user:{user_id}"),
            Self::Desk(shard) => format!("desk:{shard}"),
            Self::Gateway(number) => format!("gateway:{number}"),
        }
    }

    /// The room of this name; `None` where it is that of none.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let (kind, number) = name.split_once(':')?;
        match kind {
            "user" => number.parse().ok().map(Self::User),
            "desk" => number.parse().ok().map(Self::Desk),
            "gateway" => number.parse().ok().map(Self::Gateway),
            _ => None,
        }
    }
}

/// Header of [`CONNECT_PATH`] that carries a [`SocketOwner`].
pub const SOCKET_OWNER_HEADER: &str = "x-drawbridge-socket";
/// Path of the upgrade request that hands a new socket to its room.
pub const CONNECT_PATH: &str = "/connect";

/// Whose socket it is and what it was opened with; kept with the socket while its room sleeps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SocketOwner {
    /// Names the socket.
    pub socket_id: String,
    /// The person.
    pub user_id: i64,
    /// The side of the system that the session belongs to.
    pub user_type: UserType,
    /// Names the session to the origin.
    pub session_token: String,
    /// The end of the token that it was opened with.
    pub token_expires_at: Timestamp,
    /// The language of what a person reads.
    pub language: crate::error::Language,
}

impl SocketOwner {
    /// The owner as a header's value: base64url of JSON, since a header carries ASCII alone.
    ///
    /// # Errors
    /// Where it cannot be written as JSON.
    pub fn to_header(&self) -> serde_json::Result<String> {
        serde_json::to_vec(self).map(|json| BASE64_URL_SAFE_NO_PAD.encode(json))
    }

    /// The owner that a header names; `None` where it names none.
    #[must_use]
    pub fn from_header(value: &str) -> Option<Self> {
        let json = BASE64_URL_SAFE_NO_PAD.decode(value).ok()?;
        serde_json::from_slice(&json).ok()
    }
}

/// What a room can be told.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum RoomCall {
    /// Pass on what happened in conversations, each to those whom it concerns.
    Tell(Vec<RawNews>),
    /// Send events, in this order, to the sockets that they are for.
    Deliver(Vec<Delivery>),
    /// A session has ended: remember it, say so on its sockets and close them.
    EndSession(SessionEnded),
    /// Send something of the moment to some people's sockets.
    Pass(Passing),
    /// Let a socket in that lives in a gateway.
    Subscribe(SocketOwner),
    /// That socket is gone: its `socket_id`.
    Unsubscribe(String),
    /// Read what its client has sent.
    ClientFrames(ClientFrames),
}

impl RoomCall {
    /// The path that the call is posted to.
    #[must_use]
    pub const fn path(&self) -> &'static str {
        match self {
            Self::Tell(_) => "/tell",
            Self::Deliver(_) => "/deliver",
            Self::EndSession(_) => "/end-session",
            Self::Pass(_) => "/pass",
            Self::Subscribe(_) => "/subscribe",
            Self::Unsubscribe(_) => "/unsubscribe",
            Self::ClientFrames(_) => "/client-frames",
        }
    }

    /// The call's body, as JSON.
    ///
    /// # Errors
    /// Where it cannot be written as JSON.
    pub fn body(&self) -> serde_json::Result<String> {
        match self {
            Self::Tell(news) => serde_json::to_string(news),
            Self::Deliver(deliveries) => serde_json::to_string(deliveries),
            Self::EndSession(ended) => serde_json::to_string(ended),
            Self::Pass(passing) => serde_json::to_string(passing),
            Self::Subscribe(owner) => serde_json::to_string(owner),
            Self::Unsubscribe(socket_id) => serde_json::to_string(socket_id),
            Self::ClientFrames(frames) => serde_json::to_string(frames),
        }
    }

    /// The call that was posted to `path`; `None` for a path that no call has.
    ///
    /// # Errors
    /// Where the body is not that of the call.
    pub fn parse(path: &str, body: &str) -> Option<serde_json::Result<Self>> {
        match path {
            "/tell" => Some(serde_json::from_slice(body.as_bytes()).map(Self::Tell)),
            "/deliver" => Some(serde_json::from_slice(body.as_bytes()).map(Self::Deliver)),
            "/pass" => Some(serde_json::from_slice(body.as_bytes()).map(Self::Pass)),
            "/end-session" => Some(serde_json::from_slice(body.as_bytes()).map(Self::EndSession)),
            "/subscribe" => Some(serde_json::from_slice(body.as_bytes()).map(Self::Subscribe)),
            "/unsubscribe" => Some(serde_json::from_slice(body.as_bytes()).map(Self::Unsubscribe)),
            "/client-frames" => {
                Some(serde_json::from_slice(body.as_bytes()).map(Self::ClientFrames))
            }
            _ => None,
        }
    }
}

/// An event on its way to a room's sockets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Delivery {
    /// Key of the outbox row; with `occurred_at`, names the event: a room that has delivered it does
    /// not do so again.
    pub event_id: i64,
    /// When it happened. Keys begin anew when a database does; rooms outlive databases.
    pub occurred_at: Timestamp,
    /// Whose sockets it is for; everyone's in the room where it does not say.
    pub to_user_ids: Option<Vec<i64>>,
    /// The session that caused it and is not told.
    pub except_session: Option<SessionHash>,
    /// The frame to send: a [`ServerEvent`](super::event::ServerEvent) as JSON, which no room reads.
    pub frame: String,
}

/// Something of the moment, like who types: it is not kept, and not told again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Passing {
    /// Whose sockets it is for; everyone's in the room where it does not say.
    pub to_user_ids: Option<Vec<i64>>,
    /// The frame to send: a [`ServerEvent`](super::event::ServerEvent) as JSON, which no room reads.
    pub frame: String,
}

/// The end of a session, as a room is told of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionEnded {
    /// Names the session.
    pub session: SessionHash,
    /// What its sockets are told.
    pub code: ErrorCode,
    /// Until when the room must remember it: the end of the last token that names it.
    pub remember_until: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_of_the_console_share_desks_by_shard() {
        assert_eq!(Room::of(31, UserType::User, 1).name(), "user:31");
        assert_eq!(Room::of(31, UserType::Admin, 1).name(), "desk:0");
        assert_eq!(Room::of(31, UserType::Admin, 4), Room::Desk(3));
        assert_eq!(Room::of(-1, UserType::Admin, 0), Room::Desk(0));
    }

    #[test]
    fn a_name_is_that_of_one_room() {
        for room in [Room::User(31), Room::User(-1), Room::Desk(3), Room::Gateway(15)] {
            assert_eq!(Room::named(&room.name()), Some(room));
        }
        for odd in ["", "user", "user:", "user:x", "desk:-1", "room:1"] {
            assert_eq!(Room::named(odd), None, "{odd}");
        }
    }

    #[test]
    fn a_call_is_read_as_it_was_written() {
        let call = RoomCall::EndSession(SessionEnded {
            session: SessionHash::of("s"),
            code: ErrorCode::SessionReplaced,
            remember_until: Timestamp::from_millis(0).unwrap(),
        });
        let read = RoomCall::parse(call.path(), &call.body().unwrap());
        let RoomCall::EndSession(read) = read.unwrap().unwrap() else { panic!("another call") };
        assert_eq!(read.code, ErrorCode::SessionReplaced);
        assert!(RoomCall::parse("/elsewhere", "{}").is_none());
        assert!(RoomCall::parse("/deliver", "{}").unwrap().is_err());
    }

    #[test]
    fn an_owner_passes_through_a_header_whatever_the_session_is_called() {
        let owner = SocketOwner {
            socket_id: "1".into(),
            user_id: 31,
            user_type: UserType::User,
            session_token: "会话\n\"".into(),
            token_expires_at: Timestamp::EPOCH,
            language: crate::error::Language::Chinese,
        };
        let header = owner.to_header().unwrap();
        assert!(header.is_ascii());
        assert_eq!(SocketOwner::from_header(&header), Some(owner));
        assert_eq!(SocketOwner::from_header("e30"), None);
        assert_eq!(SocketOwner::from_header("{}"), None);
    }
}
