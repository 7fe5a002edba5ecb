//! Time, quantities of resources, money and typed ids: the vocabulary of all other modules.
//!
//! Everything is an integer. Time is nanoseconds, resources are milli-vCPU, MiB, milli-GPU and
//! Mbit/s, money is a fixed fraction of a dollar fine enough that no bill is ever rounded inside.

mod calendar;
mod decimal;
mod enum_map;
pub mod figures;
mod footprint;
mod names;
mod quantity;

pub use calendar::{Calendar, Month};
pub use decimal::{write_scaled, write_whole};
pub use enum_map::{Enum, EnumMap};
pub use footprint::{Footprint, NumaNodes};
pub use quantity::{
    Decimal, Rounding, Unreadable, parse_duration, parse_nearest_seconds, parse_resource,
    parse_resource_rounded, parse_rounded, parse_scaled, parse_seconds,
};

use serde::{Deserialize, Serialize};
use std::fmt;
use std::ops::{Add, AddAssign, Neg, Sub, SubAssign};

/// Nanoseconds in a second.
pub const NS_PER_S: u64 = 1_000_000_000;

/// Nanoseconds in an hour.
pub const NS_PER_HOUR: u64 = 3600 * NS_PER_S;

/// Nanoseconds in a day.
pub const NS_PER_DAY: u64 = 24 * NS_PER_HOUR;

/// A point in simulated time \[ns since the start of the scenario\].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug, Serialize, Deserialize)]
pub struct Time(pub u64);

/// A length of simulated time \[ns\].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug)]
pub struct Duration(pub u64);

impl Time {
    /// The start of the scenario.
    pub const ZERO: Time = Time(0);
    /// Later than every event: the time of an event that never happens.
    pub const NEVER: Time = Time(u64::MAX);

    /// Returns the length of time since `earlier`, which must not be later.
    #[inline]
    pub fn since(self, earlier: Time) -> Duration {
        assert!(self >= earlier, "time runs backwards: {self:?} before {earlier:?}");
        Duration(self.0 - earlier.0)
    }

    /// Returns this time plus `delay`, or [`Time::NEVER`] where the clock would overflow (584 years).
    #[inline]
    pub fn after(self, delay: Duration) -> Time {
        Time(self.0.saturating_add(delay.0))
    }

    /// Returns the seconds since the start, for showing only.
    pub fn as_seconds(self) -> f64 {
        self.0 as f64 / NS_PER_S as f64
    }
}

impl Duration {
    /// No time at all.
    pub const ZERO: Duration = Duration(0);

    /// Returns so many whole seconds; saturates at 584 years.
    pub const fn from_seconds(seconds: u64) -> Duration {
        Duration(seconds.saturating_mul(NS_PER_S))
    }

    /// Returns the seconds, for showing only.
    pub fn as_seconds(self) -> f64 {
        self.0 as f64 / NS_PER_S as f64
    }

    /// Returns the whole seconds, rounded up.
    pub fn started_seconds(self) -> u64 {
        self.0.div_ceil(NS_PER_S)
    }
}

/// Number of resources of a host.
pub const RESOURCES: usize = 5;

/// Written form of an amount of one resource.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Quantity {
    /// Key of scenarios, column of traces and host files.
    pub key: &'static str,
    /// Smallest units to one unit of the key.
    pub units_per_one: u64,
    /// The smallest unit in the words of an error message.
    pub smallest: &'static str,
}

/// Written forms of the resources, in the order of [`Resources`].
pub const QUANTITIES: [Quantity; RESOURCES] = [
    Quantity { key: "vcpu", units_per_one: 1000, smallest: "0.001 vCPU" },
    Quantity { key: "memory_gib", units_per_one: 1024, smallest: "1 MiB" },
    Quantity { key: "gpu", units_per_one: 1000, smallest: "0.001 GPU" },
    Quantity { key: "local_storage_gib", units_per_one: 1024, smallest: "1 MiB" },
    Quantity { key: "network_gbps", units_per_one: 1000, smallest: "1 Mbit/s" },
];

