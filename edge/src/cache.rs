//! What an isolate remembers: bounded in number, each entry until its time.

use std::{cell::Cell, collections::VecDeque, time::Duration};

use shared::time::Timestamp;

use crate::sorted;

/// A map whose entries end, and whose oldest entries go when it is full.
pub struct Cache<K, V> {
    capacity: usize,
    /// Each in a box, so that little is moved when a key comes or goes.
    entries: sorted::Map<K, Box<Entry<V>>>,
    /// Keys in the order in which they came; of a key that was put again, also its earlier places.
    order: VecDeque<(K, u64)>,
    puts: u64,
}

struct Entry<V> {
    value: V,
    until: Timestamp,
    put: u64,
    /// Whether someone has been sent to renew it.
    is_awaited: Cell<bool>,
}

impl<V> Entry<V> {
    fn is_due(&self, now: Timestamp, lead: Duration) -> bool {
        !self.is_awaited.get() && self.until.since(now) <= lead
    }
}

impl<K: Ord + Clone, V: Clone> Cache<K, V> {
    /// An empty cache of at most `capacity` entries.
    pub const fn new(capacity: usize) -> Self {
        Self { capacity, entries: sorted::Map::new(), order: VecDeque::new(), puts: 0 }
    }

    /// The value, if its time is not over.
    pub fn get(&self, key: &K, now: Timestamp) -> Option<V> {
        self.entries.get(key).filter(|entry| now < entry.until).map(|entry| entry.value.clone())
    }

    /// The same, but that one who asks within `lead` of its end is told of none, and so renews it
    /// while the others still have it. [`Self::get_unless_due`] says beforehand who that would be.
    pub fn get_or_renew(&self, key: &K, now: Timestamp, lead: Duration) -> Option<V> {
        let is_due = self.entries.get(key).is_some_and(|entry| entry.is_due(now, lead));
        if is_due {
            self.entries.get(key)?.is_awaited.set(true);
            return None;
        }
        self.get(key, now)
    }

    /// The value, if [`Self::get_or_renew`] would give it.
    pub fn get_unless_due(&self, key: &K, now: Timestamp, lead: Duration) -> Option<V> {
        let entry = self.entries.get(key)?;
        (now < entry.until && !entry.is_due(now, lead)).then(|| entry.value.clone())
    }

    /// Remembers a value until `until`.
    pub fn put(&mut self, key: K, value: V, until: Timestamp) {
        self.puts += 1;
        let put = self.puts;
        self.order.push_back((key.clone(), put));
        let entry = Entry { value, until, put, is_awaited: Cell::new(false) };
        self.entries.insert(key, Box::new(entry));
        while self.entries.len() > self.capacity || self.order.len() > 2 * self.capacity {
            let Some((oldest, put)) = self.order.pop_front() else { break };
            if self.entries.get(&oldest).is_some_and(|entry| entry.put == put) {
                self.entries.remove(&oldest);
            }
        }
    }

    /// The same, unless what is there lasts longer.
    pub fn put_longest(&mut self, key: K, value: V, until: Timestamp) {
        if self.entries.get(&key).is_none_or(|entry| entry.until < until) {
            self.put(key, value, until);
        }
    }
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_millis(second * 1000).unwrap()
    }

    #[test]
    fn an_entry_ends_at_its_time() {
        let mut cache = Cache::new(2);
        cache.put("a", 1, at(10));
        assert_eq!(cache.get(&"a", at(9)), Some(1));
        assert_eq!(cache.get(&"a", at(10)), None);
        assert_eq!(cache.get(&"b", at(0)), None);
    }

    #[test]
    fn one_renews_while_the_others_have_it() {
        let (mut cache, lead) = (Cache::new(2), Duration::from_secs(1));
        cache.put("a", 1, at(10));
        assert_eq!(cache.get_or_renew(&"a", at(8), lead), Some(1));
        for _ in 0..2 {
            assert_eq!(cache.get_unless_due(&"a", at(9), lead), None);
        }
        assert_eq!(cache.get_or_renew(&"a", at(9), lead), None, "this one renews it");
        for _ in 0..2 {
            assert_eq!(cache.get_unless_due(&"a", at(9), lead), Some(1));
            assert_eq!(cache.get_or_renew(&"a", at(9), lead), Some(1));
        }
        assert_eq!(cache.get_or_renew(&"a", at(10), lead), None);
        assert_eq!(cache.get_unless_due(&"a", at(10), lead), None);
        cache.put("a", 2, at(20));
        assert_eq!(cache.get_or_renew(&"a", at(10), lead), Some(2));
        assert_eq!(cache.get_or_renew(&"b", at(10), lead), None);
    }

    #[test]
    fn the_oldest_goes_and_what_was_put_again_is_new() {
        let mut cache = Cache::new(2);
        cache.put("a", 1, at(10));
        cache.put("b", 2, at(10));
        cache.put("a", 3, at(10));
        cache.put("c", 4, at(10));
        assert_eq!(cache.get(&"a", at(0)), Some(3));
        assert_eq!(cache.get(&"b", at(0)), None);
        assert_eq!(cache.get(&"c", at(0)), Some(4));
    }

    #[test]
    fn it_stays_bounded_whatever_is_put() {
        let mut cache = Cache::new(3);
        for n in 0..1000 {
            cache.put(n % 2, n, at(10));
            cache.put(n, n, at(10));
            assert!(cache.entries.len() <= 3 && cache.order.len() <= 6);
        }
        let mut one_key = Cache::new(3);
        for n in 0..1000 {
            one_key.put("a", n, at(10));
        }
        assert_eq!(one_key.get(&"a", at(0)), Some(999));
        assert!(one_key.order.len() <= 6);
    }

    #[test]
    fn a_short_entry_does_not_shorten_a_long_one() {
        let mut cache = Cache::new(2);
        cache.put_longest("a", 1, at(100));
        cache.put_longest("a", 2, at(5));
        assert_eq!(cache.get(&"a", at(50)), Some(1));
        cache.put_longest("a", 3, at(200));
        assert_eq!(cache.get(&"a", at(150)), Some(3));
    }
}
