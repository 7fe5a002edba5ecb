//! Survival of a loss: what a fleet could still take if any one host, rack or zone failed, and its instances had to go elsewhere.
//!
//! The instances of what is lost are placed anew on the rest, largest first, each where the least is free (best fit decreasing). A
//! type is allocable as often as fits after that, at the loss that leaves the least: so many can be launched and any one loss
//! still be survived. Losses of equal hosts with equal instances are one case, so that the cost is that of the different ones.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::stock::Stock;
use super::{Census, Room, Share};
use plimsoll_base::names;
use plimsoll_base::units::{RESOURCES, Resources, TypeId};

/// Part of a fleet that fails as one.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LossDomain {
    /// A host.
    Host,
    /// The hosts of one rack.
    Rack,
    /// The hosts of one zone.
    Zone,
}

names! { LossDomain { Host = "host", Rack = "rack", Zone = "zone" } }

/// A host that may be lost, with its instances.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HostAtRisk {
    /// Number of the host, rack or zone that fails as one.
    pub domain: u32,
    /// Room that it has left.
    pub room: Room,
    /// Its instances: the position of their type among those asked for, ascending, and how many.
    pub instances: Vec<(u32, u64)>,
}

/// Consequences of the loss of any one host, rack or zone.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Survival {
    /// Domains with a host.
    pub domains: u64,
    /// Of these, such whose loss leaves instances without room.
    pub violations: u64,
    /// The domain whose loss is worst: the most instances without room, then the least vCPU and memory free after it.
    pub worst: u32,
    /// Its name, or its number where it has none.
    pub worst_name: String,
    /// Instances on it.
    pub displaced: u64,
    /// Of these, without room on the rest.
    pub unplaced: u64,
    /// Free on the rest after that \[milli-vCPU\].
    pub spare_vcpu_milli: u64,
    /// Free on the rest after that \[MiB\].
    pub spare_memory_mib: u64,
    /// For each type asked for: instances of it alone that fit beside the displaced ones, at the loss that leaves the least.
    pub allocable: Vec<(TypeId, u64)>,
    /// The type with the most vCPU, then memory, of which at least one fits at any loss.
    pub largest: Option<TypeId>,
}

impl Survival {
    /// Measures the consequences for a fleet. `hosts` are those of the census, in order of their domains; `asked` holds every type
    /// asked for so far. `None` without hosts.
    pub fn of(census: &Census, hosts: &[HostAtRisk], asked: &[Share]) -> Option<Survival> {
        let mut cases = Cases::new(census, asked);
        let mut worst: Option<(u32, Loss)> = None;
        let (mut domains, mut violations) = (0, 0);
        let mut allocable = vec![u64::MAX; asked.len()];
        for lost in hosts.chunk_by(|a, b| a.domain == b.domain) {
            let loss = cases.loss(lost);
            domains += 1;
            violations += u64::from(loss.unplaced > 0);
            for (least, of_loss) in allocable.iter_mut().zip(&loss.allocable) {
                *least = (*least).min(*of_loss);
            }
            if worst.as_ref().is_none_or(|(_, known)| loss.severity() > known.severity()) {
                worst = Some((lost[0].domain, loss.clone()));
            }
        }
        let (worst, loss) = worst?;
        let fitting = asked.iter().zip(&allocable).filter(|(_, count)| **count > 0);
        let largest = fitting.max_by_key(|(share, _)| {
            (share.amounts.vcpu_milli(), share.amounts.memory_mib(), Reverse(share.kind))
        });
        Some(Survival {
            domains,
            violations,
            worst,
            worst_name: worst.to_string(),
            displaced: loss.displaced,
            unplaced: loss.unplaced,
            spare_vcpu_milli: loss.spare[0],
            spare_memory_mib: loss.spare[1],
            largest: largest.map(|(share, _)| share.kind),
            allocable: asked.iter().map(|share| share.kind).zip(allocable).collect(),
        })
    }
}

/// Consequences of one loss.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Loss {
    displaced: u64,
    unplaced: u64,
    /// Free vCPU \[milli-vCPU\] and memory \[MiB\] after it.
    spare: [u64; 2],
    /// By type, in the order of those asked for.
    allocable: Vec<u64>,
}

impl Loss {
    /// Returns a value that is greater for a worse loss.
    fn severity(&self) -> (u64, Reverse<[u64; 2]>) {
        (self.unplaced, Reverse(self.spare))
    }
}

/// Rooms and instances of what is lost, which decide the consequences.
type Case = (Vec<Room>, Vec<(u32, u64)>);

/// Losses that were met before.
struct Cases<'a> {
    asked: &'a [Share],
    /// Positions of the types, the largest first.
    largest_first: Vec<u32>,
    stock: Stock,
    /// Instances of each type alone that fit on the whole fleet.
    fits: Vec<u64>,
    free: [u64; 2],
    known: BTreeMap<Case, Loss>,
}

