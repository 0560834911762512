//! Which rooms hear of what happens in conversations, and of a suspicion.

use shared::{
    chat::{
        SenderType,
        event::ServerEvent,
        news::{MessageHead, News, RawNews, RoomConversation},
        room::{Delivery, Room},
    },
    internal::{AlertEvent, ChatEvent},
    user::UserType,
};

/// What a room is to hear, in the order of the events, and their keys.
#[derive(Debug)]
pub struct ForRoom {
    /// The room.
    pub room: Room,
    /// Keys of the events.
    pub event_ids: Vec<i64>,
    /// What they tell.
    pub news: Vec<RawNews>,
}

/// What each room is to hear.
pub fn by_room(
    events: &[ChatEvent<RawNews>],
    desk_shards: u32,
) -> serde_json::Result<Vec<ForRoom>> {
    let mut rooms: Vec<ForRoom> = Vec::new();
    for event in events {
        for room in audience(&event.news, desk_shards)? {
            let at = rooms.iter().position(|known| known.room == room).unwrap_or_else(|| {
                rooms.push(ForRoom { room, event_ids: Vec::new(), news: Vec::new() });
                rooms.len() - 1
            });
            rooms[at].event_ids.push(event.event_id);
            rooms[at].news.push(event.news.clone());
        }
    }
    Ok(rooms)
}

/// What the room of the account's owner is to send: to the owner's sockets alone, and of these not
/// to the newcomer's.
pub fn of_alert(event: AlertEvent, desk_shards: u32) -> serde_json::Result<(Room, Vec<Delivery>)> {
    let delivery = Delivery {
        event_id: event.event_id,
        occurred_at: event.occurred_at,
        to_user_ids: Some(vec![event.user_id]),
        except_session: event.except_session,
        frame: serde_json::to_string(&ServerEvent::SecurityAlert(event.alert))?,
    };
    Ok((Room::of(event.user_id, event.user_type, desk_shards), vec![delivery]))
}

/// The rooms that something is for, each once.
fn audience(news: &RawNews, desk_shards: u32) -> serde_json::Result<Vec<Room>> {
    let conversation = news.conversation();
    let mut rooms = vec![Room::User(conversation.user_id)];
    match news {
        News::Message(stored) => {
            rooms.extend(desks(conversation, desk_shards));
            let head: MessageHead = serde_json::from_slice(stored.message.get().as_bytes())?;
            if head.sender_type == SenderType::Admin {
                // Not always the one who has the conversation, and his other sockets must see what he wrote.
                rooms.extend(head.sender_id.map(|id| desk_of(id, desk_shards)));
            }
        }
        // Every desk shows the queue.
        News::Conversation(_) => rooms.extend((0..desk_shards).map(Room::Desk)),
        News::Marked(marked) => {
            rooms.extend(desks(conversation, desk_shards));
            let staff = match marked.by {
                SenderType::User => marked.sender_ids.as_slice(),
                SenderType::Admin => marked.reader_id.as_slice(),
            };
            rooms.extend(staff.iter().map(|id| desk_of(*id, desk_shards)));
        }
    }
    let mut once = Vec::with_capacity(rooms.len());
    for room in rooms {
        if !once.contains(&room) {
            once.push(room);
        }
    }
    Ok(once)
}

/// The desks of those who have a conversation.
fn desks(conversation: &RoomConversation, desk_shards: u32) -> Vec<Room> {
    match conversation.admin_id {
        Some(admin_id) => vec![desk_of(admin_id, desk_shards)],
        // It waits: whoever comes first may answer.
        None => (0..desk_shards).map(Room::Desk).collect(),
    }
}

fn desk_of(user_id: i64, desk_shards: u32) -> Room {
    Room::of(user_id, UserType::Admin, desk_shards)
}

#[cfg(test)]
mod tests {
    use shared::{
        chat::{
            ConversationStatus, MessageStatus, MessageType,
            event::MessageEvent,
            news::{Marked, StoredMessage},
        },
        session::SessionHash,
        time::Timestamp,
    };
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    fn conversation(admin_id: Option<i64>) -> RoomConversation {
        RoomConversation {
            customer_service_session_id: 1,
            began_at: Timestamp::EPOCH,
            user_id: 31,
            admin_id,
            status: ConversationStatus::Waiting,
            version: 0,
            last_seq: 1,
        }
    }

