//! A B+ tree of things in order of their key, each with a mask of the requests it can take; every node
//! knows the union of the masks below it, so that the first thing in order that fits is found by
//! looking only where something fits.
//!
//! The comparison of keys is given with each insertion: keys are ids of classes, ordered by their cost,
//! or (cost, host) pairs. Leaves that empty are taken out; half-empty ones are left, since what leaves
//! one place of the order soon comes back near it.

use std::cmp::Ordering;

use super::shapes::Need;

/// Entries of a node.
const FAN_OUT: usize = 32;
/// No node.
const NONE: u32 = u32::MAX;

/// A leaf, as what is in it remembers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct Leaf(pub u32);

/// Where an entry stands, until the next insertion or removal.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Position {
    leaf: u32,
    slot: usize,
}

/// One node. In a leaf `keys` are the entries; above, they are the least keys of the children.
#[derive(Clone, Debug)]
struct Node<K> {
    masks: [u64; FAN_OUT],
    keys: [K; FAN_OUT],
    /// Nodes below; unused in a leaf.
    children: [u32; FAN_OUT],
    len: usize,
    parent: u32,
    is_leaf: bool,
}

impl<K: Copy + Default> Node<K> {
    fn new(is_leaf: bool) -> Node<K> {
        Node {
            masks: [0; FAN_OUT],
            keys: [K::default(); FAN_OUT],
            children: [NONE; FAN_OUT],
            len: 0,
            parent: NONE,
            is_leaf,
        }
    }

    fn union(&self) -> u64 {
        self.masks[..self.len].iter().fold(0, |union, mask| union | mask)
    }

    /// The first slot from `from` whose mask meets the need.
    #[inline]
    fn first_meeting(&self, from: usize, need: Need) -> Option<usize> {
        (from..self.len).find(|slot| need.met_by(self.masks[*slot]))
    }

    fn insert(&mut self, slot: usize, key: K, mask: u64, child: u32) {
        self.keys.copy_within(slot..self.len, slot + 1);
        self.masks.copy_within(slot..self.len, slot + 1);
        self.children.copy_within(slot..self.len, slot + 1);
        (self.keys[slot], self.masks[slot], self.children[slot]) = (key, mask, child);
        self.len += 1;
    }

    fn remove(&mut self, slot: usize) {
        self.keys.copy_within(slot + 1..self.len, slot);
        self.masks.copy_within(slot + 1..self.len, slot);
        self.children.copy_within(slot + 1..self.len, slot);
        self.len -= 1;
    }
}

/// The tree. `K` is what an entry is ordered by and known as; no two are equal.
#[derive(Clone, Debug)]
pub struct Tree<K> {
    nodes: Vec<Node<K>>,
    free: Vec<u32>,
    root: u32,
}

impl<K: Copy + Default + PartialEq> Default for Tree<K> {
    fn default() -> Self {
        Tree { nodes: vec![Node::new(true)], free: Vec::new(), root: 0 }
    }
}

impl<K: Copy + Default + PartialEq> Tree<K> {
    /// The key at a position.
    #[inline]
    pub fn key(&self, position: Position) -> K {
        self.nodes[position.leaf as usize].keys[position.slot]
    }

    /// The first entry that may take a request.
    #[inline]
    pub fn first(&self, need: Need) -> Option<Position> {
        match self.descend(self.root, need) {
            Ok(position) => Some(position),
            Err(failed) => self.climb(failed, need),
        }
    }

    /// The next one behind a position.
    #[inline]
    pub fn next(&self, position: Position, need: Need) -> Option<Position> {
        let leaf = &self.nodes[position.leaf as usize];
        match leaf.first_meeting(position.slot + 1, need) {
            Some(slot) => Some(Position { leaf: position.leaf, slot }),
            None => self.climb(position.leaf, need),
        }
    }

    /// Goes down to the first leaf entry; `Err` names the node where the way ended: with thresholds a
    /// union of masks can promise what no single one holds.
    #[inline]
    fn descend(&self, from: u32, need: Need) -> Result<Position, u32> {
        let mut id = from;
        loop {
            let node = &self.nodes[id as usize];
            let slot = node.first_meeting(0, need).ok_or(id)?;
            if node.is_leaf {
                return Ok(Position { leaf: id, slot });
            }
            id = node.children[slot];
        }
    }

