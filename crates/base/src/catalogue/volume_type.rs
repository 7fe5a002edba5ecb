//! Volume types: their limits and list prices as one table of data, and the rules that read it.
//!
//! Sources: the EC2 API as botocore 1.44.8 describes it (`CreateVolume`, "Size", "Iops" and "Throughput"); for
//! ratios and performance that is not provisioned, EBS user guide, "Amazon EBS volume types", "General Purpose SSD",
//! "Provisioned IOPS SSD", "Throughput Optimized HDD and Cold HDD" and "Amazon EBS previous generation
//! volumes"; EBS pricing, us-east-1. If a type may burst, its baseline counts: a backend has to sustain all
//! that is provisioned.

use std::ops::RangeInclusive;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::failure::{Failure, FailureReason, LimitKind};
use crate::names;

/// A type of volume (EC2 user guide, "Amazon EBS volume types").
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Deserialize, Serialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum VolumeType {
    /// General purpose, the current generation.
    #[default]
    Gp3,
    /// General purpose, IOPS by size.
    Gp2,
    /// Provisioned IOPS.
    Io1,
    /// Provisioned IOPS, the current generation.
    Io2,
    /// Throughput optimised disks.
    St1,
    /// Cold disks.
    Sc1,
    /// Magnetic, the previous generation.
    Standard,
}

/// Sustained performance of a volume.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Performance {
    /// Operations a second \[IOPS\].
    pub iops: u32,
    /// Throughput \[MiB/s\].
    pub throughput_mibps: u32,
}

/// Origin of the IOPS of a type.
enum Iops {
    /// The account asks for them. `included` are there without asking, whatever the size, and free.
    Provisioned { included: Option<u32>, least: u32, most: u32, most_per_gib: u32 },
    /// By size, between a floor and a ceiling.
    BySize { per_gib: u32, least: u32, most: u32 },
    /// As many as the throughput makes, in operations of 1 MiB.
    ByThroughput,
}

/// Origin of the throughput of a type \[MiB/s\].
enum Throughput {
    /// The account asks for it; `included` is there without asking, and free.
    Provisioned { included: u32, most: u32, iops_per_mibps: u32 },
    /// By size, between a floor and a ceiling.
    BySize { mibps_per_tib: u32, least: u32, most: u32 },
    /// By IOPS: operations of 256 KiB up to so many MiB/s, and beyond, where there is more, by so many IOPS for
    /// each.
    ByIops { mibps_at_once: u32, iops_per_mibps_beyond: Option<u32> },
}

/// Volume type as data.
struct Row {
    size_gib: RangeInclusive<u32>,
    iops: Iops,
    throughput: Throughput,
    micro_usd_per_gib_month: u64,
    micro_usd_per_iops_month: u64,
    micro_usd_per_mibps_month: u64,
}

