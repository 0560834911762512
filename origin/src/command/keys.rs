use std::io::Write as _;

use clap::Subcommand;

use crate::{clock::Ambient, config::KeyArgs, keys};

/// What can be done with keys.
#[derive(Subcommand)]
pub enum KeysCommand {
    /// Print a new private key set: one Ed25519 key
    Generate,
    /// Print the public part of a key set, on one line, as the edge's `JWT_KEYS` wants it
    Public(KeyArgs),
}

impl KeysCommand {
    /// Does it.
    pub fn run(self) -> anyhow::Result<()> {
        let text = match self {
            Self::Generate => keys::generate(&Ambient::system())?,
            Self::Public(args) => args.load()?.public().to_string(),
        };
        writeln!(std::io::stdout(), "{text}")?;
        Ok(())
    }
}
