//! When things were, by name.

use shared::time::Timestamp;
use worker::Result;

use super::Store;

/// Something that has a time.
#[derive(Clone, Copy, Debug)]
pub enum Seen {
    /// The desks were told that the user is online.
    Online,
    /// The user's last socket was gone.
    Gone,
}

impl Seen {
    const fn name(self) -> &'static str {
        match self {
            Self::Online => "online",
            Self::Gone => "gone",
        }
    }
}

impl Store {
    /// When it was.
    pub fn seen(&self, what: Seen) -> Result<Option<Timestamp>> {
        let row = self.first("SELECT at FROM seen WHERE name = ?", vec![what.name().into()])?;
        Ok(row.and_then(|row| Timestamp::from_millis(row.number(0))))
    }

    /// It is, or is no more.
    pub fn set_seen(&self, what: Seen, at: Option<Timestamp>) -> Result<()> {
        let name = what.name().into();
        match at {
            Some(at) => self.run(
                "INSERT OR REPLACE INTO seen (name, at) VALUES (?, ?)",
                vec![name, at.as_millis().into()],
            )?,
            None => self.run("DELETE FROM seen WHERE name = ?", vec![name])?,
        };
        Ok(())
    }
}
