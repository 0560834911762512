//! The keys that access tokens are verified with: those of the configuration, and in their place
//! those that the origin publishes, as soon as it has been asked.
//!
//! It is asked when a token names a key that is not known (once a cool-down, whatever comes), and
//! when the answer is old (nobody waits for that). Always behind the call's back, so that a question
//! outlives the client that gave rise to it; who needs the answer looks for it now and then, as a
//! call may not wait for what another call has begun. Shared secrets are never published: those of
//! the configuration stay.

use std::{cell::RefCell, rc::Rc, time::Duration};

use shared::{error::ErrorCode, time::Timestamp, token::KeySet};
use worker::Delay;

use crate::{auth, call::Work, clock, env::Config, log, origin};

/// How long a question may be open before it is taken for lost; the origin's limit is shorter. The
/// platform may have ended it, and then tells nobody.
const LOST_AFTER: Duration = Duration::from_secs(10);
/// How long no question is asked for an unknown key after one that the origin did not answer, where
/// the cool-down is not shorter: good tokens are refused until it is heard.
const RETRY_AFTER: Duration = Duration::from_secs(2);
/// How often a call looks for the answer that it needs, and how many times: for five seconds.
const LOOK_EVERY: Duration = Duration::from_millis(50);
const LOOKS: usize = 100;

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
    last: Option<Answered>,
}

/// The last question that came to an end.
struct Answered {
    asked_at: Timestamp,
    is_heard: bool,
}

/// What is to be done about a key that is not known.
#[derive(Debug, PartialEq, Eq)]
enum Step {
    /// The caller is to ask, and then to wait.
    Ask,
    /// A question is open.
    Wait,
    /// The origin has said lately which keys there are.
    Settled,
    /// The origin could not be heard.
    Unheard,
}

impl Schedule {
    const NEW: Self = Self { asking_since: None, refresh_at: None, surprise_at: None, last: None };

    /// Whether there is nothing to ask, or it is being asked.
    fn is_fresh(&self, now: Timestamp) -> bool {
        self.is_asking(now) || self.refresh_at.is_some_and(|at| now < at)
    }

    /// Whether to ask because what is known is old, or was never heard.
    fn is_due(&mut self, now: Timestamp, cool_down: Duration) -> bool {
        if self.is_fresh(now) {
            return false;
        }
        // Until it succeeds, it is tried again at this pace.
        self.refresh_at = Some(now.plus(cool_down));
        self.asking_since = Some(now);
        true
    }

    /// What to do because a token, which came in at `came_in`, names a key that is not known.
    fn surprise(&mut self, came_in: Timestamp, now: Timestamp, cool_down: Duration) -> Step {
        if self.is_asking(now) {
            return Step::Wait;
        }
        let is_lost = self.asking_since.is_some();
        let is_cooling = !is_lost && self.surprise_at.is_some_and(|at| now < at);
        match &self.last {
            // Asked since the call came in is as good as asked for it.
            Some(last) if is_cooling || last.asked_at >= came_in => {
                if last.is_heard {
                    Step::Settled
                } else {
                    Step::Unheard
                }
            }
            _ => {
                self.surprise_at = Some(now.plus(cool_down));
                self.asking_since = Some(now);
                Step::Ask
            }
        }
    }

    fn is_asking(&self, now: Timestamp) -> bool {
        self.asking_since.is_some_and(|since| now < since.plus(LOST_AFTER))
    }

    /// Notes that the origin was heard, and when to ask again.
    fn heard(&mut self, asked_at: Timestamp, refresh_at: Timestamp) {
        self.asking_since = None;
        self.refresh_at = Some(refresh_at);
        self.last = Some(Answered { asked_at, is_heard: true });
    }

    /// Notes that it was not.
    fn unheard(&mut self, asked_at: Timestamp, now: Timestamp, cool_down: Duration) {
        self.asking_since = None;
        self.surprise_at = Some(now.plus(cool_down.min(RETRY_AFTER)));
        self.last = Some(Answered { asked_at, is_heard: false });
    }
}

/// The keys of now.
pub fn current(config: &Config) -> Rc<KeySet> {
    KEYS.with_borrow_mut(|keys| {
        Rc::clone(keys.current.get_or_insert_with(|| Rc::new(config.keys.clone())))
    })
}

/// Whether [`refresh`] would do nothing.
pub fn are_fresh(now: Timestamp) -> bool {
    SCHEDULE.with_borrow(|schedule| schedule.is_fresh(now))
}

/// Asks the origin, if what is known is old.
pub fn refresh(work: Work<'_>) {
    let now = clock::now();
    if SCHEDULE.with_borrow_mut(|schedule| schedule.is_due(now, work.config.jwks_cool_down)) {
        ask(work, now);
    }
}

/// Other keys than `known`, in which a call's key was not found: those that have come since, or come
/// now as the origin is asked. `None` where it was heard and has no others.
///
/// # Errors
/// `ORIGIN_UNAVAILABLE` where it was not heard: it may well know the key.
pub async fn others(known: &Rc<KeySet>, work: Work<'_>) -> Result<Option<Rc<KeySet>>, ErrorCode> {
    for _ in 0..LOOKS {
        let current = current(work.config);
        if !Rc::ptr_eq(known, &current) {
            return Ok(Some(current));
        }
        let (now, cool_down) = (clock::now(), work.config.jwks_cool_down);
        match SCHEDULE.with_borrow_mut(|schedule| schedule.surprise(work.now, now, cool_down)) {
            Step::Ask => ask(work, now),
            Step::Wait => {}
            Step::Settled => return Ok(None),
            Step::Unheard => break,
        }
        Delay::from(LOOK_EVERY).await;
    }
    Err(ErrorCode::OriginUnavailable)
}

