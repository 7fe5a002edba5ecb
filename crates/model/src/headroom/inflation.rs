//! Instances that still fit: of one type alone, and of the live mix until the first one finds no room.

use serde::{Deserialize, Serialize};

use super::stock::Stock;
use super::{Census, HostClass, Share};
use plimsoll_base::units::{RESOURCES, Resources, TypeId};

/// Returns the number of instances of one size that fit on the hosts as they are: Σ over classes of hosts · ⌊min free ÷ request⌋.
pub fn allocable(census: &Census, share: &Share) -> u64 {
    census.classes.iter().map(|class| class.hosts * class.room.fits(share)).sum()
}

/// Growth of the live mix that fits.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct Inflation {
    /// Instances placed before the first that found no room \[instances\].
    pub instances: u64,
    /// The same by the instances that run now.
    pub ratio: f64,
    /// The type that found no room first.
    pub first_refused: TypeId,
    /// Free then, and stranded, by all vCPU that can be sold.
    pub stranded_vcpu_ratio: f64,
    /// Free then, and stranded, by all memory that can be sold.
    pub stranded_memory_ratio: f64,
}

/// Steps in which the mix grows to what would fit if room could be poured: the resolution of the answer.
const STEPS: u128 = 200;

/// Keeps placing the live mix, best fit first, until an instance finds no room ("inflation", Verma et al.
/// 2014, "Evaluating job packing in warehouse-scale computing"). All types grow in proportion. `None` while
/// nothing runs, or nothing of what runs is limited.
pub fn inflate(census: &Census, running: &[Share]) -> Option<Inflation> {
    let at_most = poured(census, running)?;
    let mut stock = Stock::new(&census.classes);
    let (mut placed, mut grown_to) = (0, vec![0; running.len()]);
    for step in 1.. {
        for (share, before) in running.iter().zip(&mut grown_to) {
            let until = u128::from(share.count) * step * at_most.over / (at_most.under * STEPS);
            let until = u64::try_from(until).expect("more than the hosts can hold");
            let count = until - std::mem::replace(before, until);
            let missing = stock.place(share, count, |_, _, _| {});
            placed += count - missing;
            if missing > 0 {
                return Some(grown(&stock, census, running, placed, share.kind));
            }
        }
    }
    None
}

/// A ratio of whole numbers.
struct Ratio {
    over: u128,
    under: u128,
}

/// Returns how often the mix would fit again if what is free could be poured together, rounded up: no packing does
/// better, so that growing beyond it ends.
fn poured(census: &Census, running: &[Share]) -> Option<Ratio> {
    let of = |i: usize| {
        let held: u128 =
            running.iter().map(|share| u128::from(share.amounts.0[i]) * u128::from(share.count)).sum();
        let unlimited = census.classes.iter().any(|class| class.room.whole.free.0[i] == u32::MAX);
        (held > 0 && !unlimited)
            .then(|| Ratio { over: Census::total(&census.classes, i) + held, under: held })
    };
    (0..RESOURCES).filter_map(of).min_by(|a, b| (a.over * b.under).cmp(&(b.over * a.under)))
}

/// Returns the growth after which an instance of a type found no room, with what the hosts have left.
fn grown(stock: &Stock, census: &Census, running: &[Share], placed: u64, first_refused: TypeId) -> Inflation {
    let classes: Vec<HostClass> = stock.classes().collect();
    let share = |i: usize| {
        let all = Census::total(&census.empty, i);
        if all == 0 { 0.0 } else { Census::total(&classes, i) as f64 / all as f64 }
    };
    let now: u64 = running.iter().map(|share| share.count).sum();
    Inflation {
        instances: placed,
        ratio: placed as f64 / now as f64,
        first_refused,
        stranded_vcpu_ratio: share(Resources::VCPU),
        stranded_memory_ratio: share(Resources::MEMORY),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Room;
    use super::super::tests::{census, share};
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn allocable_counts_whole_instances_on_single_hosts() {
        let census = census(&[(4000, 8192, 3), (3000, 1024, 2)], 8000, 16_384);
        assert_eq!(allocable(&census, &share(0, 2000, 2048, 0)), 3 * 2);
        assert_eq!(allocable(&census, &share(0, 1000, 512, 0)), 3 * 4 + 2 * 2);
        let barred = Share { barred: 1, ..share(0, 1000, 512, 0) };
        assert_eq!(allocable(&census, &barred), 0, "no hardware runs it");
    }

    /// Places instances as the reference implementation: one instance at a time on the host where the least is free, from a
    /// list of hosts.
    fn plainly(hosts: &mut [Room], share: &Share, count: u64) -> u64 {
        for placed in 0..count {
            let best = hosts
                .iter()
                .enumerate()
                .filter(|(_, room)| room.fits(share) > 0)
                .min_by_key(|(_, room)| **room);
            let Some((best, _)) = best else { return count - placed };
            hosts[best] = hosts[best].less(share, 1);
        }
        0
    }

    #[test]
    fn hosts_filled_at_once_are_those_filled_one_by_one() {
        use plimsoll_base::engine::random::{Purpose, Seed};
        let mut random = Seed(5).stream(Purpose::Mix, 0);
        for _ in 0..300 {
            let classes: Vec<(u32, u32, u64)> = (0..1 + random.below(6))
                .map(|_| (random.below(9) as u32 * 1000, random.below(17) as u32 * 1024, 1 + random.below(4)))
                .collect();
            let census = census(&classes, 8000, 16_384);
            let mut stock = Stock::new(&census.classes);
            let mut hosts: Vec<Room> =
                census.classes.iter().flat_map(|class| vec![class.room; class.hosts as usize]).collect();
            for _ in 0..6 {
                let (vcpu, memory) = (1 + random.below(4) as u32, 1 + random.below(8) as u32);
                let share = share(0, 1000 * vcpu, 1024 * memory, 0);
                let count = random.below(12);
                assert_eq!(stock.place(&share, count, |_, _, _| {}), plainly(&mut hosts, &share, count));
                let mut counted = BTreeMap::new();
                hosts.iter().for_each(|room| *counted.entry(*room).or_insert(0) += 1);
                assert_eq!(
                    stock.classes().map(|class| (class.room, class.hosts)).collect::<BTreeMap<_, _>>(),
                    counted
                );
            }
        }
    }

    #[test]
    fn a_mix_grows_until_its_first_instance_finds_no_room() {
        // Ten hosts of 8 vCPU with 4 free each; the mix holds 40 vCPU as twenty pairs of 1 vCPU and 1 vCPU.
        let census = census(&[(4000, 65_536, 10)], 8000, 131_072);
        let running = [share(0, 1000, 1024, 20), share(1, 1000, 1024, 20)];
        let found = inflate(&census, &running).unwrap();
        assert_eq!((found.instances, found.ratio), (40, 1.0));
        assert_eq!(found.stranded_vcpu_ratio, 0.0);
        // An instance of 3 vCPU leaves one of four free on every host.
        let found = inflate(&census, &[share(0, 3000, 1024, 5)]).unwrap();
        assert_eq!((found.instances, found.ratio, found.first_refused), (10, 2.0, TypeId(0)));
        assert_eq!(found.stranded_vcpu_ratio, 10.0 / 80.0);
        assert_eq!(inflate(&census, &[]), None);
    }
}
