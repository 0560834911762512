//! How long what is over is kept.

use std::time::Duration;

use clap::Args;

/// The shortest time that an ended session is kept.
const MIN_RETENTION: Duration = Duration::from_hours(24);

/// How long what is over is kept.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Clean-up")]
pub struct RetentionArgs {
    /// How long a session is kept after its end: until then its client learns why it ended
    #[arg(long, env = "SESSION_RETENTION", default_value = "90d", value_parser = retention)]
    pub session_retention: Duration,

    /// How long audit events are kept; without it, forever
    #[arg(long, env = "AUDIT_RETENTION", value_parser = retention)]
    pub audit_retention: Option<Duration>,
}

/// How long what is over is kept.
#[derive(Clone, Copy, Debug)]
pub struct Retention {
    /// Sessions, after their end.
    pub sessions: Duration,
    /// Audit events; `None` is forever.
    pub audit_events: Option<Duration>,
}

impl From<&RetentionArgs> for Retention {
    fn from(args: &RetentionArgs) -> Self {
        Self { sessions: args.session_retention, audit_events: args.audit_retention }
    }
}

fn retention(text: &str) -> Result<Duration, String> {
    let retention = super::duration(text)?;
    if retention < MIN_RETENTION {
        return Err("must be at least 1d".to_owned());
    }
    Ok(retention)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_goes_on_the_day_of_its_end() {
        assert_eq!(retention("90d"), Ok(Duration::from_hours(90 * 24)));
        assert!(retention("1d").is_ok());
        assert!(retention("23h").is_err());
        assert!(retention("soon").is_err());
    }
}