/// Asks the origin behind the call's back.
fn ask(work: Work<'_>, asked_at: Timestamp) {
    let (config, id) = (work.config, work.id.to_owned());
    work.background.run(async move {
        let heard = match origin::published_keys(config, &id).await {
            Ok(json) => take(config, json),
            Err(why) => Err(why),
        };
        let now = clock::now();
        SCHEDULE.with_borrow_mut(|schedule| match heard {
            Ok(()) => schedule.heard(asked_at, now.plus(config.jwks_max_age)),
            Err(_) => schedule.unheard(asked_at, now, config.jwks_cool_down),
        });
        if let Err(why) = heard {
            log::error(&id, &format!("the origin's keys are not to be had: {why}"));
        }
    });
}

/// Takes what the origin publishes.
fn take(config: &Config, json: String) -> Result<(), String> {
    if KEYS.with_borrow(|keys| keys.published.as_ref() == Some(&json)) {
        return Ok(());
    }
    let published = KeySet::from_published_jwks(&json).map_err(|error| error.to_string())?;
    let current = Some(Rc::new(config.keys.with_published(&published)));
    KEYS.with_borrow_mut(|keys| *keys = Keys { current, published: Some(json) });
    // What a retired key has signed is not to pass any longer.
    auth::forget();
    Ok(())
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    const COOL_DOWN: Duration = Duration::from_secs(30);

    fn at(second: i64) -> Timestamp {
        Timestamp::from_millis(second * 1000).unwrap()
    }

    /// What a call does that comes in at this second.
    fn surprise(schedule: &mut Schedule, second: i64) -> Step {
        schedule.surprise(at(second), at(second), COOL_DOWN)
    }

    #[test]
    fn a_flood_of_unknown_keys_costs_one_question_a_cool_down() {
        let mut schedule = Schedule::NEW;
        let mut asked = 0;
        for second in 0..300 {
            for _ in 0..100 {
                match surprise(&mut schedule, second) {
                    Step::Ask => {
                        asked += 1;
                        schedule.heard(at(second), at(second + 300));
                    }
                    step => assert_eq!(step, Step::Settled),
                }
            }
        }
        assert_eq!(asked, 10);
    }

    #[test]
    fn while_a_question_is_open_all_wait_for_it_and_for_a_lost_one_not_for_long() {
        let mut schedule = Schedule::NEW;
        assert!(schedule.is_due(at(0), COOL_DOWN));
        assert_eq!(surprise(&mut schedule, 1), Step::Wait);
        assert_eq!(surprise(&mut schedule, 9), Step::Wait);
        assert_eq!(surprise(&mut schedule, 10), Step::Ask, "the first is lost");
        assert_eq!(surprise(&mut schedule, 11), Step::Wait);
        assert!(!schedule.is_due(at(11), COOL_DOWN));
        assert_eq!(surprise(&mut schedule, 20), Step::Ask, "so is the second, before it is cool");
    }

    #[test]
    fn an_answer_settles_it_for_who_came_before_the_question() {
        let mut schedule = Schedule::NEW;
        assert!(schedule.is_due(at(5), COOL_DOWN));
        schedule.heard(at(5), at(305));
        assert_eq!(schedule.surprise(at(5), at(6), COOL_DOWN), Step::Settled);
        assert_eq!(schedule.surprise(at(6), at(6), COOL_DOWN), Step::Ask, "it came later");
        // However slow the answer was, and however short the cool-down is.
        schedule.heard(at(6), at(306));
        let short = Duration::from_secs(1);
        assert_eq!(schedule.surprise(at(6), at(50), short), Step::Settled);
    }

    #[test]
    fn an_origin_that_is_not_heard_is_asked_again_soon_and_settles_nothing() {
        let mut schedule = Schedule::NEW;
        assert_eq!(surprise(&mut schedule, 0), Step::Ask);
        schedule.unheard(at(0), at(5), COOL_DOWN);
        assert_eq!(schedule.surprise(at(0), at(50), COOL_DOWN), Step::Unheard, "asked for it");
        assert_eq!(surprise(&mut schedule, 5), Step::Unheard);
        assert_eq!(surprise(&mut schedule, 6), Step::Unheard);
        assert_eq!(surprise(&mut schedule, 7), Step::Ask);
        schedule.heard(at(7), at(307));
        assert_eq!(surprise(&mut schedule, 8), Step::Settled);
        assert_eq!(surprise(&mut schedule, 36), Step::Settled);
        assert_eq!(surprise(&mut schedule, 37), Step::Ask);
    }

    #[test]
    fn a_flood_while_the_origin_is_not_heard_is_bounded_too() {
        let mut schedule = Schedule::NEW;
        let mut asked = 0;
        for second in 0..300 {
            for _ in 0..100 {
                match surprise(&mut schedule, second) {
                    Step::Ask => {
                        asked += 1;
                        schedule.unheard(at(second), at(second), COOL_DOWN);
                    }
                    step => assert_eq!(step, Step::Unheard),
                }
            }
        }
        assert_eq!(asked, 150);
    }

    #[test]
    fn an_answer_is_good_for_its_age_and_a_failure_for_a_cool_down() {
        let mut schedule = Schedule::NEW;
        assert!(schedule.is_due(at(0), COOL_DOWN), "never heard");
        schedule.unheard(at(0), at(0), COOL_DOWN);
        assert!(!schedule.is_due(at(29), COOL_DOWN));
        assert!(schedule.is_due(at(30), COOL_DOWN));
        schedule.heard(at(30), at(330));
        assert!(!schedule.is_due(at(329), COOL_DOWN));
        assert!(schedule.is_due(at(330), COOL_DOWN));
    }
}
