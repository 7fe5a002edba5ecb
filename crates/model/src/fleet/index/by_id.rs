//! The first host from an id on that fits: a mask for each host.

use super::HostFilter;
use super::mask_levels::MaskLevels;
use super::shapes::{ShapeId, Shapes};
use crate::fleet::host::Host;
use crate::fleet::layout::Layouts;
use plimsoll_base::units::HostId;

/// The index of one zone.
#[derive(Clone, Debug)]
pub struct IdIndex {
    first: HostId,
    /// Requests that each host can take.
    masks: MaskLevels,
}

impl IdIndex {
    /// Returns an index over `count` hosts from `first`, none in it yet.
    pub fn new(first: HostId, count: u32) -> IdIndex {
        IdIndex { first, masks: MaskLevels::new(count as usize) }
    }

    /// Takes a host in, or notes that it changed.
    #[inline]
    pub fn update(&mut self, id: HostId, hosts: &[Host], layouts: Layouts<'_>, shapes: &Shapes) {
        self.masks.set((id.0 - self.first.0) as usize, layouts.mask(id, &hosts[id.index()], shapes));
    }

    /// Takes a host out.
    pub fn remove(&mut self, id: HostId) {
        self.masks.set((id.0 - self.first.0) as usize, 0);
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
            offset = self.masks.next_meeting(offset, need)?;
            let id = HostId(self.first.0 + offset as u32);
            let fits = shapes.is_exact() || layouts.fits(id, &hosts[id.index()], request);
            if fits && filter.is_none_or(|allowed| allowed.allows(id)) {
                return Some(id);
            }
            offset += 1;
        }
    }
}
