//! Counts of equal things, in order: a list in blocks, each searched by halves.
//!
//! A search touches the list of blocks and one block, a change moves at most the rest of a block, and what was found is changed without
//! another search. A `BTreeMap` searches anew for each of these.

/// Most classes of a block.
const BLOCK: usize = if cfg!(test) { 4 } else { 64 };

/// Numbers of equal hosts, by what they have in common.
#[derive(Clone, Debug)]
pub struct Classes<K> {
    /// Classes in ascending order; no block is empty.
    blocks: Vec<Vec<(K, u64)>>,
}

/// Position of a class, until the next change.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Position {
    block: usize,
    slot: usize,
}

impl<K> Default for Classes<K> {
    fn default() -> Classes<K> {
        Classes { blocks: Vec::new() }
    }
}

impl<K: Ord + Copy> Classes<K> {
    /// Returns true if there are no hosts.
    pub fn is_empty(&self) -> bool {
        self.blocks.is_empty()
    }

    /// Returns the classes in ascending order.
    pub fn iter(&self) -> impl Iterator<Item = (K, u64)> {
        self.blocks.iter().flatten().copied()
    }

    /// Returns the position of the first class from `least` on that meets a condition.
    #[inline]
    pub fn find_from(&self, least: &K, meets: impl Fn(&K) -> bool) -> Option<Position> {
        let Position { mut block, mut slot } = self.position(least);
        loop {
            let rest = self.blocks.get(block)?[slot..].iter();
            if let Some(found) = rest.clone().position(|(class, _)| meets(class)) {
                return Some(Position { block, slot: slot + found });
            }
            (block, slot) = (block + 1, 0);
        }
    }

    /// Returns the class at a position, and its number of hosts.
    #[inline]
    pub fn at(&self, Position { block, slot }: Position) -> (K, u64) {
        self.blocks[block][slot]
    }

    /// Returns the position of the first class that is not below `class`.
    #[inline]
    fn position(&self, class: &K) -> Position {
        let is_below = |(other, _): &(K, u64)| other < class;
        let block = self.blocks.partition_point(|block| block.last().is_some_and(is_below));
        let slot = self.blocks.get(block).map_or(0, |block| block.partition_point(is_below));
        Position { block, slot }
    }

    /// Adds equal hosts.
    #[inline]
    pub fn put(&mut self, class: K, hosts: u64) {
        let Position { mut block, mut slot } = self.position(&class);
        if block == self.blocks.len() {
            // Above all others: at the end of the last block.
            match block.checked_sub(1) {
                None => self.blocks.push(Vec::with_capacity(BLOCK + 1)),
                Some(last) => (block, slot) = (last, self.blocks[last].len()),
            }
        }
        let classes = &mut self.blocks[block];
        match classes.get_mut(slot) {
            Some((known, count)) if *known == class => *count += hosts,
            _ => classes.insert(slot, (class, hosts)),
        }
        if classes.len() > BLOCK {
            self.split(block);
        }
    }

    fn split(&mut self, block: usize) {
        let mut upper = Vec::with_capacity(BLOCK + 1);
        upper.extend(self.blocks[block].drain(BLOCK / 2..));
        self.blocks.insert(block + 1, upper);
    }

    /// Takes equal hosts away, which are there.
    pub fn take(&mut self, class: &K, hosts: u64) {
        let position = self.position(class);
        assert!(self.at(position).0 == *class, "the class is there");
        self.take_at(position, hosts);
    }

    /// Takes hosts of the class at a position away, which are there.
    #[inline]
    pub fn take_at(&mut self, Position { block, slot }: Position, hosts: u64) {
        let (_, count) = &mut self.blocks[block][slot];
        *count = count.checked_sub(hosts).expect("the hosts are there");
        if *count == 0 {
            self.blocks[block].remove(slot);
            if self.blocks[block].is_empty() {
                self.blocks.remove(block);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_base::engine::random::{Purpose, Seed};
    use std::collections::BTreeMap;

    #[test]
    fn classes_are_those_of_an_ordered_map() {
        let mut random = Seed(11).stream(Purpose::Mix, 0);
        let (mut classes, mut plain) = (Classes::default(), BTreeMap::new());
        let mut most = 0;
        for step in 0..20_000 {
            let class = random.below(60) as u32;
            // By turns more come than go, and the other way round.
            if random.below(8) < if step / 2_000 % 2 == 0 { 5 } else { 2 } {
                let hosts = 1 + random.below(3);
                classes.put(class, hosts);
                *plain.entry(class).or_insert(0) += hosts;
            } else if let Some(count) = plain.get_mut(&class) {
                let hosts = 1 + random.below(*count);
                classes.take(&class, hosts);
                *count -= hosts;
                if *count == 0 {
                    plain.remove(&class);
                }
            }
            most = most.max(plain.len());
            assert!(classes.iter().eq(plain.iter().map(|(class, hosts)| (*class, *hosts))));
            assert_eq!(classes.is_empty(), plain.is_empty());
            let (least, rest) = (random.below(61) as u32, random.below(3) as u32);
            let expected = plain.range(least..).find(|(class, _)| *class % 3 == rest);
            let found = classes.find_from(&least, |class| class % 3 == rest);
            let found = found.map(|position| classes.at(position));
            assert_eq!(found, expected.map(|(class, hosts)| (*class, *hosts)));
        }
        assert!(most > 5 * BLOCK, "{most} classes fill no five blocks");
    }
}
