//! The storage of a zone: finite space, IOPS and throughput, the reserved amounts, and the time that each ran out.

use super::provisioned::Provisioned;
use plimsoll_base::failure::{Failure, FailureReason, LimitKind};
use plimsoll_base::metrics::Level;
use plimsoll_base::persist;
use plimsoll_base::units::Time;

/// Limits of the resources, in the order of [`Backend::levels`].
const BOUNDS: [LimitKind; 3] =
    [LimitKind::BackendCapacity, LimitKind::BackendIops, LimitKind::BackendThroughput];

/// The storage backend of one zone. Without a limit, use is counted all the same.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Backend {
    /// Space \[GiB\], IOPS, throughput \[MiB/s\].
    levels: [Level; 3],
}

persist! { Backend { nested: [levels] } }

impl Backend {
    /// Returns an empty backend of so much space \[GiB\], IOPS and throughput \[MiB/s\].
    pub fn new(capacity_gib: Option<u64>, iops: Option<u64>, throughput_mibps: Option<u64>) -> Backend {
        Backend { levels: [capacity_gib, iops, throughput_mibps].map(Level::new) }
    }

    /// Reserves the provisioned amounts of a volume, or nothing. They count towards the peaks once
    /// [`Backend::note`] confirms that the volume is kept.
    pub fn take(&mut self, now: Time, volume: &Provisioned) -> Result<(), FailureReason> {
        self.take_amounts(now, amounts(volume))
    }

    /// Takes back what a volume was promised.
    pub fn give_back(&mut self, now: Time, volume: &Provisioned) {
        self.give_amounts(now, amounts(volume));
    }

    /// Changes the reserved amounts of a volume: only increases are checked against the limits, and all amounts
    /// change or none.
    pub fn exchange(&mut self, now: Time, old: &Provisioned, new: &Provisioned) -> Result<(), FailureReason> {
        let (old, new) = (amounts(old), amounts(new));
        self.take_amounts(now, std::array::from_fn(|i| new[i].saturating_sub(old[i])))?;
        self.give_amounts(now, std::array::from_fn(|i| old[i].saturating_sub(new[i])));
        Ok(())
    }

    fn take_amounts(&mut self, now: Time, amounts: [u64; 3]) -> Result<(), FailureReason> {
        let mut refusal = None;
        for ((level, asked), bound) in self.levels.iter_mut().zip(amounts).zip(BOUNDS) {
            if asked > level.left() {
                level.exhaust(now);
                let reason = Failure::InsufficientVolumeCapacity.because(bound, asked, level.left());
                refusal.get_or_insert(reason);
            }
        }
        if let Some(reason) = refusal {
            return Err(reason);
        }
        self.levels.iter_mut().zip(amounts).for_each(|(level, amount)| level.take(now, amount));
        Ok(())
    }

    fn give_amounts(&mut self, now: Time, amounts: [u64; 3]) {
        self.levels.iter_mut().zip(amounts).for_each(|(level, amount)| level.give_back(now, amount));
    }

    /// Notes the levels for their peaks.
    pub fn note(&mut self) {
        self.levels.iter_mut().for_each(Level::note);
    }

    /// Begins peaks and means anew.
    pub fn begin_window(&mut self, now: Time) {
        self.levels.iter_mut().for_each(|level| level.begin_window(now));
    }

    /// Returns space, IOPS and throughput, each with the bound that names it and its unit.
    pub fn levels(&self) -> impl Iterator<Item = (LimitKind, &Level)> {
        BOUNDS.into_iter().zip(&self.levels)
    }

    /// Returns the use of space \[GiB\].
    pub fn capacity_gib(&self) -> &Level {
        &self.levels[0]
    }

    /// Returns the use of operations \[IOPS\].
    pub fn iops(&self) -> &Level {
        &self.levels[1]
    }

    /// Returns the use of throughput \[MiB/s\].
    pub fn throughput_mibps(&self) -> &Level {
        &self.levels[2]
    }
}

/// Returns what a volume needs of each resource.
pub(super) fn amounts(volume: &Provisioned) -> [u64; 3] {
    let performance = volume.performance;
    [volume.size_gib, performance.iops, performance.throughput_mibps].map(u64::from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_base::catalogue::VolumeType;

    fn gp3(size_gib: u32, iops: u32, throughput_mibps: u32) -> Provisioned {
        Provisioned::new(VolumeType::Gp3, Some(size_gib), Some(iops), Some(throughput_mibps), None).unwrap()
    }

    fn used(backend: &Backend) -> [u64; 3] {
        backend.levels.map(|level| level.used())
    }

    #[test]
    fn the_first_resource_that_is_too_little_decides_and_all_of_them_have_run_out() {
        let mut backend = Backend::new(Some(100), Some(7_000), Some(250));
        backend.take(Time(1), &gp3(40, 4_000, 125)).unwrap();
        backend.note();
        let refused = backend.take(Time(2), &gp3(10, 3_001, 125));
        let reason = Failure::InsufficientVolumeCapacity.because(LimitKind::BackendIops, 3_001, 3_000);
        assert_eq!(refused, Err(reason));
        assert_eq!(used(&backend), [40, 4_000, 125]);
        assert!(backend.take(Time(3), &gp3(61, 3_000, 126)).is_err());
        let first: Vec<Option<Time>> = backend.levels().map(|(_, level)| level.exhausted_at()).collect();
        assert_eq!(first, [Some(Time(3)), Some(Time(2)), Some(Time(3))]);
        backend.give_back(Time(4), &gp3(40, 4_000, 125));
        assert_eq!((used(&backend), backend.capacity_gib().peak()), ([0, 0, 0], 40));
    }

    #[test]
    fn an_exchange_asks_for_what_is_more_only() {
        let mut backend = Backend::new(Some(100), Some(5_000), None);
        let (old, new) = (gp3(60, 5_000, 300), gp3(100, 3_000, 200));
        backend.take(Time(1), &old).unwrap();
        backend.exchange(Time(2), &old, &new).unwrap();
        assert_eq!(used(&backend), [100, 3_000, 200]);
        let refused = backend.exchange(Time(3), &new, &gp3(101, 4_000, 125));
        assert_eq!(refused.unwrap_err().limit.unwrap().kind, LimitKind::BackendCapacity);
        assert_eq!(used(&backend), [100, 3_000, 200]);
    }
}
