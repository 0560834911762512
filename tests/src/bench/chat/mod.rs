//! Clients of chat: the same for the edge, for Socket.IO and for an object of the runtime's own.

mod people;
mod scene;
mod wire;

pub use people::{Company, People, meet};
pub use scene::{Measured, Scene, hold, play};
pub use wire::Wire;
