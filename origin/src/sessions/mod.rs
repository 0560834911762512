//! What happens to sessions: opened by a log-in, renewed by the same device, ended for a reason.

pub mod attempts;
pub mod device;
pub mod end;
pub mod open;
pub mod policy;