impl<'a> Cases<'a> {
    fn new(census: &Census, asked: &'a [Share]) -> Cases<'a> {
        let mut largest_first: Vec<u32> = (0..asked.len() as u32).collect();
        largest_first.sort_by_key(|&i| {
            let share = &asked[i as usize];
            (Reverse(census.size(&share.amounts)), share.kind)
        });
        let total = |resource| u64::try_from(Census::total(&census.classes, resource)).unwrap_or(u64::MAX);
        Cases {
            largest_first,
            stock: Stock::new(&census.classes),
            fits: asked.iter().map(|share| super::allocable(census, share)).collect(),
            free: [total(Resources::VCPU), total(Resources::MEMORY)],
            known: BTreeMap::new(),
            asked,
        }
    }

    /// Returns the consequences of the loss of some hosts.
    fn loss(&mut self, lost: &[HostAtRisk]) -> Loss {
        let mut rooms: Vec<Room> = lost.iter().map(|host| host.room).collect();
        rooms.sort_unstable();
        let mut displaced: BTreeMap<u32, u64> = BTreeMap::new();
        for (kind, count) in lost.iter().flat_map(|host| &host.instances) {
            *displaced.entry(*kind).or_insert(0) += count;
        }
        let case = (rooms, displaced.into_iter().collect());
        if let Some(known) = self.known.get(&case) {
            return known.clone();
        }
        let loss = self.work_out(&case);
        self.known.insert(case, loss.clone());
        loss
    }

    fn work_out(&mut self, (rooms, displaced): &Case) -> Loss {
        let mut moves: Vec<(Room, Room, u64)> = Vec::new();
        rooms.iter().for_each(|room| self.stock.take(*room, 1));
        let mut unplaced = 0;
        for &kind in &self.largest_first {
            if let Ok(at) = displaced.binary_search_by_key(&kind, |(kind, _)| *kind) {
                let share = &self.asked[kind as usize];
                unplaced +=
                    self.stock.place(share, displaced[at].1, |from, to, hosts| moves.push((from, to, hosts)));
            }
        }
        let loss = Loss {
            displaced: displaced.iter().map(|(_, count)| count).sum(),
            unplaced,
            spare: [self.spare(0, rooms, &moves), self.spare(1, rooms, &moves)],
            allocable: self
                .asked
                .iter()
                .zip(&self.fits)
                .map(|(share, fits)| left(share, *fits, rooms, &moves))
                .collect(),
        };
        for (from, to, hosts) in moves.into_iter().rev() {
            self.stock.take(to, hosts);
            self.stock.put(from, hosts);
        }
        rooms.iter().for_each(|room| self.stock.put(*room, 1));
        loss
    }

    /// Returns what is free of vCPU (0) or memory (1) on the rest.
    fn spare(&self, resource: usize, lost: &[Room], moves: &[(Room, Room, u64)]) -> u64 {
        let free = |room: &Room| u64::from(room.whole.free.0[resource]);
        let gone: u64 = lost.iter().map(free).sum();
        let taken: u64 = moves.iter().map(|(from, to, hosts)| (free(from) - free(to)) * hosts).sum();
        self.free[resource] - gone - taken
    }
}

/// Returns how many of a type fit once hosts are lost and others have taken instances.
fn left(share: &Share, fits: u64, lost: &[Room], moves: &[(Room, Room, u64)]) -> u64 {
    let of = |room: &Room| i128::from(room.fits(share));
    let gone: i128 = lost.iter().map(of).sum();
    let taken: i128 = moves.iter().map(|(from, to, hosts)| (of(from) - of(to)) * i128::from(*hosts)).sum();
    u64::try_from(i128::from(fits) - gone - taken).expect("a count of what fits on the rest")
}

impl Census {
    /// Returns the greatest share that amounts have of what all hosts hold of a resource \[10⁻¹⁸\].
    pub(super) fn size(&self, amounts: &Resources) -> u128 {
        let share = |i: usize| {
            let unlimited = self.empty.iter().any(|class| class.room.whole.free.0[i] == u32::MAX);
            let all = Census::total(&self.empty, i);
            if unlimited || all == 0 { 0 } else { u128::from(amounts.0[i]) * 1_000_000_000_000_000_000 / all }
        };
        (0..RESOURCES).map(share).max().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::share;
    use super::super::{HostClass, WholeRoom};
    use super::*;
    use crate::fleet::topology::{Parts, Topology};
    use plimsoll_base::engine::random::{Purpose, Seed};

    /// A host with capacity and instances, by the position of their types.
    #[derive(Clone)]
    struct Plain {
        domain: u32,
        room: Room,
        instances: Vec<u32>,
    }

    /// Returns unplaced, free vCPU and memory, and allocable of each type, without one domain: one instance at a time, from a list.
    fn plainly(
        hosts: &[Plain],
        lost: u32,
        asked: &[Share],
        largest_first: &[u32],
    ) -> (u64, [u64; 2], Vec<u64>) {
        let mut rest: Vec<Room> =
            hosts.iter().filter(|host| host.domain != lost).map(|host| host.room).collect();
        let mut unplaced = 0;
        for kind in largest_first {
            let of_kind = |host: &&Plain| host.domain == lost;
            let count = hosts
                .iter()
                .filter(of_kind)
                .flat_map(|host| &host.instances)
                .filter(|of| *of == kind)
                .count();
            for _ in 0..count {
                let share = &asked[*kind as usize];
                let best = (0..rest.len()).filter(|i| rest[*i].fits(share) > 0).min_by_key(|i| rest[*i]);
                match best {
                    Some(best) => rest[best] = rest[best].less(share, 1),
                    None => unplaced += 1,
                }
            }
        }
        let free = |i: usize| rest.iter().map(|room| u64::from(room.whole.free.0[i])).sum();
        let fits = asked.iter().map(|share| rest.iter().map(|room| room.fits(share)).sum()).collect();
        (unplaced, [free(0), free(1)], fits)
    }

    fn census(hosts: &[Plain], empty: Room) -> Census {
        let mut classes = BTreeMap::new();
        hosts.iter().for_each(|host| *classes.entry(host.room).or_insert(0) += 1);
        Census {
            classes: classes.into_iter().map(|(room, hosts)| HostClass { room, hosts }).collect(),
            empty: vec![HostClass { room: empty, hosts: hosts.len() as u64 }],
        }
    }

    fn at_risk(hosts: &[Plain]) -> Vec<HostAtRisk> {
        let of = |host: &Plain| {
            let mut counts = BTreeMap::new();
            host.instances.iter().for_each(|kind| *counts.entry(*kind).or_insert(0) += 1);
            HostAtRisk { domain: host.domain, room: host.room, instances: counts.into_iter().collect() }
        };
        hosts.iter().map(of).collect()
    }

    /// Returns the room of an empty host of 8 vCPU and 16 GiB.
    fn empty_room() -> Room {
        let free = Resources::new(8000, 16_384);
        Room { whole: WholeRoom { free, instances: u32::MAX, hardware: 0 }, parts: None }
    }

    /// Returns two empty nodes that share 8 vCPU and 16 GiB.
    fn two_nodes() -> (Topology, Parts) {
        let topology = Topology::new(&Resources::new(8000, 16_384), 2, false);
        (topology, topology.empty())
    }

    #[test]
    fn it_is_what_every_loss_by_itself_gives_on_random_fleets() {
        let mut random = Seed(18).stream(Purpose::Mix, 0);
        let asked = [
            share(0, 1000, 2048, 1),
            share(1, 2000, 1024, 1),
            share(2, 4000, 8192, 1),
            share(3, 3000, 512, 0),
        ];
        let flat = empty_room();
        let (mut violated, mut survived) = (0, 0);
        for round in 0..400 {
            let empty = Room { parts: (round % 3 == 0).then(two_nodes), ..flat };
            let (number, per_domain) = (1 + random.below(12) as u32, 1 + random.below(4) as u32);
            let hosts: Vec<Plain> = (0..number)
                .map(|i| {
                    let mut host = Plain { domain: i / per_domain, room: empty, instances: Vec::new() };
                    for _ in 0..random.below(if round % 2 == 0 { 4 } else { 9 }) {
                        let kind = random.below(4) as u32;
                        if host.room.fits(&asked[kind as usize]) > 0 {
                            host.room = host.room.less(&asked[kind as usize], 1);
                            host.instances.push(kind);
                        }
                    }
                    host
                })
                .collect();
            let census = census(&hosts, empty);
            let found = Survival::of(&census, &at_risk(&hosts), &asked).unwrap();
            let largest_first = Cases::new(&census, &asked).largest_first;
            let domains = number.div_ceil(per_domain);
            let plain: Vec<_> =
                (0..domains).map(|lost| plainly(&hosts, lost, &asked, &largest_first)).collect();
            assert_eq!(found.domains, u64::from(domains));
            assert_eq!(found.violations, plain.iter().filter(|(unplaced, ..)| *unplaced > 0).count() as u64);
            let worst = (0..plain.len()).min_by_key(|i| (Reverse(plain[*i].0), plain[*i].1, *i)).unwrap();
            assert_eq!(found.worst, worst as u32);
            assert_eq!(
                (found.unplaced, [found.spare_vcpu_milli, found.spare_memory_mib]),
                (plain[worst].0, plain[worst].1)
            );
            for (i, (_, count)) in found.allocable.iter().enumerate() {
                assert_eq!(Some(*count), plain.iter().map(|(_, _, fits)| fits[i]).min());
            }
            violated += u64::from(found.violations > 0);
            survived += u64::from(found.violations == 0);
        }
        assert!(violated > 50 && survived > 50, "{violated} violated, {survived} survived");
    }

    /// N + 1 of equal empty hosts is N times what one takes.
    #[test]
    fn equal_hosts_keep_one_of_them_free() {
        let empty = empty_room();
        let hosts: Vec<Plain> =
            (0..11).map(|domain| Plain { domain, room: empty, instances: Vec::new() }).collect();
        let found =
            Survival::of(&census(&hosts, empty), &at_risk(&hosts), &[share(0, 3000, 1024, 0)]).unwrap();
        assert_eq!(
            (found.allocable, found.violations, found.largest),
            (vec![(TypeId(0), 20)], 0, Some(TypeId(0)))
        );
        assert_eq!(Survival::of(&Census::default(), &[], &[]), None);
    }
}
