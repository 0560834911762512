//! The keys that access tokens are verified with: those of the configuration, and in their place
//! those that the origin publishes, as soon as it has been asked.
//!
//! It is asked when a token names a key that is not known (once a cool-down, whatever comes), and
//! when the answer is old (nobody waits for that). Shared secrets are never published: those of the
//! configuration stay.

use std::{cell::RefCell, rc::Rc, time::Duration};

use shared::{time::Timestamp, token::KeySet};

use crate::{auth, call::Call, env::Config, log, origin};

/// How long a question may be open before it is taken for lost; the origin's limit is shorter. The
/// call that asked may have been cancelled, and then tells nobody.
const LOST_AFTER: Duration = Duration::from_secs(10);

thread_local! {
    static KEYS: RefCell<Keys> = const { RefCell::new(Keys { current: None, published: None }) };
    static SCHEDULE: RefCell<Schedule> = const { RefCell::new(Schedule::NEW) };
}

struct Keys {
    /// What tokens are verified with, once the origin has been heard.
    current: Option<Rc<KeySet>>,
    /// What the origin published, to the letter.
    published: Option<String>,
}

/// When the origin is asked. Times only, so that nothing is held while it answers.
struct Schedule {
    asking_since: Option<Timestamp>,
    refresh_at: Option<Timestamp>,
    surprise_at: Option<Timestamp>,
}

impl Schedule {
    const NEW: Self = Self { asking_since: None, refresh_at: None, surprise_at: None };

    /// Whether to ask because what is known is old, or was never heard.
    fn is_due(&mut self, now: Timestamp, cool_down: Duration) -> bool {
        if self.is_asking(now) || self.refresh_at.is_some_and(|at| now < at) {
            return false;
        }
        // Until it succeeds, it is tried again at this pace.
        self.refresh_at = Some(now.plus(cool_down));
        self.asking_since = Some(now);
        true
    }

    /// Whether to ask because a token names a key that is not known.
    fn is_surprised(&mut self, now: Timestamp, cool_down: Duration) -> bool {
        if self.is_asking(now) || self.surprise_at.is_some_and(|at| now < at) {
            return false;
        }
        self.surprise_at = Some(now.plus(cool_down));
        self.asking_since = Some(now);
        true
    }

    fn is_asking(&self, now: Timestamp) -> bool {
        self.asking_since.is_some_and(|since| now < since.plus(LOST_AFTER))
    }

    /// Notes that the origin was heard (`refresh_at` is when to ask again) or was not.
    fn answered(&mut self, refresh_at: Option<Timestamp>) {
        self.asking_since = None;
        self.refresh_at = refresh_at.or(self.refresh_at);
    }
}

/// The keys of now.
pub fn current(config: &Config) -> Rc<KeySet> {
    KEYS.with_borrow_mut(|keys| {
        Rc::clone(keys.current.get_or_insert_with(|| Rc::new(config.keys.clone())))
    })
}

/// Asks the origin behind the call's back, if what is known is old.
pub fn refresh(call: &Call<'_>) {
    let config = call.config;
    if SCHEDULE.with_borrow_mut(|schedule| schedule.is_due(call.now, config.jwks_cool_down)) {
        let (now, id) = (call.now, call.id.to_owned());
        call.context.wait_until(async move {
            ask(config, &id, now).await;
        });
    }
}

/// Asks the origin for a key that is not known, if it has not just been asked; whether the keys
/// are others now.
pub async fn ask_for_unknown(call: &Call<'_>) -> bool {
    let (now, cool_down) = (call.now, call.config.jwks_cool_down);
    SCHEDULE.with_borrow_mut(|schedule| schedule.is_surprised(now, cool_down))
        && ask(call.config, call.id, now).await
}

async fn ask(config: &'static Config, request_id: &str, now: Timestamp) -> bool {
    let heard = match origin::published_keys(config, request_id).await {
        Ok(json) => take(config, json),
        Err(why) => Err(why),
    };
    let refresh_at = heard.is_ok().then(|| now.plus(config.jwks_max_age));
    SCHEDULE.with_borrow_mut(|schedule| schedule.answered(refresh_at));
    heard.unwrap_or_else(|why| {
        log::error(request_id, &format!("the origin's keys are not to be had: {why}"));
        false
    })
}

/// Takes what the origin publishes; whether it is new.
fn take(config: &Config, json: String) -> Result<bool, String> {
    if KEYS.with_borrow(|keys| keys.published.as_ref() == Some(&json)) {
        return Ok(false);
    }
    let published = KeySet::from_published_jwks(&json).map_err(|error| error.to_string())?;
    let current = Some(Rc::new(config.keys.with_published(&published)));
    KEYS.with_borrow_mut(|keys| *keys = Keys { current, published: Some(json) });
    // What a retired key has signed is not to pass any longer.
    auth::forget();
    Ok(true)
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    const COOL_DOWN: Duration = Duration::from_secs(30);

    fn at(second: i64) -> Timestamp {
        Timestamp::from_millis(second * 1000).unwrap()
    }

    #[test]
    fn a_flood_of_unknown_keys_costs_one_question_a_cool_down() {
        let mut schedule = Schedule::NEW;
        let mut asked = 0;
        for second in 0..300 {
            for _ in 0..100 {
                if schedule.is_surprised(at(second), COOL_DOWN) {
                    asked += 1;
                    schedule.answered(None);
                }
            }
        }
        assert_eq!(asked, 10);
    }

    #[test]
    fn never_two_questions_at_once_and_a_lost_one_blocks_nobody_for_long() {
        let mut schedule = Schedule::NEW;
        assert!(schedule.is_due(at(0), COOL_DOWN));
        assert!(!schedule.is_surprised(at(1), COOL_DOWN));
        assert!(!schedule.is_surprised(at(9), COOL_DOWN));
        assert!(schedule.is_surprised(at(10), COOL_DOWN));
    }

    #[test]
    fn an_answer_is_good_for_its_age_and_a_failure_for_a_cool_down() {
        let mut schedule = Schedule::NEW;
        assert!(schedule.is_due(at(0), COOL_DOWN), "never heard");
        schedule.answered(None);
        assert!(!schedule.is_due(at(29), COOL_DOWN));
        assert!(schedule.is_due(at(30), COOL_DOWN));
        schedule.answered(Some(at(330)));
        assert!(!schedule.is_due(at(329), COOL_DOWN));
        assert!(schedule.is_due(at(330), COOL_DOWN));
    }
}
