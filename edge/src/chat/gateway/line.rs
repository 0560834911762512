//! What clients have said that their rooms have not heard yet.

/// The most frames of a client that may wait, and the most bytes.
const MAX_WAITING: usize = 256;
const MAX_WAITING_BYTES: usize = 1024 * 1024;
/// The most bytes of all clients together: an object has not much more memory than this.
const MAX_BYTES: usize = 16 * 1024 * 1024;

/// A line for each socket that someone is seeing to, by name: who began it takes batches until there is
/// none. Few are seen to at once.
#[derive(Default)]
pub struct Lines(Vec<(String, Vec<String>)>);

/// What became of a frame that was put into a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Joined {
    /// It is the first, and whoever put it there is to see to the line.
    Begins,
    /// It waits.
    Waits,
    /// It is one too many.
    Full,
}

impl Lines {
    /// Begins a line in which nothing waits yet.
    pub fn begin(&mut self, name: &str) {
        self.0.push((name.to_owned(), Vec::new()));
    }

    /// Puts a frame at the end of a line.
    pub fn join(&mut self, name: &str, frame: String) -> Joined {
        let all: usize = self.0.iter().flat_map(|(_, line)| line).map(String::len).sum();
        if all + frame.len() > MAX_BYTES {
            return Joined::Full;
        }
        let Some(line) = self.line(name) else {
            self.0.push((name.to_owned(), vec![frame]));
            return Joined::Begins;
        };
        let bytes: usize = line.iter().map(String::len).sum();
        if line.len() >= MAX_WAITING || bytes + frame.len() > MAX_WAITING_BYTES {
            return Joined::Full;
        }
        line.push(frame);
        Joined::Waits
    }

    /// All that waits; `None`, and the line is gone, when nothing does.
    pub fn next_batch(&mut self, name: &str) -> Option<Vec<String>> {
        let batch = self.line(name).map(std::mem::take).filter(|batch| !batch.is_empty());
        if batch.is_none() {
            self.forget(name);
        }
        batch
    }

    /// Forgets a line and what waits in it.
    pub fn forget(&mut self, name: &str) {
        self.0.retain(|(other, _)| other != name);
    }

    fn line(&mut self, name: &str) -> Option<&mut Vec<String>> {
        self.0.iter_mut().find(|(other, _)| other == name).map(|(_, line)| line)
    }
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    fn batch(lines: &mut Lines) -> Option<String> {
        lines.next_batch("a").map(|frames| frames.concat())
    }

    #[test]
    fn what_comes_meanwhile_goes_together_and_in_order() {
        let mut lines = Lines::default();
        assert_eq!(lines.join("a", "1".into()), Joined::Begins);
        assert_eq!(lines.join("b", "1".into()), Joined::Begins, "another line");
        assert_eq!(batch(&mut lines).as_deref(), Some("1"));
        assert_eq!(lines.join("a", "2".into()), Joined::Waits);
        assert_eq!(lines.join("a", "3".into()), Joined::Waits);
        assert_eq!(batch(&mut lines).as_deref(), Some("23"));
        assert_eq!(batch(&mut lines), None);
        assert_eq!(lines.join("a", "4".into()), Joined::Begins);
    }

    #[test]
    fn a_line_that_was_begun_waits_for_who_began_it() {
        let mut lines = Lines::default();
        lines.begin("a");
        assert_eq!(lines.join("a", "1".into()), Joined::Waits);
        lines.forget("a");
        assert_eq!(batch(&mut lines), None);
        assert!(lines.0.is_empty());
    }

    #[test]
    fn a_line_is_bounded_in_frames_and_bytes() {
        let mut lines = Lines::default();
        lines.begin("a");
        assert!((0..MAX_WAITING).all(|_| lines.join("a", "x".into()) == Joined::Waits));
        assert_eq!(lines.join("a", "x".into()), Joined::Full);
        lines.begin("b");
        let large = "x".repeat(MAX_WAITING_BYTES / 2);
        assert_eq!(lines.join("b", large.clone()), Joined::Waits);
        assert_eq!(lines.join("b", large), Joined::Waits);
        assert_eq!(lines.join("b", "x".into()), Joined::Full);
    }
}
