//! Conversations and their messages.

use shared::{
    chat::{ConversationStatus, MessageSource, MessageStatus, MessageType, SenderType},
    time::Timestamp,
};

use super::plan::{AGENTS, Plan, key};
use crate::store::{
    DbZone,
    bulk::{
        Cell::{self, Flag, Int, Null, Text, Time, Word},
        Table,
    },
};

pub const CONVERSATIONS: Table = Table {
    name: "customer_service_sessions",
    columns: &[
        "customer_service_session_id",
        "user_id",
        "admin_id",
        "status",
        "source",
        "is_active_session",
        "last_message_at",
        "first_response_at",
        "closed_at",
        "satisfaction_score",
        "last_seq",
        "accepted_at",
        "created_at",
        "updated_at",
    ],
};

pub const MESSAGES: Table = Table {
    name: "chat_messages",
    columns: &[
        "chat_message_id",
        "customer_service_session_id",
        "seq",
        "sender_id",
        "sender_type",
        "message_source",
        "content",
        "message_type",
        "status",
        "temp_message_id",
        "created_at",
        "updated_at",
    ],
};

/// Seconds from one message to the next.
const PACE: i64 = 30;
const QUESTIONS: [&str; 4] =
    ["为什么我总是被下线？", "我的挂单不见了", "请问怎么退款？", "钻石没有到账"];
const ANSWERS: [&str; 3] = ["您好，请稍等", "已经为您处理好了", "请提供一下挂单编号"];

/// What several rows must agree on.
struct Conversation {
    status: ConversationStatus,
    agent: Option<i64>,
    began: Timestamp,
    /// Row of its first message, and how many it has.
    first: i64,
    messages: i64,
}

pub fn count_conversations(plan: &Plan) -> i64 {
    plan.sizes.conversations
}

pub fn count_messages(plan: &Plan) -> i64 {
    plan.sizes.messages
}

/// Row of the first message of a conversation.
fn first_message(plan: &Plan, n: i64) -> i64 {
    let (messages, conversations) = (plan.sizes.messages, plan.sizes.conversations.max(1));
    (n * messages + conversations - 1) / conversations
}

fn facts(plan: &Plan, n: i64) -> Conversation {
    const OPEN: [(i64, ConversationStatus); 4] = [
        (50, ConversationStatus::Closed),
        (20, ConversationStatus::Waiting),
        (10, ConversationStatus::Assigned),
        (20, ConversationStatus::Active),
    ];
    let mut draw = plan.draw(CONVERSATIONS.name, n);
    // At most one of a user's is open: their last.
    let is_last = n >= plan.sizes.conversations - plan.sizes.users;
    let status = if is_last { draw.weighted(&OPEN) } else { ConversationStatus::Closed };
    let agent = key(plan.sizes.users + draw.below(AGENTS));
    let first = first_message(plan, n);
    Conversation {
        status,
        agent: (status != ConversationStatus::Waiting).then_some(agent),
        began: plan.spread(n, plan.sizes.conversations, 90),
        first,
        messages: first_message(plan, n + 1) - first,
    }
}

pub fn conversation(plan: &Plan, zone: DbZone, n: i64, row: &mut Vec<Cell>) {
    let Conversation { status, agent, began, messages, .. } = facts(plan, n);
    let mut draw = plan.draw("ratings", n);
    let is_closed = status == ConversationStatus::Closed;
    let time = |seconds: i64| Time(zone.write(plan.later(began, seconds)));
    let last = PACE * messages;
    let answered = agent.is_some() && messages > 1;
    row.extend([
        Int(key(n)),
        Int(key(n % plan.sizes.users)),
        agent.map_or(Null, Int),
        Word(status.as_str()),
        Word("mobile"),
        Flag(!is_closed),
        if messages > 0 { time(last) } else { Null },
        if answered { time(2 * PACE) } else { Null },
        if is_closed { time(last + 60) } else { Null },
        if is_closed && draw.below(3) == 0 { Int(1 + draw.below(5)) } else { Null },
        Int(messages),
        if agent.is_some() { time(PACE) } else { Null },
        time(0),
        time(if is_closed { last + 60 } else { last }),
    ]);
}

pub fn message(plan: &Plan, zone: DbZone, n: i64, row: &mut Vec<Cell>) {
    let conversation = n * plan.sizes.conversations / plan.sizes.messages.max(1);
    let Conversation { status, agent, began, first, messages } = facts(plan, conversation);
    let mut draw = plan.draw(MESSAGES.name, n);
    let seq = n - first + 1;
    let at = Time(zone.write(plan.later(began, PACE * seq)));
    let by_user = seq % 2 == 1;
    let (sender, side, source, kind) = match (by_user, agent) {
        (true, _) => {
            let user = key(conversation % plan.sizes.users);
            (Int(user), SenderType::User, MessageSource::UserClient, MessageType::Text)
        }
        (false, Some(agent)) => {
            (Int(agent), SenderType::Admin, MessageSource::AdminClient, MessageType::Text)
        }
        (false, None) => (Null, SenderType::Admin, MessageSource::System, MessageType::System),
    };
    let unread = status != ConversationStatus::Closed && seq > messages - 3;
    let state = if unread { MessageStatus::Sent } else { MessageStatus::Read };
    row.extend([
        Int(key(n)),
        Int(key(conversation)),
        Int(seq),
        sender,
        Word(side.as_str()),
        Word(source.as_str()),
        Word(if by_user { draw.of(&QUESTIONS) } else { draw.of(&ANSWERS) }),
        Word(kind.as_str()),
        Word(state.as_str()),
        if by_user { Text(format!("synthetic-{n}")) } else { Null },
        at.clone(),
        at,
    ]);
}
