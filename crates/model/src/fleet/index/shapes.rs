//! Masks of the requests that fit: 64 bits a host or class, kept for every distinct request seen.
//!
//! While there are at most 64 distinct requests, each has a bit, and a mask answers exactly. Beyond
//! that the bits become thresholds: bit *b* says "at least so much of resource *r* is free", and a
//! request needs the highest threshold it reaches in every resource. A mask then says only that a
//! request may fit, and the free amounts decide. Either way the union of masks over a part of the index
//! tells whether a search must enter it, so one word prunes, whatever the number of requests.

use serde::{Deserialize, Serialize};
use std::collections::HashMap;

use crate::fleet::topology::{Parts, Topology};
use plimsoll_base::units::{Footprint, RESOURCES, Resources};

/// Distinct requests that have a bit each.
const EXACT_AT_MOST: usize = 64;
/// Number of the 64 thresholds of each resource that is asked for: vCPU and memory decide most.
const THRESHOLDS: [usize; RESOURCES] = [24, 24, 8, 4, 4];

/// A distinct request, numbered in the order of first use.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct ShapeId(pub u32);

/// The bits a mask must have for a request to fit, or possibly to fit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Need(u64);

impl Need {
    /// Returns true if a host (or something below a node) with this mask can take the request.
    #[inline]
    pub fn met_by(self, mask: u64) -> bool {
        mask & self.0 == self.0
    }

    /// Returns the positions of the bits.
    #[inline]
    pub fn bits(self) -> impl Iterator<Item = usize> {
        bits_of(self.0)
    }
}

/// Returns the positions of the bits of a mask, lowest first.
#[inline]
pub fn bits_of(mask: u64) -> impl Iterator<Item = usize> {
    let mut rest = mask;
    std::iter::from_fn(move || {
        let lowest = rest.trailing_zeros() as usize;
        (rest != 0).then(|| {
            rest &= rest - 1;
            lowest
        })
    })
}

/// The distinct requests seen so far, and the meaning of the bits.
#[derive(Clone, Debug, Default)]
pub struct Shapes {
    requests: Vec<Footprint>,
    by_request: HashMap<Footprint, ShapeId>,
    needs: Vec<Need>,
    /// Bit by bit the least free amounts that set it. Stored resource by resource, so that a mask is a
    /// few vector compares.
    least: [Vec<u32>; RESOURCES],
    /// Number of requests at which thresholds are assigned again.
    next_dealing: usize,
}

impl Shapes {
    /// Returns an empty set of requests.
    pub fn new() -> Shapes {
        Shapes { next_dealing: EXACT_AT_MOST + 1, ..Shapes::default() }
    }

    /// Returns the number of a request. `true` when the meaning of the bits changed, so that every mask must be
    /// made again.
    pub fn intern(&mut self, request: &Footprint) -> (ShapeId, bool) {
        if let Some(id) = self.by_request.get(request) {
            return (*id, false);
        }
        let id = ShapeId(self.requests.len() as u32);
        self.requests.push(*request);
        self.by_request.insert(*request, id);
        if self.requests.len() >= self.next_dealing {
            self.deal_thresholds();
            return (id, true);
        }
        if self.is_exact() {
            self.needs.push(Need(1 << id.0));
            self.add_bit(&request.amounts);
            return (id, true);
        }
        self.needs.push(self.threshold_need(&request.amounts));
        (id, false)
    }

    /// Returns true while every request has a bit of its own.
    pub fn is_exact(&self) -> bool {
        self.requests.len() <= EXACT_AT_MOST
    }

    /// Returns the number of distinct requests so far.
    pub fn len(&self) -> usize {
        self.requests.len()
    }

    /// Returns true before the first request.
    pub fn is_empty(&self) -> bool {
        self.requests.is_empty()
    }

    /// Returns every request so far, by number.
    pub fn requests(&self) -> &[Footprint] {
        &self.requests
    }

    /// Returns a request.
    #[inline]
    pub fn request(&self, id: ShapeId) -> &Footprint {
        &self.requests[id.0 as usize]
    }

    /// Returns the bits it needs.
    #[inline]
    pub fn need(&self, id: ShapeId) -> Need {
        self.needs[id.0 as usize]
    }

