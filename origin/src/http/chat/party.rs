//! Who takes part in a conversation: the handlers of chat are written once, for the user's side and for
//! the console's, which lets in agents and admins alone.

use axum::extract::FromRequestParts;
use shared::chat::Participant;

use crate::{
    error::ApiError,
    extract::{
        caller::{Caller, Reader},
        guard::Agent,
    },
    state::App,
};

/// Someone who reads.
pub trait Party: FromRequestParts<App, Rejection = ApiError> + Send {
    /// As chat knows them.
    fn participant(&self) -> Participant;
}

/// Someone who writes.
pub trait Writer: Party {
    /// Who they are.
    fn caller(&self) -> &Caller;
}

impl Party for Reader {
    fn participant(&self) -> Participant {
        Self::participant(self)
    }
}

impl Party for Caller {
    fn participant(&self) -> Participant {
        Self::participant(self)
    }
}

impl Writer for Caller {
    fn caller(&self) -> &Caller {
        self
    }
}

impl Party for Agent {
    fn participant(&self) -> Participant {
        self.0.participant()
    }
}

impl Writer for Agent {
    fn caller(&self) -> &Caller {
        &self.0
    }
}
