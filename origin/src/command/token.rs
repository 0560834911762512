use std::io::Read as _;

use anyhow::Context as _;
use clap::Subcommand;

use super::{Exit, Failure, answer::Out, failure::told};
use crate::{
    clock::Ambient,
    config::{InspectArgs, InspectConfig, LogFormat},
    edge_client::EdgeClient,
    inspection::{Account, Inspector, MAX_INPUT_BYTES},
};

/// What can be done with an access token.
#[derive(Subcommand)]
pub enum TokenCommand {
    /// Say what is true of the access token on standard input, check by check: fails where it fails one
    #[command(after_help = "\
Examples:
  origin token inspect < token.txt
  origin token inspect --json < token.txt | jq .first_failure

The token is not printed. Fails (4) with the first check that the token fails; the account of all checks is on \
standard output all the same.")]
    Inspect(Box<InspectArgs>),
}

impl TokenCommand {
    /// Does it.
    pub async fn run(self, out: Out) -> anyhow::Result<()> {
        let Self::Inspect(settings) = self;
        // Why the edge could not be asked, say: the answer itself goes to standard output.
        super::log(LogFormat::Text, "warn");
        let account = inspect(*settings, &from_stdin()?).await?;
        out.give(&account, || for_people(&account))?;
        match account.first_failure {
            Some(failed) => {
                let what = format!("the token fails at {}: {}", failed.check, failed.code);
                let cure = "What its client does on this code: docs/clients.md";
                Err(Failure::new(Exit::Refused, what, cure).into())
            }
            None => Ok(()),
        }
    }
}

/// A token comes by standard input: arguments are for everyone to see who may list processes.
fn from_stdin() -> anyhow::Result<String> {
    let mut text = String::new();
    let limit = u64::try_from(MAX_INPUT_BYTES)? + 1;
    std::io::stdin().take(limit).read_to_string(&mut text).context("cannot read a token")?;
    let token = text.trim();
    if token.is_empty() {
        let cure = "Give it so: origin token inspect < token.txt";
        return Err(Failure::new(Exit::Usage, "there is no token on standard input", cure).into());
    }
    Ok(token.to_owned())
}

async fn inspect(settings: InspectArgs, token: &str) -> anyhow::Result<Account> {
    let config = InspectConfig::try_from(settings)?;
    let db = super::connect(config.database).await?;
    let ambient = Ambient::system();
    let edge = config
        .edge
        .map(|(url, secret)| EdgeClient::new(url, secret))
        .transpose()
        .context("cannot make an HTTP client")?;
    let inspector = Inspector {
        db: &db,
        ambient: &ambient,
        keys: config.keys.keys().verification(),
        expectations: &config.expectations,
        session_idle_limit: config.session_idle_limit,
        edge: edge.as_ref(),
    };
    inspector.account(token).await.map_err(told)
}

fn for_people(account: &Account) -> String {
    let line = |finding: &shared::token::Finding| {
        let sign = match finding.ok {
            Some(true) => "ok",
            Some(false) => "FAILS",
            None => "-",
        };
        format!("{:<10} {sign:<6} {}\n", finding.check.as_str(), finding.detail)
    };
    account.checks.iter().map(line).collect()
}
