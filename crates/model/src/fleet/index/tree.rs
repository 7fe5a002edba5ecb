//! A B+ tree of entries in order of their key, each with a mask of the requests it can take; every node
//! knows for each bit which of its slots have it, itself or somewhere below, so that the first entry in
//! order that fits is found by counting zeros, a node a level.
//!
//! The comparison of keys is given with each insertion: keys are ids of classes, ordered by their cost,
//! or (cost, host) pairs. Leaves that empty are taken out; half-empty ones are left, since what leaves
//! one place of the order soon comes back near it.

use std::cmp::Ordering;

use super::shapes::{Need, bits_of};

/// Entries of a node.
const FAN_OUT: usize = 32;
/// No node.
const NONE: u32 = u32::MAX;

/// Reference to a leaf, which its entries keep.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct Leaf(pub u32);

/// Position of an entry, until the next insertion or removal.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TreePosition {
    leaf: u32,
    slot: usize,
}

/// For each of the 64 bits of a mask, the slots of a node that have it: a mask's column turned into a
/// row, so that the first slot that meets a need is found by counting zeros.
#[derive(Clone, Debug)]
struct SlotsByBit([u32; u64::BITS as usize]);

impl SlotsByBit {
    const NONE: SlotsByBit = SlotsByBit([0; u64::BITS as usize]);

    /// Returns the slots from `from` on that meet a need, as bits.
    #[inline]
    fn meeting(&self, from: usize, need: Need) -> u32 {
        // From 32 on there is none, and a shift by 32 is not defined.
        let behind = u32::MAX.checked_shl(from as u32).unwrap_or(0);
        need.bits().fold(behind, |slots, bit| slots & self.0[bit])
    }

    /// Returns the mask of a slot.
    fn mask(&self, slot: usize) -> u64 {
        self.0.iter().enumerate().fold(0, |mask, (bit, slots)| mask | (u64::from(slots >> slot & 1) << bit))
    }

    /// Returns the union of the masks of all slots.
    fn union(&self) -> u64 {
        self.0.iter().enumerate().fold(0, |union, (bit, slots)| union | (u64::from(*slots != 0) << bit))
    }

    /// Makes room for a slot, without any bit.
    fn insert(&mut self, slot: usize) {
        let below = (1u32 << slot) - 1;
        self.0.iter_mut().for_each(|slots| *slots = (*slots & below) | ((*slots & !below) << 1));
    }

    /// Closes the gap of a slot.
    fn remove(&mut self, slot: usize) {
        let below = (1u32 << slot) - 1;
        self.0.iter_mut().for_each(|slots| *slots = (*slots & below) | ((*slots >> 1) & !below));
    }

    /// Moves the slots from `half` on to another node, to its beginning.
    fn split_off(&mut self, half: usize) -> SlotsByBit {
        let below = (1u32 << half) - 1;
        let upper = SlotsByBit(self.0.map(|slots| slots >> half));
        self.0.iter_mut().for_each(|slots| *slots &= below);
        upper
    }
}

/// Node. In a leaf `keys` are the entries; above, they are the least keys of the children.
#[derive(Clone, Debug)]
struct Node<K> {
    slots_by_bit: SlotsByBit,
    keys: [K; FAN_OUT],
    /// Nodes below; unused in a leaf.
    children: [u32; FAN_OUT],
    len: usize,
    parent: u32,
    /// Position among the children of the parent.
    slot: usize,
    is_leaf: bool,
}

impl<K: Copy + Default + PartialEq> Node<K> {
    fn new(is_leaf: bool) -> Node<K> {
        Node {
            slots_by_bit: SlotsByBit::NONE,
            keys: [K::default(); FAN_OUT],
            children: [NONE; FAN_OUT],
            len: 0,
            parent: NONE,
            slot: 0,
            is_leaf,
        }
    }

    /// Returns the first slot from `from` that meets the need.
    #[inline]
    fn first_meeting(&self, from: usize, need: Need) -> Option<usize> {
        let slots = self.slots_by_bit.meeting(from, need);
        (slots != 0).then(|| slots.trailing_zeros() as usize)
    }

