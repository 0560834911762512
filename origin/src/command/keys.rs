use std::{path::PathBuf, time::Duration};

use clap::{Args, Subcommand};
use serde_json::{Value, json};
use shared::time::Timestamp;

use super::{
    Exit, Failure,
    answer::{self, Out},
};
use crate::{
    clock::Ambient,
    config::{KeyArgs, TokenLifeArgs},
    keys::{self, Algorithm, DEPLOYED_AHEAD, KeyFile, KeyState, PUBLISHED_AHEAD, State},
};

/// What can be done with keys.
#[derive(Subcommand)]
pub enum KeysCommand {
    /// Print a new private key set: one Ed25519 key. Into a file rather by `add`: only its owner can
    /// read that
    #[command(after_help = "\
Example:
  JWT_KEYS=$(origin keys generate) origin serve")]
    Generate,
    /// Print the public part of a key set, on one line, as the edge's `JWT_KEYS` wants it
    #[command(after_help = "\
Example:
  origin keys public --jwt-keys-file jwt-keys.json")]
    Public(KeyArgs),
    /// List the keys: name, algorithm, state, and since when
    #[command(after_help = "\
Example:
  origin keys list --json | jq -r '.keys[] | select(.state == \"signs\").kid'")]
    List(ListArgs),
    /// Add a new key to the file, and print its name; running origins notice by themselves
    #[command(after_help = "\
Examples:
  origin keys add --jwt-keys-file jwt-keys.json
  origin keys add --algorithm es256")]
    Add(AddArgs),
    /// Take a key out of the file; its tokens are refused from then on
    #[command(after_help = "\
Example:
  origin keys retire wZ3kR8mP")]
    Retire(RetireArgs),
}