/// The types, in the order of [`VolumeType::ALL`].
#[rustfmt::skip]
const TABLE: [Row; VolumeType::ALL.len()] = [
    /* gp3 */ Row {
        size_gib: 1..=65_536,
        iops: Iops::Provisioned { included: Some(3_000), least: 3_000, most: 80_000, most_per_gib: 500 },
        throughput: Throughput::Provisioned { included: 125, most: 2_000, iops_per_mibps: 4 },
        micro_usd_per_gib_month: 80_000, micro_usd_per_iops_month: 5_000, micro_usd_per_mibps_month: 40_000,
    },
    /* gp2 */ Row {
        size_gib: 1..=16_384,
        iops: Iops::BySize { per_gib: 3, least: 100, most: 16_000 },
        // 3 IOPS/GiB of 256 KiB each are 768 MiB/s per TiB.
        throughput: Throughput::BySize { mibps_per_tib: 768, least: 128, most: 250 },
        micro_usd_per_gib_month: 100_000, micro_usd_per_iops_month: 0, micro_usd_per_mibps_month: 0,
    },
    /* io1 */ Row {
        size_gib: 4..=16_384,
        iops: Iops::Provisioned { included: None, least: 100, most: 64_000, most_per_gib: 50 },
        throughput: Throughput::ByIops { mibps_at_once: 500, iops_per_mibps_beyond: Some(64) },
        micro_usd_per_gib_month: 125_000, micro_usd_per_iops_month: 65_000, micro_usd_per_mibps_month: 0,
    },
    /* io2 */ Row {
        size_gib: 4..=65_536,
        iops: Iops::Provisioned { included: None, least: 100, most: 256_000, most_per_gib: 1_000 },
        throughput: Throughput::ByIops { mibps_at_once: 4_000, iops_per_mibps_beyond: None },
        micro_usd_per_gib_month: 125_000, micro_usd_per_iops_month: 65_000, micro_usd_per_mibps_month: 0,
    },
    /* st1 */ Row {
        size_gib: 125..=16_384,
        iops: Iops::ByThroughput,
        throughput: Throughput::BySize { mibps_per_tib: 40, least: 0, most: 500 },
        micro_usd_per_gib_month: 45_000, micro_usd_per_iops_month: 0, micro_usd_per_mibps_month: 0,
    },
    /* sc1 */ Row {
        size_gib: 125..=16_384,
        iops: Iops::ByThroughput,
        throughput: Throughput::BySize { mibps_per_tib: 12, least: 0, most: 192 },
        micro_usd_per_gib_month: 15_000, micro_usd_per_iops_month: 0, micro_usd_per_mibps_month: 0,
    },
    /* standard */ Row {
        size_gib: 1..=1_024,
        // "40-200", about 100 on average; 40 to 90 MiB/s.
        iops: Iops::BySize { per_gib: 0, least: 100, most: 100 },
        throughput: Throughput::BySize { mibps_per_tib: 0, least: 40, most: 40 },
        micro_usd_per_gib_month: 50_000, micro_usd_per_iops_month: 0, micro_usd_per_mibps_month: 0,
    },
];

/// List price of a snapshot, standard tier \[micro-USD per GiB and month of 730 h\].
pub const SNAPSHOT_MICRO_USD_PER_GIB_MONTH: u64 = 50_000;

names! { VolumeType {
    Gp3 = "gp3",
    Gp2 = "gp2",
    Io1 = "io1",
    Io2 = "io2",
    St1 = "st1",
    Sc1 = "sc1",
    Standard = "standard",
} }

impl VolumeType {
    /// Returns the sizes a volume of this type may have \[GiB\].
    pub fn sizes_gib(self) -> RangeInclusive<u32> {
        self.row().size_gib.clone()
    }

    /// Returns true if IOPS can be provisioned.
    pub fn provisions_iops(self) -> bool {
        matches!(self.row().iops, Iops::Provisioned { .. })
    }

    /// Returns true if throughput can be provisioned.
    pub fn provisions_throughput(self) -> bool {
        matches!(self.row().throughput, Throughput::Provisioned { .. })
    }

    /// Returns true if an instance can boot from it (`CreateVolume`, "VolumeType").
    pub const fn can_be_root(self) -> bool {
        !matches!(self, VolumeType::St1 | VolumeType::Sc1)
    }

    /// Returns the number of its snapshots that may be pending at once (EBS user guide, "Quotas for Amazon EBS").
    pub const fn most_pending_snapshots(self) -> u16 {
        match self {
            VolumeType::St1 | VolumeType::Sc1 => 1,
            VolumeType::Gp3 | VolumeType::Gp2 | VolumeType::Io1 | VolumeType::Io2 | VolumeType::Standard => 5,
        }
    }

