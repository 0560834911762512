//! What is to be made: how much of what, and the rules that all tables follow.

use std::time::Duration;

use clap::Args;
use shared::time::Timestamp;

use super::draw::Draw;

/// Key of the first synthetic row of each table: far above what any real table begins with.
pub const FIRST_KEY: i64 = 1_000_000_001;
/// Agents beside the users, who answer conversations.
pub const AGENTS: i64 = 10;
/// The most rows of a table.
const MAX_ROWS: i64 = 1_000_000_000;

/// How much of what.
#[derive(Args, Clone, Copy, Debug, PartialEq, Eq)]
#[command(next_help_heading = "How much")]
pub struct Sizes {
    /// Users, beside ten agents
    #[arg(long, default_value_t = 1_000, value_parser = rows(1))]
    pub users: i64,
    /// How many of the users sell; all of them where it is not said
    #[arg(long, value_parser = rows(1))]
    pub sellers: Option<i64>,
    /// Listings of all sellers together, over a year
    #[arg(long, default_value_t = 0, value_parser = rows(0))]
    pub listings: i64,
    /// Key of a user who sells more than others; made where there is none, then without a log-in
    #[arg(long, requires = "big_seller_listings", value_parser = rows(1))]
    pub big_seller: Option<i64>,
    /// How many of the listings are theirs
    #[arg(long, default_value_t = 0, requires = "big_seller", value_parser = rows(0))]
    pub big_seller_listings: i64,
    /// Sessions, over 60 days; the last of each user is live
    #[arg(long, default_value_t = 0, value_parser = rows(0))]
    pub sessions: i64,
    /// Conversations, over 90 days; of those of a user, the last may be open
    #[arg(long, default_value_t = 0, value_parser = rows(0))]
    pub conversations: i64,
    /// Messages of all conversations together
    #[arg(long, default_value_t = 0, value_parser = rows(0))]
    pub messages: i64,
}

fn rows(least: i64) -> clap::builder::RangedI64ValueParser<i64> {
    clap::value_parser!(i64).range(least..=MAX_ROWS)
}

impl Sizes {
    /// How many of the users sell.
    #[must_use]
    pub fn sellers(&self) -> i64 {
        self.sellers.unwrap_or(self.users)
    }

    /// What does not go together, and how to say it otherwise.
    #[must_use]
    pub fn contradiction(&self) -> Option<(&'static str, &'static str)> {
        if self.sellers() > self.users {
            return Some(("--sellers is more than --users", "Make more users, or fewer sellers"));
        }
        if self.big_seller_listings > self.listings {
            let what = "--big-seller-listings is more than --listings, which it is part of";
            return Some((what, "Make more listings, or give the big seller fewer"));
        }
        if self.messages > 0 && self.conversations == 0 {
            return Some(("--messages without --conversations", "Make at least one conversation"));
        }
        None
    }
}

/// What row `n` of each table is to be.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// How much of what.
    pub sizes: Sizes,
    /// What all draws begin with.
    pub seed: u64,
    /// The time that it all ends at: rows are as they would be then.
    pub until: Timestamp,
}

impl Plan {
    /// The draws of a row.
    #[must_use]
    pub fn draw(&self, table: &str, n: i64) -> Draw {
        let table = table.bytes().fold(0, |hash: u64, byte| {
            hash.wrapping_mul(0x0100_0000_01b3).wrapping_add(u64::from(byte))
        });
        Draw::new(self.seed, table, n)
    }

    /// When row `n` of `rows` came to be, where they are spread evenly over the days until the end.
    #[must_use]
    pub fn spread(&self, n: i64, rows: i64, days: i64) -> Timestamp {
        const DAY: i128 = 24 * 60 * 60 * 1000;
        let before = i128::from(days) * DAY * i128::from(rows - n) / i128::from(rows.max(1));
        self.until.minus(Duration::from_millis(u64::try_from(before).unwrap_or_default()))
    }

    /// A time some seconds after another, and not after the end.
    #[must_use]
    pub fn later(&self, time: Timestamp, seconds: i64) -> Timestamp {
        let seconds = Duration::from_secs(seconds.max(0).unsigned_abs());
        let later = time.plus(seconds);
        later.min(self.until)
    }
}

/// The key of row `n` of any table.
pub fn key(n: i64) -> i64 {
    FIRST_KEY + n
}
