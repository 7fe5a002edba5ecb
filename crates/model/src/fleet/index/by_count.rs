//! The host with the fewest or the most instances of those that fit; of equal ones the lowest.
//!
//! Hosts of one number of instances are a bucket, which holds, block by block of sixteen hosts, the requests that its hosts of the
//! block can take. A host that comes to another number changes a block of two buckets. Buckets keep chunks of blocks, and only those in
//! which one of their hosts can take a request, so that many numbers cost little: to have so many chunks takes as many
//! instances.

use super::HostFilter;
use super::mask_levels::{BLOCK, MaskLevels};
use super::ranking::CountOrder;
use super::shapes::{Need, ShapeId, Shapes};
use crate::fleet::host::Host;
use crate::fleet::layout::Layouts;
use plimsoll_base::units::HostId;

/// Blocks of a chunk.
const CHUNK: usize = 256;
/// Not in the index: the number of a host that it does not hold.
const ABSENT: u32 = u32::MAX;

/// The index of one zone.
#[derive(Clone, Debug)]
pub struct CountIndex {
    first: HostId,
    order: CountOrder,
    /// By host: the number of its instances.
    counts: Vec<u32>,
    /// By host: the requests that it can take.
    masks: Vec<u64>,
    /// By number of instances.
    buckets: Vec<Bucket>,
    /// By number of instances: the requests that hosts of the bucket can take, so that a search reads no bucket in vain.
    unions: Vec<u64>,
    /// Chunks that are in no bucket, without any bit.
    spare: Vec<MaskLevels>,
}

/// Hosts of one number of instances.
#[derive(Clone, Debug)]
struct Bucket {
    /// Chunks in which a host can take a request.
    chunks: Vec<Option<MaskLevels>>,
    /// Union of each chunk.
    unions: MaskLevels,
}

impl Bucket {
    /// Returns the first block from `from` on that may have a host.
    fn next_meeting(&self, from: usize, need: Need) -> Option<usize> {
        let (mut chunk, mut within) = (from / CHUNK, from % CHUNK);
        while chunk < self.chunks.len() {
            let blocks = self.chunks[chunk].as_ref();
            if let Some(block) = blocks.and_then(|blocks| blocks.next_meeting(within, need)) {
                return Some(chunk * CHUNK + block);
            }
            (chunk, within) = (self.unions.next_meeting(chunk + 1, need)?, 0);
        }
        None
    }
}

impl CountIndex {
    /// Returns an index over `count` hosts from `first`, none in it yet.
    pub fn new(first: HostId, count: u32, order: CountOrder) -> CountIndex {
        let (counts, masks) = (vec![ABSENT; count as usize], vec![0; count as usize]);
        let (buckets, unions, spare) = (Vec::new(), Vec::new(), Vec::new());
        CountIndex { first, order, counts, masks, buckets, unions, spare }
    }

    /// Takes a host in, or notes that it changed.
    #[inline]
    pub fn update(&mut self, id: HostId, hosts: &[Host], layouts: Layouts<'_>, shapes: &Shapes) {
        let host = &hosts[id.index()];
        self.put(id, host.instances, layouts.mask(id, host, shapes));
    }

    /// Takes a host out.
    pub fn remove(&mut self, id: HostId) {
        self.put(id, ABSENT, 0);
    }

    #[inline]
    fn put(&mut self, id: HostId, count: u32, mask: u64) {
        let offset = (id.0 - self.first.0) as usize;
        let before = std::mem::replace(&mut self.counts[offset], count);
        let mask_before = std::mem::replace(&mut self.masks[offset], mask);
        if before != count && mask_before != 0 {
            self.refresh(before, offset / BLOCK);
        }
        if mask != 0 || (before == count && mask_before != 0) {
            self.refresh(count, offset / BLOCK);
        }
    }

    /// Makes the mask of a block of a bucket anew.
    fn refresh(&mut self, count: u32, block: usize) {
        let hosts = block * BLOCK..self.counts.len().min((block + 1) * BLOCK);
        let members = self.counts[hosts.clone()].iter().zip(&self.masks[hosts]);
        let union = members.fold(0, |union, (of, mask)| if *of == count { union | mask } else { union });
        let chunks = self.counts.len().div_ceil(BLOCK * CHUNK);
        if self.buckets.len() <= count as usize {
            let bucket = || Bucket { chunks: vec![None; chunks], unions: MaskLevels::new(chunks) };
            self.buckets.resize_with(count as usize + 1, bucket);
            self.unions.resize(count as usize + 1, 0);
        }
        let Bucket { chunks, unions } = &mut self.buckets[count as usize];
        let slot = &mut chunks[block / CHUNK];
        if union == 0 && slot.is_none() {
            return;
        }
        let chunk = slot.get_or_insert_with(|| self.spare.pop().unwrap_or_else(|| MaskLevels::new(CHUNK)));
        chunk.set(block % CHUNK, union);
        unions.set(block / CHUNK, chunk.union());
        self.unions[count as usize] = unions.union();
        if chunk.union() == 0 {
            self.spare.extend(slot.take());
        }
    }

