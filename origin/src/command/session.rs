//! Sessions as an operator looks for them and ends them.

mod end;
mod find;

use clap::Subcommand;

use super::answer::Out;

/// What can be done with sessions.
#[derive(Subcommand)]
pub enum SessionCommand {
    /// List sessions, the newest first
    #[command(after_help = "\
Examples:
  origin session list --user-id 31 --state live
  origin session list --state SESSION_REPLACED --from 2026-02-18T00:00:00+08:00
  origin session list --login-ip 116.4.39.203 --json | jq '.sessions[].device_name'")]
    List(find::List),
    /// Show all that is known of a session
    #[command(after_help = "\
Example:
  origin session show 7038")]
    Show(find::Show),
    /// End a session: its sockets close, and its client is told why
    #[command(after_help = "\
Examples:
  origin session end 7038 --reason 'lost phone, ticket 4711'
  origin session end 7038 --code REUSE_DETECTED --reason 'token found in a log'

Session, audit event and what the edge is told are one transaction; a running `origin serve` tells the edge within \
a second, or once one runs. Needs all settings of `origin serve`. Done twice it is done once.")]
    End(Box<end::End>),
    /// End all sessions of a user
    #[command(after_help = "\
Example:
  origin session end-all 31 --reason 'account taken over, ticket 4711'

One transaction, as with `origin session end`. Done twice it is done once.")]
    EndAll(Box<end::EndAll>),
}

impl SessionCommand {
    /// Does it.
    pub async fn run(self, out: Out) -> anyhow::Result<()> {
        match self {
            Self::List(list) => list.run(out).await,
            Self::Show(show) => show.run(out).await,
            Self::End(end) => end.run(out).await,
            Self::EndAll(end) => end.run(out).await,
        }
    }
}
