//! What happens to listings: other services make, lock and sell them; here they are shown and taken back.

mod list;
mod withdraw;

pub use list::list;
pub use withdraw::{By, withdraw};
