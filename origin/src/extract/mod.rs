//! What handlers say in their signatures: who is calling, and what they sent.

pub mod caller;
pub mod context;
pub mod guard;
pub mod input;
pub mod once;
pub mod page;
pub mod period;
pub mod signed;
