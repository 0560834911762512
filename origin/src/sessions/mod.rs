//! What happens to sessions: opened by a log-in, renewed by the same device, ended for a reason.

pub mod alert;
pub mod device;
pub mod end;
pub mod hold;
pub mod limits;
pub mod open;
pub mod policy;
pub mod refresh;
pub mod refresh_keys;
pub mod risk;
pub mod tokens;
pub mod user_agent;
