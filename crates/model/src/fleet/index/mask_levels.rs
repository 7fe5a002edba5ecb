//! Masks over positions, with the unions over blocks of sixteen above them, over blocks of these, and so on: a search for the first
//! position whose mask meets a need goes up past what does not and down to what does.

use super::shapes::Need;

/// Entries under one entry of the level above.
pub const BLOCK: usize = 16;

/// The masks and their unions.
#[derive(Clone, Debug)]
pub struct MaskLevels {
    /// Level 0 has a mask a position; each level above the union over a block. The last has one entry.
    levels: Vec<Vec<u64>>,
}

impl MaskLevels {
    /// Returns masks without any bit.
    pub fn new(positions: usize) -> MaskLevels {
        let mut levels = vec![vec![0; positions.max(1)]];
        while levels.last().expect("at least one").len() > 1 {
            let blocks = levels.last().expect("at least one").len().div_ceil(BLOCK);
            levels.push(vec![0; blocks]);
        }
        MaskLevels { levels }
    }

    /// Returns the mask of a position.
    pub fn get(&self, at: usize) -> u64 {
        self.levels[0][at]
    }

    /// Sets the mask of a position.
    #[inline]
    pub fn set(&mut self, at: usize, mask: u64) {
        let (mut at, mut mask) = (at, mask);
        for level in 0..self.levels.len() {
            if std::mem::replace(&mut self.levels[level][at], mask) == mask {
                return;
            }
            let below = &self.levels[level];
            let start = at / BLOCK * BLOCK;
            mask = below[start..below.len().min(start + BLOCK)].iter().fold(0, |union, mask| union | mask);
            at /= BLOCK;
        }
    }

    /// Returns the union of all masks.
    #[inline]
    pub fn union(&self) -> u64 {
        self.levels[self.levels.len() - 1][0]
    }

    /// Returns the first position from `from` on whose mask meets the need.
    pub fn next_meeting(&self, from: usize, need: Need) -> Option<usize> {
        let (mut level, mut at) = (0, from);
        loop {
            let entries = &self.levels[level];
            let end = entries.len().min((at / BLOCK + 1) * BLOCK);
            match (at..end).find(|at| need.met_by(entries[*at])) {
                Some(found) if level == 0 => return Some(found),
                Some(found) => {
                    level -= 1;
                    at = found * BLOCK;
                }
                None if level + 1 == self.levels.len() => return None,
                None => {
                    // Whole blocks from here on are behind the block that was just searched.
                    level += 1;
                    at = at / BLOCK + 1;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fleet::index::shapes::Shapes;
    use plimsoll_base::engine::random::{Purpose, Seed};
    use plimsoll_base::units::Resources;

    #[test]
    fn the_first_mask_that_meets_a_need_is_found_among_any_number() {
        let mut random = Seed(4).stream(Purpose::Placement, 0);
        let mut shapes = Shapes::new();
        let needs = [1, 2, 3].map(|amount| {
            let (id, _) = shapes.intern(&Resources::new(amount, 0).into());
            shapes.need(id)
        });
        for positions in [1, 15, 16, 17, 300, 5_000] {
            let (mut levels, mut plain) = (MaskLevels::new(positions), vec![0; positions]);
            for _ in 0..3_000 {
                let at = random.below(positions as u64) as usize;
                plain[at] = random.below(8) & random.below(8) & random.below(8);
                levels.set(at, plain[at]);
                let (from, need) =
                    (random.below(positions as u64 + 1) as usize, needs[random.below(3) as usize]);
                let expected = (from..positions).find(|at| need.met_by(plain[*at]));
                assert_eq!(levels.next_meeting(from, need), expected, "{positions} from {from}");
                assert_eq!(levels.union(), plain.iter().fold(0, |union, mask| union | mask));
            }
        }
    }
}
