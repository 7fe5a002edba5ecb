//! The first host from an id on that fits: masks over blocks of sixteen hosts, of sixteen blocks, and so
//! on, so that a search goes up past what is full and down to what fits.

use super::HostFilter;
use super::shapes::{Need, ShapeId, Shapes};
use crate::fleet::host::Host;
use crate::fleet::layout::Layouts;
use plimsoll_base::units::HostId;

/// Entries under one entry of the level above.
const BLOCK: usize = 16;

/// The index of one zone.
#[derive(Clone, Debug)]
pub struct IdIndex {
    first: HostId,
    /// Level 0 has a mask a host; each level above the union over a block. The last has one entry.
    levels: Vec<Vec<u64>>,
}

impl IdIndex {
    /// Returns an index over `count` hosts from `first`, none in it yet.
    pub fn new(first: HostId, count: u32) -> IdIndex {
        let mut levels = vec![vec![0; count as usize]];
        while levels.last().expect("at least one").len() > 1 {
            let blocks = levels.last().expect("at least one").len().div_ceil(BLOCK);
            levels.push(vec![0; blocks]);
        }
        IdIndex { first, levels }
    }

    /// Takes a host in, or notes that it changed.
    #[inline]
    pub fn update(&mut self, id: HostId, hosts: &[Host], layouts: Layouts<'_>, shapes: &Shapes) {
        self.set((id.0 - self.first.0) as usize, layouts.mask(id, &hosts[id.index()], shapes));
    }

    /// Takes a host out.
    pub fn remove(&mut self, id: HostId) {
        self.set((id.0 - self.first.0) as usize, 0);
    }

    fn set(&mut self, offset: usize, mask: u64) {
        let mut at = offset;
        let mut mask = mask;
        for level in 0..self.levels.len() {
            if std::mem::replace(&mut self.levels[level][at], mask) == mask {
                return;
            }
            let below = &self.levels[level];
            let start = at / BLOCK * BLOCK;
            mask = below[start..below.len().min(start + BLOCK)].iter().fold(0, |union, mask| union | mask);
            at /= BLOCK;
        }
    }

    /// Returns the lowest host from `from` on that fits and is let through.
    #[inline]
    pub fn first_from(
        &self,
        from: HostId,
        shape: ShapeId,
        (hosts, layouts): (&[Host], Layouts<'_>),
        shapes: &Shapes,
        filter: HostFilter<'_>,
    ) -> Option<HostId> {
        let (need, request) = (shapes.need(shape), shapes.request(shape));
        let mut offset = from.0.saturating_sub(self.first.0) as usize;
        loop {
            offset = self.next_meeting(offset, need)?;
            let id = HostId(self.first.0 + offset as u32);
            let fits = shapes.is_exact() || layouts.fits(id, &hosts[id.index()], request);
            if fits && filter.is_none_or(|allowed| allowed.allows(id)) {
                return Some(id);
            }
            offset += 1;
        }
    }

    /// Returns the first offset from `from` on whose mask meets the need.
    fn next_meeting(&self, from: usize, need: Need) -> Option<usize> {
        let (mut level, mut at) = (0, from);
        loop {
            let entries = &self.levels[level];
            let end = entries.len().min((at / BLOCK + 1) * BLOCK);
            match (at..end).find(|at| need.met_by(entries[*at])) {
                Some(found) if level == 0 => return Some(found),
                Some(found) => {
                    level -= 1;
                    at = found * BLOCK;
                }
                None if level + 1 == self.levels.len() => return None,
                None => {
                    // Whole blocks from here on are behind the block that was just searched.
                    level += 1;
                    at = at / BLOCK + 1;
                }
            }
        }
    }
}