    /// The first entry behind everything below `exhausted`.
    fn climb(&self, exhausted: u32, need: Need) -> Option<Position> {
        let mut id = exhausted;
        loop {
            let parent = self.nodes[id as usize].parent;
            if parent == NONE {
                return None;
            }
            let slot = self.slot_of_child(parent, id);
            let node = &self.nodes[parent as usize];
            match node.first_meeting(slot + 1, need) {
                None => id = parent,
                Some(slot) => match self.descend(node.children[slot], need) {
                    Ok(position) => return Some(position),
                    Err(failed) => id = failed,
                },
            }
        }
    }

    /// Changes the mask of an entry in a leaf.
    #[inline]
    pub fn set_mask(&mut self, leaf: Leaf, key: K, mask: u64) {
        let node = &mut self.nodes[leaf.0 as usize];
        let slot =
            node.keys[..node.len].iter().position(|entry| *entry == key).expect("the entry is in its leaf");
        let before = std::mem::replace(&mut node.masks[slot], mask);
        if before != mask {
            self.propagate(leaf.0);
        }
    }

    /// Carries the union of a node up, as far as it changes anything.
    fn propagate(&mut self, from: u32) {
        let mut id = from;
        loop {
            let (parent, union) = (self.nodes[id as usize].parent, self.nodes[id as usize].union());
            if parent == NONE {
                return;
            }
            let slot = self.slot_of_child(parent, id);
            if std::mem::replace(&mut self.nodes[parent as usize].masks[slot], union) == union {
                return;
            }
            id = parent;
        }
    }

    fn slot_of_child(&self, parent: u32, child: u32) -> usize {
        let node = &self.nodes[parent as usize];
        node.children[..node.len].iter().position(|id| *id == child).expect("a parent knows its child")
    }

    /// Puts an entry in its place. `compare` orders an entry of the tree against the new one; `moved`
    /// hears which leaf an entry is in now.
    pub fn insert(
        &mut self,
        key: K,
        mask: u64,
        mut compare: impl FnMut(K) -> Ordering,
        mut moved: impl FnMut(K, Leaf),
    ) {
        let mut id = self.root;
        while !self.nodes[id as usize].is_leaf {
            let node = &self.nodes[id as usize];
            // The last child whose least key is not behind the new one, or the first child.
            let behind = node.keys[..node.len].partition_point(|entry| compare(*entry) != Ordering::Greater);
            id = node.children[behind.saturating_sub(1)];
        }
        let node = &self.nodes[id as usize];
        let mut slot = node.keys[..node.len].partition_point(|entry| compare(*entry) == Ordering::Less);
        if node.len == FAN_OUT {
            let right = self.split(id, &mut moved);
            let half = self.nodes[id as usize].len;
            if slot > half {
                (id, slot) = (right, slot - half);
            }
        }
        self.nodes[id as usize].insert(slot, key, mask, NONE);
        moved(key, Leaf(id));
        if slot == 0 {
            self.new_least(id, key);
        }
        self.propagate(id);
    }

    /// Tells the ancestors that the least key of a node changed.
    fn new_least(&mut self, from: u32, key: K) {
        let mut id = from;
        loop {
            let parent = self.nodes[id as usize].parent;
            if parent == NONE {
                return;
            }
            let slot = self.slot_of_child(parent, id);
            self.nodes[parent as usize].keys[slot] = key;
            if slot > 0 {
                return;
            }
            id = parent;
        }
    }

    /// Moves the upper half of a full node to a new one on its right, and returns that.
    fn split(&mut self, id: u32, moved: &mut impl FnMut(K, Leaf)) -> u32 {
        let parent = self.parent_with_room(id, moved);
        let right = self.allocate(self.nodes[id as usize].is_leaf);
        let half = FAN_OUT / 2;
        let mut upper = std::mem::replace(&mut self.nodes[right as usize], Node::new(true));
        let left = &mut self.nodes[id as usize];
        upper.len = left.len - half;
        upper.keys[..upper.len].copy_from_slice(&left.keys[half..left.len]);
        upper.masks[..upper.len].copy_from_slice(&left.masks[half..left.len]);
        upper.children[..upper.len].copy_from_slice(&left.children[half..left.len]);
        upper.parent = parent;
        left.len = half;
        left.parent = parent;
        let (left_union, upper_union, least) = (left.union(), upper.union(), upper.keys[0]);
        for slot in 0..upper.len {
            if upper.is_leaf {
                moved(upper.keys[slot], Leaf(right));
            } else {
                self.nodes[upper.children[slot] as usize].parent = right;
            }
        }
        self.nodes[right as usize] = upper;
        let slot = self.slot_of_child(parent, id);
        let above = &mut self.nodes[parent as usize];
        above.masks[slot] = left_union;
        above.insert(slot + 1, least, upper_union, right);
        right
    }

