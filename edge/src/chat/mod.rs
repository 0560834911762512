//! Chat sockets and the objects that hold them.
//!
//! The worker reaches objects through [`rooms`]; inside one, a [`room`] holds its sockets, reads
//! their [`frames`], hands on what is [`outgoing`], hears what was stored ([`admit`]) and keeps in its
//! [`store`] what must outlast its sleep. What is to be done later hangs on its one [`alarm`].

mod accepting;
mod admit;
mod alarm;
mod audience;

mod crowd;
pub mod delivery;
mod desk;
mod frames;
pub mod gateway;
mod life;
mod marked;
mod marks;
mod meter;
mod outgoing;
mod presence;
mod queue;
mod remote;
mod resume;
mod room;
pub mod rooms;
mod sockets;
mod store;
mod tables;
mod typing;
mod user_channel;