    fn audience(news: &RawNews, desk_shards: u32) -> Vec<Room> {
        super::audience(news, desk_shards).unwrap()
    }

    fn message(admin_id: Option<i64>, sender_type: SenderType, sender_id: i64) -> RawNews {
        let message = MessageEvent {
            chat_message_id: 1,
            customer_service_session_id: 1,
            seq: 1,
            temp_message_id: None,
            sender_id: Some(sender_id),
            sender_type,
            content: "hi".into(),
            message_type: MessageType::Text,
            reply_to_id: None,
            metadata: None,
            created_at: Timestamp::EPOCH,
            sender_name: "name".into(),
            timestamp: Timestamp::EPOCH,
        };
        let conversation = conversation(admin_id);
        let message = serde_json::value::to_raw_value(&message).unwrap();
        News::Message(StoredMessage { conversation, sender_session: None, message })
    }

    fn read(admin_id: Option<i64>, by: SenderType, reader_id: i64, sender_ids: &[i64]) -> RawNews {
        News::Marked(Marked {
            conversation: conversation(admin_id),
            status: MessageStatus::Read,
            by,
            reader_id: Some(reader_id),
            reader_session: None,
            chat_message_id: 1,
            seq: 1,
            chat_message_ids: vec![1],
            sender_ids: sender_ids.to_vec(),
        })
    }

    #[test]
    fn a_waiting_user_is_heard_at_every_desk() {
        let rooms = audience(&message(None, SenderType::User, 31), 3);
        assert_eq!(rooms, [Room::User(31), Room::Desk(0), Room::Desk(1), Room::Desk(2)]);
    }

    #[test]
    fn a_conversation_that_an_agent_has_is_that_agents_alone() {
        let rooms = audience(&message(Some(8), SenderType::User, 31), 2);
        assert_eq!(rooms, [Room::User(31), Room::Desk(0)]);
        let rooms = audience(&message(Some(8), SenderType::Admin, 8), 2);
        assert_eq!(rooms, [Room::User(31), Room::Desk(0)]);
    }

    #[test]
    fn an_admin_who_writes_into_an_agents_conversation_sees_it_too() {
        let rooms = audience(&message(Some(8), SenderType::Admin, 9), 2);
        assert_eq!(rooms, [Room::User(31), Room::Desk(0), Room::Desk(1)]);
        let rooms = audience(&message(Some(8), SenderType::Admin, 9), 1);
        assert_eq!(rooms, [Room::User(31), Room::Desk(0)]);
    }

    #[test]
    fn who_wrote_hears_that_it_was_read_though_another_has_the_conversation_now() {
        let rooms = audience(&read(Some(8), SenderType::User, 31, &[9]), 2);
        assert_eq!(rooms, [Room::User(31), Room::Desk(0), Room::Desk(1)]);
        let rooms = audience(&read(Some(8), SenderType::Admin, 9, &[31]), 2);
        assert_eq!(rooms, [Room::User(31), Room::Desk(0), Room::Desk(1)]);
    }

    #[test]
    fn an_alert_is_for_its_owner_alone_and_not_for_the_newcomer() {
        let alert = |user_type| AlertEvent {
            event_id: 7,
            user_id: 31,
            user_type,
            occurred_at: Timestamp::EPOCH,
            except_session: Some(SessionHash::of("newcomer")),
            alert: "data".into(),
        };
        let (room, deliveries) = of_alert(alert(UserType::User), 2).unwrap();
        assert_eq!(room, Room::User(31));
        assert_eq!(deliveries[0].except_session, Some(SessionHash::of("newcomer")));
        assert_eq!(deliveries[0].frame, r#"{"event":"security_alert","data":"data"}"#);
        // A desk is shared, and an alert is not.
        let (room, deliveries) = of_alert(alert(UserType::Admin), 2).unwrap();
        assert_eq!((room, &deliveries[0].to_user_ids), (Room::Desk(1), &Some(vec![31])));
    }

    #[test]
    fn a_room_gets_its_events_in_one_call_and_in_order() {
        let events = [1, 2, 3]
            .map(|event_id| ChatEvent { event_id, news: message(Some(8), SenderType::User, 31) });
        let rooms = by_room(&events, 1).unwrap();
        assert_eq!(rooms.len(), 2);
        assert!(rooms.iter().all(|room| room.event_ids == [1, 2, 3] && room.news.len() == 3));
    }
}