/// An amount of each of the five resources: the request of an instance, or the capacity or free room of a host.
///
/// The order of the array is that of the constants [`Resources::VCPU`] to [`Resources::NETWORK`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug, Serialize, Deserialize)]
pub struct Resources(pub [u32; RESOURCES]);

impl Resources {
    /// Position of vCPU \[milli-vCPU\].
    pub const VCPU: usize = 0;
    /// Position of memory \[MiB\].
    pub const MEMORY: usize = 1;
    /// Position of GPU \[milli-GPU\].
    pub const GPU: usize = 2;
    /// Position of local storage \[MiB\].
    pub const STORAGE: usize = 3;
    /// Position of network bandwidth \[Mbit/s\].
    pub const NETWORK: usize = 4;

    /// Nothing of anything.
    pub const ZERO: Resources = Resources([0; RESOURCES]);

    /// Returns so much vCPU \[milli-vCPU\] and memory \[MiB\], nothing else.
    pub const fn new(vcpu_milli: u32, memory_mib: u32) -> Resources {
        Resources([vcpu_milli, memory_mib, 0, 0, 0])
    }

    /// Returns the vCPU \[milli-vCPU\].
    #[inline]
    pub const fn vcpu_milli(self) -> u32 {
        self.0[Self::VCPU]
    }

    /// Returns the memory \[MiB\].
    #[inline]
    pub const fn memory_mib(self) -> u32 {
        self.0[Self::MEMORY]
    }

    /// Returns true if `request` is no more than this in every resource.
    #[inline]
    pub fn covers(&self, request: &Resources) -> bool {
        // No early exit: five compares without a branch are cheaper than one mispredicted jump.
        let mut enough = true;
        for i in 0..RESOURCES {
            enough &= self.0[i] >= request.0[i];
        }
        enough
    }

    /// Returns these amounts less `taken`. Panics when there is not enough: callers check with [`Resources::covers`].
    #[inline]
    pub fn minus(&self, taken: &Resources) -> Resources {
        let mut left = *self;
        for i in 0..RESOURCES {
            left.0[i] =
                left.0[i].checked_sub(taken.0[i]).expect("more is taken from a host than it has free");
        }
        left
    }

    /// Returns the sum of these amounts and `given`. Panics on overflow, which validated capacities make impossible.
    #[inline]
    pub fn plus(&self, given: &Resources) -> Resources {
        let mut sum = *self;
        for i in 0..RESOURCES {
            sum.0[i] = sum.0[i].checked_add(given.0[i]).expect("resources overflow their 32 bits");
        }
        sum
    }
}

/// Money \[1/3,686,400,000,000,000,000,000 USD\], exact.
///
/// The unit is 10⁻¹⁵ USD ÷ (3600 · 1024): a price per vCPU-hour or GiB-hour with up to twelve
/// decimals times milli-vCPU or MiB times seconds is a whole number of it. 128 bits hold ±4.6·10¹⁶ USD.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug, Serialize, Deserialize)]
pub struct Money(pub i128);

impl Money {
    /// Nothing.
    pub const ZERO: Money = Money(0);
    /// Units in one US dollar.
    pub const UNITS_PER_USD: i128 = 3600 * 1024 * 1_000_000_000_000_000;

    /// Rounds to whole micro-dollars, halves to even, as rows of tables show them.
    pub fn to_micro_usd(self) -> i128 {
        let unit = Self::UNITS_PER_USD / 1_000_000;
        let whole = self.0.div_euclid(unit);
        let rest = self.0.rem_euclid(unit);
        let up = rest * 2 > unit || (rest * 2 == unit && whole % 2 != 0);
        whole + i128::from(up)
    }
}

/// Writes whole micro-dollars as a decimal string of dollars, six places, no symbol.
pub fn format_micro_usd(micro_usd: i128) -> String {
    let sign = if micro_usd < 0 { "-" } else { "" };
    let magnitude = micro_usd.unsigned_abs();
    format!("{sign}{}.{:06}", magnitude / 1_000_000, magnitude % 1_000_000)
}

