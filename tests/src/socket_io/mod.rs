//! Socket.IO: the libraries that people have, run as they are published, and a client of our own that knows
//! no more of the protocol than chat needs.

pub mod conformance;
mod fuzz;
pub mod hostile;
mod library;
pub mod polling;
pub mod speech;

pub use fuzz::Packets;
pub use library::{Foreign, Library, packages};
pub use speech::{NAMESPACE, Said, Speech};
