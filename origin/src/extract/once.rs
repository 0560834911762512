//! Things that are taken once.

use std::{collections::HashMap, sync::Mutex};

use shared::{assertion::VALIDITY, time::Timestamp};

/// The most ids that are remembered; what arrives faster than that within their validity is refused.
const CAPACITY: usize = 500_000;

/// Remembers ids for as long as what carried them is valid.
#[derive(Default)]
pub struct TakenOnce(Mutex<HashMap<String, Timestamp>>);

impl TakenOnce {
    /// Whether `id` had not been taken; it has been from now on.
    pub fn take(&self, id: &str, now: Timestamp) -> bool {
        let Ok(mut taken) = self.0.lock() else {
            return false;
        };
        // What was issued up to VALIDITY in the future is valid for twice as long from now.
        let keep = 2 * VALIDITY;
        if taken.len() >= taken.capacity().min(CAPACITY) {
            taken.retain(|_, at| now.since(*at) <= keep);
            if taken.len() >= CAPACITY {
                return false;
            }
        }
        taken.insert(id.to_owned(), now).is_none()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn an_id_is_taken_once() {
        let taken = TakenOnce::default();
        let now = Timestamp::from_millis(0).unwrap();
        assert!(taken.take("a", now));
        assert!(!taken.take("a", now.plus(Duration::from_secs(9))));
        assert!(taken.take("b", now));
    }

    #[test]
    fn what_is_no_longer_valid_is_forgotten() {
        let taken = TakenOnce::default();
        let mut now = Timestamp::from_millis(0).unwrap();
        for round in 0..10_000 {
            assert!(taken.take(&round.to_string(), now));
            now = now.plus(Duration::from_millis(100));
        }
        assert!(taken.0.lock().unwrap().len() < 1_000);
    }
}
