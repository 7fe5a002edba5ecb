//! Prerequisites of hibernation (EC2 user guide, "Prerequisites for EC2 instance hibernation", seen 2026-11-30; families beyond its
//! list by `HibernationSupported` of `DescribeInstanceTypes`, in the answer that moto 5.2.5 carries).
//!
//! Left out: "the root volume must be encrypted", for volumes here are not told apart by it, and all count as encrypted, as they are
//! in an account with EBS encryption by default; which images are able to; and that EC2 does "not support keeping an
//! instance that is hibernated for more than 60 days", of which it documents no consequence.

use crate::cloud::instances::volumes;
use crate::cloud::world::World;
use plimsoll_base::catalogue::{self, VolumeType};
use plimsoll_base::failure::{Failure, FailureReason, LimitKind};
use plimsoll_base::units::{AccountId, TypeId};
use plimsoll_model::workload::call::LaunchOptions;

/// Memory from which on an instance cannot hibernate \[MiB\]: that of Linux "must be less than 150 GiB".
const HIBERNATED_MIB: u32 = 150 * 1024;

/// Families that can hibernate, in the order of the guide: for general purposes, compute, memory and storage; the last two lines
/// are those that the guide does not list yet.
#[rustfmt::skip]
const FAMILIES: &[&str] = &[
    "m3", "m4", "m5", "m5a", "m5ad", "m5d", "m6a", "m6g", "m6gd", "m6i", "m6id", "m6idn", "m6in", "m7a", "m7g", "m7gd", "m7i",
    "m7i-flex", "m8a", "m8azn", "m8g", "m8gb", "m8gd", "m8gn", "m8i", "m8i-flex", "t2", "t3", "t3a", "t4g",
    "c3", "c4", "c5", "c5d", "c6a", "c6g", "c6gd", "c6gn", "c6i", "c6id", "c6in", "c7a", "c7g", "c7gd", "c7gn", "c7i",
    "c7i-flex", "c8a", "c8g", "c8gb", "c8gd", "c8gn", "c8i", "c8i-flex",
    "r3", "r4", "r5", "r5a", "r5ad", "r5d", "r6a", "r6g", "r6gd", "r6idn", "r6in", "r7a", "r7g", "r7gd", "r7i", "r7iz", "r8a",
    "r8g", "r8gb", "r8gd", "r8gn", "r8i", "r8i-flex", "x2gd", "x8aedz", "x8i",
    "i3", "i3en", "i4g", "i7i", "i7ie", "i8g", "i8ge", "im4gn", "is4gen",
    "c8ib", "c8in", "c9g", "c9gd", "m8ib", "m8idb", "m8idn", "m8in", "m9g", "m9gd",
    "r8ib", "r8idb", "r8idn", "r8in", "r9g", "r9gd", "t8i",
];

/// Types of root volumes that hold the memory.
const ROOTS: &[VolumeType] = &[VolumeType::Gp2, VolumeType::Gp3, VolumeType::Io1, VolumeType::Io2];

/// Checks that instances of a launch can hibernate. A type that is not EC2's has no family, and a launch without an
/// image no root volume: neither is asked for then.
pub fn check(
    world: &World,
    account: AccountId,
    kind: TypeId,
    options: &LaunchOptions,
) -> Result<(), FailureReason> {
    let name = world.directory.types.get(kind).name.as_str();
    let memory_mib = world.types.of(kind).amounts.memory_mib();
    let is_able =
        catalogue::find(name).is_none_or(|entry| !entry.bare_metal && FAMILIES.contains(&entry.family()));
    if !is_able || memory_mib >= HIBERNATED_MIB {
        return Err(Failure::UnsupportedHibernation.into());
    }
    let Some(root) = volumes::root_device(world, account, options)? else { return Ok(()) };
    if !ROOTS.contains(&root.kind) {
        return Err(Failure::UnsupportedHibernation.into());
    }
    let of_snapshot = || root.snapshot.and_then(|id| world.storage.snapshot(id)).map(|of| of.size_gib);
    let size_gib = root.size_gib.or_else(of_snapshot).unwrap_or(0);
    let (asked, has) = (u64::from(memory_mib), u64::from(size_gib) * 1024);
    if asked > has {
        return Err(Failure::UnsupportedHibernation.because(LimitKind::HibernationRoot, asked, has));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// A family that is written wrongly would refuse what EC2 takes.
    #[test]
    fn the_families_are_distinct_and_in_the_catalogue() {
        let families: BTreeSet<&str> = FAMILIES.iter().copied().collect();
        assert_eq!(families.len(), FAMILIES.len());
        let known: BTreeSet<&str> = catalogue::built_in().iter().map(|entry| entry.family()).collect();
        let unknown: Vec<&&str> = families.difference(&known).collect();
        assert!(unknown.is_empty(), "{unknown:?}");
    }
}
