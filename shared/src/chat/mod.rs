//! Chat: words, shapes and rules of conversations and messages.

pub mod event;
pub mod gateway;
mod message;
pub mod news;
pub mod room;

pub use message::{LastMessage, Message, MessageProblem, NewMessage, Sender};

use serde::{Deserialize, Serialize};

use crate::{error::ErrorCode, time::Timestamp, user::Role, wire_enum::wire_enum};

wire_enum! {
    /// Where a conversation stands (`customer_service_sessions.status`).
    ConversationStatus {
        /// No agent has it.
        Waiting = "waiting",
        /// An agent has it and has not answered.
        Assigned = "assigned",
        /// An agent has answered.
        Active = "active",
        /// Over.
        Closed = "closed",
    }
}

impl ConversationStatus {
    /// The name that users read.
    #[must_use]
    pub const fn display(self) -> &'static str {
        match self {
            Self::Waiting => "等待中",
            Self::Assigned => "已分配",
            Self::Active => "进行中",
            Self::Closed => "已关闭",
        }
    }
}

wire_enum! {
    /// The side that a message comes from (`chat_messages.sender_type`).
    SenderType {
        /// The user.
        User = "user",
        /// Customer service, and the system.
        Admin = "admin",
    }
}

wire_enum! {
    /// The program that a message comes from (`chat_messages.message_source`).
    MessageSource {
        /// The mini-program.
        UserClient = "user_client",
        /// The console.
        AdminClient = "admin_client",
        /// The system itself.
        System = "system",
    }
}

wire_enum! {
    /// What a message is (`chat_messages.message_type`).
    MessageType {
        /// Text of at most 4,000 characters.
        Text = "text",
        /// The https address of a picture.
        Image = "image",
        /// A notice; only the system writes it.
        System = "system",
    }
}

wire_enum! {
    /// How far a message has come (`chat_messages.status`).
    MessageStatus {
        /// On its way to the origin.
        Sending = "sending",
        /// Stored.
        Sent = "sent",
        /// At a socket of the other side.
        Delivered = "delivered",
        /// Read by the other side.
        Read = "read",
    }
}

/// Someone who wants to write or read, as far as the rules need to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Participant {
    /// The person.
    pub user_id: i64,
    /// What they may do.
    pub role: Role,
}

/// A conversation, as far as the rules need to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConversationFacts {
    /// Whose it is.
    pub user_id: i64,
    /// The agent who has it.
    pub admin_id: Option<i64>,
    /// Where it stands.
    pub status: ConversationStatus,
}

impl Participant {
    /// The side that this person writes from.
    #[must_use]
    pub const fn sender_type(self) -> SenderType {
        match self.role {
            Role::User => SenderType::User,
            Role::Agent | Role::Admin => SenderType::Admin,
        }
    }

    /// The program that this person writes from.
    #[must_use]
    pub const fn source(self) -> MessageSource {
        match self.role {
            Role::User => MessageSource::UserClient,
            Role::Agent | Role::Admin => MessageSource::AdminClient,
        }
    }

    /// Whether this person may know of the conversation.
    ///
    /// # Errors
    /// `NOT_FOUND`: what one may not see does not exist.
    pub const fn may_see(self, conversation: &ConversationFacts) -> Result<(), ErrorCode> {
        let visible = match self.role {
            Role::User => conversation.user_id == self.user_id,
            Role::Agent => match conversation.admin_id {
                None => true,
                Some(admin_id) => admin_id == self.user_id,
            },
            Role::Admin => true,
        };
        if visible { Ok(()) } else { Err(ErrorCode::NotFound) }
    }

    /// Whether this person may write into the conversation: one rule for sockets and REST.
    ///
    /// # Errors
    /// `NOT_FOUND` where they may not see it, `CONFLICT` where it is closed.
    pub fn may_write(self, conversation: &ConversationFacts) -> Result<(), ErrorCode> {
        self.may_see(conversation)?;
        if conversation.status == ConversationStatus::Closed {
            return Err(ErrorCode::Conflict);
        }
        Ok(())
    }
}

/// Whose a conversation is, as shown beside it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ConversationUser {
    /// The person.
    pub user_id: i64,
    /// Display name.
    pub nickname: String,
    /// Mobile number, where one is known.
    pub mobile: Option<String>,
}

/// The agent who has a conversation, as shown beside it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ConversationAdmin {
    /// The person.
    pub user_id: i64,
    /// Display name.
    pub nickname: String,
}

/// A conversation in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ConversationSummary {
    /// Key of the conversation.
    pub customer_service_session_id: i64,
    /// Whose it is.
    pub user: ConversationUser,
    /// The agent who has it.
    pub admin: Option<ConversationAdmin>,
    /// Where it stands.
    pub status: ConversationStatus,
    /// The status as users read it.
    pub status_display: String,
    /// What began it: `mobile`, `system_notification`…
    pub source: String,
    /// Higher is more urgent.
    pub priority: i32,
    /// When the last message was written.
    pub last_message_at: Option<Timestamp>,
    /// The last message.
    pub last_message: Option<LastMessage>,
    /// Messages of the other side that the caller has not read.
    pub unread_count: i64,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_may_write_where() {
        let conversation = |admin_id, status| ConversationFacts { user_id: 31, admin_id, status };
        let waiting = conversation(None, ConversationStatus::Waiting);
        let taken = conversation(Some(7), ConversationStatus::Active);
        let closed = conversation(Some(7), ConversationStatus::Closed);
        let person = |user_id, role| Participant { user_id, role };
        let cases = [
            ("its user", person(31, Role::User), waiting, Ok(())),
            ("another user", person(32, Role::User), waiting, Err(ErrorCode::NotFound)),
            ("another user, closed", person(32, Role::User), closed, Err(ErrorCode::NotFound)),
            ("its user, closed", person(31, Role::User), closed, Err(ErrorCode::Conflict)),
            ("any agent while it waits", person(8, Role::Agent), waiting, Ok(())),
            ("its agent", person(7, Role::Agent), taken, Ok(())),
            ("another agent", person(8, Role::Agent), taken, Err(ErrorCode::NotFound)),
            ("an admin", person(9, Role::Admin), taken, Ok(())),
        ];
        for (who, participant, conversation, expected) in cases {
            assert_eq!(participant.may_write(&conversation), expected, "{who}");
        }
    }
}