impl Add for Money {
    type Output = Money;
    fn add(self, other: Money) -> Money {
        Money(self.0.checked_add(other.0).expect("money overflows 128 bits"))
    }
}

impl AddAssign for Money {
    fn add_assign(&mut self, other: Money) {
        *self = *self + other;
    }
}

impl Sub for Money {
    type Output = Money;
    fn sub(self, other: Money) -> Money {
        Money(self.0.checked_sub(other.0).expect("money overflows 128 bits"))
    }
}

impl SubAssign for Money {
    fn sub_assign(&mut self, other: Money) {
        *self = *self - other;
    }
}

impl Neg for Money {
    type Output = Money;
    fn neg(self) -> Money {
        Money(-self.0)
    }
}

impl std::iter::Sum for Money {
    fn sum<I: Iterator<Item = Money>>(amounts: I) -> Money {
        amounts.fold(Money::ZERO, Add::add)
    }
}

/// Makes a typed id around an unsigned number.
macro_rules! id {
    ($(#[$doc:meta])* $name:ident($number:ty)) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug, Serialize, Deserialize)]
        pub struct $name(pub $number);

        impl $name {
            /// Returns the id as an index into an array.
            #[inline]
            pub const fn index(self) -> usize {
                self.0 as usize
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(out)
            }
        }
    };
}

id!(/// A zone, numbered in the order of the scenario file.
    ZoneId(u16));
id!(/// A host, numbered from 0 in the order of the scenario file.
    HostId(u32));
id!(/// A rack, numbered in file order.
    RackId(u32));
id!(/// An instance type or bare shape, numbered in the order of first use.
    TypeId(u32));
id!(/// An account, numbered in the order of first use.
    AccountId(u32));
id!(/// A subnet, numbered in file order.
    SubnetId(u32));
id!(/// An instance, numbered in the order of launch; never reused.
    InstanceId(u64));
id!(/// An image, numbered in the order of registration.
    ImageId(u32));
id!(/// A volume, numbered in the order of creation; never reused.
    VolumeId(u32));
id!(/// A snapshot, numbered in the order of creation; never reused.
    SnapshotId(u32));
id!(/// A network interface beside the first one of an instance, numbered in the order of creation.
    InterfaceId(u32));
id!(/// An elastic address, numbered in the order of allocation.
    ElasticAddressId(u32));
id!(/// A security group, numbered in the order of creation.
    SecurityGroupId(u32));
id!(/// A rule of a security group, numbered in the order of authorisation over all groups; never reused.
    RuleId(u32));
id!(/// A placement group, numbered in the order of creation.
    PlacementGroupId(u32));
id!(/// A capacity reservation, numbered in the order of creation.
    CapacityReservationId(u32));

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_rounds_halves_to_even_and_shows_six_places() {
        let micro = Money::UNITS_PER_USD / 1_000_000;
        assert_eq!(Money(micro / 2).to_micro_usd(), 0);
        assert_eq!(Money(micro + micro / 2).to_micro_usd(), 2);
        assert_eq!(Money(micro / 2 + 1).to_micro_usd(), 1);
        assert_eq!(Money(-micro / 2).to_micro_usd(), 0);
        assert_eq!(format_micro_usd(-1_500_000), "-1.500000");
        assert_eq!(format_micro_usd(42), "0.000042");
    }

    #[test]
    fn covering_needs_every_resource() {
        let host = Resources([4000, 8192, 0, 0, u32::MAX]);
        assert!(host.covers(&Resources([4000, 8192, 0, 0, 100])));
        assert!(!host.covers(&Resources([4000, 8192, 1, 0, 0])));
        assert_eq!(host.minus(&Resources::new(1000, 8192)), Resources([3000, 0, 0, 0, u32::MAX]));
    }

    #[test]
    fn a_started_second_counts_whole() {
        assert_eq!(Duration(1).started_seconds(), 1);
        assert_eq!(Duration::from_seconds(60).started_seconds(), 60);
        assert_eq!(Duration(60 * NS_PER_S + 1).started_seconds(), 61);
    }
}
