//! What a command that failed says, and the status that it ends with.

use std::{fmt, io::ErrorKind, process::ExitCode};

use shared::error::{ErrorCode, Language};

use crate::{config::ConfigError, error::ApiError};

/// How a command ended other than well; the number is the process's status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Something failed.
    Failed = 1,
    /// An argument or a setting is missing or wrong; arguments are refused by clap with the same.
    Usage = 2,
    /// What the command is about is not there.
    NotFound = 3,
    /// A rule does not allow it.
    Refused = 4,
    /// The database cannot be reached.
    Unreachable = 5,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why a command failed: one line what, one line the cure.
#[derive(Debug)]
pub struct Failure {
    exit: Exit,
    what: String,
    cure: Option<String>,
}

impl std::error::Error for Failure {}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl Failure {
    /// One that says what to do.
    pub fn new(exit: Exit, what: impl Into<String>, cure: impl Into<String>) -> Self {
        Self { exit, what: what.into(), cure: Some(cure.into()) }
    }

    /// What is not there, and where to look for it.
    pub fn not_found(what: impl Into<String>, cure: impl Into<String>) -> Self {
        Self::new(Exit::NotFound, what, cure)
    }

    /// The database does not answer.
    #[must_use]
    pub fn unreachable(error: &anyhow::Error) -> Self {
        const CURE: &str =
            "Check that it runs, and the address, user, password and name in DATABASE_URL";
        Self::new(Exit::Unreachable, format!("cannot reach the database: {error:#}"), CURE)
    }

    /// The status to end with.
    #[must_use]
    pub fn exit(&self) -> Exit {
        self.exit
    }

    /// What standard error is told: a line what, a line the cure. Nothing in it moves a terminal.
    #[must_use]
    pub fn lines(&self) -> String {
        let line = |text: &str| {
            let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
            words.chars().filter(|char| !char.is_control()).collect::<String>()
        };
        let what = format!("origin: {}", line(&self.what));
        match &self.cure {
            Some(cure) => format!("{what}\n{}", line(cure)),
            None => what,
        }
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        let error = match error.downcast::<Self>() {
            Ok(failure) => return failure,
            Err(error) => error,
        };
        if let Some(ConfigError { setting, problem, cure }) = error.downcast_ref() {
            return Self::new(Exit::Usage, format!("{setting} {problem}"), *cure);
        }
        if error.chain().filter_map(|cause| cause.downcast_ref()).any(is_no_answer) {
            return Self::unreachable(&error);
        }
        Self { exit: Exit::Failed, what: format!("{error:#}"), cure: None }
    }
}

/// Whether the database did not answer, rather than answer with an error.
fn is_no_answer(error: &sqlx::Error) -> bool {
    use sqlx::Error::{Io, PoolClosed, PoolTimedOut, Tls};
    matches!(error, Io(_) | Tls(_) | PoolTimedOut | PoolClosed)
}

/// Whether nobody reads the answer any more, as when it goes to `head`: there is nobody to tell.
pub fn is_of_the_reader(error: &anyhow::Error) -> bool {
    let mut causes = error.chain().filter_map(|cause| cause.downcast_ref::<std::io::Error>());
    causes.any(|cause| cause.kind() == ErrorKind::BrokenPipe)
}

/// A refusal as a person at the command line should read it.
pub fn told(error: ApiError) -> anyhow::Error {
    let (exit, cure) = match &error {
        ApiError::Refused(ErrorCode::NotFound) => {
            (Exit::NotFound, "Look for its key with: origin user list, origin session list")
        }
        ApiError::Refused(ErrorCode::Conflict) => {
            (Exit::Refused, "See what there is with: origin user list")
        }
        ApiError::Invalid(_) => (Exit::Refused, "Say it otherwise; --help names the rules"),
        _ => (Exit::Refused, "Try again later"),
    };
    let what = match error {
        ApiError::Invalid(fields) => {
            let fields = fields.iter().map(|field| format!("{}: {}", field.field, field.message));
            fields.collect::<Vec<_>>().join("; ")
        }
        ApiError::Database(error) => {
            return anyhow::Error::new(error).context("the database failed");
        }
        ApiError::Internal(error) => return error,
        refused => {
            let code = refused.code();
            format!("{code}: {}", code.message(Language::English))
        }
    };
    Failure::new(exit, what, cure).into()
}

#[cfg(test)]
mod tests {
    use anyhow::Context as _;

    use super::*;

    #[test]
    fn a_failure_is_a_line_and_its_cure_a_line() {
        let failure = Failure::new(Exit::Refused, "no\n  such\x1b[2J thing", "Do\nthis");
        assert_eq!(failure.lines(), "origin: no such[2J thing\nDo this");
        let plain = Failure::from(anyhow::anyhow!("inner").context("outer"));
        assert_eq!((plain.exit(), plain.lines()), (Exit::Failed, "origin: outer: inner".into()));
    }

    #[test]
    fn a_database_that_does_not_answer_is_told_from_one_that_answers_no() {
        let exit = |error: sqlx::Error| Failure::from(told(ApiError::Database(error))).exit();
        assert_eq!(exit(sqlx::Error::PoolTimedOut), Exit::Unreachable);
        assert_eq!(exit(sqlx::Error::RowNotFound), Exit::Failed);
        let deep: anyhow::Result<()> =
            Err(sqlx::Error::Io(ErrorKind::ConnectionReset.into())).context("a").context("b");
        assert_eq!(Failure::from(deep.unwrap_err()).exit(), Exit::Unreachable);
    }

    #[test]
    fn who_stops_reading_is_no_failure_of_ours() {
        let error = |kind: ErrorKind| anyhow::Error::new(std::io::Error::from(kind)).context("x");
        assert!(is_of_the_reader(&error(ErrorKind::BrokenPipe)));
        assert!(!is_of_the_reader(&error(ErrorKind::NotFound)));
    }
}
