//! The limits that can decide a refusal, each with its unit: `failures.csv` says what was asked and what was left.

use serde::{Deserialize, Serialize};

/// Makes the enum and its words of one list.
macro_rules! bounds {
    ($($bound:ident = $name:literal, $unit:literal, $meaning:literal;)*) => {
        /// What can be too little for a request.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
        pub enum Bound {
            $(#[doc = $meaning] $bound,)*
        }

        impl Bound {
            /// Every bound.
            pub const ALL: &[Bound] = &[$(Bound::$bound,)*];

            /// Its word in results.
            pub const fn name(self) -> &'static str {
                match self { $(Bound::$bound => $name,)* }
            }

            /// The unit of what was asked and left.
            pub const fn unit(self) -> &'static str {
                match self { $(Bound::$bound => $unit,)* }
            }

            /// What it bounds, one line.
            pub const fn meaning(self) -> &'static str {
                match self { $(Bound::$bound => $meaning,)* }
            }
        }
    };
}

#[rustfmt::skip]
bounds! {
    ZoneVcpu = "zone-vcpu", "milli-vCPU", "vCPU free in the zone";
    ZoneMemory = "zone-memory", "MiB", "memory free in the zone";
    ZoneGpu = "zone-gpu", "milli-GPU", "GPU free in the zone";
    HostRoom = "host-room", "instances", "hosts of the zone that have everything the instance asks for at once";
    GroupRacks = "group-racks", "racks", "racks that the placement group's rule leaves";
    GroupInstances = "group-instances", "instances", "running instances a spread group may have in a zone";
    GroupPartitions = "group-partitions", "partitions", "partitions a placement group may have in a zone";
    TenancyHosts = "tenancy-hosts", "hosts", "hosts the account has to itself, or could have";
    DedicatedHostRoom = "dedicated-host-room", "instances", "room on the dedicated host named";
    ReservationInstances = "reservation-instances", "instances", "instances the capacity reservation still holds";
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
    UserDataBytes = "user-data-bytes", "bytes", "user data a launch may bring";
    SpotPrice = "spot-price", "micro-USD/h", "the highest price of the request beside the spot price";
}

/// A limit that decided: so much was asked for, so much was left, in the bound's unit.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Limit {
    /// What was too little.
    pub bound: Bound,
    /// How much the request needed.
    pub asked: u64,
    /// How much there was.
    pub left: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_their_own_and_have_units() {
        let mut names: Vec<&str> = Bound::ALL.iter().map(|bound| bound.name()).collect();
        names.sort_unstable();
        assert!(names.windows(2).all(|pair| pair[0] != pair[1]));
        assert!(Bound::ALL.iter().all(|bound| !bound.unit().is_empty() && !bound.meaning().is_empty()));
    }
}
