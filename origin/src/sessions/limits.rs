//! How many live sessions a user may have, by the side of the system and the kind of client.

use std::{collections::BTreeMap, str::FromStr};

use shared::user::{ClientType, UserType};

/// The most live sessions that a limit may allow: lists of a user's sessions stay short.
pub const MAX_SESSIONS: usize = 100;

/// What a log-in beyond the limit does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beyond {
    /// It takes the place of the session whose last log-in is furthest back.
    ReplaceOldest,
    /// It is refused.
    Refuse,
}

/// How many live sessions, and what a log-in beyond that does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// 1 to [`MAX_SESSIONS`].
    pub max_sessions: usize,
    /// What one more does.
    pub beyond: Beyond,
}

impl Default for Limit {
    fn default() -> Self {
        Self { max_sessions: 1, beyond: Beyond::ReplaceOldest }
    }
}

/// The limits of every (user type, client type); one session, the oldest out, where nothing is said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Limits(BTreeMap<(UserType, ClientType), Limit>);

impl Limits {
    /// The limit of a pair.
    #[must_use]
    pub fn of(&self, user_type: UserType, client_type: ClientType) -> Limit {
        self.0.get(&(user_type, client_type)).copied().unwrap_or_default()
    }
}

/// `user/mini_program=1,replace_oldest; user/web=5,refuse; admin/*=2,replace_oldest`
///
/// A `*` stands for every word. Of two entries for a pair the one with fewer `*` holds; two that are
/// alike in that are a mistake.
impl FromStr for Limits {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let entries = text
            .split(';')
            .map(str::trim)
            .filter(|entry| !entry.is_empty())
            .map(str::parse)
            .collect::<Result<Vec<Entry>, _>>()?;
        let mut limits = BTreeMap::new();
        for user_type in UserType::ALL {
            for client_type in ClientType::ALL {
                let fitting = entries.iter().filter(|entry| entry.fits(user_type, client_type));
                let stars = fitting.clone().map(Entry::stars).min();
                let mut best = fitting.filter(|entry| Some(entry.stars()) == stars);
                let Some(entry) = best.next() else { continue };
                if best.next().is_some() {
                    return Err(format!("says twice what {user_type}/{client_type} may have"));
                }
                limits.insert((user_type, client_type), entry.limit);
            }
        }
        Ok(Self(limits))
    }
}

struct Entry {
    user_type: Option<UserType>,
    client_type: Option<ClientType>,
    limit: Limit,
}

impl Entry {
    fn fits(&self, user_type: UserType, client_type: ClientType) -> bool {
        self.user_type.is_none_or(|this| this == user_type)
            && self.client_type.is_none_or(|this| this == client_type)
    }

    fn stars(&self) -> usize {
        usize::from(self.user_type.is_none()) + usize::from(self.client_type.is_none())
    }
}

impl FromStr for Entry {
    type Err = String;

    fn from_str(entry: &str) -> Result<Self, String> {
        fn word<T: FromStr<Err: ToString>>(text: &str) -> Result<Option<T>, String> {
            match text.trim() {
                "*" => Ok(None),
                word => word.parse().map(Some).map_err(|error: T::Err| error.to_string()),
            }
        }
        let wrong = |why: String| format!("has {entry:?}: {why}");
        let form = || wrong("an entry is user_type/client_type=number,what".to_owned());
        let (pair, limit) = entry.split_once('=').ok_or_else(form)?;
        let (user_type, client_type) = pair.split_once('/').ok_or_else(form)?;
        let (max_sessions, beyond) = limit.split_once(',').ok_or_else(form)?;
        let max_sessions = max_sessions.trim().parse().ok();
        let beyond = match beyond.trim() {
            "replace_oldest" => Beyond::ReplaceOldest,
            "refuse" => Beyond::Refuse,
            other => return Err(wrong(format!("{other:?} is not replace_oldest or refuse"))),
        };
        Ok(Self {
            user_type: word(user_type).map_err(wrong)?,
            client_type: word(client_type).map_err(wrong)?,
            limit: Limit {
                max_sessions: max_sessions
                    .filter(|max| (1..=MAX_SESSIONS).contains(max))
                    .ok_or_else(|| {
                        wrong(format!("the number of sessions must be 1 to {MAX_SESSIONS}"))
                    })?,
                beyond,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limit(max_sessions: usize, beyond: Beyond) -> Limit {
        Limit { max_sessions, beyond }
    }

    #[test]
    fn every_pair_has_a_limit_and_the_more_exact_entry_holds() {
        let limits: Limits =
            "*/*=3,refuse; admin/*=2,replace_oldest;user/web = 5 , refuse; admin/web=1,refuse;"
                .parse()
                .unwrap();
        for (user_type, client_type, expected) in [
            (UserType::User, ClientType::MiniProgram, limit(3, Beyond::Refuse)),
            (UserType::User, ClientType::Web, limit(5, Beyond::Refuse)),
            (UserType::User, ClientType::App, limit(3, Beyond::Refuse)),
            (UserType::Admin, ClientType::MiniProgram, limit(2, Beyond::ReplaceOldest)),
            (UserType::Admin, ClientType::Web, limit(1, Beyond::Refuse)),
            (UserType::Admin, ClientType::App, limit(2, Beyond::ReplaceOldest)),
        ] {
            assert_eq!(limits.of(user_type, client_type), expected, "{user_type}/{client_type}");
        }
    }

    #[test]
    fn one_session_and_the_oldest_out_where_nothing_is_said() {
        let limits: Limits = "user/web=5,refuse".parse().unwrap();
        assert_eq!(limits.of(UserType::Admin, ClientType::Web), limit(1, Beyond::ReplaceOldest));
        assert_eq!(" ; ".parse(), Ok(Limits::default()));
    }

    #[test]
    fn mistakes_are_told() {
        for (text, told) in [
            ("user/web", "an entry is"),
            ("user=1,refuse", "an entry is"),
            ("user/web=1", "an entry is"),
            ("user/web=0,refuse", "1 to 100"),
            ("user/web=101,refuse", "1 to 100"),
            ("user/web=-1,refuse", "1 to 100"),
            ("user/web=many,refuse", "1 to 100"),
            ("user/web=1,replace", "replace_oldest or refuse"),
            ("guest/web=1,refuse", "user, admin"),
            ("user/tv=1,refuse", "mini_program, web, app"),
            ("user/web=1,refuse;user/web=2,refuse", "says twice what user/web"),
            ("user/*=1,refuse;*/web=2,refuse", "says twice what user/web"),
        ] {
            let error = text.parse::<Limits>().unwrap_err();
            assert!(error.contains(told), "{text}: {error}");
        }
    }
}
