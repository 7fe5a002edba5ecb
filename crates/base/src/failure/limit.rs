//! The limits that can decide a refusal, each with its unit: `failures.csv` says what was asked and what was left.

use serde::{Deserialize, Serialize};

/// Declares the enum and its names from one list.
macro_rules! limit_kinds {
    ($($kind:ident = $name:literal, $unit:literal, $meaning:literal;)*) => {
        /// Amount that can be too small for a request.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
        pub enum LimitKind {
            $(#[doc = $meaning] $kind,)*
        }

        crate::names! { LimitKind { $($kind = $name),* } }

        impl LimitKind {
            /// Returns the unit of what was asked and left.
            pub const fn unit(self) -> &'static str {
                match self { $(LimitKind::$kind => $unit,)* }
            }

            /// Returns its meaning, one line.
            pub const fn meaning(self) -> &'static str {
                match self { $(LimitKind::$kind => $meaning,)* }
            }
        }
    };
}

#[rustfmt::skip]
limit_kinds! {
    ZoneVcpu = "zone-vcpu", "milli-vCPU", "vCPU free in the zone";
    ZoneMemory = "zone-memory", "MiB", "memory free in the zone";
    ZoneGpu = "zone-gpu", "milli-GPU", "GPU free in the zone";
    HostRoom = "host-room", "instances", "hosts of the zone that have all resources of the request at once";
    StrategyHosts = "strategy-hosts", "hosts", "hosts on which the strategy's expression has a value";
    GroupRacks = "group-racks", "racks", "racks that the placement group's rule leaves";
    GroupInstances = "group-instances", "instances", "running instances a spread group may have in a zone";
    GroupPartitions = "group-partitions", "partitions", "partitions a placement group may have in a zone";
    TenancyHosts = "tenancy-hosts", "hosts", "hosts the account has to itself, or could have";
    DedicatedHostRoom = "dedicated-host-room", "instances", "room on the dedicated host named";
    ReservationInstances = "reservation-instances", "instances", "free instances of the capacity reservation";
    SubnetAddresses = "subnet-addresses", "addresses", "free addresses of the subnet";
    SubnetPrefixes = "subnet-prefixes", "prefixes", "free contiguous /28 blocks of the subnet";
    PublicAddresses = "public-addresses", "addresses", "free addresses of the public pool";
    TypeInterfaces = "type-interfaces", "interfaces", "network interfaces the type may have";
    TypeAddresses = "type-addresses", "addresses", "addresses an interface of the type may have";
    QuotaVcpus = "quota-vcpus", "vCPU", "the account's quota of vCPUs for the family group";
    QuotaSpotVcpus = "quota-spot-vcpus", "vCPU", "the account's quota of spot vCPUs for the family group";
    QuotaInstances = "quota-instances", "instances", "the account's quota of instances";
    QuotaElasticAddresses = "quota-elastic-addresses", "addresses", "the account's quota of elastic addresses";
    QuotaVolumes = "quota-volumes", "volumes", "the account's quota of volumes";
    QuotaSnapshots = "quota-snapshots", "snapshots", "the account's quota of snapshots";
    QuotaSecurityGroups = "quota-security-groups", "groups", "the account's quota of security groups";
    QuotaHosts = "quota-hosts", "hosts", "the account's quota of dedicated hosts";
    QuotaReservations = "quota-reservations", "reservations", "the account's quota of capacity reservations";
    BackendCapacity = "backend-capacity", "GiB", "space left in the zone's storage backend";
    BackendIops = "backend-iops", "IOPS", "IOPS left in the zone's storage backend";
    BackendThroughput = "backend-throughput", "MiB/s", "throughput left in the zone's storage backend";
    VolumeSize = "volume-size", "GiB", "size a volume of the type may have";
    VolumeIops = "volume-iops", "IOPS", "IOPS a volume of the type and size may have";
    VolumeThroughput = "volume-throughput", "MiB/s", "throughput a volume of the type and IOPS may have";
    TypeAttachments = "type-attachments", "attachments", "attachments the instance type may have";
    VolumeAttachments = "volume-attachments", "attachments", "instances that may have a volume with Multi-Attach at once";
    VolumeModifications = "volume-modifications", "modifications", "modifications a volume may have in 24 hours";
    VolumeSnapshots = "volume-snapshots", "snapshots", "snapshots of a volume that may be pending at once";
    RulesPerGroup = "rules-per-group", "rules", "rules a security group may have in one direction";
    GroupsPerInterface = "groups-per-interface", "groups", "security groups an interface may have";
    TagsPerResource = "tags-per-resource", "tags", "tags a resource may have";
    FiltersPerCall = "filters-per-call", "filters", "filters a describe call may have";
    PageSize = "page-size", "instances", "instances a page may hold";
    UserDataBytes = "user-data-bytes", "bytes", "user data of a launch";
    SpotPrice = "spot-price", "micro-USD/h", "the highest price of the request beside the spot price";
    PlacementGroups = "placement-groups", "groups", "placement groups the account may have in the region";
    NameLength = "name-length", "characters", "the name of a placement group";
    ReservationSize = "reservation-size", "instances", "instances a call may reserve capacity for";
    HibernationRoot = "hibernation-root", "MiB", "size of the root volume, which has to hold the memory";
}

impl LimitKind {
    /// Returns whether each instance of a launch takes an equal part of what the limit is about.
    pub fn is_taken_by_each(self) -> bool {
        matches!(
            self,
            LimitKind::BackendCapacity
                | LimitKind::BackendIops
                | LimitKind::BackendThroughput
                | LimitKind::DedicatedHostRoom
                | LimitKind::GroupInstances
                | LimitKind::HostRoom
                | LimitKind::PublicAddresses
                | LimitKind::QuotaInstances
                | LimitKind::QuotaSpotVcpus
                | LimitKind::QuotaVcpus
                | LimitKind::QuotaVolumes
                | LimitKind::ReservationInstances
                | LimitKind::SubnetAddresses
                | LimitKind::SubnetPrefixes
                | LimitKind::ZoneGpu
                | LimitKind::ZoneMemory
                | LimitKind::ZoneVcpu
        )
    }
}

/// Limit that decided a refusal; amounts in the unit of its kind.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct LimitHit {
    /// Amount that was too small.
    pub kind: LimitKind,
    /// Amount that the request needed.
    pub asked: u64,
    /// Amount that was left.
    pub left: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_their_own_and_have_units() {
        let mut names: Vec<&str> = LimitKind::ALL.iter().map(|kind| kind.name()).collect();
        names.sort_unstable();
        assert!(names.windows(2).all(|pair| pair[0] != pair[1]));
        assert!(LimitKind::ALL.iter().all(|kind| !kind.unit().is_empty() && !kind.meaning().is_empty()));
    }
}
