//! A running hash over the ordered stream of all events: two runs are the same run exactly when their
//! digests are equal.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Odd constants with well mixed bits: the fractional parts of the square roots of 2, 3, 5 and 7.
const KEYS: [u64; 4] =
    [0x6a09_e667_f3bc_c909, 0xbb67_ae85_84ca_a73b, 0x3c6e_f372_fe94_f82b, 0xa54f_f53a_5f1d_36f1];

/// Changes whenever the stream's records do, so that digests of two versions never agree by accident.
const VERSION: u64 = 1;

/// A digest in the making: 128 bits of state, a few nanoseconds a record.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Digest {
    left: u64,
    right: u64,
}

impl Default for Digest {
    fn default() -> Digest {
        Digest { left: KEYS[0] ^ VERSION, right: KEYS[1] }
    }
}

/// Returns the 128-bit product folded to 64 bits: every bit of both factors moves every bit of the result.
#[inline]
fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    product as u64 ^ (product >> 64) as u64
}

impl Digest {
    /// Takes in one record of three words. The order of records is part of the digest.
    #[inline]
    pub fn absorb(&mut self, record: [u64; 3]) {
        let [a, b, c] = record;
        // Each side keeps its own rotation of the old state beside the product, so that a factor that
        // happens to be zero loses nothing.
        self.left = fold(self.left ^ a, KEYS[2] ^ b).wrapping_add(self.left.rotate_left(29)).wrapping_add(c);
        self.right =
            fold(self.right ^ c, KEYS[3] ^ a).wrapping_add(self.right.rotate_left(41)).wrapping_add(b);
    }

    /// Returns the digest of everything so far.
    pub fn value(&self) -> u128 {
        let left = fold(self.left ^ KEYS[1], self.right ^ KEYS[2]);
        let right = fold(self.right ^ KEYS[0], self.left ^ KEYS[3]);
        u128::from(left) << 64 | u128::from(right)
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:032x}", self.value())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_and_every_word_count() {
        let of = |records: &[[u64; 3]]| {
            let mut digest = Digest::default();
            records.iter().for_each(|record| digest.absorb(*record));
            digest.value()
        };
        let first = of(&[[1, 2, 3], [4, 5, 6]]);
        assert_eq!(first, of(&[[1, 2, 3], [4, 5, 6]]));
        let others = [
            vec![[4, 5, 6], [1, 2, 3]],
            vec![[1, 2, 3]],
            vec![[1, 2, 3], [4, 5, 7]],
            vec![[1, 2, 3], [4, 4, 6]],
            vec![[1, 2, 3], [5, 5, 6]],
            vec![[1, 2, 3], [4, 5, 6], [0, 0, 0]],
        ];
        for other in others {
            assert_ne!(first, of(&other), "{other:?}");
        }
    }
}