    /// Returns the position of an entry of this leaf.
    #[inline]
    fn slot_of(&self, key: K) -> usize {
        // Eight at a time without a branch among them: a few vector compares.
        let holds = |eight: &[K]| eight.iter().fold(false, |any, entry| any | (*entry == key));
        let eight = self.keys.chunks_exact(8).position(holds).expect("the entry is in its leaf") * 8;
        let slot = eight + self.keys[eight..].iter().position(|entry| *entry == key).expect("it is here");
        debug_assert!(slot < self.len);
        slot
    }

    /// Puts a key into a slot, without any bit.
    fn insert(&mut self, slot: usize, key: K, child: u32) {
        self.keys.copy_within(slot..self.len, slot + 1);
        self.children.copy_within(slot..self.len, slot + 1);
        self.slots_by_bit.insert(slot);
        (self.keys[slot], self.children[slot]) = (key, child);
        self.len += 1;
    }

    fn remove(&mut self, slot: usize) {
        self.keys.copy_within(slot + 1..self.len, slot);
        self.children.copy_within(slot + 1..self.len, slot);
        self.slots_by_bit.remove(slot);
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
    /// Returns the key at a position.
    #[inline]
    pub fn key(&self, position: TreePosition) -> K {
        self.nodes[position.leaf as usize].keys[position.slot]
    }

    /// Returns the first entry that may take a request.
    #[inline]
    pub fn first(&self, need: Need) -> Option<TreePosition> {
        match self.descend(self.root, need) {
            Ok(position) => Some(position),
            Err(failed) => self.climb(failed, need),
        }
    }

    /// Returns the next one behind a position.
    #[inline]
    pub fn next(&self, position: TreePosition, need: Need) -> Option<TreePosition> {
        let leaf = &self.nodes[position.leaf as usize];
        match leaf.first_meeting(position.slot + 1, need) {
            Some(slot) => Some(TreePosition { leaf: position.leaf, slot }),
            None => self.climb(position.leaf, need),
        }
    }

    /// Goes down to the first leaf entry; `Err` names the node where the search ended: with thresholds a
    /// union of masks can have all bits although no single mask has.
    #[inline]
    fn descend(&self, from: u32, need: Need) -> Result<TreePosition, u32> {
        let mut id = from;
        loop {
            let node = &self.nodes[id as usize];
            let slot = node.first_meeting(0, need).ok_or(id)?;
            if node.is_leaf {
                return Ok(TreePosition { leaf: id, slot });
            }
            id = node.children[slot];
        }
    }

    /// Returns the first entry behind everything below `exhausted`.
    fn climb(&self, exhausted: u32, need: Need) -> Option<TreePosition> {
        let mut id = exhausted;
        loop {
            let parent = self.nodes[id as usize].parent;
            if parent == NONE {
                return None;
            }
            let slot = self.nodes[id as usize].slot;
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
        let slot = self.nodes[leaf.0 as usize].slot_of(key);
        let before = self.nodes[leaf.0 as usize].slots_by_bit.mask(slot);
        self.change_mask(leaf.0, slot, before, mask);
    }

    /// Changes the mask of an entry in a leaf from its known value. `slot` is the expected position, and is
    /// updated to the actual one.
    #[inline]
    pub fn exchange_mask(&mut self, leaf: Leaf, slot: &mut usize, key: K, before: u64, mask: u64) {
        let node = &self.nodes[leaf.0 as usize];
        if *slot >= node.len || node.keys[*slot % FAN_OUT] != key {
            *slot = node.slot_of(key);
        }
        debug_assert_eq!(before, node.slots_by_bit.mask(*slot));
        self.change_mask(leaf.0, *slot, before, mask);
    }

    /// Changes bits of a slot, and of the ancestors' where a union changes with them.
    #[inline]
    fn change_mask(&mut self, node: u32, slot: usize, before: u64, mask: u64) {
        let (mut id, mut slot) = (node, slot);
        let (mut appearing, mut vanishing) = (mask & !before, before & !mask);
        while appearing | vanishing != 0 {
            let Node { slots_by_bit, parent, slot: slot_above, .. } = &mut self.nodes[id as usize];
            appearing = bits_of(appearing).fold(0, |first, bit| {
                let slots = &mut slots_by_bit.0[bit];
                let was_none = *slots == 0;
                *slots |= 1 << slot;
                first | (u64::from(was_none) << bit)
            });
            vanishing = bits_of(vanishing).fold(0, |last, bit| {
                let slots = &mut slots_by_bit.0[bit];
                *slots &= !(1 << slot);
                last | (u64::from(*slots == 0) << bit)
            });
            if *parent == NONE {
                return;
            }
            (id, slot) = (*parent, *slot_above);
        }
    }

    /// Puts a child among those of an inner node.
    fn insert_child(&mut self, parent: u32, slot: usize, key: K, child: u32) {
        self.nodes[parent as usize].insert(slot, key, child);
        self.number_children(parent, slot);
    }

    /// Updates the position that the children from a slot on keep of themselves.
    fn number_children(&mut self, parent: u32, from: usize) {
        for slot in from..self.nodes[parent as usize].len {
            let child = self.nodes[parent as usize].children[slot];
            self.nodes[child as usize].slot = slot;
        }
    }

    /// Inserts an entry. `compare` orders an entry of the tree against the new one; `moved` is called with
    /// the new leaf of an entry that moves.
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
        self.nodes[id as usize].insert(slot, key, NONE);
        moved(key, Leaf(id));
        if slot == 0 {
            self.new_least(id, key);
        }
        self.change_mask(id, slot, 0, mask);
    }

    /// Updates the ancestors after the least key of a node changed.
    fn new_least(&mut self, from: u32, key: K) {
        let mut id = from;
        loop {
            let parent = self.nodes[id as usize].parent;
            if parent == NONE {
                return;
            }
            let slot = self.nodes[id as usize].slot;
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
        upper.children[..upper.len].copy_from_slice(&left.children[half..left.len]);
        upper.slots_by_bit = left.slots_by_bit.split_off(half);
        upper.parent = parent;
        left.len = half;
        let (slot, left_union) = (left.slot, left.slots_by_bit.union());
        let (least, upper_union, is_leaf) = (upper.keys[0], upper.slots_by_bit.union(), upper.is_leaf);
        for child in 0..upper.len {
            if is_leaf {
                moved(upper.keys[child], Leaf(right));
            } else {
                self.nodes[upper.children[child] as usize].parent = right;
            }
        }
        self.nodes[right as usize] = upper;
        if !is_leaf {
            self.number_children(right, 0);
        }
        self.insert_child(parent, slot + 1, least, right);
        // First the new node's bits, so that no union on the way up vanishes in between.
        self.change_mask(parent, slot + 1, 0, upper_union);
        let before = self.nodes[parent as usize].slots_by_bit.mask(slot);
        self.change_mask(parent, slot, before, left_union);
        right
    }

    /// Returns the parent of a node that is about to split, itself split when it is full.
    fn parent_with_room(&mut self, id: u32, moved: &mut impl FnMut(K, Leaf)) -> u32 {
        let parent = self.nodes[id as usize].parent;
        if parent == NONE {
            let root = self.allocate(false);
            let (least, union) =
                (self.nodes[id as usize].keys[0], self.nodes[id as usize].slots_by_bit.union());
            self.nodes[id as usize].parent = root;
            self.insert_child(root, 0, least, id);
            self.change_mask(root, 0, 0, union);
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
        let slot = self.nodes[leaf.0 as usize].slot_of(key);
        self.remove_slot(leaf.0, slot);
    }

    /// Takes a slot out, and whatever nodes become empty with it.
    fn remove_slot(&mut self, id: u32, slot: usize) {
        let before = self.nodes[id as usize].slots_by_bit.mask(slot);
        self.change_mask(id, slot, before, 0);
        let node = &mut self.nodes[id as usize];
        node.remove(slot);
        let (parent, slot_above, is_empty) = (node.parent, node.slot, node.len == 0);
        if !node.is_leaf {
            self.number_children(id, slot);
        }
        if is_empty && parent == NONE {
            self.nodes[id as usize] = Node::new(true);
        } else if is_empty {
            self.free.push(id);
            self.remove_slot(parent, slot_above);
        } else if slot == 0 {
            let least = self.nodes[id as usize].keys[0];
            self.new_least(id, least);
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
    use crate::fleet::index::shapes::Shapes;
    use plimsoll_base::engine::random::{Purpose, Seed};
    use plimsoll_base::units::Resources;
    use std::collections::BTreeMap;

    /// Against an ordered map of masks, through growth, shrinking to nothing, and growth again.
    #[test]
    fn agrees_with_an_ordered_map() {
        let mut shapes = Shapes::new();
        let needs: Vec<Need> = [1, 2, 3, 4]
            .map(|amount| {
                let (id, _) = shapes.intern(&Resources::new(amount, 0).into());
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
