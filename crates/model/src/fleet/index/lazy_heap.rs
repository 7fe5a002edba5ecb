//! A set of host ids that gives its least: a binary heap with lazy deletion. A host that leaves stays in the heap
//! until it comes to the top; the caller that asks for the least tells which hosts are still members.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use plimsoll_base::units::HostId;

/// The heap. It holds every member at least once, and possibly some that have left.
#[derive(Clone, Debug, Default)]
pub struct LazyHeap {
    ids: Vec<u32>,
}

impl LazyHeap {
    /// Adds a host. `members` counts those in the set now, and `is_member` identifies them: once the heap
    /// is twice as long as its members, those that have left are swept out.
    #[inline]
    pub fn push(&mut self, host: HostId, members: u32, is_member: impl Fn(HostId) -> bool) {
        if self.ids.len() > 2 * members as usize + 16 {
            self.sweep(&is_member);
        }
        self.ids.push(host.0);
        let mut at = self.ids.len() - 1;
        while at > 0 {
            let parent = (at - 1) / 2;
            if self.ids[parent] <= host.0 {
                break;
            }
            self.ids[at] = self.ids[parent];
            at = parent;
        }
        self.ids[at] = host.0;
    }

    /// Returns the least member.
    #[inline]
    pub fn least(&mut self, is_member: impl Fn(HostId) -> bool) -> Option<HostId> {
        while let Some(top) = self.ids.first() {
            if is_member(HostId(*top)) {
                return Some(HostId(*top));
            }
            self.pop();
        }
        None
    }

    /// Returns the least member that a filter lets through. Goes over the heap in order, so that it costs by the
    /// members that were not let through.
    #[cold]
    pub fn least_where(
        &self,
        is_member: impl Fn(HostId) -> bool,
        allows: impl Fn(HostId) -> bool,
    ) -> Option<HostId> {
        let entry = |at: usize| self.ids.get(at).map(|id| Reverse((*id, at)));
        let mut open: BinaryHeap<_> = entry(0).into_iter().collect();
        while let Some(Reverse((id, at))) = open.pop() {
            if is_member(HostId(id)) && allows(HostId(id)) {
                return Some(HostId(id));
            }
            open.extend([2 * at + 1, 2 * at + 2].into_iter().filter_map(entry));
        }
        None
    }

    /// Returns the top, member or not: a hint for prefetching.
    pub fn top(&self) -> Option<HostId> {
        self.ids.first().map(|id| HostId(*id))
    }

    /// Forgets everything and gives its memory back.
    pub fn clear(&mut self) {
        self.ids = Vec::new();
    }

    fn pop(&mut self) {
        let last = self.ids.pop().expect("the heap has a top");
        let len = self.ids.len();
        if len == 0 {
            return;
        }
        let mut at = 0;
        loop {
            let mut child = 2 * at + 1;
            if child >= len {
                break;
            }
            if child + 1 < len && self.ids[child + 1] < self.ids[child] {
                child += 1;
            }
            if self.ids[child] >= last {
                break;
            }
            self.ids[at] = self.ids[child];
            at = child;
        }
        self.ids[at] = last;
    }

    /// Keeps each member once. What is left, in order, is a heap.
    #[cold]
    fn sweep(&mut self, is_member: &impl Fn(HostId) -> bool) {
        self.ids.retain(|id| is_member(HostId(*id)));
        self.ids.sort_unstable();
        self.ids.dedup();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_base::engine::random::{Purpose, Seed};
    use std::collections::BTreeSet;

    #[test]
    fn agrees_with_an_ordered_set_and_stays_short() {
        let mut random = Seed(3).stream(Purpose::Placement, 0);
        let (mut heap, mut plain) = (LazyHeap::default(), BTreeSet::new());
        for _ in 0..50_000 {
            let host = HostId(random.below(200) as u32);
            if !plain.remove(&host) {
                plain.insert(host);
                heap.push(host, plain.len() as u32 - 1, |id| plain.contains(&id) && id != host);
            }
            if random.below(3) == 0 {
                let modulus = 1 + random.below(9) as u32;
                let allows = |id: HostId| id.0.is_multiple_of(modulus);
                assert_eq!(
                    heap.least_where(|id| plain.contains(&id), allows),
                    plain.iter().copied().find(|id| allows(*id))
                );
                assert_eq!(heap.least(|id| plain.contains(&id)), plain.first().copied());
            }
            assert!(heap.ids.len() <= 2 * 200 + 18);
        }
    }
}