    /// The parent of a node that is about to split, itself split when it is full.
    fn parent_with_room(&mut self, id: u32, moved: &mut impl FnMut(K, Leaf)) -> u32 {
        let parent = self.nodes[id as usize].parent;
        if parent == NONE {
            let root = self.allocate(false);
            let (least, union) = (self.nodes[id as usize].keys[0], self.nodes[id as usize].union());
            self.nodes[root as usize].insert(0, least, union, id);
            self.nodes[id as usize].parent = root;
            self.root = root;
            return root;
        }
        if self.nodes[parent as usize].len == FAN_OUT {
            self.split(parent, moved);
        }
        self.nodes[id as usize].parent
    }

    /// Takes an entry out.
    pub fn remove(&mut self, leaf: Leaf, key: K) {
        let node = &mut self.nodes[leaf.0 as usize];
        let slot =
            node.keys[..node.len].iter().position(|entry| *entry == key).expect("the entry is in its leaf");
        node.remove(slot);
        if node.len == 0 {
            self.remove_node(leaf.0);
            return;
        }
        if slot == 0 {
            let least = node.keys[0];
            self.new_least(leaf.0, least);
        }
        self.propagate(leaf.0);
    }

    /// Takes an empty node out, and whatever ancestors become empty with it.
    fn remove_node(&mut self, empty: u32) {
        let mut id = empty;
        loop {
            let parent = self.nodes[id as usize].parent;
            if parent == NONE {
                self.nodes[id as usize] = Node::new(true);
                return;
            }
            let slot = self.slot_of_child(parent, id);
            self.nodes[parent as usize].remove(slot);
            self.free.push(id);
            if self.nodes[parent as usize].len > 0 {
                let least = self.nodes[parent as usize].keys[0];
                self.new_least(parent, least);
                self.propagate(parent);
                return;
            }
            id = parent;
        }
    }

    fn allocate(&mut self, is_leaf: bool) -> u32 {
        if let Some(id) = self.free.pop() {
            self.nodes[id as usize] = Node::new(is_leaf);
            return id;
        }
        self.nodes.push(Node::new(is_leaf));
        (self.nodes.len() - 1) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::random::{Purpose, Seed};
    use crate::fleet::index::shapes::Shapes;
    use crate::units::Resources;
    use std::collections::BTreeMap;

    /// Against an ordered map of masks, through growth, shrinking to nothing, and growth again.
    #[test]
    fn agrees_with_an_ordered_map() {
        let mut shapes = Shapes::new();
        let needs: Vec<Need> = [1, 2, 3, 4]
            .map(|amount| {
                let (id, _) = shapes.intern(&Resources::new(amount, 0));
                shapes.need(id)
            })
            .to_vec();
        for seed in 0..10 {
            let mut random = Seed(seed).stream(Purpose::Placement, 0);
            let (mut tree, mut leaves) = (Tree::<u64>::default(), BTreeMap::<u64, Leaf>::new());
            let mut plain = BTreeMap::<u64, u64>::new();
            for step in 0..20_000u64 {
                let growing = step / 5_000 % 2 == 0;
                let key = random.below(if seed % 2 == 0 { 300 } else { 1 << 40 });
                let mask = random.below(16) & random.below(16);
                if plain.is_empty() || random.below(10) < if growing { 6 } else { 3 } {
                    if plain.insert(key, mask).is_none() {
                        tree.insert(
                            key,
                            mask,
                            |entry| entry.cmp(&key),
                            |entry, leaf| {
                                leaves.insert(entry, leaf);
                            },
                        );
                    } else {
                        tree.set_mask(leaves[&key], key, mask);
                    }
                } else {
                    let (&victim, _) = plain.range(key..).next().or(plain.iter().next()).expect("not empty");
                    plain.remove(&victim);
                    tree.remove(leaves[&victim], victim);
                }
                let need = needs[random.below(4) as usize];
                let found = tree.first(need);
                let mut expected = plain.iter().filter(|(_, mask)| need.met_by(**mask)).map(|(key, _)| *key);
                assert_eq!(
                    found.map(|position| tree.key(position)),
                    expected.next(),
                    "seed {seed} step {step}"
                );
                let second = found.and_then(|position| tree.next(position, need));
                assert_eq!(second.map(|position| tree.key(position)), expected.next());
            }
        }
    }
}