    /// Returns the performance of a volume of this type and size, with what was asked for (`CreateVolume`, "Iops" and
    /// "Throughput"), or why there is no such volume.
    #[inline]
    pub fn performance(
        self,
        size_gib: u32,
        iops: Option<u32>,
        throughput_mibps: Option<u32>,
    ) -> Result<Performance, FailureReason> {
        let row = self.row();
        within(size_gib, row.size_gib.clone(), LimitKind::VolumeSize)?;
        let iops = match row.iops {
            Iops::Provisioned { included, least, most, most_per_gib } => {
                let asked = iops.or(included).ok_or(Failure::MissingParameter)?;
                let most = most.min(size_gib.saturating_mul(most_per_gib)).max(included.unwrap_or(0));
                Some(within(asked, least..=most, LimitKind::VolumeIops)?)
            }
            _ if iops.is_some() => return Err(Failure::InvalidParameterCombination.into()),
            Iops::BySize { per_gib, least, most } => Some((size_gib * per_gib).clamp(least, most)),
            Iops::ByThroughput => None,
        };
        let throughput_mibps = match row.throughput {
            Throughput::Provisioned { included, most, iops_per_mibps } => {
                let asked = throughput_mibps.unwrap_or(included);
                let most = most.min(iops.unwrap_or(0) / iops_per_mibps);
                within(asked, included..=most, LimitKind::VolumeThroughput)?
            }
            _ if throughput_mibps.is_some() => return Err(Failure::InvalidParameterCombination.into()),
            Throughput::BySize { mibps_per_tib, least, most } => {
                (size_gib * mibps_per_tib).div_ceil(1024).clamp(least, most)
            }
            Throughput::ByIops { mibps_at_once, iops_per_mibps_beyond } => {
                let iops = iops.unwrap_or(0);
                let beyond = iops_per_mibps_beyond.map_or(0, |per_mibps| iops / per_mibps);
                (iops / 4).min(mibps_at_once).max(beyond)
            }
        };
        Ok(Performance { iops: iops.unwrap_or(throughput_mibps), throughput_mibps })
    }

    /// Returns the IOPS of a volume that are paid for apart from its size \[IOPS\].
    pub fn billable_iops(self, performance: Performance) -> u32 {
        match self.row().iops {
            Iops::Provisioned { included, .. } => performance.iops - included.unwrap_or(0),
            Iops::BySize { .. } | Iops::ByThroughput => 0,
        }
    }

    /// Returns the same by the tiers that have a price of their own: of io2 up to 32,000, up to 64,000, and above (Amazon
    /// EBS pricing); of other types all is in the first.
    pub fn billable_iops_by_tier(self, performance: Performance) -> [u32; 3] {
        let all = self.billable_iops(performance);
        if self != VolumeType::Io2 {
            return [all, 0, 0];
        }
        let upto = |bound: u32| all.min(bound);
        let [first, second] = [32_000, 64_000].map(upto);
        [first, second - first, all - second]
    }

    /// Returns the throughput of a volume that is paid for apart from its size \[MiB/s\].
    pub fn billable_throughput(self, performance: Performance) -> u32 {
        match self.row().throughput {
            Throughput::Provisioned { included, .. } => performance.throughput_mibps - included,
            Throughput::BySize { .. } | Throughput::ByIops { .. } => 0,
        }
    }

    /// Returns the list price of the size \[micro-USD per GiB and month of 730 h\].
    pub fn micro_usd_per_gib_month(self) -> u64 {
        self.row().micro_usd_per_gib_month
    }

    /// Returns the list price of [billable](VolumeType::billable_iops) IOPS \[micro-USD per IOPS and month of 730 h\].
    pub fn micro_usd_per_iops_month(self) -> u64 {
        self.row().micro_usd_per_iops_month
    }

    /// Returns the list price of [billable](VolumeType::billable_throughput) throughput \[micro-USD per MiB/s and month
    /// of 730 h\].
    pub fn micro_usd_per_mibps_month(self) -> u64 {
        self.row().micro_usd_per_mibps_month
    }

    fn row(self) -> &'static Row {
        &TABLE[self as usize]
    }
}