/// What `keys list` can be told.
#[derive(Args)]
pub struct ListArgs {
    #[command(flatten)]
    keys: KeyArgs,
    #[command(flatten)]
    life: TokenLifeArgs,
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
    /// With HS256: the secret is brought into the edge's `JWT_KEYS` by hand, before it signs; nobody
    /// publishes it
    #[arg(long)]
    edge_by_hand: bool,
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

/// What a command says.
struct Said {
    /// To who asked, and to pipes.
    text: String,
    /// The same to scripts.
    json: Value,
    /// To a person: what is left to be done.
    note: Option<String>,
}

impl KeysCommand {
    /// Does it.
    pub fn run(self, out: Out) -> anyhow::Result<()> {
        let ambient = Ambient::system();
        let Said { text, json, note } = match self {
            // These two are JSON whoever asks.
            Self::Generate => return Out::write(&keys::generate(&ambient)?),
            Self::Public(args) => return Out::write(&args.load()?.keys().public()),
            Self::List(args) => args.run(&ambient)?,
            Self::Add(args) => args.run(&ambient)?,
            Self::Retire(args) => args.run(&ambient)?,
        };
        out.give(&json, || text)?;
        if let Some(note) = note {
            eprintln!("{note}");
        }
        Ok(())
    }
}

impl ListArgs {
    fn run(self, ambient: &Ambient) -> anyhow::Result<Said> {
        let lifetime = self.life.access_token_lifetime;
        let states = self.keys.load()?.keys().states(ambient.now(), lifetime);
        Ok(Said { text: table(&states), json: json!({ "keys": states }), note: None })
    }
}

impl AddArgs {
    fn run(self, ambient: &Ambient) -> anyhow::Result<Said> {
        let file = KeyFile::lock(&path(self.keys)?)?;
        let secret = self.algorithm == Algorithm::Hs256;
        let ahead = match (self.now, secret) {
            (true, _) => Duration::ZERO,
            (false, true) => DEPLOYED_AHEAD,
            (false, false) => PUBLISHED_AHEAD,
        };
        let signs_from = ambient.now().plus(ahead);
        let (set, text) = match file.read()? {
            Some(set) => {
                if secret && !self.edge_by_hand {
                    return Err(Failure::new(Exit::Refused, NEVER_PUBLISHED, BY_HAND).into());
                }
                set.with_new(self.algorithm, signs_from, ambient)?
            }
            // Nobody verifies yet, so nobody has to hear of it first.
            None => keys::first(self.algorithm, ambient)?,
        };
        file.write(&set)?;
        let now = ambient.now();
        let states = set.states(now, Duration::ZERO);
        let key = states.into_iter().find(|key| key.kid == text);
        let json = json!({ "kid": text, "state": key.as_ref().map(|key| key.state), "since": key.as_ref().and_then(|key| key.since) });
        let note = key.filter(|_| secret).map(|key| {
            let from = key.since.unwrap_or(now);
            let mut note = format!(
                "{text} is a shared secret and signs from {from} on. Until the edge's JWT_KEYS has it \
                 (docs/keys.md, \"Rotating to HS256\"), the edge refuses its tokens."
            );
            if key.state == State::Published {
                note += " Before it signs, `origin keys retire` takes it back.";
            }
            note
        });
        Ok(Said { text, json, note })
    }
}

/// Why a shared secret is not added just like that.
const NEVER_PUBLISHED: &str = "an HS256 key is a shared secret, which is never published: once it \
    signs, the edge refuses every new token unless you have put the secret into its JWT_KEYS \
    (docs/keys.md, \"Rotating to HS256\")";
/// What to do about it.
const BY_HAND: &str = "If you will put it there, say --edge-by-hand";

impl RetireArgs {
    fn run(self, ambient: &Ambient) -> anyhow::Result<Said> {
        let path = path(self.keys)?;
        let file = KeyFile::lock(&path)?;
        let set = file.read()?.ok_or_else(|| {
            let what = format!("there is no file {}", path.display());
            Failure::not_found(what, "Make it with: origin keys add --jwt-keys-file jwt-keys.json")
        })?;
        let (now, lifetime) = (ambient.now(), self.life.access_token_lifetime);
        let key = set.states(now, lifetime).into_iter().find(|key| key.kid == self.kid);
        let key = key.ok_or_else(|| {
            Failure::not_found(
                format!("there is no key {}", self.kid),
                "See what there is with: origin keys list",
            )
        })?;
        let left = set.without(&self.kid, now, lifetime, self.force).map_err(|error| {
            let cure = "See when it can be retired with: origin keys list";
            Failure::new(Exit::Refused, format!("{error:#}"), cure)
        })?;
        file.write(&left)?;
        let note = edge_keeps(&key, now).then(|| {
            format!(
                "{} is a shared secret: nobody tells the edge that it is retired. An edge that has it in \
                 its JWT_KEYS takes its tokens until it is deployed without.",
                self.kid
            )
        });
        let json = json!({ "kid": self.kid, "retired": true });
        Ok(Said { text: format!("{} is retired", self.kid), json, note })
    }
}

/// Whether the edge takes tokens of a key that the origin has retired at `now`.
fn edge_keeps(key: &KeyState, now: Timestamp) -> bool {
    // After its sunset, nobody takes those of the old back end.
    let over = key.state == State::Legacy && key.retirable_from.is_some_and(|from| from <= now);
    key.algorithm == "HS256" && !over
}

fn path(keys: KeyArgs) -> anyhow::Result<PathBuf> {
    keys.jwt_keys_file.ok_or_else(|| {
        let what = "JWT_KEYS_FILE is not set, and only keys in a file can be changed by command";
        Failure::new(Exit::Usage, what, "Set it, or say --jwt-keys-file jwt-keys.json").into()
    })
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
    answer::table(&rows)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    const DAY: Duration = Duration::from_hours(24);

    fn args(path: &Path) -> KeyArgs {
        KeyArgs { jwt_keys_file: Some(path.to_owned()), jwt_keys: None }
    }

    fn add(path: &Path, algorithm: Algorithm, now: bool, by_hand: bool) -> anyhow::Result<Said> {
        AddArgs { keys: args(path), algorithm, now, edge_by_hand: by_hand }.run(&Ambient::system())
    }

    fn retire(path: &Path, kid: &str) -> anyhow::Result<Said> {
        let life = TokenLifeArgs { access_token_lifetime: DAY };
        RetireArgs { kid: kid.to_owned(), keys: args(path), life, force: true }
            .run(&Ambient::system())
    }

    fn states(path: &Path) -> Vec<KeyState> {
        let keys = args(path).load().unwrap();
        keys.keys().states(Ambient::system().now(), DAY)
    }

    #[test]
    fn a_shared_secret_is_not_rotated_to_before_the_edge_can_know_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("keys.json");
        let first = add(&path, Algorithm::Ed25519, false, false).unwrap();
        assert!(first.note.is_none());
        for now in [false, true] {
            let refusal = add(&path, Algorithm::Hs256, now, false).err().expect("refused");
            let refusal = Failure::from(refusal);
            assert!(refusal.lines().ends_with("say --edge-by-hand"), "{refusal}");
        }
        assert_eq!(states(&path).len(), 1, "nothing was added");

        let begun = Ambient::system().now();
        let added = add(&path, Algorithm::Hs256, false, true).unwrap();
        let secret = states(&path).into_iter().find(|key| key.kid == added.text).unwrap();
        assert_eq!(secret.state, State::Published);
        let second = Duration::from_secs(1);
        assert!(secret.since.unwrap() > begun.plus(DEPLOYED_AHEAD).minus(second), "time to deploy");
        let note = added.note.unwrap();
        assert!(note.contains("JWT_KEYS") && note.contains(&added.text), "{note}");
        assert!(note.contains(&secret.since.unwrap().to_string()), "{note}");
        assert!(note.contains("takes it back"), "{note}");
        let json = std::fs::read_to_string(&path).unwrap();
        let set: Value = serde_json::from_str(&json).unwrap();
        assert!(!note.contains(set["keys"][1]["k"].as_str().unwrap()), "the secret is not shown");

        let note = retire(&path, &added.text).unwrap().note.unwrap();
        assert!(note.contains("until it is deployed without"), "{note}");
        let other = add(&path, Algorithm::Es256, true, false).unwrap();
        assert!(other.note.is_none());
        assert!(retire(&path, &first.text).unwrap().note.is_none(), "the edge hears of that");
    }

    #[test]
    fn a_first_secret_is_no_rotation_but_told_of() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("keys.json");
        let said = add(&path, Algorithm::Hs256, false, false).unwrap();
        assert_eq!(states(&path)[0].state, State::Signs);
        let note = said.note.unwrap();
        assert!(note.contains("JWT_KEYS") && !note.contains("takes it back"), "{note}");
    }

    #[test]
    fn the_edge_keeps_secrets_and_the_old_back_ends_until_its_sunset() {
        let now = Ambient::system().now();
        let key = |algorithm: &str, state, retirable_from| {
            let (kid, algorithm) = ("k".to_owned(), algorithm.to_owned());
            edge_keeps(&KeyState { kid, algorithm, state, since: None, retirable_from }, now)
        };
        assert!(key("HS256", State::VerifiesOnly, Some(now)));
        assert!(key("HS256", State::Legacy, Some(now.plus(DAY))));
        assert!(!key("HS256", State::Legacy, Some(now)));
        assert!(!key("EdDSA", State::VerifiesOnly, Some(now)));
    }
}
