use std::{net::IpAddr, time::Duration};

use clap::Args;
use serde_json::json;
use shared::{
    page::{MAX_LIMIT, Pagination},
    session::EndReason,
    user::{ClientType, UserType},
};

use crate::{
    clock::Ambient,
    command::{
        Exit, Failure,
        answer::{Out, lines, printable, table},
        connect,
    },
    config::{DatabaseArgs, duration},
    extract::{
        page::Page,
        period::{Moment, Period},
    },
    store::{
        sessions::search::{self, At, Found, Search, State},
        slice::Slice,
    },
};

/// Which sessions.
#[derive(Args)]
#[command(next_help_heading = "Which sessions")]
pub struct List {
    /// Of this user
    #[arg(long)]
    user_id: Option<i64>,
    /// Of this side of the system: `user` or `admin`
    #[arg(long)]
    user_type: Option<UserType>,
    /// From this kind of client: `mini_program`, `web`, `app`
    #[arg(long)]
    client_type: Option<ClientType>,
    /// `live`, or the code that their clients are told, such as `SESSION_REPLACED`
    #[arg(long, value_parser = state)]
    state: Option<State>,
    /// Last logged in to from this address
    #[arg(long)]
    login_ip: Option<IpAddr>,
    /// Opened at this time or later: ISO 8601 with its offset
    #[arg(long, value_parser = moment)]
    from: Option<Moment>,
    /// Opened before this time
    #[arg(long, value_parser = moment)]
    to: Option<Moment>,
    /// Which page, from 1
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    page: u32,
    /// Rows of a page
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_LIMIT)))]
    limit: u32,
    #[command(flatten)]
    judging: Judging,
}

/// Which session.
#[derive(Args)]
pub struct Show {
    /// Key of the session
    authentication_session_id: i64,
    #[command(flatten)]
    judging: Judging,
}

/// What is needed to say whether a session is live.
#[derive(Args)]
struct Judging {
    /// End of a session after its last use, as `origin serve` has it
    #[arg(long, env = "SESSION_IDLE_LIMIT", default_value = "7d", value_parser = duration, help_heading = "Sessions")]
    session_idle_limit: Duration,
    #[command(flatten)]
    database: DatabaseArgs,
}

impl List {
    /// Prints them.
    pub async fn run(self, out: Out) -> anyhow::Result<()> {
        let Period { from, to } = Period::new(self.from, self.to).map_err(|_| {
            Failure::new(Exit::Usage, "--to is before --from", "Give the earlier one as --from")
        })?;
        let wanted = Search {
            user_id: self.user_id,
            user_type: self.user_type,
            client_type: self.client_type,
            state: self.state,
            login_ip: self.login_ip.map(|ip| ip.to_string()),
            from,
            to,
        };
        let at = self.judging.at();
        let page = Page::new(Some(self.page), Some(self.limit));
        let db = connect(self.judging.database.try_into()?).await?;
        let mut handle = db.acquire().await?;
        let total = search::count(handle.conn(), &wanted, at).await?;
        let slice = Slice { offset: page.offset(), ..Slice::first(page.limit) };
        let sessions = search::page(handle.conn(), &wanted, at, slice).await?;
        let pagination = page.pagination(total);
        out.give(&json!({ "sessions": sessions, "pagination": pagination }), || {
            let Pagination { total, page, total_pages, total_is_at_least, .. } = pagination;
            let more = if total_is_at_least { " or more" } else { "" };
            format!(
                "{}\n\npage {page} of {total_pages}{more}, {total}{more} in all",
                overview(&sessions)
            )
        })
    }
}

impl Show {
    /// Prints it.
    pub async fn run(self, out: Out) -> anyhow::Result<()> {
        let (id, at) = (self.authentication_session_id, self.judging.at());
        let db = connect(self.judging.database.try_into()?).await?;
        let found = search::find(db.acquire().await?.conn(), id, at).await?;
        let session = found.ok_or_else(|| super::end::no_session(id))?;
        let answer = json!({ "session": session });
        out.give(&answer, || lines(&answer["session"]))
    }
}

impl Judging {
    fn at(&self) -> At {
        At { now: Ambient::system().now(), idle_limit: self.session_idle_limit }
    }
}

fn overview(sessions: &[Found]) -> String {
    let mut rows = vec![
        ["SESSION", "USER", "CLIENT", "STATE", "ADDRESS", "OPENED", "LAST USED"].map(str::to_owned),
    ];
    rows.extend(sessions.iter().map(|session| {
        let state = match session.state {
            State::Live => "live".to_owned(),
            State::Ended(reason) => reason.code().to_string(),
        };
        [
            session.authentication_session_id.to_string(),
            session.user_id.to_string(),
            session.client_type.to_string(),
            state,
            printable(session.login_ip.as_deref().unwrap_or("-")),
            session.created_at.to_string(),
            session.last_activity.to_string(),
        ]
    }));
    table(&rows)
}

/// A state, as a code that clients are told or as the word of its column.
fn state(text: &str) -> Result<State, String> {
    if text.eq_ignore_ascii_case("live") {
        return Ok(State::Live);
    }
    reason(text).map(State::Ended).ok_or_else(|| {
        let codes = EndReason::ALL.map(|reason| reason.code().to_string());
        format!("must be live, or one of {}", codes.join(", "))
    })
}

/// The reason that a code or a word stands for, in either case.
pub(super) fn reason(text: &str) -> Option<EndReason> {
    EndReason::ALL.into_iter().find(|reason| {
        let words = [reason.as_str(), reason.code().as_str()];
        words.iter().any(|word| word.eq_ignore_ascii_case(text))
    })
}

fn moment(text: &str) -> Result<Moment, String> {
    Moment::try_from(text.to_owned()).map_err(|_| {
        "must be ISO 8601 with its offset, such as 2026-02-19T08:56:52+08:00".to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_told_by_code_or_word() {
        assert_eq!(state("live"), Ok(State::Live));
        for text in ["SESSION_REPLACED", "replaced", "Replaced"] {
            assert_eq!(state(text), Ok(State::Ended(EndReason::Replaced)));
        }
        assert!(state("dead").unwrap_err().contains("SESSION_IDLE"));
    }
}
