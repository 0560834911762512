//! Who hears of a stored message, and who of a suspicion.

use shared::{
    chat::{
        SenderType,
        event::ServerEvent,
        room::{Delivery, Room},
    },
    internal::{AlertEvent, ChatEvent},
    user::UserType,
};

/// What each room is to send, in the order of the events.
pub fn by_room(
    events: &[ChatEvent],
    desk_shards: u32,
) -> serde_json::Result<Vec<(Room, Vec<Delivery>)>> {
    let mut rooms: Vec<(Room, Vec<Delivery>)> = Vec::new();
    for event in events {
        let frame = serde_json::to_string(&ServerEvent::NewMessage(event.message.clone()))?;
        for (room, to_user_ids) in audience(event, desk_shards) {
            let delivery = Delivery {
                event_id: event.event_id,
                occurred_at: event.message.created_at,
                to_user_ids,
                except_socket: event.socket_id.clone(),
                except_session: None,
                frame: frame.clone(),
            };
            match rooms.iter_mut().find(|(known, _)| *known == room) {
                Some((_, deliveries)) => deliveries.push(delivery),
                None => rooms.push((room, vec![delivery])),
            }
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
        except_socket: None,
        except_session: event.except_session,
        frame: serde_json::to_string(&ServerEvent::SecurityAlert(event.alert))?,
    };
    Ok((Room::of(event.user_id, event.user_type, desk_shards), vec![delivery]))
}

/// The rooms that an event is for, each once, and of the people there those who are meant.
fn audience(event: &ChatEvent, desk_shards: u32) -> Vec<(Room, Option<Vec<i64>>)> {
    let mut audience = vec![(Room::User(event.user_id), None)];
    let Some(admin_id) = event.admin_id else {
        // It waits: whoever comes first may answer.
        audience.extend((0..desk_shards).map(|shard| (Room::Desk(shard), None)));
        return audience;
    };
    let mut staff = vec![admin_id];
    if event.message.sender_type == SenderType::Admin {
        // Not always the one who has the conversation, and his other sockets must see what he wrote.
        staff.extend(event.message.sender_id.filter(|sender_id| *sender_id != admin_id));
    }
    for user_id in staff {
        let desk = Room::of(user_id, UserType::Admin, desk_shards);
        match audience.iter_mut().find(|(room, _)| *room == desk) {
            Some((_, Some(user_ids))) => user_ids.push(user_id),
            _ => audience.push((desk, Some(vec![user_id]))),
        }
    }
    audience
}

#[cfg(test)]
mod tests {
    use shared::{
        chat::{MessageType, event::MessageEvent},
        session::SessionHash,
        time::Timestamp,
    };
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    fn event(
        event_id: i64,
        admin_id: Option<i64>,
        sender_type: SenderType,
        sender_id: i64,
    ) -> ChatEvent {
        let message = MessageEvent {
            chat_message_id: event_id,
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
        ChatEvent { event_id, user_id: 31, admin_id, socket_id: Some("s".into()), message }
    }

    #[test]
    fn a_waiting_user_is_heard_at_every_desk() {
        let rooms = audience(&event(1, None, SenderType::User, 31), 3);
        let everyone = |room| (room, None);
        assert_eq!(
            rooms,
            [Room::User(31), Room::Desk(0), Room::Desk(1), Room::Desk(2)].map(everyone)
        );
    }

    #[test]
    fn a_conversation_that_an_agent_has_is_that_agents_alone() {
        let rooms = audience(&event(1, Some(8), SenderType::User, 31), 2);
        assert_eq!(rooms, [(Room::User(31), None), (Room::Desk(0), Some(vec![8]))]);
        let rooms = audience(&event(1, Some(8), SenderType::Admin, 8), 2);
        assert_eq!(rooms, [(Room::User(31), None), (Room::Desk(0), Some(vec![8]))]);
    }

    #[test]
    fn an_admin_who_writes_into_an_agents_conversation_sees_it_too() {
        let rooms = audience(&event(1, Some(8), SenderType::Admin, 9), 2);
        assert_eq!(
            rooms,
            [
                (Room::User(31), None),
                (Room::Desk(0), Some(vec![8])),
                (Room::Desk(1), Some(vec![9]))
            ]
        );
        // One delivery a room: a room takes an event once.
        let rooms = audience(&event(1, Some(8), SenderType::Admin, 9), 1);
        assert_eq!(rooms, [(Room::User(31), None), (Room::Desk(0), Some(vec![8, 9]))]);
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
        let events = [1, 2, 3].map(|id| event(id, Some(8), SenderType::User, 31));
        let rooms = by_room(&events, 1).unwrap();
        let ids = |deliveries: &[Delivery]| {
            deliveries.iter().map(|delivery| delivery.event_id).collect::<Vec<_>>()
        };
        assert_eq!(rooms.len(), 2);
        assert!(rooms.iter().all(|(_, deliveries)| ids(deliveries) == [1, 2, 3]));
        assert!(
            rooms
                .iter()
                .flat_map(|(_, deliveries)| deliveries)
                .all(|d| d.except_socket.as_deref() == Some("s"))
        );
    }
}
