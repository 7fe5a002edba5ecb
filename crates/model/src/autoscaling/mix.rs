//! Mix of a group: the purchase options and the types of its instances.
//!
//! EC2 Auto Scaling API reference, `InstancesDistribution` (botocore 1.44.8, seen 2026-11-30). There `lowest-price` and `prioritized` hold
//! for on-demand instances, and all but `prioritized` for spot; here each holds for both. Assumed: a share of instances that is no whole
//! number is rounded in favour of on-demand.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;

use super::PER_ONE;
use plimsoll_base::units::Money;

/// Type that a group asks for first.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AllocationStrategy {
    /// The first of `types`.
    #[default]
    Prioritized,
    /// The cheapest at the time, per unit of weight.
    LowestPrice,
    /// The one of which the zone has room for most.
    CapacityOptimized,
    /// The cheapest of those of which the zone has room for all that are ordered; where it has for none, the one of which it has room
    /// for most.
    PriceCapacityOptimized,
}

impl AllocationStrategy {
    /// Returns whether it is the default.
    pub fn is_prioritized(&self) -> bool {
        *self == AllocationStrategy::Prioritized
    }

    /// Returns whether it looks at prices, and whether at room.
    pub fn looks_at(self) -> (bool, bool) {
        match self {
            AllocationStrategy::Prioritized => (false, false),
            AllocationStrategy::LowestPrice => (true, false),
            AllocationStrategy::CapacityOptimized => (false, true),
            AllocationStrategy::PriceCapacityOptimized => (true, true),
        }
    }
}

/// Offer of a type in a zone at a time; what a strategy does not look at is zero.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TypeOffer {
    /// Price \[money per second\].
    pub price: Money,
    /// Number by which an instance counts.
    pub weight: u32,
    /// Instances that there is room for \[instances by weight\].
    pub room: u64,
}

/// Purchase options and types of a group.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Mix {
    /// Type that is asked for first.
    pub allocation: AllocationStrategy,
    /// Instances that are on demand in any case \[instances by weight\].
    pub on_demand_base: u32,
    /// Share of the others that are on the spot market \[thousandths\].
    pub spot_share_milli: u32,
}

impl Mix {
    /// Returns the number of on-demand instances in a group of so many \[instances by weight\].
    pub fn on_demand_of(&self, instances: u32) -> u32 {
        let base = instances.min(self.on_demand_base);
        let share = PER_ONE - u64::from(self.spot_share_milli);
        let above = (u64::from(instances - base) * share).div_ceil(PER_ONE);
        base + above as u32
    }

    /// Returns the positions of the types of a group, by their offers for so many instances, the one asked for first first.
    pub fn order(&self, offers: &[TypeOffer], instances: u32) -> Vec<usize> {
        let mut order: Vec<usize> = (0..offers.len()).collect();
        // Prices are those of a unit of weight.
        let by_price = |a: &TypeOffer, b: &TypeOffer| {
            (a.price.0 * i128::from(b.weight)).cmp(&(b.price.0 * i128::from(a.weight)))
        };
        let by_room = |a: &TypeOffer, b: &TypeOffer| b.room.cmp(&a.room);
        let has_room = |offer: &TypeOffer| offer.room >= u64::from(instances);
        order.sort_by(|i, j| {
            let (a, b) = (&offers[*i], &offers[*j]);
            match self.allocation {
                AllocationStrategy::Prioritized => Ordering::Equal,
                AllocationStrategy::LowestPrice => by_price(a, b),
                AllocationStrategy::CapacityOptimized => by_room(a, b),
                AllocationStrategy::PriceCapacityOptimized => match (has_room(a), has_room(b)) {
                    (true, true) => by_price(a, b),
                    (false, false) => by_room(a, b),
                    (a, b) => b.cmp(&a),
                },
            }
        });
        order
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_base::engine::random::{Purpose, Seed};

    #[test]
    fn the_base_comes_first_and_the_share_is_of_the_rest() {
        let mix = Mix { on_demand_base: 10, spot_share_milli: 700, ..Mix::default() };
        for (instances, on_demand) in [(0, 0), (7, 7), (10, 10), (11, 11), (20, 13), (25, 15), (110, 40)] {
            assert_eq!(mix.on_demand_of(instances), on_demand, "{instances}");
        }
        assert_eq!(Mix::default().on_demand_of(12), 12);
        assert_eq!(Mix { spot_share_milli: 1000, ..Mix::default() }.on_demand_of(12), 0);
    }

    /// Returns the best type by a plain reading: each is compared with all others.
    fn plain_best(allocation: AllocationStrategy, offers: &[TypeOffer], instances: u64) -> usize {
        let beats = |i: usize, j: usize| {
            let (a, b) = (offers[i], offers[j]);
            let by_order = i < j;
            let price = |offer: TypeOffer| offer.price.0 as f64 / f64::from(offer.weight);
            match allocation {
                AllocationStrategy::Prioritized => by_order,
                AllocationStrategy::LowestPrice => price(a) < price(b) || price(a) == price(b) && by_order,
                AllocationStrategy::CapacityOptimized => a.room > b.room || a.room == b.room && by_order,
                AllocationStrategy::PriceCapacityOptimized => {
                    match (a.room >= instances, b.room >= instances) {
                        (true, true) => price(a) < price(b) || price(a) == price(b) && by_order,
                        (false, false) => a.room > b.room || a.room == b.room && by_order,
                        (enough, _) => enough,
                    }
                }
            }
        };
        (0..offers.len()).find(|i| (0..offers.len()).all(|j| *i == j || beats(*i, j))).expect("one beats all")
    }

    #[test]
    fn the_first_is_that_of_a_plain_reading_on_a_thousand_drawn_offers() {
        use AllocationStrategy::*;
        for world in 0..1000 {
            let mut random = Seed(world).stream(Purpose::Mix, 5);
            let mut offer = || TypeOffer {
                price: Money(i128::from(random.below(4))),
                weight: 1 + random.below(3) as u32,
                room: random.below(6),
            };
            let offers: Vec<TypeOffer> = (0..1 + world % 5).map(|_| offer()).collect();
            let instances = random.below(7);
            for allocation in [Prioritized, LowestPrice, CapacityOptimized, PriceCapacityOptimized] {
                let order = Mix { allocation, ..Mix::default() }.order(&offers, instances as u32);
                // What is left once the first is gone has the second first, and so on.
                let mut left: Vec<usize> = (0..offers.len()).collect();
                for found in order {
                    let of_left: Vec<TypeOffer> = left.iter().map(|i| offers[*i]).collect();
                    let best = left.remove(plain_best(allocation, &of_left, instances));
                    assert_eq!(found, best, "world {world}: {allocation:?} of {offers:?} for {instances}");
                }
            }
        }
    }
}