    /// Returns the mask of something with so much free.
    #[inline]
    pub fn mask(&self, free: &Resources) -> u64 {
        let bits = self.least[0].len();
        let mut mask = if bits == 64 { u64::MAX } else { (1 << bits) - 1 };
        for (least, free) in self.least.iter().zip(free.0) {
            // The greatest value means that no bit concerns this resource.
            if least.first() != Some(&u32::MAX) {
                let enough = least
                    .iter()
                    .enumerate()
                    .fold(0, |bits, (i, least)| bits | u64::from(free >= *least) << i);
                mask &= enough;
            }
        }
        mask
    }

    /// Returns the mask of something whose room is divided: of the requests that the amounts allow, those for which the parts
    /// have room too.
    #[cold]
    pub fn mask_of_parts(&self, free: &Resources, topology: &Topology, parts: &Parts) -> u64 {
        let mask = self.mask(free);
        if !self.is_exact() {
            return mask;
        }
        let fitting = bits_of(mask).filter(|bit| parts.have_room(topology, &self.requests[*bit]));
        fitting.fold(0, |mask, bit| mask | 1 << bit)
    }

    fn add_bit(&mut self, least: &Resources) {
        for (list, least) in self.least.iter_mut().zip(least.0) {
            if list.first() == Some(&u32::MAX) && least > 0 {
                list.iter_mut().for_each(|unused| *unused = 0);
            }
            let unused = list.iter().all(|value| *value == u32::MAX) && least == 0;
            list.push(if unused { u32::MAX } else { least });
        }
    }

    /// Reassigns the bits as thresholds: quantiles of the distinct amounts asked for.
    fn deal_thresholds(&mut self) {
        self.next_dealing = self.requests.len() * 2;
        self.least = Default::default();
        let mut thresholds = Vec::new();
        for (resource, share) in THRESHOLDS.into_iter().enumerate() {
            for amount in self.quantiles(resource, share) {
                let mut least = Resources::ZERO;
                least.0[resource] = amount;
                thresholds.push(least);
            }
        }
        thresholds.iter().for_each(|least| self.add_bit(least));
        self.needs = self.requests.iter().map(|request| self.threshold_need(&request.amounts)).collect();
    }

    /// Returns at most `share` of the distinct positive amounts of a resource, evenly over their order.
    fn quantiles(&self, resource: usize, share: usize) -> Vec<u32> {
        let mut amounts: Vec<u32> = self
            .requests
            .iter()
            .map(|request| request.amounts.0[resource])
            .filter(|amount| *amount > 0)
            .collect();
        amounts.sort_unstable();
        amounts.dedup();
        let count = share.min(amounts.len());
        (0..count).map(|i| amounts[i * amounts.len() / count]).collect()
    }

    /// Returns the highest threshold a request reaches in every resource.
    fn threshold_need(&self, request: &Resources) -> Need {
        let mut highest = [None::<(u32, usize)>; RESOURCES];
        for bit in 0..self.least[0].len() {
            for (resource, best) in highest.iter_mut().enumerate() {
                let least = self.least[resource][bit];
                let reached = least > 0 && least != u32::MAX && least <= request.0[resource];
                if reached && best.is_none_or(|(amount, _)| least > amount) {
                    *best = Some((least, bit));
                }
            }
        }
        Need(highest.into_iter().flatten().fold(0, |bits, (_, bit)| bits | 1 << bit))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_base::engine::random::{Purpose, Seed};

    /// Masks must be exact for few requests, and for many never exclude one that fits.
    #[test]
    fn masks_agree_with_the_amounts() {
        for distinct in [1, 6, 64, 65, 300] {
            let mut random = Seed(distinct).stream(Purpose::Placement, 0);
            let mut shapes = Shapes::new();
            let mut draw = |gpus: bool| {
                let mut amounts = Resources::new(random.below(64) as u32 * 500, random.below(999) as u32);
                if gpus {
                    amounts.0[Resources::GPU] = random.below(8) as u32 * 125;
                    amounts.0[Resources::NETWORK] = random.below(5) as u32;
                }
                amounts
            };
            while shapes.len() < distinct as usize {
                let request = draw(distinct % 2 == 0);
                shapes.intern(&Footprint::from(request));
            }
            let mut pruned = 0;
            for _ in 0..200 {
                let free = draw(true);
                let mask = shapes.mask(&free);
                for id in (0..shapes.len() as u32).map(ShapeId) {
                    let (fits, may) =
                        (free.covers(&shapes.request(id).amounts), shapes.need(id).met_by(mask));
                    assert!(may || !fits);
                    assert!(!shapes.is_exact() || may == fits, "{free:?} {:?}", shapes.request(id));
                    pruned += u32::from(!may);
                }
            }
            assert!(pruned > 0);
        }
    }
}
