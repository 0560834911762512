//! Draws that are the same each time: what row `n` holds depends on the seed and on `n` alone.

/// A stream of draws for one row.
pub struct Draw(u64);

impl Draw {
    /// The stream of row `n` of a table.
    pub fn new(seed: u64, table: u64, n: i64) -> Self {
        let mut draw = Self(seed ^ table.rotate_left(32));
        let start = draw.next() ^ n.unsigned_abs();
        Self(start)
    }

    /// The next 64 bits: `SplitMix64` (Steele, Lea and Flood, 2014).
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// 0 to `count - 1`.
    pub fn below(&mut self, count: i64) -> i64 {
        let count = count.max(1).unsigned_abs();
        i64::try_from(self.next() % count).unwrap_or_default()
    }

    /// One of several.
    pub fn of<T: Copy>(&mut self, several: &[T]) -> T {
        let at = self.below(i64::try_from(several.len()).unwrap_or(1));
        several[usize::try_from(at).unwrap_or_default()]
    }

    /// One of several, each with its weight in a hundred.
    pub fn weighted<T: Copy>(&mut self, several: &[(i64, T)]) -> T {
        let mut left = self.below(100);
        for (weight, one) in several {
            if left < *weight {
                return *one;
            }
            left -= weight;
        }
        several[several.len() - 1].1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_draws_the_same_each_time_and_rows_differ() {
        let first = |seed, table, n| Draw::new(seed, table, n).next();
        assert_eq!(first(1, 2, 3), first(1, 2, 3));
        let all = [first(1, 2, 3), first(1, 2, 4), first(1, 3, 3), first(2, 2, 3)];
        for (index, one) in all.iter().enumerate() {
            assert!(!all[index + 1..].contains(one), "{all:?}");
        }
    }

    #[test]
    fn weights_are_kept() {
        let mut draw = Draw::new(7, 0, 0);
        let heads = (0..10_000).filter(|_| draw.weighted(&[(25, true), (75, false)])).count();
        assert!((2_300..2_700).contains(&heads), "{heads}");
    }
}
