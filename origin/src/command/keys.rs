use std::{io::Write as _, path::PathBuf, time::Duration};

use anyhow::Context as _;
use clap::{Args, Subcommand};

use crate::{
    clock::Ambient,
    config::{KeyArgs, TokenLifeArgs},
    keys::{self, Algorithm, KeyFile, KeyState, PUBLISHED_AHEAD, State},
};

/// What can be done with keys.
#[derive(Subcommand)]
pub enum KeysCommand {
    /// Print a new private key set: one Ed25519 key
    Generate,
    /// Print the public part of a key set, on one line, as the edge's `JWT_KEYS` wants it
    Public(KeyArgs),
    /// List the keys: name, algorithm, state, and since when
    List(ListArgs),
    /// Add a new key to the file, and print its name; running origins notice by themselves
    Add(AddArgs),
    /// Take a key out of the file; its tokens are refused from then on
    Retire(RetireArgs),
}

/// What `keys list` can be told.
#[derive(Args)]
pub struct ListArgs {
    #[command(flatten)]
    keys: KeyArgs,
    #[command(flatten)]
    life: TokenLifeArgs,
    /// As JSON
    #[arg(long)]
    json: bool,
}

/// What `keys add` can be told.
#[derive(Args)]
pub struct AddArgs {
    #[command(flatten)]
    keys: KeyArgs,
    /// What the key signs with
    #[arg(long, value_enum, default_value_t = Algorithm::Ed25519)]
    algorithm: Algorithm,
    /// Sign with it at once, instead of when every verifier has had the time to hear of it
    #[arg(long)]
    now: bool,
}

/// What `keys retire` can be told.
#[derive(Args)]
pub struct RetireArgs {
    /// Name of the key, as `keys list` has it
    kid: String,
    #[command(flatten)]
    keys: KeyArgs,
    #[command(flatten)]
    life: TokenLifeArgs,
    /// Even if tokens of the key may still live
    #[arg(long)]
    force: bool,
}

impl KeysCommand {
    /// Does it.
    pub fn run(self) -> anyhow::Result<()> {
        let ambient = Ambient::system();
        let text = match self {
            Self::Generate => keys::generate(&ambient)?,
            Self::Public(args) => args.load()?.keys().public().to_string(),
            Self::List(args) => args.run(&ambient)?,
            Self::Add(args) => args.run(&ambient)?,
            Self::Retire(args) => args.run(&ambient)?,
        };
        writeln!(std::io::stdout(), "{text}")?;
        Ok(())
    }
}

impl ListArgs {
    fn run(self, ambient: &Ambient) -> anyhow::Result<String> {
        let lifetime = self.life.access_token_lifetime;
        let states = self.keys.load()?.keys().states(ambient.now(), lifetime);
        if self.json { Ok(serde_json::to_string_pretty(&states)?) } else { Ok(table(&states)) }
    }
}

impl AddArgs {
    fn run(self, ambient: &Ambient) -> anyhow::Result<String> {
        let file = KeyFile::lock(&path(self.keys)?)?;
        let ahead = if self.now { Duration::ZERO } else { PUBLISHED_AHEAD };
        let (set, kid) = match file.read()? {
            Some(set) => set.with_new(self.algorithm, ambient.now().plus(ahead), ambient)?,
            // Nobody verifies yet, so nobody has to hear of it first.
            None => keys::first(self.algorithm, ambient)?,
        };
        file.write(&set)?;
        Ok(kid)
    }
}

impl RetireArgs {
    fn run(self, ambient: &Ambient) -> anyhow::Result<String> {
        let path = path(self.keys)?;
        let file = KeyFile::lock(&path)?;
        let set = file.read()?.with_context(|| format!("there is no file {}", path.display()))?;
        let lifetime = self.life.access_token_lifetime;
        file.write(&set.without(&self.kid, ambient.now(), lifetime, self.force)?)?;
        Ok(format!("{} is retired", self.kid))
    }
}

fn path(keys: KeyArgs) -> anyhow::Result<PathBuf> {
    keys.jwt_keys_file
        .context("JWT_KEYS_FILE is not set: only keys in a file can be changed by command")
}

fn table(keys: &[KeyState]) -> String {
    let mut rows = vec![["KID", "ALG", "STATE", "SINCE", "RETIRE FROM"].map(str::to_owned)];
    rows.extend(keys.iter().map(|key| {
        let time = |time: Option<_>| time.map_or("-".to_owned(), |time| format!("{time}"));
        let since = match key.state {
            State::Published => format!("signs from {}", time(key.since)),
            _ => time(key.since),
        };
        let state = key.state.as_str().to_owned();
        [key.kid.clone(), key.algorithm.clone(), state, since, time(key.retirable_from)]
    }));
    let width = |column: usize| rows.iter().map(|row| row[column].len()).max().unwrap_or_default();
    let widths: Vec<_> = (0..5).map(width).collect();
    let line = |row: &[String; 5]| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}
