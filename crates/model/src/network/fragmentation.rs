//! Fragmentation of a subnet: free addresses that no prefix can use, because their block of 16 is broken.
//!
//! Measured from the first request for a prefix of the subnet on, and counted exactly at
//! each change, so that means depend on no sampling interval. Subnets without prefixes pay one untaken
//! branch; the rejected alternative, to count the blocks at each sample, has a cost per address and sample.

use serde::{Deserialize, Serialize};

use super::pool::{AddressPool, BLOCK};
use plimsoll_base::metrics::{Gauges, PeakRatio, UseOverTime};
use plimsoll_base::units::Time;

/// Fragmentation over time: the share of the free addresses that lie in no free aligned block of 16,
/// from 0 (every free address can be part of a prefix) to 1 (none can). Mean and peak are those of the
/// window, or of the time since the first prefix was asked for where that is shorter.
///
/// The reserved addresses break the first and the last block, so an empty subnet is not at 0: 27 of the
/// 251 addresses of a /24 lie in these two.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Fragmentation {
    /// Free addresses, over all VPCs.
    free: u64,
    /// Free blocks among them.
    free_blocks: u64,
    /// Integrals and peaks of the stranded and the free addresses.
    gauges: Gauges<2>,
    peak: PeakRatio,
    reached: Time,
    /// Prefixes in use.
    pub prefixes: UseOverTime,
}

impl Fragmentation {
    /// Watches the pools of a subnet from `now` on.
    pub(super) fn of(now: Time, pools: &[AddressPool]) -> Fragmentation {
        let mut watched = Fragmentation {
            free: pools.iter().map(|pool| u64::from(pool.free())).sum(),
            free_blocks: pools.iter().map(|pool| u64::from(pool.free_blocks())).sum(),
            gauges: Gauges::default(),
            peak: PeakRatio::default(),
            reached: now,
            prefixes: UseOverTime::default(),
        };
        watched.begin_window(now);
        watched
    }

    /// Counts an address that is taken, which may have broken a free block.
    #[cold]
    pub(super) fn take(&mut self, now: Time, breaks_block: bool) {
        self.advance(now);
        self.free -= 1;
        self.free_blocks -= u64::from(breaks_block);
    }

    /// Counts an address that is given back, which may have made a free block.
    #[cold]
    pub(super) fn give_back(&mut self, now: Time, makes_block: bool) {
        self.advance(now);
        self.free += 1;
        self.free_blocks += u64::from(makes_block);
    }

    /// Counts a prefix that is taken: a whole block.
    pub(super) fn take_block(&mut self, now: Time) {
        self.advance(now);
        self.free -= u64::from(BLOCK);
        self.free_blocks -= 1;
        self.prefixes.take(now);
        self.prefixes.note();
    }

    /// Counts a prefix that is given back.
    pub(super) fn give_back_block(&mut self, now: Time) {
        self.advance(now);
        self.free += u64::from(BLOCK);
        self.free_blocks += 1;
        self.prefixes.give_back(now);
    }

    /// Begins the statistics anew with what is free now.
    pub(super) fn begin_window(&mut self, now: Time) {
        self.advance(now);
        self.gauges.advance(now, &self.values());
        self.gauges.begin_window(now, &self.values());
        self.peak = PeakRatio::default();
        self.prefixes.begin_window(now);
    }

    /// Panics unless the count is what the pools have.
    pub(super) fn assert_agrees(&self, pools: &[AddressPool]) {
        let counted = Fragmentation::of(self.reached, pools);
        assert_eq!(self.values(), counted.values(), "free blocks of a subnet were lost");
    }

    /// Returns the share now.
    pub fn current(&self) -> f64 {
        let mut ratio = PeakRatio::default();
        let [stranded, free] = self.values();
        ratio.note(stranded, free);
        ratio.value()
    }

    /// Returns the mean of the stranded addresses over the mean of the free ones, up to `now`; the share of this
    /// moment when no time has passed.
    pub fn mean(&self, now: Time) -> f64 {
        let mut gauges = self.gauges.clone();
        gauges.advance(now, &self.values());
        if gauges.length_ns() == 0 { self.current() } else { gauges.mean_ratio(0, 1) }
    }

    /// Returns the greatest share that lasted, the one of this moment included.
    pub fn peak(&self) -> f64 {
        let mut peak = self.peak;
        let [stranded, free] = self.values();
        peak.note(stranded, free);
        peak.value()
    }

    /// Returns the time that a prefix was first refused, with addresses free or not, counted from the start of the
    /// scenario.
    pub fn exhausted_at(&self) -> Option<Time> {
        self.prefixes.exhausted_at()
    }

    /// Returns the number of addresses that are free but in no free block, and of all free ones.
    fn values(&self) -> [u64; 2] {
        [self.free - u64::from(BLOCK) * self.free_blocks, self.free]
    }

    /// Advances to `now`. Only what lasts is a peak: a launch that is undone at once leaves no trace.
    fn advance(&mut self, now: Time) {
        if now > self.reached {
            let values = self.values();
            self.gauges.advance(now, &values);
            self.peak.note(values[0], values[1]);
            self.reached = now;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mean_and_peak_are_weighted_by_time() {
        let mut pool = AddressPool::new(64, 4);
        let mut watched = Fragmentation::of(Time(10), std::slice::from_ref(&pool));
        assert_eq!((watched.current(), watched.mean(Time(10))), (27.0 / 59.0, 27.0 / 59.0));
        // 10 to 20: two blocks of 59. 20 to 40: one, and its 16 addresses less.
        pool.allocate_block().unwrap();
        watched.take_block(Time(20));
        assert_eq!(watched.mean(Time(40)), (27.0 * 10.0 + 27.0 * 20.0) / (59.0 * 10.0 + 43.0 * 20.0));
        // A change that is undone at the same moment is no peak.
        (0..13).for_each(|_| {
            let offset = pool.allocate().unwrap();
            watched.take(Time(40), pool.rest_of_block_is_free(offset));
        });
        assert_eq!(watched.current(), 1.0);
        watched.assert_agrees(std::slice::from_ref(&pool));
        pool.release(32);
        watched.give_back(Time(40), pool.rest_of_block_is_free(32));
        assert_eq!(watched.current(), 15.0 / 31.0);
        assert_eq!((watched.peak(), watched.mean(Time(40))), (27.0 / 43.0, 810.0 / 1450.0));
        watched.begin_window(Time(50));
        assert_eq!((watched.peak(), watched.mean(Time(60))), (15.0 / 31.0, 15.0 / 31.0));
        pool.release_block(16);
        watched.give_back_block(Time(60));
        assert_eq!((watched.prefixes.used(), watched.prefixes.peak()), (0, 1));
        watched.assert_agrees(&[pool]);
    }
}
