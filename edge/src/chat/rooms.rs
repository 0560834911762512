//! Rooms as the worker sees them: objects that are called by name.

use shared::{
    chat::room::{CONNECT_PATH, Room, RoomCall, SOCKET_OWNER_HEADER, SocketOwner},
    error::ErrorCode,
};
use worker::{Env, Method, RequestInit, Response, WebSocket};

use crate::{refused::Refused, request};

/// Objects are called by URL; its host means nothing.
const BASE: &str = "https://room";

/// Tells a room something; an error where it has not done it.
pub async fn tell(env: &Env, room: Room, call: &RoomCall) -> Result<(), Refused> {
    let response = post(env, room, call.path(), call.body()?).await?;
    match response.status_code() {
        200 => Ok(()),
        status => {
            Err(Refused::Fault(format!("{} answered {} with {status}", room.name(), call.path())))
        }
    }
}

/// The same, where the room may refuse with a code.
pub(super) async fn ask(env: &Env, room: Room, call: &RoomCall) -> Result<(), Refused> {
    let mut response = post(env, room, call.path(), call.body()?).await?;
    match response.status_code() {
        200 => Ok(()),
        _ => Err(response.json::<ErrorCode>().await?.into()),
    }
}

/// Posts to an object.
pub(super) async fn post(
    env: &Env,
    room: Room,
    path: &str,
    body: String,
) -> Result<Response, Refused> {
    let init =
        RequestInit { method: Method::Post, body: Some(body.into()), ..RequestInit::default() };
    fetch(env, room, path, &init).await
}

/// Opens a socket in its room; the room may refuse it with a code.
pub async fn connect(env: &Env, room: Room, owner: &SocketOwner) -> Result<WebSocket, Refused> {
    let init = RequestInit::default();
    init.headers.set("upgrade", "websocket")?;
    init.headers.set(SOCKET_OWNER_HEADER, &owner.to_header()?)?;
    socket_of(fetch(env, room, CONNECT_PATH, &init).await?).await
}

/// The socket that an object has accepted, or the code that it has refused it with.
pub async fn socket_of(mut response: Response) -> Result<WebSocket, Refused> {
    if response.status_code() != 101 {
        return Err(response.json::<ErrorCode>().await?.into());
    }
    response.websocket().ok_or_else(|| Refused::Fault("accepted without a socket".to_owned()))
}

/// Calls an object.
pub async fn fetch(
    env: &Env,
    room: Room,
    path: &str,
    init: &RequestInit,
) -> Result<Response, Refused> {
    let call = request::new(&format!("{BASE}{path}"), init)?;
    let object = env.durable_object(room.binding())?.get_by_name(&room.name())?;
    Ok(object.fetch_with_request(call).await?)
}
