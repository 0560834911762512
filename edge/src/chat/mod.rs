//! Chat sockets and the objects that hold them.
//!
//! The worker reaches objects through [`rooms`]; inside one, a [`room`] holds its sockets, reads
//! their [`frames`], hands on what is [`outgoing`], and keeps a [`record`] of what must outlast its
//! sleep.

pub mod delivery;
mod desk;
mod frames;
pub mod gateway;
mod life;
mod lines;
mod meter;
mod outgoing;
mod record;
mod remote;
mod room;
pub mod rooms;
mod sockets;
mod tables;
mod user_channel;