/// Returns `asked` if it is within the range, otherwise the bound that it exceeds.
fn within(asked: u32, range: RangeInclusive<u32>, bound: LimitKind) -> Result<u32, FailureReason> {
    if range.contains(&asked) {
        return Ok(asked);
    }
    let limit = if asked < *range.start() { range.start() } else { range.end() };
    Err(Failure::InvalidParameterValue.because(bound, u64::from(asked), u64::from(*limit)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use VolumeType::{Gp2, Gp3, Io1, Io2, Sc1, St1, Standard};

    fn performance(
        kind: VolumeType,
        size: u32,
        iops: u32,
        throughput: u32,
    ) -> Result<(u32, u32), FailureReason> {
        let asked = |value: u32| (value > 0).then_some(value);
        kind.performance(size, asked(iops), asked(throughput)).map(|done| (done.iops, done.throughput_mibps))
    }

    fn refused(bound: LimitKind, asked: u64, limit: u64) -> Result<(u32, u32), FailureReason> {
        Err(Failure::InvalidParameterValue.because(bound, asked, limit))
    }

    #[test]
    fn gp3_has_a_floor_a_ceiling_and_two_ratios() {
        assert_eq!(performance(Gp3, 1, 0, 0), Ok((3_000, 125)));
        assert_eq!(performance(Gp3, 65_536, 80_000, 2_000), Ok((80_000, 2_000)));
        assert_eq!(performance(Gp3, 65_537, 0, 0), refused(LimitKind::VolumeSize, 65_537, 65_536));
        assert_eq!(performance(Gp3, 100, 2_999, 0), refused(LimitKind::VolumeIops, 2_999, 3_000));
        assert_eq!(performance(Gp3, 1_000, 80_001, 0), refused(LimitKind::VolumeIops, 80_001, 80_000));
        assert_eq!(
            performance(Gp3, 1_000, 20_000, 2_001),
            refused(LimitKind::VolumeThroughput, 2_001, 2_000)
        );
        // 500 IOPS/GiB: 31 GiB reach 15,500, 1 GiB still has the 3,000 that come with every volume.
        assert_eq!(performance(Gp3, 31, 15_501, 0), refused(LimitKind::VolumeIops, 15_501, 15_500));
        assert_eq!(performance(Gp3, 1, 3_001, 0), refused(LimitKind::VolumeIops, 3_001, 3_000));
        // 0.25 MiB/s per IOPS.
        assert_eq!(performance(Gp3, 100, 3_000, 750), Ok((3_000, 750)));
        assert_eq!(performance(Gp3, 100, 3_000, 751), refused(LimitKind::VolumeThroughput, 751, 750));
        assert_eq!(performance(Gp3, 100, 0, 124), refused(LimitKind::VolumeThroughput, 124, 125));
    }

    #[test]
    fn gp2_has_a_floor_and_a_ceiling() {
        assert_eq!(performance(Gp2, 1, 0, 0), Ok((100, 128)));
        assert_eq!(performance(Gp2, 170, 0, 0), Ok((510, 128)));
        assert_eq!(performance(Gp2, 200, 0, 0), Ok((600, 150)));
        assert_eq!(performance(Gp2, 334, 0, 0), Ok((1_002, 250)));
        assert_eq!(performance(Gp2, 5_334, 0, 0), Ok((16_000, 250)));
        assert_eq!(performance(Gp2, 16_384, 0, 0), Ok((16_000, 250)));
        assert_eq!(performance(Gp2, 1, 100, 0), Err(Failure::InvalidParameterCombination.into()));
        assert_eq!(performance(Gp2, 1, 0, 128), Err(Failure::InvalidParameterCombination.into()));
    }

    #[test]
    fn provisioned_iops_have_to_be_asked_for() {
        assert_eq!(performance(Io1, 4, 0, 0), Err(Failure::MissingParameter.into()));
        assert_eq!(performance(Io1, 4, 200, 0), Ok((200, 50)));
        assert_eq!(performance(Io1, 4, 201, 0), refused(LimitKind::VolumeIops, 201, 200));
        assert_eq!(performance(Io1, 4, 99, 0), refused(LimitKind::VolumeIops, 99, 100));
        assert_eq!(performance(Io2, 4, 2_000, 0), Ok((2_000, 500)));
        assert_eq!(performance(Io2, 64, 64_000, 0), Ok((64_000, 4_000)));
        assert_eq!(performance(Io2, 65_536, 256_000, 0), Ok((256_000, 4_000)));
        assert_eq!(performance(Io2, 65_536, 256_001, 0), refused(LimitKind::VolumeIops, 256_001, 256_000));
        // 1,000 IOPS/GiB.
        assert_eq!(performance(Io2, 5, 5_001, 0), refused(LimitKind::VolumeIops, 5_001, 5_000));
        assert_eq!(performance(Io1, 16_384, 64_000, 0), Ok((64_000, 1_000)));
        assert_eq!(performance(Io2, 3, 100, 0), refused(LimitKind::VolumeSize, 3, 4));
        assert_eq!(performance(Io1, 640, 32_000, 0), Ok((32_000, 500)));
        assert_eq!(performance(Io1, 4, 200, 500), Err(Failure::InvalidParameterCombination.into()));
    }

    #[test]
    fn disks_go_by_size() {
        assert_eq!(performance(St1, 124, 0, 0), refused(LimitKind::VolumeSize, 124, 125));
        assert_eq!(performance(St1, 125, 0, 0), Ok((5, 5)));
        assert_eq!(performance(St1, 1_024, 0, 0), Ok((40, 40)));
        assert_eq!(performance(St1, 12_800, 0, 0), Ok((500, 500)));
        assert_eq!(performance(St1, 16_384, 0, 0), Ok((500, 500)));
        assert_eq!(performance(Sc1, 16_384, 0, 0), Ok((192, 192)));
        assert_eq!(performance(Standard, 1_024, 0, 0), Ok((100, 40)));
        assert_eq!(performance(Standard, 1_025, 0, 0), refused(LimitKind::VolumeSize, 1_025, 1_024));
    }

    #[test]
    fn iops_of_io2_are_paid_for_in_tiers() {
        let tiers =
            |kind: VolumeType, iops| kind.billable_iops_by_tier(Performance { iops, throughput_mibps: 0 });
        assert_eq!(tiers(Io2, 32_000), [32_000, 0, 0]);
        assert_eq!(tiers(Io2, 32_001), [32_000, 1, 0]);
        assert_eq!(tiers(Io2, 64_000), [32_000, 32_000, 0]);
        assert_eq!(tiers(Io2, 256_000), [32_000, 32_000, 192_000]);
        assert_eq!(tiers(Io1, 64_000), [64_000, 0, 0]);
        assert_eq!(tiers(Gp3, 80_000), [77_000, 0, 0]);
    }

    /// A month of 730 h of each type \[micro-USD\], by hand.
    #[test]
    fn a_month_of_each_type() {
        let month = |kind: VolumeType, size: u32, iops: Option<u32>, throughput: Option<u32>| {
            let performance = kind.performance(size, iops, throughput).unwrap();
            u64::from(size) * kind.micro_usd_per_gib_month()
                + u64::from(kind.billable_iops(performance)) * kind.micro_usd_per_iops_month()
                + u64::from(kind.billable_throughput(performance)) * kind.micro_usd_per_mibps_month()
        };
        assert_eq!(month(Gp2, 100, None, None), 10_000_000);
        assert_eq!(month(Gp3, 100, None, None), 8_000_000);
        assert_eq!(month(Gp3, 100, Some(4_000), Some(225)), 8_000_000 + 5_000_000 + 4_000_000);
        assert_eq!(month(Io1, 100, Some(1_000), None), 12_500_000 + 65_000_000);
        assert_eq!(month(Io2, 100, Some(1_000), None), 12_500_000 + 65_000_000);
        assert_eq!(month(St1, 1_000, None, None), 45_000_000);
        assert_eq!(month(Sc1, 1_000, None, None), 15_000_000);
    }

    #[test]
    fn rows_stand_at_their_types() {
        for (i, kind) in VolumeType::ALL.into_iter().enumerate() {
            assert_eq!(kind as usize, i);
            assert_eq!(VolumeType::named(kind.name()), Some(kind));
        }
    }
}