    /// Returns the first host in the order of those that fit and are let through.
    pub fn first(
        &self,
        shape: ShapeId,
        by: (&[Host], Layouts<'_>),
        shapes: &Shapes,
        filter: HostFilter<'_>,
    ) -> Option<HostId> {
        let need = shapes.need(shape);
        let mut counts =
            (0..self.unions.len() as u32).filter(|count| need.met_by(self.unions[*count as usize]));
        let of = |count: u32| self.first_of(count, shape, by, shapes, filter);
        match self.order {
            CountOrder::Fewest => counts.find_map(of),
            CountOrder::Most => counts.rev().find_map(of),
        }
    }

    /// Returns the lowest host of a bucket that fits and is let through.
    #[inline]
    fn first_of(
        &self,
        count: u32,
        shape: ShapeId,
        (hosts, layouts): (&[Host], Layouts<'_>),
        shapes: &Shapes,
        filter: HostFilter<'_>,
    ) -> Option<HostId> {
        let (need, bucket) = (shapes.need(shape), &self.buckets[count as usize]);
        let may_take = |offset: &usize| {
            let id = HostId(self.first.0 + *offset as u32);
            self.counts[*offset] == count
                && need.met_by(self.masks[*offset])
                && (shapes.is_exact() || layouts.fits(id, &hosts[id.index()], shapes.request(shape)))
                && filter.is_none_or(|allowed| allowed.allows(id))
        };
        let mut block = 0;
        loop {
            block = bucket.next_meeting(block, need)?;
            let mut offsets = block * BLOCK..self.counts.len().min((block + 1) * BLOCK);
            if let Some(offset) = offsets.find(may_take) {
                return Some(HostId(self.first.0 + offset as u32));
            }
            block += 1;
        }
    }

    /// Makes every mask anew after the bits of requests changed their meaning.
    pub fn shapes_changed(&mut self, hosts: &[Host], layouts: Layouts<'_>, shapes: &Shapes) {
        self.buckets.clear();
        self.unions.clear();
        for offset in 0..self.counts.len() {
            let id = HostId(self.first.0 + offset as u32);
            if self.counts[offset] != ABSENT {
                self.masks[offset] = layouts.mask(id, &hosts[id.index()], shapes);
            }
        }
        for offset in 0..self.counts.len() {
            if self.masks[offset] != 0 {
                self.refresh(self.counts[offset], offset / BLOCK);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_base::engine::random::{Purpose, Seed};
    use plimsoll_base::units::Resources;

    /// Over several chunks, with numbers that few hosts have and numbers that many have.
    #[test]
    fn agrees_with_a_look_at_every_host() {
        const HOSTS: u32 = 9_000;
        let mut random = Seed(6).stream(Purpose::Placement, 0);
        let mut shapes = Shapes::new();
        let requests = [1, 2, 3].map(|amount| shapes.intern(&Resources::new(amount, 0).into()).0);
        let layouts = Layouts { skus: &[], parts: &[] };
        for order in [CountOrder::Fewest, CountOrder::Most] {
            let first = HostId(100);
            let mut index = CountIndex::new(first, HOSTS, order);
            let mut plain: Vec<Option<(u32, u64)>> = vec![None; HOSTS as usize];
            for step in 0..4_000 {
                let (near, far) = (random.below(40), random.below(u64::from(HOSTS)));
                let offset = if step % 2 == 0 { near } else { far } as usize;
                let id = HostId(first.0 + offset as u32);
                let count = random.below(6) as u32 * if step % 7 == 0 { 50 } else { 1 };
                plain[offset] = (random.below(9) > 0).then(|| (count, random.below(8) & random.below(8)));
                match plain[offset] {
                    None => index.remove(id),
                    Some((count, mask)) => index.put(id, count, mask),
                }
                let shape = requests[random.below(3) as usize];
                let odd = |id: HostId| id.0 % 2 == 1;
                let is_odd_only = step % 3 == 0;
                let fitting = (0..HOSTS).filter_map(|offset| {
                    let (count, mask) = plain[offset as usize]?;
                    let id = HostId(first.0 + offset);
                    let may = shapes.need(shape).met_by(mask) && (!is_odd_only || odd(id));
                    may.then_some((count, id))
                });
                let expected = match order {
                    CountOrder::Fewest => fitting.min(),
                    CountOrder::Most => fitting.min_by_key(|(count, id)| (std::cmp::Reverse(*count), *id)),
                };
                let filter = is_odd_only.then_some(super::super::Allowed { barred: 0, rule: &odd });
                let found = index.first(shape, (&[], layouts), &shapes, filter);
                assert_eq!(found, expected.map(|(_, id)| id), "step {step}");
            }
        }
    }
}
