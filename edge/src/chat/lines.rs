//! Lines of things that wait for their turn, each line seen to by whoever began it.

use std::collections::{BTreeMap, VecDeque};

/// A line for each name that has something waiting or on its way.
pub struct Lines<T>(BTreeMap<String, VecDeque<T>>);

impl<T> Lines<T> {
    /// No line.
    pub const fn new() -> Self {
        Self(BTreeMap::new())
    }

    /// Puts something at the end of a line. Whether that began the line: then the caller must take
    /// batches until there is none.
    pub fn join(&mut self, name: &str, waiting: T) -> bool {
        let begins = !self.0.contains_key(name);
        self.0.entry(name.to_owned()).or_default().push_back(waiting);
        begins
    }

    /// What goes next, at most `limit`; `None`, and the line is gone, when nothing waits.
    pub fn next_batch(&mut self, name: &str, limit: usize) -> Option<Vec<T>> {
        let line = self.0.get_mut(name).filter(|line| !line.is_empty());
        let batch = line.map(|line| line.drain(..line.len().min(limit)).collect());
        if batch.is_none() {
            self.0.remove(name);
        }
        batch
    }
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn what_comes_while_a_batch_is_on_its_way_waits_and_then_goes_together() {
        let mut lines = Lines::new();
        assert!(lines.join("a", 1));
        assert_eq!(lines.next_batch("a", 2), Some(vec![1]));
        assert!((2..=4).all(|waiting| !lines.join("a", waiting)));
        assert_eq!(lines.next_batch("a", 2), Some(vec![2, 3]));
        assert_eq!(lines.next_batch("a", 2), Some(vec![4]));
        assert!(!lines.join("a", 5));
        assert_eq!(lines.next_batch("a", 2), Some(vec![5]));
        assert_eq!(lines.next_batch("a", 2), None);
        assert!(lines.0.is_empty());
        assert!(lines.join("a", 6));
    }

    #[test]
    fn lines_do_not_wait_for_each_other() {
        let mut lines = Lines::new();
        assert!(lines.join("a", 1));
        assert!(lines.join("b", 2));
        assert_eq!(lines.next_batch("b", 9), Some(vec![2]));
        assert_eq!(lines.next_batch("c", 9), None);
    }
}
