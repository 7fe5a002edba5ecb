//! Size, type and performance of a volume, and the items that an account pays for.

use serde::{Deserialize, Serialize};

use crate::billing::{Item, Usage};
use plimsoll_base::catalogue::{Performance, VolumeType};
use plimsoll_base::failure::{Failure, FailureReason, LimitKind};
use plimsoll_base::units::{AccountId, Time};

/// Size and performance that a volume is provisioned with: taken from its backend, and paid for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Provisioned {
    /// Its type.
    pub kind: VolumeType,
    /// Its size \[GiB\].
    pub size_gib: u32,
    /// Performance.
    pub performance: Performance,
}

impl Provisioned {
    /// Returns a volume of a type and size with what was asked for, or the reason that there is none. Made from a snapshot it
    /// is at least of the snapshot's size, and of just that size when none is asked for (`CreateVolume`).
    pub fn new(
        kind: VolumeType,
        size_gib: Option<u32>,
        iops: Option<u32>,
        throughput_mibps: Option<u32>,
        snapshot_gib: Option<u32>,
    ) -> Result<Provisioned, FailureReason> {
        let size_gib = size_gib.or(snapshot_gib).ok_or(Failure::MissingParameter)?;
        let least_gib = snapshot_gib.unwrap_or(0);
        if size_gib < least_gib {
            let (asked, least) = (u64::from(size_gib), u64::from(least_gib));
            return Err(Failure::InvalidParameterValue.because(LimitKind::VolumeSize, asked, least));
        }
        let performance = kind.performance(size_gib, iops, throughput_mibps)?;
        Ok(Provisioned { kind, size_gib, performance })
    }

    /// Returns what the account pays for as long as it has the volume.
    pub fn items(&self) -> impl Iterator<Item = (Item, u64)> {
        let Provisioned { kind, size_gib, performance } = *self;
        let [iops, tier2, tier3] = kind.billable_iops_by_tier(performance);
        let items = [
            (Item::VolumeSize(kind), size_gib),
            (Item::VolumeIops(kind), iops),
            (Item::Io2IopsTier2, tier2),
            (Item::Io2IopsTier3, tier3),
            (Item::VolumeThroughput(kind), kind.billable_throughput(performance)),
        ];
        items.into_iter().filter(|(_, quantity)| *quantity > 0).map(|(item, q)| (item, u64::from(q)))
    }

    pub(super) fn take_items(&self, now: Time, account: AccountId, usage: &mut Usage) {
        self.items().for_each(|(item, quantity)| usage.take(now, account, item, quantity));
    }

    pub(super) fn give_items(&self, now: Time, account: AccountId, usage: &mut Usage) {
        self.items().for_each(|(item, quantity)| usage.give(now, account, item, quantity));
    }

    /// Gives back for good what an account has had since it was created: a minute of it is due at least.
    pub(super) fn give_for_good(&self, now: Time, account: AccountId, created: Time, usage: &mut Usage) {
        self.give_items(now, account, usage);
        self.items().for_each(|(item, quantity)| usage.charge_minimum(now, account, item, quantity, created));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_there_is_paid_for() {
        let gp3 = Provisioned::new(VolumeType::Gp3, Some(100), Some(4_000), None, None).unwrap();
        let expected = [(Item::VolumeSize(VolumeType::Gp3), 100), (Item::VolumeIops(VolumeType::Gp3), 1_000)];
        assert_eq!(gp3.items().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn a_volume_is_at_least_of_its_snapshots_size() {
        let made = |size| Provisioned::new(VolumeType::Gp2, size, None, None, Some(50));
        assert_eq!(made(None).unwrap().size_gib, 50);
        assert_eq!(made(Some(60)).unwrap().size_gib, 60);
        let small = Failure::InvalidParameterValue.because(LimitKind::VolumeSize, 49, 50);
        assert_eq!(made(Some(49)), Err(small));
        let nothing = Provisioned::new(VolumeType::Gp2, None, None, None, None);
        assert_eq!(nothing, Err(Failure::MissingParameter.into()));
    }
}
